//! Which rows a table shows: those of the scope that lens and filter let through, in their order.
//!
//! Of each cluster the keys of its rows are kept as long as none comes or goes, and their texts as long as they do not change:
//! a letter goes through a hundred thousand rows, and a change of one cluster costs the rows of that one. What is found are places in these lists, so that
//! no key is moved. Called by the pane.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::domain::filter::Query;
use crate::domain::filter::term::Term;
use crate::domain::haystack::Haystack;
use crate::domain::id::{ClusterId, ObjectKey};
use crate::fleet::cluster::Cluster;
use crate::fleet::field;
use crate::fleet::table::{self, RowRef};
use crate::ui::lens::Lens;
use crate::ui::pane::Seen;
use crate::ui::widget::keys::{At, Keys};

use super::rows::{row_of, rows_of};
use super::sorting::Sorter;
use crate::ui::widget::sorting::SortKey;

/// More rows than these are gone through on two threads.
const MANY: usize = 5_000;
/// When many clusters change at once, as all do when they are measured, the texts of so many are written anew at a time: a
/// letter does not wait for a hundred thousand. The others are searched as they were.
const AT_ONCE: usize = 16;

/// The rows of one cluster that the lens lets through.
#[derive(Debug, Default)]
struct Kept {
    revision: u64,
    shape: u64,
    keys: Arc<Vec<ObjectKey>>,
    /// Their texts, where a filter wants them.
    texts: Option<Arc<Haystack>>,
}

impl Kept {
    fn of(cluster: &Cluster, seen: Seen<'_>, wanted: &Lens, with_texts: bool) -> Self {
        let mut keys = Vec::new();
        let mut texts = Haystack::default();
        let name = cluster.info.name();
        for row in rows_through(wanted, cluster, seen) {
            keys.push(key_of(cluster, wanted, row));
            if with_texts {
                texts.push_with(|out| {
                    out.push_str(name);
                    out.push('\n');
                    table::texts(cluster, row, seen.now, out);
                });
            }
        }
        let texts = with_texts.then(|| Arc::new(texts));
        Self { revision: cluster.revision, shape: cluster.shape, keys: Arc::new(keys), texts }
    }
}

/// What is kept of the clusters.
#[derive(Debug, Default)]
pub(super) struct Found {
    by_cluster: BTreeMap<ClusterId, Kept>,
    /// Texts of some clusters are still as they were before a change.
    is_behind: bool,
}

/// What is asked for.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) lens: &'a Lens,
    pub(super) query: Option<&'a Query>,
    pub(super) sorter: Sorter<'a>,
}

/// The rows of one cluster, and which of them are let through.
pub(super) struct Piece<'a> {
    cluster: &'a Cluster,
    pub(super) keys: Arc<Vec<ObjectKey>>,
    pub(super) texts: Option<Arc<Haystack>>,
    /// None where all are.
    pub(super) hits: Option<Vec<bool>>,
}

impl Found {
    /// Scope or lens are others: nothing that is kept counts.
    pub(super) fn forget(&mut self) {
        self.by_cluster.clear();
    }

    /// The rows of each cluster in scope with those that are let through, as far as words and terms go.
    pub(super) fn pieces<'a>(&mut self, seen: Seen<'a>, asked: Asked<'_>) -> Vec<Piece<'a>> {
        let with_texts = asked.query.is_some_and(|q| !q.words.is_empty() || q.fuzzy.is_some());
        self.keep(seen, asked.lens, with_texts, (usize::MAX, AT_ONCE));
        let mut pieces: Vec<Piece<'a>> = Vec::new();
        for cluster in seen.fleet.in_scope(seen.preview) {
            if let Some(kept) = self.by_cluster.get(&cluster.id()) {
                let (keys, texts) = (kept.keys.clone(), kept.texts.clone());
                pieces.push(Piece { cluster, keys, texts, hits: None });
            }
        }
        let is_many = pieces.iter().map(|p| p.keys.len()).sum::<usize>() > MANY;
        let hits = by_two(&pieces, is_many, |piece| piece.find(seen, asked));
        for (piece, hits) in pieces.iter_mut().zip(hits) {
            piece.hits = hits;
        }
        pieces
    }

    /// Makes ready what a filter will want, of a few clusters; false when all is ready.
    pub(super) fn warm(&mut self, seen: Seen<'_>, lens: &Lens, clusters: usize) -> bool {
        self.keep(seen, lens, true, (clusters, clusters))
    }

    /// Some rows were searched as they were before a change.
    pub(super) fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Keeps what is not kept yet, of at most so many clusters of which it is wanted at all costs, and of so many of which
    /// texts are only old; false when all was there.
    fn keep(
        &mut self,
        seen: Seen<'_>,
        lens: &Lens,
        with_texts: bool,
        (most, most_old): (usize, usize),
    ) -> bool {
        let (mut missing, mut old): (Vec<&Cluster>, Vec<&Cluster>) = (Vec::new(), Vec::new());
        for cluster in seen.fleet.in_scope(seen.preview) {
            match self.by_cluster.get(&cluster.id()) {
                Some(kept) if kept.shape == cluster.shape && (!with_texts || kept.texts.is_some()) => {
                    let is_old = kept.revision != cluster.revision;
                    // Where a pod is, and whose, changes without a row that comes or goes.
                    let by_more = lens.node.is_some() || seen.preview.narrows_pods();
                    if is_old && by_more {
                        missing.push(cluster);
                    } else if is_old && with_texts {
                        old.push(cluster);
                    }
                }
                Some(_) | None => missing.push(cluster),
            }
        }
        self.is_behind = old.len() > most_old;
        missing.truncate(most);
        // Those that are behind the longest come first: each has its turn.
        old.sort_by_key(|c| self.by_cluster.get(&c.id()).map_or(0, |kept| kept.revision));
        missing.extend(old.into_iter().take(most_old));
        let made = by_two(&missing, missing.len() > 4, |c| Kept::of(c, seen, lens, with_texts));
        self.by_cluster.extend(missing.iter().map(|c| c.id()).zip(made));
        !missing.is_empty()
    }
}

impl Piece<'_> {
    /// Which rows are let through; `None`: all of them.
    fn find(&self, seen: Seen<'_>, asked: Asked<'_>) -> Option<Vec<bool>> {
        let mut hits = None;
        let mut terms: Vec<&Term> = Vec::new();
        if let Some(query) = asked.query {
            let (of_all, of_rows): (Vec<&Term>, Vec<&Term>) =
                query.terms.iter().partition(|t| t.field().is_of_cluster());
            let value = |term: &Term| field::of_cluster(self.cluster, term.field());
            if !of_all.iter().all(|term| term.passes(value(term).as_ref())) {
                return Some(vec![false; self.keys.len()]);
            }
            terms = of_rows;
            if let Some(texts) = self.texts.as_ref().filter(|_| !query.words.is_empty()) {
                hits = Some(texts.matching(&query.words));
            }
        }
        let labels = asked.query.and_then(|query| query.labels.as_ref());
        if terms.is_empty() && labels.is_none() && !asked.lens.faults {
            return hits;
        }
        let mut hits = hits.unwrap_or_else(|| vec![true; self.keys.len()]);
        for (row, hit) in rows_through(asked.lens, self.cluster, seen).zip(&mut hits).filter(|(_, hit)| **hit)
        {
            let value = |term: &Term| field::value(self.cluster, row, term.field(), seen.now);
            *hit = labels.is_none_or(|selector| selector.matches(&row.meta().labels))
                && terms.iter().all(|term| term.passes(value(term).as_ref()))
                && (!asked.lens.faults || row.health(seen.now).is_bad());
        }
        Some(hits)
    }

    fn is_hit(&self, row: usize) -> bool {
        self.hits.as_ref().is_none_or(|hits| hits.get(row).copied().unwrap_or(false))
    }
}

/// The rows that are let through, in their order.
pub(super) fn sorted(seen: Seen<'_>, asked: Asked<'_>, pieces: &[Piece<'_>]) -> Vec<At> {
    let mut order: Vec<At> = Vec::new();
    if asked.sorter.is_by_place() {
        for (list, piece) in pieces.iter().enumerate() {
            let rows = (0..piece.keys.len()).filter(|row| piece.is_hit(*row));
            order.extend(rows.map(|row| At::new(list, row)));
        }
        return order;
    }
    let mut both: Vec<(SortKey, At)> = Vec::new();
    for (list, piece) in pieces.iter().enumerate() {
        for (n, row) in
            rows_through(asked.lens, piece.cluster, seen).enumerate().filter(|(n, _)| piece.is_hit(*n))
        {
            both.push((asked.sorter.key(piece.cluster, row, seen.now), At::new(list, n)));
        }
    }
    asked.sorter.settled(both)
}

/// Rows that were found a moment ago, in an order that a person chose.
pub(super) fn sorted_again(seen: Seen<'_>, asked: Asked<'_>, lists: Lists, mut found: Vec<At>) -> Vec<At> {
    // By place first: that is the order of equals.
    found.sort_unstable();
    let keys = Keys::new(lists, found.clone());
    let mut both: Vec<(SortKey, At)> = Vec::new();
    for (key, at) in keys.iter().zip(found) {
        let row = seen.fleet.cluster(key.cluster).and_then(|cluster| Some((cluster, row_of(cluster, key)?)));
        // What has gone since comes last, until the rows are worked out again.
        let key = row.map_or(SortKey::Missing, |(cluster, row)| asked.sorter.key(cluster, row, seen.now));
        both.push((key, at));
    }
    asked.sorter.settled(both)
}

/// The keys of the rows of each cluster.
pub(super) type Lists = Vec<Arc<Vec<ObjectKey>>>;

/// The same of each, in their order: on two threads where that is worth it, of which each takes the next as soon as it can.
fn by_two<T: Sync, R: Send>(all: &[T], is_worth_it: bool, of: impl Fn(&T) -> R + Sync) -> Vec<R> {
    if !is_worth_it {
        return all.iter().map(of).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut out: Vec<(usize, R)> = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = all.get(n) else { return out };
            out.push((n, of(one)));
        }
    };
    let mut out = std::thread::scope(|threads| {
        // Where there is no other thread to be had, this one does it all.
        let other = std::thread::Builder::new().spawn_scoped(threads, work);
        let mut out = work();
        match other.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(rest)) => out.extend(rest),
            Ok(Err(fault)) => std::panic::resume_unwind(fault),
            Err(_) => {}
        }
        out
    });
    out.sort_unstable_by_key(|(n, _)| *n);
    out.into_iter().map(|(_, one)| one).collect()
}

fn key_of(cluster: &Cluster, lens: &Lens, row: RowRef<'_>) -> ObjectKey {
    let meta = row.meta();
    ObjectKey {
        cluster: cluster.id(),
        kind: lens.kind,
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
    }
}

/// The rows of a cluster that scope and lens let through, those that are well included.
pub(super) fn rows_through<'a>(
    lens: &'a Lens,
    cluster: &'a Cluster,
    seen: Seen<'a>,
) -> impl Iterator<Item = RowRef<'a>> {
    rows_of(cluster, lens.kind, seen.preview).filter(move |row| {
        let on_node = match (&lens.node, row) {
            (Some(node), RowRef::Pod(pod)) => pod.node == *node,
            _ => true,
        };
        let namespace = &row.meta().namespace;
        on_node && lens.namespace.as_deref().is_none_or(|ns| namespace.is_empty() || *namespace == *ns)
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::kind::Kind;
    use crate::domain::object::Meta;
    use crate::domain::place::Place;
    use crate::domain::pod::PodRow;
    use crate::domain::scope::Scope;
    use crate::fleet::Fleet;
    use crate::fleet::cluster::ClusterInfo;
    use crate::fleet::delta::{Batch, Delta, Row, Update};
    use crate::ui::widget::sorting::Sorting;

    const CLUSTERS: u32 = 40;

    fn pod(name: &str, status: &str) -> Row {
        let meta = Meta { namespace: "ns".into(), name: name.into(), ..Meta::default() };
        Row::Pod(Box::new(PodRow { meta, status: status.into(), restarts: 3, ..PodRow::default() }))
    }

    fn tell(fleet: &mut Fleet, deltas: impl Fn() -> Vec<Delta>) {
        for id in 0..CLUSTERS {
            let batch = Batch { cluster: ClusterId(id), deltas: deltas() };
            fleet.apply(Update::Cluster(batch), Timestamp::UNIX_EPOCH);
        }
    }

    fn found(found: &mut Found, fleet: &Fleet, text: &str) -> usize {
        let scope = Scope::all();
        let now = Timestamp::UNIX_EPOCH;
        let seen = Seen {
            fleet,
            scope: &scope,
            preview: &scope,
            now,
            read_only: false,
            wide: false,
            tables: &crate::domain::table_view::TableViews::default(),
        };
        let (lens, query) = (Lens::of(Kind::Pod), Query::parse(text).unwrap());
        let sorting = Sorting::default();
        let asked = Asked { lens: &lens, query: Some(&query), sorter: Sorter::new(&sorting, &[], &[]) };
        sorted(seen, asked, &found.pieces(seen, asked)).len()
    }

    #[test]
    fn what_changed_in_many_clusters_is_found_step_by_step_and_what_comes_or_goes_at_once() {
        let mut fleet = Fleet::new((0..CLUSTERS).map(|_| ClusterInfo::sample("a", Place::default())));
        tell(&mut fleet, || {
            let rows = vec![pod("api", "Running"), pod("web", "Running")];
            vec![Delta::Reset { kind: Kind::Pod, rows }]
        });
        let mut kept = Found::default();
        assert_eq!((found(&mut kept, &fleet, "running"), kept.is_behind()), (80, false));
        tell(&mut fleet, || vec![Delta::Upsert(pod("web", "Pending"))]);
        // A term reads the rows themselves.
        assert_eq!(found(&mut kept, &fleet, "status=pending restarts>2"), 40);
        let mut steps = Vec::new();
        while steps.is_empty() || kept.is_behind() {
            steps.push(found(&mut kept, &fleet, "pending"));
        }
        assert_eq!(steps, [16, 32, 40]);
        // Where all change all the time, each has its turn all the same.
        let mut seen = std::collections::BTreeSet::new();
        for status in ["One", "Two", "Three"] {
            tell(&mut fleet, || vec![Delta::Upsert(pod("api", status))]);
            found(&mut kept, &fleet, "web");
            seen.extend(
                kept.by_cluster
                    .iter()
                    .filter(|(id, k)| fleet.cluster(**id).unwrap().revision == k.revision)
                    .map(|(id, _)| *id),
            );
        }
        assert_eq!(seen.len(), CLUSTERS as usize);
        tell(&mut fleet, || vec![Delta::Upsert(pod("new", "Pending"))]);
        assert_eq!((found(&mut kept, &fleet, "pending"), kept.is_behind()), (80, false));
    }
}
