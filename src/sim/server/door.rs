//! Who comes in: everybody as one person (in memory), or those with a token.
//! Never: what they may do (`rbac`). Called for every request.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderMap, header};

use crate::sim::cluster::Identity;

/// The door of a cluster.
#[derive(Clone, Debug)]
pub(crate) enum Door {
    /// Who stands on the other side is known.
    Open(Identity),
    /// A bearer token tells who it is.
    Tokens(Arc<BTreeMap<String, Identity>>),
}

impl Door {
    /// Who sends a request with these headers.
    pub(crate) fn identity(&self, headers: &HeaderMap) -> Option<Identity> {
        match self {
            Self::Open(who) => Some(who.clone()),
            Self::Tokens(tokens) => {
                let told = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
                let (scheme, token) = told.split_once(' ')?;
                tokens.get(token.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer")).cloned()
            }
        }
    }
}
