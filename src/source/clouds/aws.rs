//! AWS: profiles of `~/.aws/config` and `~/.aws/credentials`, and GetCallerIdentity on request.
//!
//! Source of the file rules: the AWS SDKs and Tools Reference Guide (`[profile x]` in config, `[x]` in credentials,
//! `[sso-session s]`).

use std::collections::BTreeMap;
use std::time::Duration;

use super::{CloudProfile, Home, ini, key};
use crate::domain::text::SafeText;

/// How long a profile may take to answer, its own credential process included.
const LIMIT: Duration = Duration::from_secs(15);

/// The profiles of both files.
pub fn found(home: &Home) -> Vec<CloudProfile> {
    let config = home.aws_config.clone().unwrap_or_else(|| home.home.join(".aws/config"));
    let credentials = home.aws_credentials.clone().unwrap_or_else(|| home.home.join(".aws/credentials"));
    let mut out: BTreeMap<String, CloudProfile> = BTreeMap::new();
    for (section, keys) in std::fs::read_to_string(&config).map(|t| ini(&t)).unwrap_or_default() {
        let Some(name) = section.strip_prefix("profile ").or((section == "default").then_some("default"))
        else {
            continue;
        };
        let role_account = key(&keys, "role_arn").and_then(|arn| arn.split(':').nth(4));
        let method = if key(&keys, "sso_session").or(key(&keys, "sso_start_url")).is_some() {
            "sso"
        } else if key(&keys, "role_arn").is_some() {
            "assume role"
        } else if key(&keys, "credential_process").is_some() {
            "credential process"
        } else if key(&keys, "aws_access_key_id").is_some() {
            "static keys"
        } else {
            "none"
        };
        out.insert(
            name.trim().to_owned(),
            CloudProfile {
                provider: "aws",
                name: name.trim().to_owned(),
                account: key(&keys, "sso_account_id").or(role_account).map(str::to_owned),
                region: key(&keys, "region").map(str::to_owned),
                method: method.to_owned(),
                default: name.trim() == "default",
                file: config.clone(),
                identity: None,
            },
        );
    }
    for (name, keys) in std::fs::read_to_string(&credentials).map(|t| ini(&t)).unwrap_or_default() {
        let profile = out.entry(name.clone()).or_insert_with(|| CloudProfile {
            provider: "aws",
            default: name == "default",
            name,
            account: None,
            region: None,
            method: "none".to_owned(),
            file: credentials.clone(),
            identity: None,
        });
        if key(&keys, "aws_access_key_id").is_some() && profile.method == "none" {
            "static keys".clone_into(&mut profile.method);
        }
    }
    out.into_values().collect()
}

/// Asks STS who a profile is; needs no permission. One line: the ARN, or why not.
pub async fn caller_identity(profile: &str, region: Option<&str>) -> Result<String, String> {
    let ask = async {
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .profile_name(profile)
            .region(aws_config::Region::new(region.unwrap_or("us-east-1").to_owned()))
            .load()
            .await;
        aws_sdk_sts::Client::new(&config).get_caller_identity().send().await
    };
    match tokio::time::timeout(LIMIT, ask).await {
        Err(_) => Err(format!("no answer within {} s", LIMIT.as_secs())),
        Ok(Ok(who)) => Ok(SafeText::new(who.arn().or(who.account()).unwrap_or("(no ARN)")).to_string()),
        Ok(Err(error)) => Err(hint(&error, profile)),
    }
}

/// What a person can do about it. Of the SDK's text only its kind is used: some errors repeat what a credential process
/// printed.
fn hint<E: std::error::Error + 'static>(error: &E, profile: &str) -> String {
    let mut text = String::new();
    let mut at: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(e) = at {
        text.push_str(&e.to_string().to_lowercase());
        text.push('\n');
        at = e.source();
    }
    let has = |words: &[&str]| words.iter().any(|w| text.contains(w));
    if has(&["sso token", "sso session", "token has expired", "tokenrefresh"]) {
        format!("signed out: run `aws sso login --profile {profile}`")
    } else if has(&["expiredtoken", "invalidclienttokenid"]) {
        "expired or unknown keys: renew the profile's credentials".to_owned()
    } else if has(&["signaturedoesnotmatch"]) {
        "the signature does not match: check the key, and the clock (15 minutes at most)".to_owned()
    } else if has(&["accessdenied"]) {
        "access denied: the role may not be assumed by this identity".to_owned()
    } else if has(&["no credentials", "not loaded", "no providers in chain", "did not provide"]) {
        format!("profile {profile} has no credentials: run `aws configure sso` or set keys")
    } else if has(&["dispatch failure", "connect", "dns", "timeout"]) {
        "STS cannot be reached: check the network or proxy".to_owned()
    } else {
        "the profile could not sign in; try `aws sts get-caller-identity` with it".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_of_both_files() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(".aws")).unwrap();
        std::fs::write(
            dir.path().join(".aws/config"),
            "[default]\nregion = eu-west-1\n[profile pay] # prod\nsso_session = corp\nsso_account_id = 222233334444\n[sso-session corp]\nsso_region=eu-west-1\n[profile hop]\nrole_arn = arn:aws:iam::333344445555:role/ops\ns3 =\n  max = 3\n",
        )
        .unwrap();
        std::fs::write(
            dir.path().join(".aws/credentials"),
            "[default]\naws_access_key_id = AKIAPLANTED\naws_secret_access_key = planted-secret\n[old]\naws_access_key_id=x\n",
        )
        .unwrap();
        let home = Home { home: dir.path().to_owned(), ..Home::default() };
        let found = found(&home);
        let seen: Vec<_> =
            found.iter().map(|p| (p.name.as_str(), p.account.as_deref(), p.method.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("default", None, "static keys"),
                ("hop", Some("333344445555"), "assume role"),
                ("old", None, "static keys"),
                ("pay", Some("222233334444"), "sso"),
            ]
        );
        let all = format!("{found:?}");
        assert!(!all.contains("PLANTED") && !all.contains("planted"), "{all}");
    }
}
