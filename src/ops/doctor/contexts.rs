//! Contexts: those that cannot be dialled as they are written, and those that are dialled without protection. Called by
//! [`super::check`].

use super::mending::mend;
use super::{Check, Level};
use crate::domain::context::Server;
use crate::domain::quantity::count;
use crate::ops::session::Session;
use crate::source::kubeconfig::{Borrowed, ContextEntry, Part};

/// What is to be said of these contexts, which may be all there are.
pub(super) fn checks(session: &Session, contexts: &[&ContextEntry], all: bool) -> Vec<Check> {
    let mut out = Vec::new();
    let good = contexts.iter().filter(|c| c.unusable.is_none()).count();
    if good > 0 {
        let led_to =
            |c: &ContextEntry| c.unusable.is_none() && contexts.iter().any(|seen| seen.name == c.name);
        let clusters = session.infos.iter().filter(|i| session.context(i.id).is_some_and(led_to)).count();
        let number = match contexts.len() - good {
            0 => count(good, "context"),
            bad => format!("{} that can be used, {bad} that cannot", count(good, "context")),
        };
        let words = format!("{number}: {}", count(clusters, "cluster"));
        out.push(Check::new(Level::Ok, "contexts", if all { "all" } else { "in scope" }, &words, ""));
    } else if all && (!contexts.is_empty() || session.files.iter().any(|f| !f.missing)) {
        let fix = "add one with your cloud's command line, e.g. aws eks update-kubeconfig --name NAME --region REGION";
        out.push(Check::new(Level::Bad, "contexts", "all", "no context can be used", fix));
    }
    out.extend(contexts.iter().filter_map(|c| of_context(c)));
    out.extend(contexts.iter().flat_map(|c| c.borrowed.iter().map(|b| of_borrowed(c, b))));
    out
}

/// An entry from another file is as it should be, but where the context's own file has one that is not seen.
fn of_borrowed(context: &ContextEntry, borrowed: &Borrowed) -> Check {
    let check = |level, words: &str, fix: &str| Check::new(level, "contexts", &context.name, words, fix);
    let (part, from) = (borrowed.part.word(), borrowed.from.display());
    let own = context.file.as_deref().filter(|_| borrowed.hides_own);
    let Some(own) = own.map(std::path::Path::display) else {
        return check(Level::Ok, &format!("its {borrowed}"), "");
    };
    let name = match borrowed.part {
        Part::Cluster => &context.cluster_entry,
        Part::User => &context.user_entry,
    };
    let words = format!(
        "its {part} entry {name:?} is the one of {from}, which is read first; the other of this name in {own} is not seen"
    );
    let fix = format!("give one of them another name, or put {own} before {from} in KUBECONFIG");
    check(Level::Warn, &words, &fix)
}

fn of_context(context: &ContextEntry) -> Option<Check> {
    let check = |level, words: &str, fix: &str| Check::new(level, "contexts", &context.name, words, fix);
    if let Some(why) = &context.unusable {
        return Some(check(Level::Bad, why, &mend(context)));
    }
    let cluster = &context.access.as_ref()?.cluster;
    let server = cluster.server.as_deref().and_then(Server::parse)?;
    if server.is_loopback() {
        return None;
    }
    if !server.secure {
        let words = "its server is plain http: whoever is on the way reads and changes what is sent";
        return Some(check(Level::Warn, words, "write an https address into its cluster entry"));
    }
    if cluster.insecure {
        let words =
            "insecure-skip-tls-verify: any server is believed to be this one, and is sent the credentials";
        let fix = super::mending::anew(context).unwrap_or_else(|| {
            "put the server's certificate-authority-data in place of insecure-skip-tls-verify".to_owned()
        });
        return Some(check(Level::Warn, words, &fix));
    }
    None
}
