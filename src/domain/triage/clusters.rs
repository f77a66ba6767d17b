//! Rules over clusters: can they be reached, as whom, how fast.
//!
//! Lives here: what the phase of a connection means. Never: connecting. Called by `ops::triage` for every cluster.

use jiff::Timestamp;

use super::finding::{Finding, FindingObject, NextStep, Severity};
use crate::domain::age;
use crate::domain::id::ClusterId;
use crate::domain::text::SafeText;

const RETRY: NextStep = NextStep { words: "try again", action: "connect" };
const REACH: NextStep = NextStep {
    words: "check the VPN, the proxy and the address in the kubeconfig, then try again",
    action: "connect",
};
const BUSY: NextStep =
    NextStep { words: "the server is busy: it is asked again by itself, later each time", action: "connect" };
/// Who has not answered for so many seconds is lost.
pub const LOST_AFTER: i64 = 60;
const SIGN_IN: NextStep = NextStep { words: "sign in again, then try again", action: "connect" };
const ENTER: NextStep = NextStep { words: "Enter signs in, or says what is missing", action: "open" };
const ALLOW: NextStep =
    NextStep { words: "Enter shows the program and asks whether it may run", action: "open" };
const MEND: NextStep = NextStep { words: "mend the entry; skyfleet doctor says how", action: "connect" };
const RIGHTS: NextStep = NextStep { words: "ask for the right, then try again", action: "connect" };

/// A cluster's connection, in the words of its row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClusterState {
    /// Its name.
    pub name: SafeText,
    /// `live`, `loading`, `connecting`, `idle`, `unreachable`, `denied`, `slow`, `stale`, `unreadable`, `unusable`, or a sign-in's; other
    /// words mean nothing bad.
    pub phase: SafeText,
    /// Why, in words: `TLS handshake timeout`.
    pub cause: SafeText,
    /// Since when.
    pub since: Option<Timestamp>,
    /// It is refused because what it is entered with has run out.
    pub expired: bool,
}

/// A credential that runs out within a week.
const SOON: i64 = 7 * 86_400;
const RENEW_BEFORE: NextStep = NextStep { words: "fetch the kubeconfig anew before that", action: "connect" };
const RENEW: NextStep = NextStep { words: "fetch the kubeconfig anew", action: "connect" };

/// What is wrong with the credential a cluster is entered with: `what` it is, and until when it is good. Short-lived ones
/// (a token of hours) are renewed by who gives them, so only certificates are looked at.
pub fn check_expiry(
    cluster: ClusterId,
    name: &SafeText,
    (what, until): (&str, Timestamp),
    now: Timestamp,
) -> Option<Finding> {
    let left = until.as_second() - now.as_second();
    if what != "client certificate" || left > SOON {
        return None;
    }
    let (words, next) = if left <= 0 {
        (format!("{what} expired"), RENEW)
    } else {
        (format!("{what} expires in {}", age::show(now, until)), RENEW_BEFORE)
    };
    let detail = format!("{words}: {}", until.strftime("%Y-%m-%d %H:%M UTC"));
    let object =
        FindingObject { cluster, kind: "Cluster".into(), namespace: SafeText::empty(), name: name.clone() };
    Some(Finding::new("expires", Severity::P2, object, &words, &detail, next).shared())
}

/// What is wrong with a connection.
pub fn check(cluster: ClusterId, state: &ClusterState, now: Timestamp) -> Vec<Finding> {
    let is_busy = state.cause.contains("Too many requests");
    let is_lost = !is_busy && state.since.is_some_and(|s| now.as_second() - s.as_second() >= LOST_AFTER);
    let (rule, severity, next) = match &*state.phase {
        "stale" | "unreadable" if is_busy => ("busy", Severity::P2, BUSY),
        "unreachable" => ("unreachable", Severity::P1, REACH),
        "denied" if state.expired => ("denied", Severity::P1, RENEW),
        // Who is not known has to sign in; who is known and may not has to ask.
        "denied" if state.cause.starts_with("401") => ("denied", Severity::P1, SIGN_IN),
        "denied" => ("denied", Severity::P1, RIGHTS),
        "needs sign-in" | "sign-in expired" | "plugin missing" | "sign-in denied" | "sign-in failed" => {
            ("signed-out", Severity::P2, ENTER)
        }
        "not allowed yet" => ("not-allowed", Severity::P2, ALLOW),
        "unusable" => ("unusable", Severity::P2, MEND),
        "slow" => ("slow-api", Severity::P2, RETRY),
        "stale" if is_lost => ("stale", Severity::P1, REACH),
        "stale" => ("stale", Severity::P2, REACH),
        "unreadable" => ("unreadable", Severity::P2, RETRY),
        _ => return Vec::new(),
    };
    let colon = if state.cause.is_empty() { "" } else { ": " };
    let cause = format!("{}{colon}{}", state.phase, state.cause);
    let ago = state.since.map_or_else(String::new, |t| format!(" for {}", age::show(t, now)));
    let detail = format!("{}{ago}{colon}{}", state.phase, state.cause);
    let object = FindingObject {
        cluster,
        kind: "Cluster".into(),
        namespace: SafeText::empty(),
        name: state.name.clone(),
    };
    vec![Finding::new(rule, severity, object, &cause, &detail, next).since(state.since).shared()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_that_run_out() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        let at = |seconds: i64| Timestamp::from_second(1_000_000 + seconds).unwrap();
        for (what, left, words) in [
            ("client certificate", 8 * 86_400, None),
            ("client certificate", 3 * 86_400, Some("client certificate expires in 3d")),
            ("client certificate", -5, Some("client certificate expired")),
            ("token", 60, None),
        ] {
            let found = check_expiry(ClusterId(0), &"a".into(), (what, at(left)), now);
            assert_eq!(found.as_ref().map(|f| f.cause.as_str()), words);
        }
    }

    #[test]
    fn phases() {
        for (phase, cause, found) in [
            (
                "unreachable",
                "TLS handshake timeout",
                Some(("unreachable", "unreachable: TLS handshake timeout")),
            ),
            ("denied", "403", Some(("denied", "denied: 403"))),
            ("sign-in expired", "", Some(("signed-out", "sign-in expired"))),
            ("unusable", "no server", Some(("unusable", "unusable: no server"))),
            ("plugin missing", "aws", Some(("signed-out", "plugin missing: aws"))),
            ("not allowed yet", "/opt/x", Some(("not-allowed", "not allowed yet: /opt/x"))),
            ("slow", "p50 2s", Some(("slow-api", "slow: p50 2s"))),
            ("stale", "", Some(("stale", "stale"))),
            ("unreadable", "pods: 500", Some(("unreadable", "unreadable: pods: 500"))),
            ("live", "", None),
            ("idle", "", None),
            ("loading", "", None),
        ] {
            let state = ClusterState {
                name: "berlin".into(),
                phase: phase.into(),
                cause: cause.into(),
                since: Some(Timestamp::UNIX_EPOCH),
                expired: false,
            };
            let all = check(ClusterId(3), &state, Timestamp::from_second(240).unwrap());
            assert_eq!(all.first().map(|f| (f.rule, f.cause.as_str())), found);
            if phase == "denied" {
                assert!(all[0].next.words.starts_with("ask for"), "{}", all[0].next.words);
                let expired = ClusterState { expired: true, ..state.clone() };
                let next = check(ClusterId(3), &expired, Timestamp::UNIX_EPOCH)[0].next.words;
                assert_eq!(next, "fetch the kubeconfig anew");
                let signed_out = ClusterState { cause: "401 Unauthorized".into(), ..state.clone() };
                assert!(
                    check(ClusterId(3), &signed_out, Timestamp::UNIX_EPOCH)[0]
                        .next
                        .words
                        .starts_with("sign in")
                );
            }
            if phase == "unreachable" {
                assert_eq!(all[0].detail, "unreachable for 4m: TLS handshake timeout");
            }
        }
    }
}
