//! Supervision: the supervisors of a session's clusters, and how they follow the list of clusters.
//!
//! Never: the model, which hears of everything through the channel. Called by the loop of the terminal and by `gather`.

use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::domain::connect::Connect;
use crate::domain::id::ClusterId;
use crate::domain::text::SafeText;
use crate::fleet::delta::{Batch, Delta, Roster, Update};
use crate::fleet::demand::Demand;
use crate::fleet::phase::Phase;
use crate::source::kubeconfig::{Auth, ContextEntry};
use crate::source::supervise::{After, Begin, Budget, Known, Running, Supervisors};

use super::last_known;
use super::session::Session;

/// The supervisors of a session.
pub struct Supervision {
    supervisors: Supervisors,
    updates: mpsc::Sender<Update>,
    running: BTreeMap<ClusterId, Running>,
    /// The change of the list before this one.
    turned: Option<After>,
}

impl Session {
    /// Starts a supervisor for every cluster; it connects as the settings say. They tell `updates`, follow `demand` and end
    /// with `cancel`.
    pub fn supervise(
        &self,
        updates: mpsc::Sender<Update>,
        demand: watch::Receiver<Demand>,
        cancel: CancellationToken,
    ) -> Supervision {
        let budget = Budget::of(self.watch_pods);
        let mut out = Supervision::new(self, updates.clone(), demand, budget, cancel);
        // What is kept is shown before anybody answers.
        out.turned = last_known::folder(self).map(|folder| {
            let files = last_known::files(self);
            let read = tokio::task::spawn_blocking(move || last_known::read(&folder, &files, &updates));
            read.map(|read| Known::new(read.unwrap_or_default())).boxed().shared()
        });
        for info in &self.infos {
            out.start(self, info.id, None, None, out.turned.clone());
        }
        out
    }

    /// Starts a supervisor for each of these clusters; all connect at once. Where all namespaces may not be read,
    /// `namespace` is, or else the context's own.
    pub fn supervise_only(
        &self,
        only: &BTreeSet<ClusterId>,
        namespace: Option<&str>,
        updates: mpsc::Sender<Update>,
        demand: watch::Receiver<Demand>,
        cancel: CancellationToken,
    ) {
        let mut out = Supervision::new(self, updates, demand, Budget::unlimited(), cancel);
        for info in self.infos.iter().filter(|i| only.contains(&i.id)) {
            out.start(self, info.id, namespace, Some(Begin::AtOnce), None);
        }
    }
}

impl Supervision {
    fn new(
        session: &Session,
        updates: mpsc::Sender<Update>,
        demand: watch::Receiver<Demand>,
        budget: Budget,
        cancel: CancellationToken,
    ) -> Self {
        let (dialer, clock) = (session.pool.dialer(), session.clock.clone());
        let supervisors = Supervisors::new(dialer, clock, updates.clone(), demand, budget, cancel)
            .with_views(session.views.clone());
        Self { supervisors, updates, running: BTreeMap::new(), turned: None }
    }

    fn start(
        &mut self,
        session: &Session,
        id: ClusterId,
        namespace: Option<&str>,
        begin: Option<Begin>,
        after: Option<After>,
    ) {
        match session.context(id) {
            Some(context @ ContextEntry { unusable: None, name, namespace: own, .. }) => {
                let own = own.as_deref().filter(|n| !n.is_empty());
                // Only a kubeconfig's contexts run plugins: a simulation's are there at once.
                let plugins = session.kubeconfig.is_some();
                let own_way = || if plugins { begins(session.connect, context) } else { Begin::AtOnce };
                let begin = begin.unwrap_or_else(own_way);
                let running = self.supervisors.start(id, name, namespace.or(own), begin, after);
                self.running.insert(id, running);
            }
            other => {
                let why = other.and_then(|c| c.unusable.as_deref());
                let cause = SafeText::new(why.unwrap_or("no context leads to this cluster"));
                let phase = Phase::Unusable { cause };
                let update = Update::Cluster(Batch { cluster: id, deltas: vec![Delta::Phase(phase)] });
                let updates = self.updates.clone();
                tokio::spawn(async move {
                    if let Some(after) = after {
                        after.await;
                    }
                    let _ = updates.send(update).await;
                });
            }
        }
    }

    /// Follows a session whose list of clusters changed. The model hears of the change after the last word of those that
    /// end, and before the first of those that begin.
    pub fn follow(&mut self, session: &Session, roster: Roster) {
        let ends: Vec<ClusterId> =
            roster.gone.iter().copied().chain(roster.anew.iter().map(|i| i.id)).collect();
        let begins: Vec<ClusterId> = roster.anew.iter().chain(&roster.added).map(|i| i.id).collect();
        let ending: Vec<Running> = ends.iter().filter_map(|id| self.running.remove(id)).collect();
        for running in &ending {
            running.cancel();
        }
        let (updates, before) = (self.updates.clone(), self.turned.take());
        let turned: After = async move {
            // One list after the other.
            if let Some(before) = before {
                before.await;
            }
            for running in ending {
                running.told().await;
            }
            let _ = updates.send(Update::Roster(roster)).await;
            Known::default()
        }
        .boxed()
        .shared();
        tokio::spawn(turned.clone());
        self.turned = Some(turned.clone());
        for id in begins {
            // Who was looked at before is connected again by what is looked at now.
            self.start(session, id, None, None, Some(turned.clone()));
        }
    }
}

/// When a cluster is connected first.
fn begins(connect: Connect, context: &ContextEntry) -> Begin {
    match (connect, &context.auth) {
        (Connect::Auto, Auth::Exec(_)) | (Connect::Visible, _) => Begin::WhenSeen,
        (Connect::Auto, _) => Begin::AtOnce,
        (Connect::Manual, _) => Begin::WhenAsked,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;
    use crate::ops::session::SessionOptions;
    use crate::source::kubeconfig::from_value;

    /// A cluster nobody answers for, entered by a token or by a plugin that is not there.
    fn session(connect: Connect, by_plugin: bool) -> Session {
        let user = if by_plugin {
            serde_json::json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "no-such-plugin"}})
        } else {
            serde_json::json!({"token": "t"})
        };
        let config = serde_json::json!({
            "clusters": [{"name": "a", "cluster": {"server": "https://127.0.0.1:9"}}],
            "users": [{"name": "a", "user": user}],
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        });
        let options = SessionOptions { connect, ..SessionOptions::default() };
        Session::from_kubeconfig(from_value(&config).unwrap(), options)
    }

    /// Whether anything is heard of the cluster: at once, when its row is seen, when somebody asks.
    async fn heard(connect: Connect, by_plugin: bool) -> [bool; 3] {
        let session = session(connect, by_plugin);
        let (updates, mut said) = mpsc::channel(16);
        let (demand, demanded) = watch::channel(Demand::default());
        let cancel = CancellationToken::new();
        let _ends = cancel.clone().drop_guard();
        let supervision = session.supervise(updates, demanded, cancel);
        let id = session.infos[0].id;
        let mut out = [false; 3];
        for (n, heard) in out.iter_mut().enumerate() {
            match n {
                0 => {}
                1 => demand.send_modify(|d| d.seen = BTreeSet::from([id])),
                _ => demand.send_modify(|d| d.retry = BTreeMap::from([(id, 1)])),
            }
            *heard = timeout(Duration::from_millis(300), said.recv()).await.is_ok();
        }
        drop(supervision);
        out
    }

    #[tokio::test]
    async fn when_clusters_are_connected() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        for (connect, by_plugin, first) in [
            (Connect::Auto, false, 0),
            (Connect::Auto, true, 1),
            (Connect::Visible, false, 1),
            (Connect::Visible, true, 1),
            (Connect::Manual, false, 2),
            (Connect::Manual, true, 2),
        ] {
            let heard = heard(connect, by_plugin).await;
            assert_eq!(heard.iter().position(|h| *h), Some(first), "{connect} {by_plugin}: {heard:?}");
        }
    }

    /// The model hears of the new list after the last word of who ended and before the first of who begins.
    #[tokio::test]
    async fn a_new_list_comes_between() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let session = session(Connect::Auto, false);
        let (updates, mut said) = mpsc::channel(16);
        let (_demand, demanded) = watch::channel(Demand::default());
        let cancel = CancellationToken::new();
        let _ends = cancel.clone().drop_guard();
        let mut supervision = session.supervise(updates, demanded, cancel);
        assert!(matches!(said.recv().await, Some(Update::Cluster(_))));
        let info = session.infos[0].clone();
        supervision.follow(&session, Roster { anew: vec![info], ..Roster::default() });
        let mut after = Vec::new();
        let mut listed = false;
        while after.is_empty() {
            match said.recv().await.unwrap() {
                Update::Roster(roster) => {
                    assert_eq!(roster.anew.len(), 1);
                    listed = true;
                }
                Update::Cluster(batch) if listed => after = batch.deltas,
                Update::Cluster(_) | Update::Catalogue(_) => {}
            }
        }
        assert!(matches!(after[0], Delta::Phase(Phase::Connecting { .. })), "{after:?}");
    }
}
