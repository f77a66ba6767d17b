//! A session that is about a part of what the kubeconfig names, because somebody said so at its start: the rest is not shown,
//! not connected, and not written to. Called by [`super::Session`].

use std::collections::HashSet;
use std::sync::Arc;

use super::Session;
use crate::domain::text::SafeText;
use crate::fleet::cluster::ClusterInfo;
use crate::fleet::rules::Rules;
use crate::source::kubeconfig::{ContextEntry, Loaded, clusters};

/// Which contexts and clusters a session is about.
#[derive(Clone)]
pub struct Only {
    /// By the name of the context.
    pub context: Arc<dyn Fn(&str) -> bool + Send + Sync>,
    /// By what the kubeconfig says of the cluster.
    pub cluster: Arc<dyn Fn(&ClusterInfo) -> bool + Send + Sync>,
}

impl Only {
    /// Leaves those contexts.
    pub(super) fn narrow(&self, contexts: &mut Vec<ContextEntry>, rules: &Rules, remembered: &[String]) {
        contexts.retain(|c| (self.context)(&c.name));
        let mut names = HashSet::new();
        for mut info in clusters(contexts, false, remembered, &[]) {
            rules.apply(&mut info);
            if (self.cluster)(&info) {
                names.insert(info.context);
                names.extend(info.other_contexts);
            }
        }
        contexts.retain(|c| names.contains(&SafeText::new(&c.name)));
    }
}

impl Session {
    /// The same session, about these alone, whatever the files say later.
    #[must_use]
    pub fn only(&self, only: Only) -> Self {
        let mut out = self.copy();
        out.only = Some(only);
        // Its clusters are numbered from none, as those of any session that begins.
        (out.infos, out.ids) = (Vec::new(), 0);
        let loaded = Loaded {
            files: out.files.clone(),
            contexts: out.contexts.clone(),
            dangling_current: out.dangling_current.clone(),
        };
        out.take(loaded);
        out
    }
}
