//! Reloading: notices that a kubeconfig file changed, appeared or went, and that somebody signed in to a cloud elsewhere.
//!
//! Files are looked at every two seconds: no watch of the file system works everywhere a home folder may be. Called by the
//! loop of the terminal.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::domain::quantity::count;
use crate::fleet::delta::Roster;

pub use crate::source::kubeconfig::Loaded;
use crate::source::kubeconfig::{Reader, Stamp, Status};

use super::session::Session;

/// How often files are looked at.
const EVERY: Duration = Duration::from_secs(2);
/// A file that was written just now may be written on.
const SETTLE: Duration = Duration::from_millis(300);

/// What was noticed.
#[derive(Clone, Debug)]
pub enum Noticed {
    /// The kubeconfig is another; this is all of it.
    Kubeconfig(Box<Loaded>),
    /// The clouds' tools keep something else about who is signed in.
    SignIns,
}

/// Looks until nobody listens.
pub async fn watch(reader: Reader, out: mpsc::Sender<Noticed>) {
    let Some((mut files, mut sign_ins)) = look(&reader).await else { return };
    loop {
        tokio::time::sleep(EVERY).await;
        let Some((files_now, sign_ins_now)) = look(&reader).await else { return };
        if files_now != files {
            // Until it stays as it is.
            files = files_now;
            loop {
                tokio::time::sleep(SETTLE).await;
                let Some((again, _)) = look(&reader).await else { return };
                if again == files {
                    break;
                }
                files = again;
            }
            let reads = reader.clone();
            let Ok(loaded) = tokio::task::spawn_blocking(move || reads.read()).await else { return };
            if out.send(Noticed::Kubeconfig(Box::new(loaded))).await.is_err() {
                return;
            }
        }
        if sign_ins_now != sign_ins {
            sign_ins = sign_ins_now;
            if out.send(Noticed::SignIns).await.is_err() {
                return;
            }
        }
        if out.is_closed() {
            return;
        }
    }
}

async fn look(reader: &Reader) -> Option<(Stamp, Stamp)> {
    let reader = reader.clone();
    tokio::task::spawn_blocking(move || (reader.stamp(), reader.sign_ins())).await.ok()
}

/// What a reading brought, in words, and whether they are about trouble.
pub fn words(session: &Session, roster: &Roster) -> Vec<(String, bool)> {
    let mut out = Vec::new();
    for file in &session.files {
        if let Some(error) = file.error.as_ref().filter(|_| !file.missing) {
            let kept = match file.status {
                Status::Error => "; what it said before counts until it is mended",
                Status::Ok | Status::Salvaged => "",
            };
            out.push((format!("{}: {error}{kept}", file.path.display()), true));
        }
    }
    let parts = [(roster.added.len(), "new"), (roster.anew.len(), "changed"), (roster.gone.len(), "gone")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{} {word}", count(*n, "cluster")))
        .collect();
    if !parts.is_empty() {
        out.push((format!("kubeconfig read again: {}", parts.join(", ")), false));
    }
    out
}
