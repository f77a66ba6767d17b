//! Gathering: connect to the clusters in scope, wait until each has answered for good or not at all, and hand the model
//! over. What a command needs where the interface would follow a stream.
//!
//! Never: printing, or asking more than the scope's clusters. Called by `cli` and by tests.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::place::Provider;
use crate::domain::scope::Scope;
use crate::domain::text::SafeText;
use crate::fleet::Fleet;
use crate::fleet::cluster::{Cluster, Load};
use crate::fleet::delta::Update;
use crate::fleet::demand::Demand;
use crate::fleet::phase::Phase;
use crate::source::clock::Clock;

use super::catalogue;
use super::session::Session;

/// How long usage is waited for once everything else is there: clusters without metrics never send any.
const USAGE_GRACE: Duration = Duration::from_secs(2);

/// What to gather beyond what every cluster is watched for.
#[derive(Clone, Debug)]
pub struct Want {
    /// Kinds beyond [`Kind::WATCHED`].
    pub kinds: BTreeSet<Kind>,
    /// What pods and nodes use.
    pub usage: bool,
    /// The price catalogue.
    pub prices: bool,
    /// How long to wait for slow clusters.
    pub limit: Duration,
}

impl Default for Want {
    fn default() -> Self {
        Self { kinds: BTreeSet::new(), usage: false, prices: false, limit: Duration::from_secs(30) }
    }
}

/// What was gathered.
#[derive(Clone, Debug)]
pub struct Gathered {
    /// The model; clusters out of scope are idle in it.
    pub fleet: Fleet,
    /// Clusters in scope that had not settled at the limit.
    pub unsettled: Vec<ClusterId>,
}

impl Gathered {
    /// Clusters in scope that could not be read, or not whole, with the cause in words: who sums over rows or looks for
    /// them in vain has to say so.
    pub fn errors(&self, scope: &Scope) -> Vec<(ClusterId, String)> {
        self.fleet
            .in_scope(scope)
            .filter_map(|c| {
                // Who asked for that namespace alone has all of it.
                let asked = |ns: &SafeText| scope.namespaces() == [ns.clone()];
                let within = || c.within_words().filter(|_| !c.within.values().all(asked));
                // Kinds without namespace are nothing to them either.
                let alone = !c.within.is_empty() && c.within.values().all(asked);
                let lacks =
                    || c.lack_words().filter(|_| !alone || c.lacks().any(|(k, _)| k.info().namespaced));
                Some((c.id(), self.unread(c).or_else(lacks).or_else(within)?))
            })
            .collect()
    }

    /// The same for who needs these kinds only: that others cannot be read is nothing to them.
    pub fn errors_for(&self, scope: &Scope, kinds: &[Kind]) -> Vec<(ClusterId, String)> {
        let lacks = |c: &Cluster| c.lacks().any(|(kind, _)| kinds.contains(&kind));
        self.fleet
            .in_scope(scope)
            .filter_map(|c| {
                let words = self.unread(c).or_else(|| c.lack_words().filter(|_| lacks(c)))?;
                Some((c.id(), words))
            })
            .collect()
    }

    fn unread(&self, c: &Cluster) -> Option<String> {
        let late = || self.unsettled.contains(&c.id()).then(|| format!("no answer yet ({})", c.phase.word()));
        c.phase.cause().map(|cause| format!("{}: {cause}", c.phase.word())).or_else(late)
    }
}

/// Runs supervisors for the clusters in scope until all have settled or the limit is over. `progress` is called after
/// every change.
pub async fn gather(session: &Session, scope: &Scope, want: &Want, progress: impl FnMut(&Fleet)) -> Gathered {
    let mut gathering = Gathering::start(session, scope, want);
    gathering.settle(progress).await;
    gathering.so_far
}

/// Clusters being gathered: their supervisors run until this is dropped.
pub struct Gathering {
    /// What was gathered so far.
    pub so_far: Gathered,
    ids: BTreeSet<ClusterId>,
    want: Want,
    clock: Clock,
    heard: mpsc::Receiver<Update>,
    prices_due: bool,
    /// Kept: supervisors end when the sender is gone.
    _demand: watch::Sender<Demand>,
    _ends: DropGuard,
}

impl Gathering {
    /// Starts supervisors for the clusters in scope.
    pub fn start(session: &Session, scope: &Scope, want: &Want) -> Self {
        let fleet = session.fleet();
        // Where a cluster is may come out only when its nodes tell: such a one is asked too, and counts if it is in scope
        // by then.
        let may_be = |c: &&Cluster| {
            scope.touches(c.info.at())
                || (scope.asks_for_places() && c.info.place.provider == Provider::Unknown)
        };
        let ids: BTreeSet<ClusterId> = fleet.clusters().iter().filter(may_be).map(Cluster::id).collect();
        let (updates, heard) = mpsc::channel(256);
        let demand = Demand {
            clusters: ids.clone(),
            kinds: want.kinds.clone(),
            usage: want.usage,
            ..Demand::default()
        };
        let (demand, demanded) = watch::channel(demand);
        let cancel = CancellationToken::new();
        let namespace = scope.namespaces().first().map(SafeText::as_str);
        session.supervise_only(&ids, namespace, updates.clone(), demanded, cancel.clone());
        if want.prices {
            tokio::spawn(async move {
                // Without its table everything is priced at default rates, which each number says.
                let catalogue = catalogue::load().await.unwrap_or_default();
                let _ = updates.send(Update::Catalogue(catalogue)).await;
            });
        }
        Self {
            so_far: Gathered { fleet, unsettled: Vec::new() },
            ids,
            want: want.clone(),
            clock: session.clock.clone(),
            heard,
            prices_due: want.prices,
            _demand: demand,
            _ends: cancel.drop_guard(),
        }
    }

    /// Takes in the next change; false when no more can come.
    pub async fn next(&mut self) -> bool {
        let Some(update) = self.heard.recv().await else { return false };
        self.prices_due &= !matches!(update, Update::Catalogue(_));
        self.so_far.fleet.apply(update, self.clock.now());
        true
    }

    /// Waits until every cluster has settled or the limit is over. The supervisors go on.
    pub async fn settle(&mut self, mut progress: impl FnMut(&Fleet)) {
        let mut deadline = Instant::now() + self.want.limit;
        let mut in_grace = false;
        progress(&self.so_far.fleet);
        loop {
            let all = |f: fn(&Cluster, &BTreeSet<Kind>) -> bool| {
                self.ids
                    .iter()
                    .all(|id| self.so_far.fleet.cluster(*id).is_none_or(|c| f(c, &self.want.kinds)))
            };
            if all(is_settled) && !self.prices_due {
                if !self.want.usage || all(|c, _| has_usage(c)) {
                    break;
                }
                if !in_grace {
                    in_grace = true;
                    deadline = deadline.min(Instant::now() + USAGE_GRACE);
                }
            }
            match timeout_at(deadline, self.next()).await {
                Ok(true) => progress(&self.so_far.fleet),
                Ok(false) | Err(_) => break,
            }
        }
        let fleet = &self.so_far.fleet;
        let late = |id: &ClusterId| fleet.cluster(*id).is_some_and(|c| !is_settled(c, &self.want.kinds));
        self.so_far.unsettled = self.ids.iter().copied().filter(late).collect();
    }
}

fn is_settled(cluster: &Cluster, kinds: &BTreeSet<Kind>) -> bool {
    match cluster.phase {
        Phase::Failed { .. }
        | Phase::Denied { .. }
        | Phase::Unreadable { .. }
        | Phase::SignedOut { .. }
        | Phase::Unusable { .. }
        | Phase::Stale { .. } => true,
        Phase::Live => kinds
            .iter()
            .all(|k| matches!(cluster.loads.get(k), Some(Load::Ready | Load::Old(_) | Load::Absent(_)))),
        Phase::Idle | Phase::Connecting { .. } | Phase::Syncing { .. } => false,
    }
}

/// Whether usage has come in, or none can.
fn has_usage(cluster: &Cluster) -> bool {
    cluster.phase != Phase::Live
        || cluster.tally().nodes == 0
        || cluster.nodes().any(|n| cluster.node_usage(&n.meta.name).is_some())
}
