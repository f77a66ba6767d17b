//! The engine that runs plans, over a cluster of any make: the simulation in `tests/it`, a real control plane in
//! `tests/real`. Each case has a namespace of its own and reads what came of it with a client of its own.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use serde_json::{Value, json};
use skyfleet::domain::id::ObjectKey;
use skyfleet::domain::kind::Kind;
use skyfleet::domain::plan::{Plan, Verb, Verdict};
use skyfleet::domain::scope::Scope;
use skyfleet::fleet::Fleet;
use skyfleet::fleet::cluster::ClusterInfo;
use skyfleet::ops::deploy::{self, DeployOptions, DeployTo};
use skyfleet::ops::gather::{Want, gather};
use skyfleet::ops::logs::{Containers, LogEvent, LogOptions, follow, targets};
use skyfleet::ops::preflight;
use skyfleet::ops::run::{Outcome, RunEvent, RunOptions, execute};
use skyfleet::ops::session::{Session, Shared};
use skyfleet::source::api::{self, ApplyOptions, Resource};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A case.
pub(crate) struct Case {
    /// What it shows.
    pub(crate) name: &'static str,
    /// Plays it on the session's first cluster, in that namespace.
    pub(crate) play: for<'a> fn(&'a Stage) -> Pin<Box<dyn Future<Output = Result<(), String>> + 'a>>,
}

/// Where a case is played.
pub(crate) struct Stage {
    /// The session; it keeps its journals in `state`.
    pub(crate) session: Shared,
    /// The same clusters, as somebody who may look and not write.
    pub(crate) viewer: Shared,
    /// A folder of this case alone.
    pub(crate) state: tempfile::TempDir,
    /// A namespace of this case alone.
    pub(crate) namespace: String,
}

/// Every case.
pub(crate) fn cases() -> Vec<Case> {
    vec![
        Case { name: "another_object_of_the_name_is_left_alone", play: |s| Box::pin(pinned(s)) },
        Case { name: "servers_are_asked_before_a_person_is", play: |s| Box::pin(asked(s)) },
        Case { name: "stopping_while_waiting_is_not_done", play: |s| Box::pin(stopped(s)) },
        Case { name: "a_job_is_awaited_to_its_end", play: |s| Box::pin(job(s)) },
        Case { name: "pods_of_the_template_before_do_not_fail_a_fix", play: |s| Box::pin(mended(s)) },
        Case {
            name: "fields_are_taken_over_from_people_and_not_from_controllers",
            play: |s| Box::pin(owned(s)),
        },
        Case { name: "followed_lines_come_once_over_restarts", play: |s| Box::pin(followed(s)) },
        Case { name: "the_journal_holds_nothing_of_an_object", play: |s| Box::pin(journal(s)) },
    ]
}

impl Stage {
    fn info(&self) -> &ClusterInfo {
        &self.session.infos[0]
    }

    async fn apply(&self, object: &Value) -> Result<(), String> {
        let client = self.session.client(self.info().id).await.map_err(|f| f.to_string())?;
        let text = |p: &str| object.pointer(p).and_then(Value::as_str).unwrap_or("").to_owned();
        let kind = Kind::of_manifest(&text("/kind"), &text("/apiVersion")).ok_or("no such kind")?;
        let (ns, name) = (text("/metadata/namespace"), text("/metadata/name"));
        let force = ApplyOptions { dry_run: false, force: true };
        api::apply(&client, &Resource::from(kind), &ns, &name, object, force)
            .await
            .map(|_| ())
            .map_err(|f| f.to_string())
    }

    async fn get(&self, kind: Kind, name: &str) -> Result<Option<Value>, String> {
        let client = self.session.client(self.info().id).await.map_err(|f| f.to_string())?;
        api::get(&client, &Resource::from(kind), &self.namespace, name).await.map_err(|f| f.to_string())
    }

    async fn delete(&self, kind: Kind, name: &str) -> Result<(), String> {
        let client = self.session.client(self.info().id).await.map_err(|f| f.to_string())?;
        let gone = api::delete(&client, &Resource::from(kind), &self.namespace, name, "", false).await;
        gone.map(|_| ()).map_err(|f| f.to_string())?;
        self.until("it to be gone", async || Ok(self.get(kind, name).await?.is_none())).await
    }

    async fn until(&self, what: &str, there: impl AsyncFn() -> Result<bool, String>) -> Result<(), String> {
        for _ in 0..400 {
            if there().await? {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("waited for {what}"))
    }

    async fn make_namespace(&self) -> Result<(), String> {
        self.apply(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}))
            .await
    }

    fn deployment(&self, image: &str, env: &str) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": self.namespace},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": image, "env": [{"name": "MODE", "value": env}]}]}}}
        })
    }

    async fn plan(&self, object: &Value) -> Result<Plan, String> {
        let to = [DeployTo { info: self.info().clone(), trouble: None }];
        let text = skyfleet::domain::diff::to_yaml(object);
        deploy::plan(&self.session, &text, &to, &DeployOptions::default(), "app.yaml")
            .await
            .map_err(|e| e.to_string())
    }

    /// A plan of three replicas for web.
    async fn scaled(&self, session: &Session) -> Result<Plan, String> {
        let fleet = self.gathered(session).await;
        let amount = skyfleet::ops::scale::Amount::Absolute(3);
        let key = self.key(Kind::Deployment, "web");
        skyfleet::ops::scale::plan(&fleet, session, &[key], amount).map_err(|e| e.to_string())
    }

    async fn gathered(&self, session: &Session) -> Fleet {
        let want = Want { limit: Duration::from_secs(30), ..Want::default() };
        gather(session, &Scope::all(), &want, |_| {}).await.fleet
    }

    fn key(&self, kind: Kind, name: &str) -> ObjectKey {
        let (namespace, name) = (self.namespace.as_str().into(), name.into());
        ObjectKey { cluster: self.info().id, kind, namespace, name }
    }

    async fn run(&self, plan: &Plan, cancel: &CancellationToken) -> (Outcome, Vec<RunEvent>) {
        let (progress, mut heard) = mpsc::channel(256);
        let options = RunOptions { deadline: Duration::from_secs(30), ..RunOptions::default() };
        let word = plan.word_wanted();
        let outcome = execute(&self.session, plan, word.as_deref(), options, progress, cancel.clone()).await;
        let mut events = Vec::new();
        while let Some(event) = heard.recv().await {
            events.push(event);
        }
        (outcome, events)
    }

    fn kept(&self) -> String {
        let mut out = std::fs::read_to_string(self.state.path().join("audit.log")).unwrap_or_default();
        for entry in std::fs::read_dir(self.state.path().join("rollouts")).into_iter().flatten().flatten() {
            out.push_str(&std::fs::read_to_string(entry.path()).unwrap_or_default());
        }
        out
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, wanted: T) -> Result<(), String> {
    if got == wanted { Ok(()) } else { Err(format!("{what}: {got:?}, not {wanted:?}")) }
}

/// Planned for one object; by then there is another of its name, or none.
async fn pinned(s: &Stage) -> Result<(), String> {
    s.make_namespace().await?;
    s.apply(&s.deployment("registry.example/web:1.0.0", "a")).await?;
    let scale = s.scaled(&s.session).await?;
    let apply = s.plan(&s.deployment("registry.example/web:1.0.1", "a")).await?;
    s.delete(Kind::Deployment, "web").await?;
    let cancel = CancellationToken::new();
    let (outcome, _) = s.run(&apply, &cancel).await;
    same("apply to what is gone", outcome.failed, 1)?;
    if s.get(Kind::Deployment, "web").await?.is_some() {
        return Err("apply made anew what somebody had deleted".to_owned());
    }
    s.apply(&s.deployment("registry.example/web:1.0.0", "a")).await?;
    let (outcome, _) = s.run(&scale, &cancel).await;
    same("scale of another object", outcome.failed, 1)?;
    let now = s.get(Kind::Deployment, "web").await?.ok_or("web is gone")?;
    same("its replicas", now["spec"]["replicas"].as_u64(), Some(1))
}

/// The dry run finds what rows cannot know: rights, and that another object has taken the name. It writes nothing.
async fn asked(s: &Stage) -> Result<(), String> {
    s.make_namespace().await?;
    s.apply(&s.deployment("registry.example/web:1.0.0", "a")).await?;
    let key = [s.key(Kind::Deployment, "web")];
    let fleet = s.gathered(&s.session).await;
    let plans = |session: &Session, fleet: &Fleet| {
        let scale =
            skyfleet::ops::scale::plan(fleet, session, &key, skyfleet::ops::scale::Amount::Absolute(3));
        let restart = skyfleet::ops::restart::plan(fleet, session, &key);
        let delete = skyfleet::ops::delete::plan(fleet, session, &key);
        let plans: Result<Vec<Plan>, _> = [scale, restart, delete].into_iter().collect();
        plans.map_err(|e| e.to_string())
    };
    // An autoscaler that no pane has asked for yet.
    s.apply(&json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web-hpa", "namespace": s.namespace},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                 "minReplicas": 1, "maxReplicas": 4}
    }))
    .await?;
    for mut plan in plans(&s.session, &fleet)? {
        preflight::ask(&s.session, &mut plan).await;
        same(plan.verb.word(), plan.steps[0].verdict.blocks(), None)?;
        let warned = plan.steps[0].notes.iter().any(|n| n.starts_with("hpa/web-hpa owns the replicas"));
        same("the autoscaler is named where replicas are set", warned, plan.verb == Verb::Scale)?;
    }
    s.delete(Kind::HorizontalPodAutoscaler, "web-hpa").await?;
    let seen_by_viewer = s.gathered(&s.viewer).await;
    for mut plan in plans(&s.viewer, &seen_by_viewer)? {
        preflight::ask(&s.viewer, &mut plan).await;
        match &plan.steps[0].verdict {
            Verdict::Refused(why) if why.contains("forbidden") => {}
            other => return Err(format!("{} by a viewer: {other:?}", plan.verb.word())),
        }
    }
    let web = s.get(Kind::Deployment, "web").await?.ok_or("web was deleted")?;
    same("replicas", web["spec"]["replicas"].as_u64(), Some(1))?;
    same("restarted", web["spec"]["template"]["metadata"]["annotations"].is_null(), true)?;
    s.delete(Kind::Deployment, "web").await?;
    s.apply(&s.deployment("registry.example/web:1.0.0", "a")).await?;
    for mut plan in plans(&s.session, &fleet)? {
        preflight::ask(&s.session, &mut plan).await;
        if plan.steps[0].verdict.blocks().is_none() {
            return Err(format!("{} of another object of the name is let through", plan.verb.word()));
        }
    }
    Ok(())
}

async fn stopped(s: &Stage) -> Result<(), String> {
    s.make_namespace().await?;
    let mut never = s.deployment("registry.example/web:1.0.0", "a");
    // No node has that: its pod stays pending.
    never["spec"]["template"]["spec"]["nodeSelector"] = json!({"no-such-label": "x"});
    let plan = s.plan(&never).await?;
    let cancel = CancellationToken::new();
    let (outcome, _) = tokio::join!(s.run(&plan, &cancel), async {
        let _ =
            s.until("it to be written", async || Ok(s.get(Kind::Deployment, "web").await?.is_some())).await;
        cancel.cancel();
    })
    .0;
    same("done and not awaited", (outcome.done, outcome.not_awaited), (0, 1))?;
    same("whether all is well", outcome.is_ok(), false)?;
    if outcome.words.starts_with("stopped: ") { Ok(()) } else { Err(outcome.words) }
}

async fn job(s: &Stage) -> Result<(), String> {
    s.make_namespace().await?;
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate", "namespace": s.namespace},
        "spec": {"template": {"spec": {"restartPolicy": "Never",
            "containers": [{"name": "migrate", "image": "registry.example/migrate:1"}]}}}
    });
    let plan = s.plan(&job).await?;
    let (outcome, _) = s.run(&plan, &CancellationToken::new()).await;
    same("outcome", (outcome.done, outcome.failed), (1, 0))?;
    let job = s.get(Kind::Job, "migrate").await?.ok_or("the job is gone")?;
    same("pods that succeeded when the run was over", job["status"]["succeeded"].as_u64(), Some(1))
}

async fn mended(s: &Stage) -> Result<(), String> {
    s.make_namespace().await?;
    // It crashes, again and again; what mends it is the environment, not the image.
    let mut broken = s.deployment("registry.example/web:1.0.0-crash", "broken");
    broken["spec"]["template"]["metadata"]["annotations"] = json!({"testbed.skyfleet.dev/restarts": "7"});
    s.apply(&broken).await?;
    let client = s.session.client(s.info().id).await.map_err(|f| f.to_string())?;
    s.until("it to crash three times", async || {
        let options =
            api::ListOptions { namespace: Some(s.namespace.clone()), ..api::ListOptions::default() };
        let pods =
            api::list(&client, &Resource::from(Kind::Pod), &options).await.map_err(|f| f.to_string())?;
        Ok(pods.iter().any(|p| {
            let status = |at: &str| p.pointer(&format!("/status/containerStatuses/0/{at}")).cloned();
            status("restartCount").and_then(|n| n.as_u64()).unwrap_or(0) > 2
                && status("state/waiting/reason").is_some_and(|r| r == "CrashLoopBackOff")
        }))
    })
    .await?;
    // A new template of the same image, which starts slowly: while its pod starts, the old one goes on crashing.
    let mut fixed = s.deployment("registry.example/web:1.0.0-crash", "mended");
    fixed["spec"]["template"]["spec"]["nodeSelector"] = json!({"no-such-label": "x"});
    let plan = s.plan(&fixed).await?;
    let cancel = CancellationToken::new();
    let (ran, ()) = tokio::join!(s.run(&plan, &cancel), async {
        // Long enough for several looks at the pods of both templates.
        tokio::time::sleep(Duration::from_secs(4)).await;
        cancel.cancel();
    });
    same("failed", (ran.0.failed, ran.0.words.contains("crash-looping")), (0, false))
}

async fn journal(s: &Stage) -> Result<(), String> {
    s.make_namespace().await?;
    // The server repeats the value it refuses.
    let mut bad = s.deployment("registry.example/web:1.0.0", "a");
    bad["metadata"]["labels"] = json!({"mode": "PLANTED-SECRET!"});
    let mut plan = s.plan(&s.deployment("registry.example/web:1.0.0", "a")).await?;
    plan.steps[0].action = skyfleet::domain::plan::StepAction::Apply { object: bad, force: false };
    let (outcome, _) = s.run(&plan, &CancellationToken::new()).await;
    same("failed", outcome.failed, 1)?;
    if !outcome.words.contains("PLANTED-SECRET") {
        return Err(format!("the server did not repeat it; nothing is shown: {}", outcome.words));
    }
    let kept = s.kept();
    if !kept.contains("\"failed\"") || !kept.contains("422") {
        return Err(format!("the journal does not tell the failure: {kept}"));
    }
    same("what the journal holds", kept.contains("PLANTED-SECRET"), false)
}

/// An object of kubectl's, scaled by this program, is applied; one that a controller owns is a conflict until it is meant.
async fn owned(s: &Stage) -> Result<(), String> {
    s.make_namespace().await?;
    let client = s.session.client(s.info().id).await.map_err(|f| f.to_string())?;
    let mut theirs = s.deployment("registry.example/web:1.0.0", "a");
    theirs["metadata"].as_object_mut().ok_or("no metadata")?.remove("managedFields");
    let path = |manager: &str| {
        let resource = Resource::from(Kind::Deployment);
        format!("{}?fieldManager={manager}", resource.path(Some(&s.namespace), None))
    };
    api::post(&client, &path("kubectl-client-side-apply"), &theirs).await.map_err(|f| f.to_string())?;
    let plan = s.plan(&s.deployment("registry.example/web:1.0.1", "b")).await?;
    let notes = plan.steps[0].notes.join("; ");
    if !notes.contains("takes fields over from kubectl-client-side-apply") {
        return Err(format!("{:?}: {notes}", plan.steps[0].verdict));
    }
    let (outcome, _) = s.run(&plan, &CancellationToken::new()).await;
    same("applied over kubectl", (outcome.done, outcome.failed), (1, 0))?;
    s.delete(Kind::Deployment, "web").await?;
    api::post(&client, &path("argocd-controller"), &theirs).await.map_err(|f| f.to_string())?;
    let plan = s.plan(&s.deployment("registry.example/web:1.0.1", "b")).await?;
    same("verdict", plan.steps[0].verdict.word(), "conflict!")?;
    let to = [DeployTo { info: s.info().clone(), trouble: None }];
    let text = skyfleet::domain::diff::to_yaml(&s.deployment("registry.example/web:1.0.1", "b"));
    let force = DeployOptions { force: true, ..DeployOptions::default() };
    let plan = deploy::plan(&s.session, &text, &to, &force, "app.yaml").await.map_err(|e| e.to_string())?;
    let (outcome, _) = s.run(&plan, &CancellationToken::new()).await;
    same("applied by force", (outcome.done, outcome.failed), (1, 0))
}

/// One stream goes on over the runs of a container that crashes: lines of new runs come, and none comes twice.
async fn followed(s: &Stage) -> Result<(), String> {
    s.make_namespace().await?;
    s.apply(&s.deployment("registry.example/web:1.0.0-crash", "a")).await?;
    let client = s.session.client(s.info().id).await.map_err(|f| f.to_string())?;
    let options = api::ListOptions { namespace: Some(s.namespace.clone()), ..api::ListOptions::default() };
    let pods =
        async || api::list(&client, &Resource::from(Kind::Pod), &options).await.map_err(|f| f.to_string());
    let restarts = |pod: &Value| pod["status"]["containerStatuses"][0]["restartCount"].as_u64().unwrap_or(0);
    s.until("a pod that has run", async || Ok(pods().await?.iter().any(|p| restarts(p) > 0))).await?;
    let fleet = s.gathered(&s.session).await;
    let scope = Scope::all().in_clusters(vec![s.info().id]).in_namespaces(vec![s.namespace.as_str().into()]);
    let (found, _) = targets(&fleet, &scope, &Containers::default(), 10);
    same("containers", found.len(), 1)?;
    let (events, mut heard) = mpsc::channel(256);
    let (_more, later) = mpsc::channel(1);
    let cancel = CancellationToken::new();
    let following = LogOptions { follow: true, ..LogOptions::default() };
    let reading = tokio::spawn(follow(s.session.clone(), found, following, later, events, cancel.clone()));
    let mut seen: Vec<(jiff::Timestamp, String)> = Vec::new();
    let began = pods().await?.iter().map(restarts).max().unwrap_or(0);
    // Until lines of the second run after this one have come.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(90);
    loop {
        let event = tokio::time::timeout_at(deadline, heard.recv()).await;
        match event.map_err(|_| format!("waited for lines of two more runs; {} lines", seen.len()))? {
            Some(LogEvent::Entries(entries)) => {
                let lines = entries.iter().filter_map(|e| e.line());
                seen.extend(lines.filter_map(|l| Some((l.time?, l.text.to_string()))));
            }
            Some(LogEvent::Source { .. }) => {}
            Some(LogEvent::Done) | None => return Err("the stream ended".to_owned()),
        }
        let pods = pods().await?;
        let pod = pods.first().ok_or("the pod is gone")?;
        let status = &pod["status"]["containerStatuses"][0];
        let started = ["state", "lastState"].iter().find_map(|at| {
            let run = &status[*at];
            let at = run["running"]["startedAt"].as_str().or(run["terminated"]["startedAt"].as_str())?;
            at.parse::<jiff::Timestamp>().ok()
        });
        let newest = seen.iter().map(|(t, _)| *t).max();
        if restarts(pod) >= began + 2 && started.zip(newest).is_some_and(|(s, n)| n >= s) {
            break;
        }
    }
    cancel.cancel();
    reading.abort();
    let all = seen.len();
    seen.sort();
    seen.dedup();
    same("lines, each once", seen.len(), all)
}
