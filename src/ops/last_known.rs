//! The last known fleet: kept from one run to the next, so that a restarted program shows its tree at once, as old as it is.
//! A file for each cluster in the state folder, which its owner alone can read; names and states (`fleet::kept`).
//!
//! Never: anything of a session that is simulated, or of one that was told to keep nothing. Called by the loop of the
//! terminal, which owns the model.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::domain::id::ClusterId;
use crate::fleet::Fleet;
use crate::fleet::cluster::Cluster;
use crate::fleet::delta::{Batch, Update};
use crate::fleet::kept::Kept;
use crate::fleet::phase::Phase;

use super::session::Session;
use super::{journal, left_off};

/// The folder in the state folder.
const FOLDER: &str = "fleet";
/// A cluster is written this long after it was first read, and then so often: what is lost with a killed program is no more.
const FIRST: Duration = Duration::from_secs(10);
const EVERY: Duration = Duration::from_mins(5);
/// How often it is looked whether one is due.
const LOOK: Duration = Duration::from_millis(500);
/// The writing at the end may take so long: a person has already left.
const AT_THE_END: Duration = Duration::from_millis(250);
/// What nobody has seen for so long is forgotten.
const FORGOTTEN: Duration = Duration::from_hours(30 * 24);

/// Where a session keeps what it knows; none where it keeps nothing.
pub fn folder(session: &Session) -> Option<PathBuf> {
    let state = session.state_dir.as_ref().filter(|_| !session.demo && session.keeps)?;
    Some(state.join(FOLDER))
}

/// Forgets all that an earlier run kept.
pub fn forget(state: &Path) -> std::io::Result<()> {
    for folder in [FOLDER, left_off::FOLDER] {
        match std::fs::remove_dir_all(state.join(folder)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The file of a cluster: another server under its name, and another who acts for it, have another.
fn name(session: &Session, id: ClusterId) -> Option<String> {
    let (info, context) = (session.info(id)?, session.context(id)?);
    let mut to = DefaultHasher::new();
    (&context.name, &context.endpoint, info.user.as_str()).hash(&mut to);
    Some(format!("{:016x}.json", to.finish()))
}

/// Reads what is kept of a session's clusters, tells `updates`, and gives as of when each is known. Blocks.
pub fn read(
    folder: &Path,
    clusters: &[(ClusterId, String, String)],
    updates: &mpsc::Sender<Update>,
) -> BTreeMap<ClusterId, Timestamp> {
    let mut out = BTreeMap::new();
    for (id, file, context) in clusters {
        let kept = std::fs::read(folder.join(file)).ok();
        let kept: Option<Kept> = kept.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let Some(kept) = kept.filter(|kept| kept.context == *context) else { continue };
        let batch = Batch { cluster: *id, deltas: kept.deltas() };
        if updates.blocking_send(Update::Cluster(batch)).is_err() {
            break;
        }
        out.insert(*id, kept.at);
    }
    forget_old(folder);
    out
}

/// The clusters of a session with their files.
pub fn files(session: &Session) -> Vec<(ClusterId, String, String)> {
    let of = |id| Some((id, name(session, id)?, session.info(id)?.context.to_string()));
    session.infos.iter().filter_map(|info| of(info.id)).collect()
}

fn forget_old(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let age = entry.metadata().and_then(|m| m.modified()).map(|at| SystemTime::now().duration_since(at));
        if matches!(age, Ok(Ok(age)) if age > FORGOTTEN) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Writes what is known, a cluster at a time.
pub struct Keeper {
    folder: PathBuf,
    /// When each was written last; when it was first seen to be read, before that.
    written: HashMap<ClusterId, (Instant, bool)>,
    /// When it is looked again whether one is due.
    next: Instant,
}

impl Keeper {
    /// Of a session, where it keeps anything.
    pub fn new(session: &Session) -> Option<Self> {
        let folder = folder(session)?;
        if let Err(error) = journal::private_folder(&folder) {
            tracing::info!(%error, "the last known fleet cannot be kept");
            return None;
        }
        Some(Self { folder, written: HashMap::new(), next: Instant::now() })
    }

    /// What is to be written now, if anything is: of at most one cluster, so that the loop is held up by no more than that.
    pub fn due(&mut self, session: &Session, fleet: &Fleet, now: Timestamp) -> Option<(PathBuf, Vec<u8>)> {
        let at = Instant::now();
        if at < self.next {
            return None;
        }
        self.next = at + LOOK;
        let is_due = |c: &&Cluster| match self.written.get(&c.id()) {
            None => true,
            Some((since, once)) => at.duration_since(*since) >= if *once { EVERY } else { FIRST },
        };
        let cluster = fleet.clusters().iter().filter(|c| c.phase == Phase::Live).find(is_due)?;
        let known = self.written.insert(cluster.id(), (at, true));
        if known.is_none() {
            self.written.insert(cluster.id(), (at, false));
            return None;
        }
        self.of(session, cluster, now)
    }

    fn of(&self, session: &Session, cluster: &Cluster, now: Timestamp) -> Option<(PathBuf, Vec<u8>)> {
        let kept = Kept::of(cluster, now)?;
        let bytes = serde_json::to_vec(&kept).ok()?;
        Some((self.folder.join(name(session, cluster.id())?), bytes))
    }

    /// Writes all that is known, as far as there is time. Blocks.
    pub fn finish(&self, session: &Session, fleet: &Fleet, now: Timestamp) {
        let until = Instant::now() + AT_THE_END;
        for cluster in fleet.clusters() {
            if Instant::now() >= until {
                tracing::info!("the last known fleet was not written to its end");
                return;
            }
            if let Some((path, bytes)) = self.of(session, cluster, now) {
                write(&path, &bytes);
            }
        }
    }
}

/// Writes one; that it cannot is a line of the log, and nothing a person has to hear of.
pub fn write(path: &Path, bytes: &[u8]) {
    if let Err(error) = journal::write_private_soon(path, bytes) {
        tracing::info!(%error, "a last known cluster cannot be kept");
    }
}
