//! Namespaces.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;

use super::{Slim, resource, slim_meta};
use crate::domain::text::SafeText;
use crate::fleet::delta::{NamespaceRow, Row};

/// Of a Namespace.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SlimNamespace {
    #[serde(deserialize_with = "slim_meta")]
    metadata: ObjectMeta,
    #[serde(default)]
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Status {
    #[serde(default)]
    phase: Option<String>,
}

resource!(SlimNamespace, "Namespace", "", "v1", "namespaces");

impl Slim for SlimNamespace {
    fn row(self) -> Row {
        Row::Namespace(NamespaceRow {
            meta: super::meta(&self.metadata),
            phase: SafeText::new(self.status.phase.as_deref().unwrap_or("Active")),
        })
    }
}
