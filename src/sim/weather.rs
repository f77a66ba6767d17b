//! Faults: what can be wrong between a client and one cluster.
//! Never: changes to objects. Set by `Simulation::fault`, read by the server and by incident scripts.

/// A fault of one cluster's API server or of the way to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Fault {
    /// All is well; heals every other fault.
    #[default]
    None,
    /// Connections are accepted, nothing is answered, running watches fall silent.
    Freeze,
    /// Connections are refused.
    Refuse,
    /// Every answer waits.
    Latency {
        /// Least wait in milliseconds of real time.
        ms: u64,
        /// Up to this much more.
        jitter: u64,
    },
    /// A share of the requests is answered with a status.
    Status {
        /// HTTP code.
        code: u16,
        /// `Retry-After` in seconds.
        retry_after: Option<u32>,
        /// 0 to 1.
        share: f64,
    },
    /// Running watches are cut at once; later ones work.
    DropWatches,
    /// The history is compacted: running watches end with 410, as do watches and pages from older versions.
    Expired410,
    /// Requests that match are answered 403. An empty list matches everything.
    Forbid {
        /// `get`, `list`, ...
        verbs: Vec<String>,
        /// Plural names, `pods/log` for subresources.
        resources: Vec<String>,
        /// Namespaces.
        namespaces: Vec<String>,
    },
    /// Every request is answered 401.
    Unauthorized,
}

impl Fault {
    /// Does `Forbid` forbid this?
    pub(crate) fn forbids(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        let has = |list: &[String], item: &str| list.is_empty() || list.iter().any(|x| x == item || x == "*");
        match self {
            Self::Forbid { verbs, resources, namespaces } => {
                has(verbs, verb) && has(resources, resource) && has(namespaces, namespace)
            }
            _ => false,
        }
    }
}
