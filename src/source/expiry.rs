//! Until when a credential is good, read from itself without verifying it: the end of a certificate's validity, the `exp`
//! of a JSON web token. Never: a decision; a clock may be wrong, and only the server says who may come in. Called by
//! [`super::credentials`] and `doctor`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The end of the first certificate's validity.
pub fn of_certificate(pem: &str) -> Option<Timestamp> {
    let first = CertificateDer::pem_slice_iter(pem.as_bytes()).next()?.ok()?;
    let (_, certificate) = X509Certificate::from_der(&first).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}

/// When a token runs out, if it says so.
pub fn of_token(token: &str) -> Option<Timestamp> {
    let mut parts = token.split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    let exp = claims.get("exp")?;
    let seconds = exp.as_i64().or_else(|| exp.to_string().split('.').next()?.parse().ok())?;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_tokens() {
        let token = |claims: &str| format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims));
        assert_eq!(of_token(&token(r#"{"exp":1700000000}"#)), Timestamp::from_second(1_700_000_000).ok());
        assert_eq!(of_token(&token(r#"{"exp":1700000000.5}"#)), Timestamp::from_second(1_700_000_000).ok());
        for none in [
            token("{}"),
            token("no"),
            "a.b".to_owned(),
            "a.!.c".to_owned(),
            "opaque".to_owned(),
            token(r#"{"exp":1e300}"#),
        ] {
            assert_eq!(of_token(&none), None, "{none}");
        }
    }

    #[test]
    fn of_what_is_no_certificate() {
        for none in ["", "-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n", "-----BEGIN"] {
            assert_eq!(of_certificate(none), None);
        }
    }
}
