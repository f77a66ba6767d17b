//! The last line of defence: text that looks like a credential is not shown, wherever it comes from. Nothing relies on it;
//! what is known to be secret never becomes text at all.
//!
//! Patterns: EKS tokens (presigned STS requests), JSON web tokens, Google's, OpenShift's, Rancher's and DigitalOcean's tokens,
//! AWS key ids, signatures in URLs, private keys, passwords in URLs, bearer headers. Called where errors become words, by
//! the program's log and by the panic hook.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// What stands where a secret was.
const HIDDEN: &str = "•••";

/// A pattern; that it compiles is tested.
static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"k8s-aws-v1\.[\w-]+",
        r"|eyJ[\w-]{10,}\.[\w-]+\.[\w-]*",
        r"|ya29\.[\w.-]+",
        r"|sha256~[\w-]+",
        r"|kubeconfig-u[\w-]*:\w+",
        r"|dop_v1_[0-9a-f]{64}",
        r"|(?:AKIA|ASIA)[A-Z0-9]{16}",
        r"|X-Amz-(?:Signature|Security-Token|Credential)=[^&\s]+",
        r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?",
        r"|://[^/@\s]+:[^/@\s]+@",
        r"|(?i:bearer) [\w.~+/=-]{8,}",
    ))
    .ok()
});

/// The text without what looks like a credential.
pub fn redact(text: &str) -> Cow<'_, str> {
    match &*PATTERN {
        Some(pattern) => pattern.replace_all(text, |found: &regex::Captures<'_>| {
            // The address around a password stays one.
            if found.get(0).is_some_and(|m| m.as_str().starts_with("://")) {
                format!("://{HIDDEN}@")
            } else {
                HIDDEN.to_owned()
            }
        }),
        None => HIDDEN.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_credential_is_hidden() {
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln";
        for secret in [
            "k8s-aws-v1.aHR0cHM6Ly9zdHM",
            jwt,
            "ya29.a0AfH6SMBx",
            "sha256~abcDEF-123",
            "kubeconfig-u-abc12:xyz987",
            &format!("dop_v1_{}", "a1".repeat(32)),
            "AKIAIOSFODNN7EXAMPLE",
            "X-Amz-Signature=abcdef0123",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
        ] {
            assert_eq!(redact(&format!("a {secret} b")), "a ••• b", "{secret}");
        }
        assert_eq!(redact("via http://user:pass@proxy:3128/"), "via http://•••@proxy:3128/");
        assert_eq!(redact("Authorization: Bearer abc.def-ghi"), "Authorization: •••");
    }

    #[test]
    fn plain_words_stay() {
        for text in [
            "connection refused",
            "https://10.0.0.1:6443/api/v1/pods?limit=500",
            "image r.example/web@sha256:0123456789abcdef",
            "user jane@example.com in arn:aws:eks:eu-west-1:111122223333:cluster/a",
            "bearer of news",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
