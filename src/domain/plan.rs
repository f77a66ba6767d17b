//! A plan: what a write would do, to which objects of which clusters, before anything is done.
//!
//! Built by `ops` without writing, shown by the dialog and the command line, confirmed, then run step by step with a
//! journal. Here are its shape, the word that confirms it, and the rules of protection (product, principle 2).

use serde::Serialize;
use serde_json::Value;

use super::diff::Change;
use super::environment::Environment;
use super::id::ClusterId;
use super::kind::Kind;
use super::quantity::count;

/// More targets than this are refused until the limit is raised.
pub const MAX_TARGETS: usize = 50;

/// What a plan does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Server-side apply of manifests.
    Apply,
    /// Another number of replicas.
    Scale,
    /// A rollout restart.
    Restart,
    /// Deletion.
    Delete,
}

impl Verb {
    /// The word: `Scale`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Apply => "Apply",
            Self::Scale => "Scale",
            Self::Restart => "Restart",
            Self::Delete => "Delete",
        }
    }
}

/// What would be done, to what.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The run's id: names its journal.
    pub id: String,
    /// What it does.
    pub verb: Verb,
    /// What it is about, for people and for the typed word: the app's name, or the kind.
    pub subject: String,
    /// In the order they are run; steps of one cluster stand together.
    pub steps: Vec<Step>,
    /// The same on the command line.
    pub command: String,
}

/// A cluster as a step names it: everything a person has to see before saying yes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepCluster {
    /// Its number in this session.
    #[serde(skip)]
    pub id: ClusterId,
    /// `aws / 222233334444 / eu-west-1 / prod-a`.
    pub path: String,
    /// Its own name.
    pub name: String,
    /// The context that acts.
    pub context: String,
    /// Who acts: the user entry, and `as X`.
    pub acts_as: String,
    /// prod, staging, dev, unknown.
    pub environment: Environment,
    /// Nothing may be written there.
    pub read_only: bool,
}

/// One write to one object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Where.
    pub cluster: StepCluster,
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// Empty for kinds without namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The uid it had when the plan was made; empty for what is not there yet.
    pub uid: String,
    /// What is done.
    pub action: StepAction,
    /// What that means, by the server's own dry run or the rows at hand.
    pub verdict: Verdict,
    /// Field by field.
    pub changes: Vec<Change>,
    /// What a person should know: who owns the object, an HPA that will undo it, a budget.
    pub notes: Vec<String>,
    /// What it adds to the bill, in nano-dollars an hour, when known.
    #[serde(rename = "cost_nano_usd_per_hour")]
    pub cost_nano_hour: Option<i64>,
}

/// What is done to the object.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", tag = "do")]
pub enum StepAction {
    /// Apply this object.
    Apply {
        /// The object as it is sent.
        #[serde(skip)]
        object: Value,
        /// Take fields over from other managers.
        force: bool,
    },
    /// Set the number of replicas, if it still is `from`.
    Scale {
        /// As the plan saw it.
        from: u32,
        /// As wanted.
        to: u32,
    },
    /// Restart by the template's annotation.
    Restart,
    /// Delete, if it still is the one with the step's uid.
    Delete,
}

/// What a step would come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "verdict", content = "why")]
pub enum Verdict {
    /// The object is made.
    Create,
    /// So many fields change.
    Change,
    /// Nothing changes.
    Same,
    /// The object goes.
    Delete,
    /// Another manager owns a field; the server's words.
    Conflict(String),
    /// It cannot be tried yet: it waits for a namespace or CRD of the same plan.
    Waits(String),
    /// The server or a rule of ours refuses; the words.
    Refused(String),
}

impl Verdict {
    /// The word of a matrix cell.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Same => "same",
            Self::Delete => "delete",
            Self::Conflict(_) => "conflict!",
            Self::Waits(_) => "waits",
            Self::Refused(_) => "refused",
        }
    }

    /// Why it cannot be run, when it cannot.
    pub fn blocks(&self) -> Option<&str> {
        match self {
            Self::Conflict(why) | Self::Refused(why) => Some(why),
            Self::Create | Self::Change | Self::Same | Self::Delete | Self::Waits(_) => None,
        }
    }
}

/// Why a plan cannot be run at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Nothing to do.
    #[error("nothing matches: select a workload, or widen the scope")]
    Empty,
    /// Too much at once.
    #[error(
        "{targets} targets are more than max_targets ({most}); narrow the scope or raise it with --max-targets"
    )]
    TooMany {
        /// Targets.
        targets: usize,
        /// The limit.
        most: usize,
    },
    /// Read-only.
    #[error("{0} is read-only")]
    ReadOnly(String),
    /// A word is wanted and none, or another, was given.
    #[error("protected scope: type `{0}` to go on (on the command line: --i-mean '{0}')")]
    WordWanted(String),
}

impl Plan {
    /// The steps that would change something.
    pub fn targets(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|s| s.verdict != Verdict::Same)
    }

    /// How many clusters it touches.
    pub fn clusters(&self) -> usize {
        let mut ids: Vec<ClusterId> = self.targets().map(|s| s.cluster.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len()
    }

    /// `Scale 2 deployments in 2 clusters`.
    pub fn title(&self) -> String {
        let targets: Vec<&Step> = self.targets().collect();
        let kinds: std::collections::BTreeSet<&str> = targets.iter().map(|s| s.kind.as_str()).collect();
        let noun = match (kinds.len(), kinds.first()) {
            (1, Some(kind)) => kind.to_lowercase(),
            _ => "object".to_owned(),
        };
        format!(
            "{} {} in {}",
            self.verb.word(),
            count(targets.len(), &noun),
            count(self.clusters(), "cluster")
        )
    }

    /// The word that has to be typed, when one has to.
    pub fn word_wanted(&self) -> Option<String> {
        let targets: Vec<&Step> = self.targets().collect();
        let many = self.clusters() > 1;
        let protected = targets.iter().any(|s| {
            s.cluster.environment == Environment::Prod
                || (many && s.cluster.environment == Environment::Unknown)
                || (self.verb == Verb::Delete && is_grave(&s.kind))
        });
        if !protected {
            return None;
        }
        Some(match targets.as_slice() {
            [one] => one.name.clone(),
            more => format!("{} {}", self.subject, more.len()),
        })
    }

    /// Whether it may be run, `word` being what was typed.
    pub fn check(&self, word: Option<&str>, most: usize) -> Result<(), PlanError> {
        let targets = self.targets().count();
        if targets == 0 {
            return Err(PlanError::Empty);
        }
        if targets > most {
            return Err(PlanError::TooMany { targets, most });
        }
        if let Some(step) = self.targets().find(|s| s.cluster.read_only) {
            return Err(PlanError::ReadOnly(step.cluster.path.clone()));
        }
        match self.word_wanted() {
            Some(wanted) if word.map(str::trim) != Some(wanted.as_str()) => {
                Err(PlanError::WordWanted(wanted))
            }
            _ => Ok(()),
        }
    }

    /// What it adds to the bill, in nano-dollars an hour; `None` when no step knows.
    pub fn cost_nano_hour(&self) -> Option<i64> {
        let done = self.steps.iter().filter(|s| s.verdict.blocks().is_none());
        let known: Vec<i64> = done.filter_map(|s| s.cost_nano_hour).collect();
        (!known.is_empty()).then(|| known.iter().sum())
    }
}

/// Kinds whose deletion always wants a word.
pub fn is_grave(kind: &str) -> bool {
    [
        Kind::Namespace,
        Kind::CustomResourceDefinition,
        Kind::PersistentVolume,
        Kind::PersistentVolumeClaim,
        Kind::Node,
    ]
    .iter()
    .any(|k| k.info().name == kind)
}

impl Step {
    /// A step for tests: a deployment of that name in a cluster of that number and name, to be scaled from 3 to 6.
    #[cfg(test)]
    pub(crate) fn sample(cluster: u32, cluster_name: &str, environment: Environment, name: &str) -> Self {
        Self {
            cluster: StepCluster {
                id: ClusterId(cluster),
                path: format!("aws / 1 / {cluster_name}"),
                name: cluster_name.into(),
                context: "ctx".into(),
                acts_as: "alice".into(),
                environment,
                read_only: false,
            },
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: name.into(),
            uid: "u".into(),
            action: StepAction::Scale { from: 3, to: 6 },
            verdict: Verdict::Change,
            changes: Vec::new(),
            notes: Vec::new(),
            cost_nano_hour: None,
        }
    }

    /// `checkout / deploy/web`.
    pub fn object_words(&self) -> String {
        let short = Kind::of_manifest(&self.kind, &self.api_version)
            .map_or_else(|| self.kind.to_lowercase(), |k| k.info().short().to_owned());
        if self.namespace.is_empty() {
            format!("{short}/{}", self.name)
        } else {
            format!("{} / {short}/{}", self.namespace, self.name)
        }
    }

    /// What is done to it when its turn comes: what only waited for something else of the plan is applied by then.
    pub fn doing_words(&self) -> String {
        match (&self.action, &self.verdict) {
            (StepAction::Apply { .. }, Verdict::Waits(_)) => "apply".to_owned(),
            _ => self.action_words(),
        }
    }

    /// What happens to it, in a few words: `replicas 3 → 6`, `change 2`, `create`.
    pub fn action_words(&self) -> String {
        match (&self.action, &self.verdict) {
            (StepAction::Scale { from, to }, v) => format!("replicas {from} → {to}{}", refused(v)),
            (StepAction::Restart, v) => format!("restart{}", refused(v)),
            (StepAction::Delete, v) => format!("delete{}", refused(v)),
            (StepAction::Apply { .. }, Verdict::Change) => format!("change {}", self.changes.len()),
            (StepAction::Apply { .. }, v) => v.word().to_owned(),
        }
    }
}

/// That it will not happen, behind what would.
fn refused(verdict: &Verdict) -> &'static str {
    if verdict.blocks().is_some() { "  refused" } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(cluster: u32, env: Environment, name: &str) -> Step {
        Step::sample(cluster, &format!("c{cluster}"), env, name)
    }

    fn plan(steps: Vec<Step>) -> Plan {
        Plan { id: "r1".into(), verb: Verb::Scale, subject: "web".into(), steps, command: String::new() }
    }

    #[test]
    fn which_plans_want_a_word() {
        use Environment::{Dev, Prod, Unknown};
        for (steps, word) in [
            (vec![step(0, Dev, "web")], None),
            (vec![step(0, Prod, "web")], Some("web")),
            (vec![step(0, Prod, "web"), step(1, Dev, "web")], Some("web 2")),
            (vec![step(0, Unknown, "web")], None),
            (vec![step(0, Unknown, "web"), step(1, Unknown, "web")], Some("web 2")),
        ] {
            assert_eq!(plan(steps).word_wanted().as_deref(), word);
        }
        let mut ns = step(0, Dev, "shop");
        ns.kind = "Namespace".into();
        let delete = Plan { verb: Verb::Delete, ..plan(vec![ns]) };
        assert_eq!(delete.word_wanted().as_deref(), Some("shop"));
    }

    #[test]
    fn what_may_be_run() {
        let p = plan(vec![step(0, Environment::Prod, "web")]);
        assert_eq!(p.check(None, 50), Err(PlanError::WordWanted("web".into())));
        assert_eq!(p.check(Some("Web"), 50), Err(PlanError::WordWanted("web".into())));
        assert_eq!(p.check(Some(" web "), 50), Ok(()));
        let mut same = step(0, Environment::Dev, "web");
        same.verdict = Verdict::Same;
        assert_eq!(plan(vec![same]).check(None, 50), Err(PlanError::Empty));
        let many = plan((0..51).map(|n| step(n, Environment::Dev, "web")).collect());
        assert_eq!(many.check(None, 50), Err(PlanError::TooMany { targets: 51, most: 50 }));
        let mut ro = step(0, Environment::Dev, "web");
        ro.cluster.read_only = true;
        assert!(matches!(plan(vec![ro]).check(None, 50), Err(PlanError::ReadOnly(_))));
    }

    #[test]
    fn titles() {
        let p = plan(vec![step(0, Environment::Prod, "web"), step(1, Environment::Prod, "web")]);
        assert_eq!(p.title(), "Scale 2 deployments in 2 clusters");
    }
}
