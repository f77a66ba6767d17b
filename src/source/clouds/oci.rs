//! Oracle: profiles of `~/.oci/config`, which the `oci` command line writes.
//!
//! Never read: the key, its pass phrase and its fingerprint. Source of the file rules: Oracle's "SDK and CLI Configuration
//! File" (INI, a section a profile; what a profile does not say `[DEFAULT]` does).

use super::{CloudProfile, Home, ini, key};

/// The profiles.
pub fn found(home: &Home) -> Vec<CloudProfile> {
    let file = home.oci.clone().unwrap_or_else(|| home.home.join(".oci/config"));
    let sections = std::fs::read_to_string(&file).map(|t| ini(&t)).unwrap_or_default();
    let default = sections.iter().find(|(name, _)| name == "DEFAULT").map(|(_, keys)| keys);
    sections
        .iter()
        .map(|(name, keys)| {
            let of = |name: &str| {
                key(keys, name).or_else(|| default.and_then(|keys| key(keys, name))).map(str::to_owned)
            };
            let method = if of("security_token_file").is_some() {
                "session token"
            } else if of("key_file").is_some() {
                "api key"
            } else {
                "none"
            };
            CloudProfile {
                provider: "oci",
                name: name.clone(),
                account: of("tenancy"),
                region: of("region"),
                method: method.to_owned(),
                default: name == "DEFAULT",
                file: file.clone(),
                identity: None,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config");
        std::fs::write(
            &file,
            "[DEFAULT]\nuser=ocid1.user.oc1..a\nfingerprint=pl:an:te:d0\nkey_file=~/.oci/key.pem\npass_phrase=planted\ntenancy=ocid1.tenancy.oc1..a\nregion=eu-frankfurt-1\n\n[lab]\nregion = us-ashburn-1\n",
        )
        .unwrap();
        let found = found(&Home { oci: Some(file), ..Home::default() });
        let seen: Vec<_> = found
            .iter()
            .map(|p| {
                (p.name.as_str(), p.account.as_deref(), p.region.as_deref(), p.method.as_str(), p.default)
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("DEFAULT", Some("ocid1.tenancy.oc1..a"), Some("eu-frankfurt-1"), "api key", true),
                ("lab", Some("ocid1.tenancy.oc1..a"), Some("us-ashburn-1"), "api key", false),
            ]
        );
        let all = format!("{found:?}");
        assert!(!all.contains("planted") && !all.contains("pl:an"), "{all}");
    }
}
