//! One cluster that cannot be looked into, in words: why, what to do about it, who would enter it and how.

use crate::domain::age;
use jiff::Timestamp;

use crate::domain::cells;
use crate::domain::id::ClusterId;
use crate::fleet::cluster::Cluster;
use crate::fleet::phase::{By, Phase};
use crate::ui::pane::Seen;

/// How a cluster without rows stands, line by line; nothing for one that has rows, or will.
pub(super) fn words(seen: Seen<'_>, id: ClusterId, width: u16) -> Vec<String> {
    let Some(cluster) = seen.fleet.cluster(id) else { return Vec::new() };
    if cluster.namespaces().next().is_some() {
        return Vec::new();
    }
    let Some(next) = next(cluster, seen.now) else { return Vec::new() };
    let since =
        cluster.phase.since().map_or_else(String::new, |s| format!(" for {}", age::show(s, seen.now)));
    let mut out = vec![format!("{}: {}{since}", cluster.info.name(), cluster.phase.word())];
    if let Some(cause) = cluster.phase.cause() {
        out.extend(cells::wrap(cause, width.saturating_sub(2), 0));
    }
    out.push(String::new());
    out.extend(cells::wrap(&next, width.saturating_sub(2), 0));
    out.push(String::new());
    let info = &cluster.info;
    out.push(format!("server    {}", info.server));
    out.push(format!("context   {}", info.context));
    out.push(format!("as        {} ({})", info.user, info.auth));
    if let Some((what, until)) = cluster.expires {
        let how = if until <= seen.now { "expired" } else { "good until" };
        out.push(format!("{what}: {how} {}", until.strftime("%Y-%m-%d %H:%M UTC")));
    }
    if !info.other_contexts.is_empty() {
        let others: Vec<&str> = info.other_contexts.iter().map(|c| c.as_str()).collect();
        let words = format!("also by   {}   (I in the tree changes who acts)", others.join(", "));
        out.extend(cells::wrap(&words, width.saturating_sub(2), 10));
    }
    out
}

/// `next try in 23s`.
fn next_try(cluster: &Cluster, now: Timestamp) -> Option<String> {
    let left = cluster.next_try?.as_second() - now.as_second();
    Some(format!("next try in {}", age::show_seconds(u64::try_from(left).unwrap_or(0))))
}

/// What a person can do.
fn next(cluster: &Cluster, now: Timestamp) -> Option<String> {
    match &cluster.phase {
        Phase::Idle => Some("C in the tree connects it.".to_owned()),
        Phase::SignedOut { need, .. } => Some(match need.by {
            By::Command | By::Plugin => {
                format!("Enter in the tree signs in, with the terminal handed over:  {}", need.next)
            }
            By::Consent => "Enter in the tree shows the program and asks whether it may run.".to_owned(),
            By::Person if need.next.is_empty() => {
                "Put that right, then C in the tree tries again.".to_owned()
            }
            By::Person => format!("Put that right, then C in the tree tries again:  {}", need.next),
        }),
        Phase::Unusable { .. } => {
            Some("The entry has to be mended in the kubeconfig; it is read again by itself.".to_owned())
        }
        Phase::Denied { .. } | Phase::Failed { .. } => Some(match next_try(cluster, now) {
            Some(words) => format!("The {words}; C in the tree tries at once."),
            None => "It is tried now.".to_owned(),
        }),
        Phase::Connecting { .. }
        | Phase::Syncing { .. }
        | Phase::Live
        | Phase::Stale { .. }
        | Phase::Unreadable { .. } => None,
    }
}

/// One cluster in a line: its version, who enters it, how fast it answers, until when the credential is good.
pub(super) fn heading(cluster: &Cluster, now: Timestamp) -> String {
    let mut parts = Vec::new();
    if !cluster.version.is_empty() {
        parts.push(cluster.version.to_string());
    }
    parts.push(format!("as {}", cells::middle(&cluster.info.user, 32)));
    if let Some(millis) = cluster.latency_millis {
        parts.push(format!("{millis} ms"));
    }
    parts.extend(next_try(cluster, now));
    if let Some((what, until)) = cluster.expires {
        let how = if until <= now { "expired" } else { "until" };
        parts.push(format!("{what} {how} {}", until.strftime("%Y-%m-%d")));
    }
    // The last to be read, and the first to be cut.
    parts.extend(Some(cluster.traffic.words()).filter(|words| !words.is_empty()));
    parts.join("   ")
}
