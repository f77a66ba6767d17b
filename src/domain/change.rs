//! Changes: what became different, in words, and how the same change of several clusters is told once.
//!
//! Never: how a change is noticed (`fleet::apply`, `ops::changes`). Called by both, and by the Overview.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::id::ClusterId;
use super::kind::Kind;
use super::text::SafeText;
use super::workload::short_image;

/// The same change of several clusters within this time is one line.
const TOGETHER: SignedDuration = SignedDuration::from_mins(10);

/// One change of one object, or of a cluster's connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When it was seen, or when the object says it was.
    pub at: Timestamp,
    /// Where.
    pub cluster: ClusterId,
    /// Of what; none for the cluster itself.
    pub object: Option<Changed>,
    /// What.
    pub what: What,
}

/// The object of a change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Changed {
    /// Its kind.
    pub kind: Kind,
    /// Empty for kinds without namespace.
    pub namespace: SafeText,
    /// Its name.
    pub name: SafeText,
}

impl Changed {
    /// `checkout / deploy/web`.
    pub fn words(&self) -> String {
        let target = format!("{}/{}", self.kind.info().short(), self.name);
        if self.namespace.is_empty() { target } else { format!("{} / {target}", self.namespace) }
    }
}

/// What became different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Created,
    /// It is gone.
    Deleted,
    /// Another image.
    Image {
        /// Before.
        from: SafeText,
        /// Now.
        to: SafeText,
    },
    /// A rollout was completed; before this program looked, so what was there before is not known.
    RolledOut {
        /// The image it runs since.
        image: SafeText,
    },
    /// Another number of replicas is wanted.
    Replicas {
        /// Before.
        from: u32,
        /// Now.
        to: u32,
    },
    /// A node's status.
    Status {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// The cluster no longer answers, or refuses us.
    Lost {
        /// Why.
        cause: SafeText,
    },
    /// The cluster answers again.
    Back,
}

impl What {
    /// In a few words: `web:2.40.3 → web:2.41.0`, `replicas 6 → 12`.
    pub fn words(&self) -> String {
        match self {
            Self::Created => "created".to_owned(),
            Self::Deleted => "deleted".to_owned(),
            Self::Image { from, to } => format!("{} → {}", short_image(from), short_image(to)),
            Self::RolledOut { image } if image.is_empty() => "rolled out".to_owned(),
            Self::RolledOut { image } => format!("rolled out {}", short_image(image)),
            Self::Replicas { from, to } => format!("replicas {from} → {to}"),
            Self::Status { from, to } => format!("{from} → {to}"),
            Self::Lost { cause } if cause.is_empty() => "no longer answers".to_owned(),
            Self::Lost { cause } => format!("no longer answers: {cause}"),
            Self::Back => "answers again".to_owned(),
        }
    }
}

/// The same change in one cluster or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The newest of them.
    pub at: Timestamp,
    /// Of what; none for clusters themselves.
    pub object: Option<Changed>,
    /// What, in words.
    pub words: String,
    /// Where.
    pub clusters: BTreeSet<ClusterId>,
}

/// Changes as they are told: the newest first, the same one of several clusters once.
pub fn tell(mut changes: Vec<Change>) -> Vec<Told> {
    changes.sort_by(|a, b| {
        b.at.cmp(&a.at).then_with(|| a.object.cmp(&b.object)).then(a.cluster.cmp(&b.cluster))
    });
    let mut out: Vec<Told> = Vec::new();
    for change in changes {
        let words = change.what.words();
        let same = out.iter_mut().find(|t| {
            t.object.is_some()
                && t.object == change.object
                && t.words == words
                && t.at.duration_since(change.at) <= TOGETHER
        });
        match same {
            Some(told) => {
                told.clusters.insert(change.cluster);
            }
            None => out.push(Told {
                at: change.at,
                object: change.object,
                words,
                clusters: BTreeSet::from([change.cluster]),
            }),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(second: i64, cluster: u32, name: &str, what: What) -> Change {
        Change {
            at: Timestamp::from_second(second).unwrap(),
            cluster: ClusterId(cluster),
            object: Some(Changed { kind: Kind::Deployment, namespace: "shop".into(), name: name.into() }),
            what,
        }
    }

    #[test]
    fn the_same_change_of_several_clusters_is_told_once() {
        let image = || What::Image { from: "r.example/web:1".into(), to: "r.example/web:2".into() };
        let told = tell(vec![
            change(1000, 0, "web", image()),
            change(1090, 1, "web", image()),
            change(1050, 1, "api", What::Replicas { from: 6, to: 12 }),
            // An hour later it is another change.
            change(4700, 0, "web", image()),
        ]);
        let seen: Vec<(i64, String, usize)> = told
            .iter()
            .map(|t| {
                let object = t.object.as_ref().map_or_else(String::new, Changed::words);
                (t.at.as_second(), format!("{object} {}", t.words), t.clusters.len())
            })
            .collect();
        assert_eq!(
            seen,
            [
                (4700, "shop / deploy/web web:1 → web:2".to_owned(), 1),
                (1090, "shop / deploy/web web:1 → web:2".to_owned(), 2),
                (1050, "shop / deploy/api replicas 6 → 12".to_owned(), 1),
            ]
        );
    }

    #[test]
    fn clusters_lost_for_one_cause_are_lines_of_their_own() {
        let lost = |cluster| Change {
            at: Timestamp::from_second(5).unwrap(),
            cluster: ClusterId(cluster),
            object: None,
            what: What::Lost { cause: "refused".into() },
        };
        assert_eq!(tell(vec![lost(0), lost(1)]).len(), 2);
    }
}
