//! Contexts: what the kubeconfig files hold and where each context leads, without asking anybody.
//!
//! Lives here: the shape of `skyfleet contexts -o json`, which scripts rely on. Never: a credential. Called by `cli`.

use serde::Serialize;

use crate::domain::place::{Certainty, Provider};
use crate::domain::text::SafeText;

use super::session::Session;

/// Everything that was found. What is not known is null.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// In file order.
    pub contexts: Vec<ContextRow>,
    /// In the order they were read.
    pub files: Vec<FileRow>,
}

/// One context.
#[derive(Clone, Debug, Serialize)]
pub struct ContextRow {
    /// Its name.
    pub context: String,
    /// The file that names it.
    pub file: Option<String>,
    /// Its cluster entry.
    pub cluster_entry: Option<String>,
    /// Its user entry.
    pub user_entry: Option<String>,
    /// Its default namespace.
    pub namespace: Option<String>,
    /// The server's address.
    pub server: Option<String>,
    /// The name its certificate must have.
    pub tls_server_name: Option<String>,
    /// The cloud.
    pub provider: Provider,
    /// The managed service or distribution.
    pub service: Option<SafeText>,
    /// Account, project, subscription.
    pub account: Option<SafeText>,
    /// Region.
    pub region: Option<SafeText>,
    /// The cluster's own name.
    pub cluster: Option<SafeText>,
    /// How sure the place is.
    pub certainty: Certainty,
    /// How it signs in.
    pub auth: String,
    /// It could be dialled as written.
    pub usable: bool,
    /// Why not.
    pub reason: Option<String>,
    /// It is the current context.
    pub current: bool,
    /// Its user entry, and whom it acts as. Not in the JSON.
    #[serde(skip)]
    pub acts_as: String,
    /// The account of the identity that signs; the cluster's may be another. Not in the JSON.
    #[serde(skip)]
    pub signs_as: SafeText,
    /// `user entry from FILE`, for each of its entries that is of another file. Not in the JSON.
    #[serde(skip)]
    pub borrowed: String,
}

impl ContextRow {
    /// Where it is, for people: `aws/eks 222233334444/eu-west-1/shop`, without the parts nobody knows.
    pub fn place(&self) -> String {
        let service = self.service.as_deref().filter(|s| *s != self.provider.word());
        let cloud = match service {
            Some(service) => format!("{}/{service}", self.provider.tree_word()),
            None => self.provider.tree_word().to_owned(),
        };
        let parts: Vec<&str> =
            [&self.account, &self.region, &self.cluster].into_iter().flatten().map(|t| t.as_str()).collect();
        if parts.is_empty() { cloud } else { format!("{cloud} {}", parts.join("/")) }
    }
}

/// One file.
#[derive(Clone, Debug, Serialize)]
pub struct FileRow {
    /// Which.
    pub path: String,
    /// `ok`; `salvaged`: some of its entries are wrong; `error`: it could not be read.
    pub status: &'static str,
    /// What is wrong with it.
    pub error: Option<String>,
}

/// What this session found.
pub fn of(session: &Session) -> Report {
    let known = |text: &SafeText| (!text.is_empty()).then(|| text.clone());
    let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let contexts = session
        .contexts
        .iter()
        .map(|c| ContextRow {
            context: c.name.clone(),
            file: c.file.as_ref().map(|f| f.display().to_string()),
            cluster_entry: named(&c.cluster_entry),
            user_entry: named(&c.user_entry),
            namespace: c.namespace.clone(),
            server: c.server.clone(),
            tls_server_name: c.tls_server_name.clone(),
            provider: c.located.place.provider,
            service: known(&c.located.place.service),
            account: known(&c.located.place.account),
            region: known(&c.located.place.region),
            cluster: known(&c.located.place.cluster),
            certainty: c.located.place.certainty,
            auth: c.auth.to_string(),
            usable: c.unusable.is_none(),
            reason: c.unusable.clone(),
            current: c.current,
            acts_as: if c.user_entry.is_empty() && c.impersonates().is_empty() {
                String::new()
            } else {
                c.acts_as.clone()
            },
            signs_as: c.located.signs_as.clone(),
            borrowed: c.borrowed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        })
        .collect();
    let files = session
        .files
        .iter()
        .map(|f| FileRow {
            path: f.path.display().to_string(),
            status: f.status.word(),
            error: f.error.clone(),
        })
        .collect();
    Report { contexts, files }
}
