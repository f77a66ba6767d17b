//! Gathering: connect to the clusters in scope, wait until each has answered for good or not at all, and hand the model
//! over. What a command needs where the interface would follow a stream.
//!
//! Never: printing, or asking more than the scope's clusters. Called by `cli` and by tests.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::domain::scope::Scope;
use crate::fleet::Fleet;
use crate::fleet::cluster::{Cluster, Load, Phase};
use crate::fleet::delta::Update;
use crate::source::demand::Demand;

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
    /// Clusters in scope that could not be read, with the cause in words.
    pub fn errors(&self, scope: &Scope) -> Vec<(ClusterId, String)> {
        self.fleet
            .in_scope(scope)
            .filter_map(|c| {
                let late = || {
                    self.unsettled.contains(&c.id()).then(|| format!("no answer yet ({})", c.phase.word()))
                };
                let words =
                    c.phase.cause().map(|cause| format!("{}: {cause}", c.phase.word())).or_else(late)?;
                Some((c.id(), words))
            })
            .collect()
    }
}

/// Runs supervisors for the clusters in scope until all have settled or the limit is over. `progress` is called after
/// every change.
pub async fn gather(
    session: &Session,
    scope: &Scope,
    want: &Want,
    mut progress: impl FnMut(&Fleet),
) -> Gathered {
    let mut fleet = session.fleet();
    let ids: BTreeSet<ClusterId> = fleet.in_scope(scope).map(Cluster::id).collect();
    let (updates, mut heard) = mpsc::channel(256);
    let demand =
        Demand { clusters: ids.clone(), kinds: want.kinds.clone(), usage: want.usage, ..Demand::default() };
    // Kept: supervisors end when the sender is gone.
    let (_demand, demanded) = watch::channel(demand);
    let cancel = CancellationToken::new();
    let _ends = cancel.clone().drop_guard();
    session.supervise_only(&ids, updates.clone(), demanded, cancel);
    let mut prices_due = want.prices;
    if want.prices {
        tokio::spawn(async move {
            // Without its table everything is priced at default rates, which each number says.
            let catalogue = catalogue::load().await.unwrap_or_default();
            let _ = updates.send(Update::Catalogue(catalogue)).await;
        });
    } else {
        drop(updates);
    }
    let mut deadline = Instant::now() + want.limit;
    let mut in_grace = false;
    progress(&fleet);
    loop {
        let settled = ids.iter().all(|id| fleet.cluster(*id).is_none_or(|c| is_settled(c, &want.kinds)));
        if settled && !prices_due {
            if !want.usage || ids.iter().all(|id| fleet.cluster(*id).is_none_or(has_usage)) {
                break;
            }
            if !in_grace {
                in_grace = true;
                deadline = deadline.min(Instant::now() + USAGE_GRACE);
            }
        }
        match timeout_at(deadline, heard.recv()).await {
            Ok(Some(update)) => {
                prices_due &= !matches!(update, Update::Catalogue(_));
                fleet.apply(update);
                progress(&fleet);
            }
            Ok(None) | Err(_) => break,
        }
    }
    let unsettled = ids
        .into_iter()
        .filter(|id| fleet.cluster(*id).is_some_and(|c| !is_settled(c, &want.kinds)))
        .collect();
    Gathered { fleet, unsettled }
}

fn is_settled(cluster: &Cluster, kinds: &BTreeSet<Kind>) -> bool {
    match cluster.phase {
        Phase::Failed { .. } | Phase::Denied { .. } | Phase::Stale { .. } => true,
        Phase::Live => {
            kinds.iter().all(|k| matches!(cluster.loads.get(k), Some(Load::Ready | Load::Refused(_))))
        }
        Phase::Idle | Phase::Connecting { .. } | Phase::Syncing { .. } => false,
    }
}

/// Whether usage has come in, or none can.
fn has_usage(cluster: &Cluster) -> bool {
    cluster.phase != Phase::Live
        || cluster.tally().nodes == 0
        || cluster.nodes().any(|n| cluster.node_usage(&n.meta.name).is_some())
}
