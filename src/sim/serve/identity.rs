//! Tokens, and who they stand for.
//! Called by `serve` when it begins.

use std::io;

use super::User;
use crate::sim::cluster::Identity;

/// A new bearer token: 32 random bytes.
pub(super) fn token() -> io::Result<String> {
    let mut bytes = [0; 32];
    rustls::crypto::aws_lc_rs::default_provider()
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| io::Error::other("no random bytes for a token"))?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

/// Who a user is to a cluster.
pub(super) fn of(user: &User) -> Identity {
    let mut groups = user.groups.clone();
    if !groups.iter().any(|g| g == "system:authenticated") {
        groups.push("system:authenticated".into());
    }
    Identity { user: user.name.clone(), groups }
}
