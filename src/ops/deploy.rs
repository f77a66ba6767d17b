//! Deploy: manifests planned for many clusters by server-side dry run; `run` applies them.

use std::path::Path;

use futures::StreamExt;
use serde_json::Value;

use crate::domain::diff;
use crate::domain::fields;
use crate::domain::kind::Kind;
use crate::domain::manifest::{self, Manifest};
use crate::domain::plan::{Plan, Step, StepAction, Verb, Verdict};
use crate::fleet::cluster::{Cluster, ClusterInfo};
use crate::fleet::phase::Phase;
use crate::source::api::{self, ApplyOptions, Resource};
use crate::source::connect::Client;
use crate::source::discovery;
use crate::source::fault::{Fault, FaultClass};

use super::autoscaler::{self, Autoscaler};
use super::session::Session;
use super::steps::{self, quote, step_cluster};

/// The largest text of manifests that is read.
pub const TEXT_MOST: u64 = 16 << 20;

/// Clusters that are planned for at once.
const AT_ONCE: usize = 16;

/// A cluster to deploy to.
#[derive(Clone, Debug)]
pub struct DeployTo {
    /// Which.
    pub info: ClusterInfo,
    /// Why it cannot be asked now, when it cannot: then it is not, and every step there says so.
    pub trouble: Option<String>,
}

impl DeployTo {
    /// A cluster as the fleet knows it.
    pub fn of(cluster: &Cluster) -> Self {
        let trouble = match &cluster.phase {
            Phase::Live | Phase::Syncing { .. } | Phase::Idle => None,
            phase => {
                let cause = phase.cause().map_or_else(String::new, |c| format!(": {c}"));
                Some(format!("{}{cause}", phase.word()))
            }
        };
        Self { info: cluster.info.clone(), trouble }
    }
}

/// How to deploy.
#[derive(Clone, Debug, Default)]
pub struct DeployOptions {
    /// For objects that name no namespace; none: each context's own, as with kubectl.
    pub namespace: Option<String>,
    /// Take fields over from whoever owns them. Those a person set, by kubectl or by this program, are taken over anyway.
    pub force: bool,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeployError {
    /// The manifests cannot be read.
    #[error("{0}")]
    Manifest(String),
    /// They hold nothing.
    #[error("no object in these manifests")]
    Empty,
    /// No cluster to plan for.
    #[error("no cluster in scope to deploy to")]
    NoCluster,
}

/// Reads a manifest file, or every `.yaml`, `.yml` and `.json` of a folder in the order of their names.
pub async fn read(path: &Path) -> Result<String, String> {
    let path = path.to_owned();
    let read = tokio::task::spawn_blocking(move || {
        let one = |path: &Path| -> Result<String, String> {
            let size = std::fs::metadata(path).map_err(|e| format!("{}: {e}", path.display()))?.len();
            if size > TEXT_MOST {
                return Err(format!("{}: {size} bytes are more than manifests may have", path.display()));
            }
            std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
        };
        if !path.is_dir() {
            return one(&path);
        }
        let mut files: Vec<_> = std::fs::read_dir(&path)
            .map_err(|e| format!("{}: {e}", path.display()))?
            .filter_map(|e| Some(e.ok()?.path()))
            .filter(|p| p.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json"))
            .collect();
        files.sort();
        let texts: Result<Vec<String>, String> = files.iter().map(|f| one(f)).collect();
        Ok(texts?.join("\n---\n"))
    });
    read.await.map_err(|_| "the manifests could not be read".to_owned())?
}

/// Plans manifests for clusters, as the fleet knows them by now: what each server says would come of them. Nothing is
/// written. `path` is for the command that is shown.
pub async fn plan(
    session: &Session,
    text: &str,
    clusters: &[DeployTo],
    options: &DeployOptions,
    path: &str,
) -> Result<Plan, DeployError> {
    let mut manifests = manifest::parse(text).map_err(|e| DeployError::Manifest(e.to_string()))?;
    manifest::sort(&mut manifests);
    let subject = manifests
        .iter()
        .find(|m| Kind::of_manifest(&m.kind, &m.api_version).is_some_and(Kind::is_workload))
        .or(manifests.first())
        .map(|m| m.name.clone())
        .ok_or(DeployError::Empty)?;
    if clusters.is_empty() {
        return Err(DeployError::NoCluster);
    }
    let manifests = &manifests;
    let each: Vec<_> = clusters
        .iter()
        .map(|to| async move {
            let own = session.context(to.info.id).and_then(|c| c.namespace.as_deref());
            let given = options.namespace.as_deref();
            let namespace = given.or(own.filter(|n| !n.is_empty())).unwrap_or("default");
            plan_cluster(session, to, manifests, (namespace, options.force)).await
        })
        .collect();
    let by_cluster: Vec<Vec<Step>> = futures::stream::iter(each).buffered(AT_ONCE).collect().await;
    let id = steps::run_id(session.clock.now(), Verb::Apply, &subject);
    // Objects that name no namespace have to land in the same one again.
    let namespace = match &options.namespace {
        Some(given) if manifests.iter().any(|m| m.namespace.is_none()) => format!(" -n {}", quote(given)),
        Some(_) | None => String::new(),
    };
    let command = format!(
        "{} deploy run -f {}{namespace}{}{}",
        steps::program(session),
        quote(path),
        if options.force { " --force-conflicts" } else { "" },
        steps::contexts(session, clusters.iter().map(|c| c.info.id))
    );
    Ok(Plan { id, verb: Verb::Apply, subject, steps: by_cluster.into_iter().flatten().collect(), command })
}

async fn plan_cluster(
    session: &Session,
    to: &DeployTo,
    manifests: &[Manifest],
    (namespace, force): (&str, bool),
) -> Vec<Step> {
    let info = &to.info;
    let client = match &to.trouble {
        Some(trouble) => Err(Fault::new(FaultClass::Unreachable, trouble)),
        None => session.client(info.id).await,
    };
    let hpas = match &client {
        Ok(client) => autoscaler::of(client).await.unwrap_or_default(),
        Err(_) => Vec::new(),
    };
    let mut out = Vec::new();
    for m in manifests {
        let mut step = Step {
            cluster: step_cluster(info),
            api_version: m.api_version.clone(),
            kind: m.kind.clone(),
            namespace: m.namespace.clone().unwrap_or_default(),
            name: m.name.clone(),
            uid: String::new(),
            action: StepAction::Apply { object: m.body.clone(), force: false },
            verdict: Verdict::Same,
            changes: Vec::new(),
            notes: Vec::new(),
            cost_nano_hour: None,
        };
        match &client {
            Ok(client) => plan_step(client, &mut step, m, manifests, (namespace, force), &hpas).await,
            Err(fault) => step.verdict = Verdict::Refused(fault.to_string()),
        }
        out.push(step);
    }
    out
}

async fn plan_step(
    client: &Client,
    step: &mut Step,
    m: &Manifest,
    all: &[Manifest],
    (namespace, force): (&str, bool),
    hpas: &[Autoscaler],
) {
    let what = match Kind::of_manifest(&m.kind, &m.api_version).map(Resource::from) {
        Some(known) if known.api_version() == m.api_version => Ok(known),
        _ => discovery::of_manifest(client, &m.api_version, &m.kind).await,
    };
    let what = match what {
        Ok(what) => what,
        Err(fault) => {
            let makes_it = |c: &Manifest| {
                c.kind == "CustomResourceDefinition"
                    && c.body.pointer("/spec/names/kind").and_then(Value::as_str) == Some(m.kind.as_str())
            };
            step.verdict = if all.iter().any(makes_it) {
                Verdict::Waits("its CRD is in the same set; it can be checked once that is there".to_owned())
            } else {
                Verdict::Refused(fault.to_string())
            };
            return;
        }
    };
    step.namespace = if what.namespaced {
        m.namespace.clone().unwrap_or_else(|| namespace.to_owned())
    } else {
        String::new()
    };
    let mut object = m.body.clone();
    if what.namespaced
        && let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut)
    {
        meta.insert("namespace".to_owned(), step.namespace.clone().into());
    }
    // Replicas of what an autoscaler owns are left to it.
    if hpas.iter().any(|a| a.owns(step))
        && let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
        && spec.remove("replicas").is_some()
    {
        step.notes.push(format!("replicas of {} are left to its autoscaler", m.name));
    }
    let live = match api::get(client, &what, &step.namespace, &m.name).await {
        Ok(live) => live,
        Err(fault) => {
            step.verdict = Verdict::Refused(fault.to_string());
            return;
        }
    };
    if let Some(uid) = live.as_ref().and_then(|l| l.pointer("/metadata/uid")).and_then(Value::as_str) {
        uid.clone_into(&mut step.uid);
    }
    let mut options = ApplyOptions { dry_run: true, force: false };
    let mut answer = api::apply(client, &what, &step.namespace, &m.name, &object, options).await;
    if let Err(fault) = &answer
        && fault.class == FaultClass::Conflict
    {
        let owners = fields::conflicting(&fault.words);
        if !owners.is_empty() && (force || owners.iter().all(|o| fields::is_person(o))) {
            // Its own fields, set by scaling, are no news.
            let others: Vec<&str> = owners.into_iter().filter(|o| *o != api::FIELD_MANAGER).collect();
            if !others.is_empty() {
                step.notes.push(format!("takes fields over from {}", others.join(", ")));
            }
            options.force = true;
            answer = api::apply(client, &what, &step.namespace, &m.name, &object, options).await;
        }
    }
    match answer {
        Ok(result) => {
            let before = live.as_ref().map(diff::normalise);
            let after = diff::normalise(&result);
            step.changes = diff::changes(before.as_ref(), &after);
            step.verdict = match (&live, step.changes.is_empty()) {
                (None, _) => Verdict::Create,
                (Some(_), true) => Verdict::Same,
                (Some(_), false) => Verdict::Change,
            };
            if live.is_none() {
                step.changes.clear();
            }
        }
        Err(fault) => step.verdict = verdict_of(&fault, step, all),
    }
    step.action = StepAction::Apply { object, force: options.force };
}

fn verdict_of(fault: &Fault, step: &Step, all: &[Manifest]) -> Verdict {
    let namespace_comes = all.iter().any(|m| m.kind == "Namespace" && m.name == step.namespace);
    match fault.class {
        FaultClass::Conflict => Verdict::Conflict(format!(
            "{fault}; its owner will set it again: change it there, or take it over (F, --force-conflicts)"
        )),
        FaultClass::NotFound if namespace_comes => Verdict::Waits(
            "its namespace is in the same set; it can be checked once that is there".to_owned(),
        ),
        _ => Verdict::Refused(fault.to_string()),
    }
}
