//! Pods: all of them where there is room for them, or else counted, and watched in the namespaces that somebody wants.
//!
//! Never: how a list is read or a watch goes on, which is the same for every kind (`watch`). Called by the watch of pods.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kube::api::{Api, ListParams, ObjectList};
use kube::core::PartialObjectMeta;
use tokio::sync::watch as signal;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use super::budget::Held;
use super::watch::Said;
use super::watcher::{Over, Watcher};
use crate::domain::text::SafeText;
use crate::fleet::delta::Delta;
use crate::source::answer::whole;
use crate::source::api::ANSWER_LIMIT;
use crate::source::fault::{Fault, FaultClass};
use crate::source::slim::Slim;
use crate::source::slim::pod::SlimPod;

/// How often pods are counted that are not watched, and it is seen whether there is room for them now.
const COUNT_EVERY: Duration = Duration::from_mins(1);
/// After trouble.
const TRY_AGAIN: Duration = Duration::from_secs(5);
/// What is wanted for less long is not asked for.
const SETTLED: Duration = Duration::from_millis(300);
/// A count is a list of one row: its answer is small.
const COUNT_BYTES: u64 = 1 << 20;

/// The namespaces whose pods are wanted wherever they are not all watched.
pub(super) type Wanted = BTreeSet<SafeText>;

/// Watches the pods of a cluster until dropped.
pub(super) async fn pods(mut watcher: Watcher, held: Held, mut wanted: signal::Receiver<Wanted>) {
    watcher.held = Some(held);
    let all: Api<SlimPod> = Api::all(watcher.client.clone());
    let own = watcher.own.as_ref().map(|ns| Api::namespaced(watcher.client.clone(), ns));
    loop {
        let Some(Over::NoRoom(total)) = watcher.run(all.clone(), own.clone(), SlimPod::row).await else {
            return;
        };
        if watcher.count(total, &mut wanted).await.is_none() {
            return;
        }
    }
}

impl Watcher {
    /// Says how many there are, and watches the wanted namespaces, until there is room for all, or all may not be read.
    async fn count(&mut self, total: usize, wanted: &mut signal::Receiver<Wanted>) -> Option<()> {
        let kind = self.kind;
        let namespace = self.own.as_deref().filter(|_| self.within).map(SafeText::new);
        self.say(Said::Delta(Delta::Dropped { kind })).await?;
        self.say(Said::Delta(Delta::Within { kind, namespace })).await?;
        self.say(Said::Delta(Delta::Counted { total })).await?;
        self.say(Said::Whole(kind)).await?;
        let mut known = total;
        let mut parts = Parts::default();
        let mut next = Instant::now() + COUNT_EVERY;
        loop {
            // Who may read one namespace alone reads that or none.
            let names = if self.within { Wanted::new() } else { wanted.borrow_and_update().clone() };
            parts.start(self, &names);
            let turned = self.gate.turned(self.turn);
            tokio::select! {
                changed = settled(wanted) => {
                    changed?;
                    continue;
                }
                // What is said in a turn of the gate is as of that turn.
                turned = turned => turned?,
                () = sleep_until(next) => {}
            }
            self.gate.open().await?;
            self.turn = self.gate.turn();
            for namespace in parts.sweep(&names).await {
                self.say(Said::Delta(Delta::PodsIn { namespace, rows: None })).await?;
            }
            next = Instant::now() + COUNT_EVERY;
            let counted = tokio::select! {
                counted = self.count_once() => counted,
                // Who looks for something does not wait for a number.
                changed = settled(wanted) => {
                    changed?;
                    next = Instant::now();
                    continue;
                }
            };
            match counted {
                // The gate was shut meanwhile: the next turn counts.
                None => {}
                // The list finds out what may be read now.
                Some(Err(fault)) if fault.class == FaultClass::Forbidden => {
                    parts.end().await;
                    return Some(());
                }
                Some(Err(fault)) => {
                    self.say(Said::Trouble(kind, fault)).await?;
                    next = Instant::now() + TRY_AGAIN;
                }
                Some(Ok(total)) => {
                    self.say(Said::Whole(kind)).await?;
                    // A server that does not count says nothing new.
                    if let Some(total) = total.filter(|total| *total != known) {
                        known = total;
                        self.say(Said::Delta(Delta::Counted { total })).await?;
                    }
                    if self.held.as_mut().is_none_or(|held| held.at_least(known)) {
                        parts.end().await;
                        return Some(());
                    }
                }
            }
        }
    }

    /// How many pods there are, where the server says so; none where the gate was shut first.
    async fn count_once(&self) -> Option<Result<Option<usize>, Fault>> {
        let api: Api<PartialObjectMeta<SlimPod>> = match self.own.as_deref().filter(|_| self.within) {
            Some(own) => Api::namespaced(self.client.clone(), own),
            None => Api::all(self.client.clone()),
        };
        let asked = ListParams { limit: Some(1), ..ListParams::default() };
        let request = match kube::core::Request::new(api.resource_url()).list(&asked) {
            Ok(request) => request,
            Err(error) => return Some(Err(Fault::of_chain(&error))),
        };
        let answer = whole::<ObjectList<PartialObjectMeta<SlimPod>>>(&self.client, request, COUNT_BYTES);
        let page = match self.gate.unless_shut(self.turn, timeout(ANSWER_LIMIT, answer)).await? {
            Ok(Ok(page)) => page,
            Ok(Err(fault)) => return Some(Err(fault)),
            Err(_) => return Some(Err(Fault::timeout("count of pods", ANSWER_LIMIT.as_secs()))),
        };
        let has_more = page.metadata.continue_.is_some_and(|token| !token.is_empty());
        let left = page.metadata.remaining_item_count.and_then(|n| usize::try_from(n).ok());
        Some(Ok(match (left, has_more) {
            (Some(left), _) => Some(page.items.len() + left),
            (None, false) => Some(page.items.len()),
            (None, true) => None,
        }))
    }
}

/// Waits until another set is wanted, and has been for a moment: a cursor that passes over namespaces does not ask for each.
async fn settled(wanted: &mut signal::Receiver<Wanted>) -> Option<()> {
    wanted.changed().await.ok()?;
    while let Ok(changed) = timeout(SETTLED, wanted.changed()).await {
        changed.ok()?;
    }
    // What is newest is still to be read.
    wanted.mark_changed();
    Some(())
}

/// The watch of a single namespace.
struct Part(JoinHandle<()>);

/// The watches of single namespaces. They end with this.
#[derive(Default)]
struct Parts(BTreeMap<SafeText, Part>);

impl Parts {
    /// Starts those that are wanted and have none yet.
    fn start(&mut self, watcher: &Watcher, wanted: &Wanted) {
        for namespace in wanted {
            if self.0.contains_key(namespace) {
                continue;
            }
            let mut part = watcher.part(namespace);
            let api: Api<SlimPod> = Api::namespaced(watcher.client.clone(), namespace);
            let task = tokio::spawn(async move {
                // One namespace may have too many by itself.
                if part.run(api, None, SlimPod::row).await.is_some() {
                    let _ = part.forget_part().await;
                }
            });
            self.0.insert(namespace.clone(), Part(task));
        }
    }

    /// Ends those that nobody wants any more; tells which, when they have said their last. Those that ended by themselves may
    /// be started again.
    async fn sweep(&mut self, wanted: &Wanted) -> Vec<SafeText> {
        let ends = |(namespace, part): (&SafeText, &Part)| {
            (!wanted.contains(namespace) || part.0.is_finished()).then(|| namespace.clone())
        };
        let gone: Vec<SafeText> = self.0.iter().filter_map(ends).collect();
        for namespace in &gone {
            if let Some(part) = self.0.get_mut(namespace) {
                part.end().await;
            }
            self.0.remove(namespace);
        }
        gone
    }

    /// Ends all.
    async fn end(&mut self) {
        for part in self.0.values_mut() {
            part.end().await;
        }
        self.0.clear();
    }
}

impl Part {
    async fn end(&mut self) {
        self.0.abort();
        let _ = (&mut self.0).await;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.0.abort();
    }
}
