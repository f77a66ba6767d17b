//! Where a person was when the terminal was lost, as it is when an SSH connection breaks: kept for the next run, which begins
//! there. A file for each program that was left so, in the state folder, which its owner alone can read.
//!
//! Never: anything of a session that is simulated or keeps nothing, and nothing of a program that was left on purpose. Called by
//! the terminal at its end and at its start; what of the screen it is, says `ui::view::left_off`.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::journal;
use super::session::Session;
use crate::domain::environment::Environment;
use crate::domain::health::Health;
use crate::domain::id::{ClusterId, ObjectKey};
use crate::domain::kind::Kind;
use crate::domain::scope::TreeNode;
use crate::domain::text::SafeText;

/// The folder in the state folder.
pub(super) const FOLDER: &str = "left-off";
/// Who comes back later begins anew.
const LASTS: Duration = Duration::from_hours(12);

/// Where a person was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeftOff {
    /// When.
    pub at: Timestamp,
    /// What was in scope; nothing: all.
    pub scope: Vec<Node>,
    /// What was marked in the tree.
    pub marks: Vec<Node>,
    /// How the tree was grouped.
    pub pivot: String,
    /// Its filter.
    pub tree_filter: String,
    /// The tree had the keys.
    pub in_tree: bool,
    /// The pane, by its word.
    pub pane: String,
    /// The filter of its table.
    pub filter: String,
    /// What was marked in its table.
    pub rows: Vec<Object>,
    /// The kind that Resources showed, by its plural, with its group where it is not built in.
    pub kind: String,
    /// Of which namespace alone.
    pub namespace: Option<String>,
    /// On which node alone.
    pub node: Option<SafeText>,
    /// Only what is not well.
    pub faults: bool,
    /// Wide columns.
    pub wide: bool,
}

/// A node of the tree, with clusters by their contexts: numbers are another run's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Node {
    /// Everything.
    Fleet,
    /// A cloud.
    Cloud(SafeText),
    /// Cloud, account.
    Account(SafeText, SafeText),
    /// Cloud, account, region.
    Region(SafeText, SafeText, SafeText),
    /// An environment.
    Environment(String),
    /// A group of the settings.
    Group(SafeText),
    /// The clusters that are in this state.
    Health(String),
    /// The namespaces of that name.
    Namespaces(SafeText),
    /// Namespace, kind, name.
    App(SafeText, String, SafeText),
    /// Context.
    Cluster(SafeText),
    /// Context, namespace.
    Namespace(SafeText, SafeText),
    /// Context, namespace, kind, name.
    Workload(SafeText, SafeText, String, SafeText),
    /// Context, namespace, name.
    Pod(SafeText, SafeText, SafeText),
}

/// An object: context, kind, namespace, name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object(SafeText, String, SafeText, SafeText);

impl Node {
    /// That of a session's tree.
    pub fn of(node: &TreeNode, session: &Session) -> Option<Self> {
        let context = |id| session.info(id).map(|info| info.context.clone());
        Some(match node.clone() {
            TreeNode::Fleet => Self::Fleet,
            TreeNode::Cloud(a) => Self::Cloud(a),
            TreeNode::Account(a, b) => Self::Account(a, b),
            TreeNode::Region(a, b, c) => Self::Region(a, b, c),
            TreeNode::Environment(env) => Self::Environment(env.word().to_owned()),
            TreeNode::Group(group) => Self::Group(group),
            TreeNode::Health(health) => Self::Health(health.word().to_owned()),
            TreeNode::Namespaces(ns) => Self::Namespaces(ns),
            TreeNode::App(ns, kind, name) => Self::App(ns, kind.full(), name),
            TreeNode::Cluster(id) => Self::Cluster(context(id)?),
            TreeNode::Namespace(id, ns) => Self::Namespace(context(id)?, ns),
            TreeNode::Workload(id, ns, kind, name) => Self::Workload(context(id)?, ns, kind.full(), name),
            TreeNode::Pod(id, ns, name) => Self::Pod(context(id)?, ns, name),
        })
    }

    /// The same in the tree of a session; none where its cluster is gone.
    pub fn find(&self, session: &Session) -> Option<TreeNode> {
        Some(match self.clone() {
            Self::Fleet => TreeNode::Fleet,
            Self::Cloud(a) => TreeNode::Cloud(a),
            Self::Account(a, b) => TreeNode::Account(a, b),
            Self::Region(a, b, c) => TreeNode::Region(a, b, c),
            Self::Environment(word) => {
                TreeNode::Environment(Environment::ALL.into_iter().find(|e| e.word() == word)?)
            }
            Self::Group(group) => TreeNode::Group(group),
            Self::Health(word) => TreeNode::Health(Health::ALL.into_iter().find(|h| h.word() == word)?),
            Self::Namespaces(ns) => TreeNode::Namespaces(ns),
            Self::App(ns, kind, name) => TreeNode::App(ns, Kind::parse(&kind)?, name),
            Self::Cluster(context) => TreeNode::Cluster(cluster(&context, session)?),
            Self::Namespace(context, ns) => TreeNode::Namespace(cluster(&context, session)?, ns),
            Self::Workload(context, ns, kind, name) => {
                TreeNode::Workload(cluster(&context, session)?, ns, Kind::parse(&kind)?, name)
            }
            Self::Pod(context, ns, name) => TreeNode::Pod(cluster(&context, session)?, ns, name),
        })
    }
}

impl Object {
    /// That of a session.
    pub fn of(key: &ObjectKey, session: &Session) -> Option<Self> {
        let context = session.info(key.cluster)?.context.clone();
        Some(Self(context, key.kind.full(), key.namespace.clone(), key.name.clone()))
    }

    /// The same in a session; none where its cluster is gone, or the kind is not built in.
    pub fn find(&self, session: &Session) -> Option<ObjectKey> {
        let Self(context, kind, namespace, name) = self;
        let (cluster, kind) = (cluster(context, session)?, Kind::parse(kind)?);
        Some(ObjectKey { cluster, kind, namespace: namespace.clone(), name: name.clone() })
    }
}

fn cluster(context: &SafeText, session: &Session) -> Option<ClusterId> {
    session.infos.iter().find(|info| info.context == *context).map(|info| info.id)
}

fn folder(session: &Session) -> Option<PathBuf> {
    let state = session.state_dir.as_ref().filter(|_| !session.demo && session.keeps)?;
    Some(state.join(FOLDER))
}

/// Keeps it for the next run. That it cannot be kept is a line of the log: nobody looks any more.
pub fn keep(session: &Session, left: &LeftOff) {
    let Some(folder) = folder(session) else { return };
    let written = journal::private_folder(&folder).and_then(|()| {
        let bytes = serde_json::to_vec(left).map_err(std::io::Error::other)?;
        let name = format!("{}-{}.json", left.at.as_millisecond(), std::process::id());
        journal::write_private_soon(&folder.join(name), &bytes)
    });
    if let Err(error) = written {
        tracing::info!(%error, "where one was cannot be kept");
    }
}

/// Takes what was kept last, which is then gone; what is too old goes, too.
pub fn take(session: &Session) -> Option<LeftOff> {
    let folder = folder(session)?;
    let mut files: Vec<(SystemTime, PathBuf)> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|e| e == "json"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    files.sort();
    let is_old = |at: SystemTime| SystemTime::now().duration_since(at).is_ok_and(|age| age > LASTS);
    while let Some((at, path)) = files.pop() {
        if is_old(at) {
            let _ = std::fs::remove_file(path);
        } else if let Some(left) = claim(&path) {
            // Older ones of other terminals are for whoever comes next.
            for (_, path) in files.iter().filter(|(at, _)| is_old(*at)) {
                let _ = std::fs::remove_file(path);
            }
            return Some(left);
        }
    }
    None
}

/// Reads a file and removes it; none where another program was faster, or it cannot be read.
fn claim(path: &Path) -> Option<LeftOff> {
    let mine = path.with_extension(format!("taken-{}", std::process::id()));
    std::fs::rename(path, &mine).ok()?;
    let bytes = std::fs::read(&mine);
    let _ = std::fs::remove_file(&mine);
    serde_json::from_slice(&bytes.ok()?).ok()
}
