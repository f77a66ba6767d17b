//! Where clusters are that no file tells: their nodes know. A few of them are asked for, nothing else.
//!
//! Called by the command line before scopes of places, and before answers that say where something is. The terminal needs
//! it not: its fleet watches the nodes anyway.

use std::time::Duration;

use futures::StreamExt;
use serde_json::Value;
use tokio::time::timeout;

use crate::domain::id::ClusterId;
use crate::domain::kind::Kind;
use crate::fleet::delta::{Batch, Delta, Row, Update};
use crate::source::api::{self, Resource};
use crate::source::slim;

use super::session::Session;

/// Clusters asked at once.
const AT_ONCE: usize = 16;
/// So many nodes tell the place of all.
const NODES: usize = 20;

/// The session with what the nodes of these clusters tell. Those that do not answer in time stay where they were.
pub async fn found(session: &Session, ids: &[ClusterId], limit: Duration) -> Session {
    let asked = ids.iter().map(|id| async move { (*id, timeout(limit, nodes(session, *id)).await) });
    let mut answers = futures::stream::iter(asked).buffer_unordered(AT_ONCE);
    let mut fleet = session.fleet();
    let now = session.clock.now();
    while let Some((cluster, answer)) = answers.next().await {
        if let Ok(Some(rows)) = answer {
            let deltas = vec![Delta::Reset { kind: Kind::Node, rows }];
            fleet.apply(Update::Cluster(Batch { cluster, deltas }), now);
        }
    }
    session.placed(&fleet)
}

async fn nodes(session: &Session, id: ClusterId) -> Option<Vec<Row>> {
    let client = session.client(id).await.ok()?;
    let path = format!("{}?limit={NODES}", Resource::from(Kind::Node).path(None, None));
    let mut page: Value = api::read(&client, &path).await.ok()?;
    let items = page.get_mut("items")?.as_array_mut()?;
    let now = session.clock.now();
    Some(items.iter_mut().filter_map(|n| slim::row(Kind::Node, n.take(), now)).collect())
}
