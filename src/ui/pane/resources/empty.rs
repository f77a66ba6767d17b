//! What a table of resources says where rows are missing: loading, refused, nothing there, or left out by a filter.

use jiff::Timestamp;

use crate::domain::age;
use crate::domain::filter::doubt::doubt;
use crate::domain::kind::Kind;
use crate::domain::quantity::{count, show_count};
use crate::fleet::cluster::{Cluster, Lack, Load, Why};
use crate::fleet::phase::Phase;
use crate::ui::lens::Lens;
use crate::ui::pane::Seen;

/// Since when a kind is not current, and why.
pub(super) fn lack_words(lack: &Lack, now: Timestamp) -> String {
    match lack.why {
        Why::NotServed => lack.cause.to_string(),
        Why::Trouble | Why::Refused => {
            format!("not current for {}: {}", age::show(lack.since, now), lack.cause)
        }
    }
}

/// What an empty table says: loading, refused, nothing there, or nothing left by the filter.
pub(super) fn empty_words(seen: Seen<'_>, kind: Kind, total: usize, narrowing: &[String]) -> Vec<String> {
    let plural = kind.info().plural;
    let mut out = Vec::new();
    let (loading, done, of) = seen.fleet.loading(seen.preview, kind);
    if loading > 0 {
        let of = of.map_or_else(|| "?".to_owned(), show_count);
        out.push(format!(
            "loading {plural} from {}: {} of {of}",
            count(loading, "cluster"),
            show_count(done)
        ));
    }
    if !narrowing.is_empty() && (total > 0 || loading == 0) {
        let of = if total > 0 {
            format!("none of {} {plural}", show_count(total))
        } else {
            format!("no {plural}")
        };
        out.push(format!("{of} is left by what narrows the list:"));
        out.extend(narrowing.iter().map(|n| format!("  {n}")));
    } else if loading == 0 {
        // "None" is said only of clusters whose list was whole.
        let known = |c: &Cluster| match c.loads.get(&kind) {
            Some(Load::Ready | Load::Old(_)) => kind != Kind::Pod || c.counted.is_none(),
            Some(Load::Absent(lack)) => lack.why == Why::NotServed,
            Some(Load::Loading { .. }) | None => false,
        };
        if seen.fleet.in_scope(seen.preview).all(known) {
            out.push(format!("no {plural} here"));
        } else if seen.fleet.in_scope(seen.preview).any(known) {
            out.push(format!("no {plural} in the clusters that could be read"));
        }
    }
    for cluster in seen.fleet.in_scope(seen.preview) {
        let name = cluster.info.name();
        if let Some(counted) = cluster.counted.as_ref().filter(|_| kind == Kind::Pod) {
            let pods = count(counted.total as usize, "pod");
            out.push(format!("{name} has {pods}, which are not all watched: open a namespace of it"));
        }
        match (&cluster.phase, cluster.loads.get(&kind)) {
            (_, Some(Load::Old(lack) | Load::Absent(lack))) => {
                out.push(format!("{name}: {}", lack_words(lack, seen.now)));
            }
            (Phase::Live | Phase::Connecting { .. } | Phase::Syncing { .. }, _) => {}
            (phase, _) => {
                let cause = phase.cause().map_or_else(String::new, |c| format!(": {c}"));
                out.push(format!("{name} is {}{cause}", phase.word()));
            }
        }
    }
    out
}

/// What leaves rows out, and the key that ends it.
pub(super) fn narrowing(filter: &str, lens: &Lens) -> Vec<String> {
    let mut out = Vec::new();
    if !filter.is_empty() {
        out.push(format!("/{filter}: Esc clears it"));
        out.extend(doubt(filter));
    }
    if lens.faults {
        out.push("only rows that are not well: ctrl-z shows all".to_owned());
    }
    if let Some(ns) = lens.namespace.as_ref().filter(|_| lens.kind.info().namespaced) {
        out.push(format!("only namespace {ns}: 0 shows all"));
    }
    out
}
