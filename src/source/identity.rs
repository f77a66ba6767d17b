//! A client certificate and its key: what a server that wants one is shown while shaking hands.
//!
//! Certificates of X.509 version 1, as `openssl x509 -req` makes them, are shown as client-go shows them; whether one is good
//! is the server's to say. Called by [`super::credentials`] and its transport.

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use secrecy::{ExposeSecret, SecretString};
use x509_parser::prelude::{FromDer, X509Certificate};

/// A client certificate and its key, as PEM.
pub struct Identity {
    certificate: String,
    key: SecretString,
}

impl Identity {
    /// Of these two.
    pub const fn new(certificate: String, key: SecretString) -> Self {
        Self { certificate, key }
    }

    /// Whether it is of these two.
    pub fn is(&self, certificate: &str, key: &str) -> bool {
        self.certificate == certificate && self.key.expose_secret() == key
    }

    /// What shows it. An error is one line for a person, and says nothing of what the key holds.
    pub(super) fn resolver(&self) -> Result<Arc<dyn ResolvesClientCert>, &'static str> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(self.certificate.as_bytes()).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or("the client certificate is not one in PEM")?;
        let key = PrivateKeyDer::from_pem_slice(self.key.expose_secret().as_bytes());
        let key = key.map_err(|_| "the client key is not one in PEM without a password")?;
        let key =
            any_supported_type(&key).map_err(|_| "the client key is of a kind that is not known here")?;
        let first = chain.first().and_then(|first| X509Certificate::from_der(first).ok());
        let (_, first) = first.ok_or("the client certificate cannot be read")?;
        if key.public_key().is_some_and(|public| public.as_ref() != first.public_key().raw) {
            return Err("the client key is not that of the client certificate");
        }
        Ok(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made for this test with openssl: `req -new`, then `x509 -req`, which is version 1. They open nothing.
    const CERTIFICATE: &str = r"-----BEGIN CERTIFICATE-----
MIIBGjCBwQIUWIOJyanIs6xktf1VhmeH96s0uK0wCgYIKoZIzj0EAwIwDzENMAsG
A1UEAwwEamFuZTAgFw0yNjExMjQyMDE2MTdaGA8yMTI2MTAzMTIwMTYxN1owDzEN
MAsGA1UEAwwEamFuZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCw1yQqcRGrH
gIdRsifGN7b9sRXlL/XAsWyafz532x7wA+ZIPXabnWwErcYkrcoYgG2MXNBZCXpN
XcIQRc40h2AwCgYIKoZIzj0EAwIDSAAwRQIhAPAeezTuj147lb0s7+uWQ+5XhgIf
BrdLcWo6foBKD8bbAiBlWjgevctmBqRt4O9guQOR1Ov3n3bDkHVyP9h8+AzMBA==
-----END CERTIFICATE-----";
    const KEY: &str = r"-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIIwWyA4kCrr9ENGbsLUYC6LuM5BBoXLQ/o6vEe6sNow1oAoGCCqGSM49
AwEHoUQDQgAELDXJCpxEaseAh1GyJ8Y3tv2xFeUv9cCxbJp/PnfbHvAD5kg9dpud
bAStxiStyhiAbYxc0FkJek1dwhBFzjSHYA==
-----END EC PRIVATE KEY-----";
    const OTHER_KEY: &str = r"-----BEGIN EC PRIVATE KEY-----
MHcCAQEEINZPYJI1ddRa+/+kP03tijBJcVRce6TVvxBxSxilVKeOoAoGCCqGSM49
AwEHoUQDQgAE/IrwsAFAA8KFXcESXC4d3s8hbipUv9H5Nr8JFGMlRr4dgMMmTXB5
RQzICKKtZY2wJ/5gXJ4VidgApGtdRWbxJA==
-----END EC PRIVATE KEY-----";
    const ENCRYPTED: &str = r"-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-256-CBC,DD1CBC2F689D83AB8A929E5E915BE773

U/wMF9buZBxS5+6TuzDHRrkua0mvFvri+eFotKRIMvJdKhlEu58VJfaCiupeRtCg
afa0bX5aYBxR0Vrktkx8w4N52eol1yaJRKc8xgD8u8l6TyLFTUSyvpllAm7C6BRh
0T5eiafo4CNUVTxqI8Xnel4IWThNOVtwDso8+Tf4t9A=
-----END EC PRIVATE KEY-----";

    // `req -x509`: version 3, Ed25519, its key as PKCS#8.
    const ED25519: &str = r"-----BEGIN CERTIFICATE-----
MIIBMDCB46ADAgECAhQs+L1xZLG1/KhKXMQ5IKDrUCyOQDAFBgMrZXAwDTELMAkG
A1UEAwwCZWQwIBcNMjYxMTI0MjA1MzM4WhgPMjEyNjEwMzEyMDUzMzhaMA0xCzAJ
BgNVBAMMAmVkMCowBQYDK2VwAyEAF9n4VhRPoON5jL+mXD1JCZ6yl0F+clUvTV+q
WfPblgajUzBRMB0GA1UdDgQWBBQIhLmY68b51aUamzJx/11ijhWN3zAfBgNVHSME
GDAWgBQIhLmY68b51aUamzJx/11ijhWN3zAPBgNVHRMBAf8EBTADAQH/MAUGAytl
cANBANjNxUWRsQpa69fJdWwtOmGJYZLm30PjG8L4goH9QkCHMQ8Ma5bxF3/9vKFZ
vkxKEhibyvOENFsWzAZnFMZhfgU=
-----END CERTIFICATE-----";
    const ED25519_KEY: &str = r"-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEILZH42KDLZ9y5DCsU20YGddBAJgmNTrvZYo4PO/G/zNs
-----END PRIVATE KEY-----";

    #[test]
    fn what_makes_one() {
        let of = |certificate: &str, key: &str| {
            Identity::new(certificate.to_owned(), key.into()).resolver().err().unwrap_or("good")
        };
        let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        let not_one = "-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n";
        for (certificate, key, words) in [
            (CERTIFICATE, KEY, "good"),
            (ED25519, ED25519_KEY, "good"),
            (&format!("{ED25519}\n{CERTIFICATE}"), ED25519_KEY, "good"),
            (
                &format!("{CERTIFICATE}\n{ED25519}"),
                ED25519_KEY,
                "the client key is not that of the client certificate",
            ),
            (CERTIFICATE, &format!("{parameters}{KEY}"), "good"),
            (&format!("CN = jane\n{CERTIFICATE}"), KEY, "good"),
            (CERTIFICATE, OTHER_KEY, "the client key is not that of the client certificate"),
            (CERTIFICATE, ENCRYPTED, "the client key is not one in PEM without a password"),
            (CERTIFICATE, "", "the client key is not one in PEM without a password"),
            ("", KEY, "the client certificate is not one in PEM"),
            (KEY, KEY, "the client certificate is not one in PEM"),
            (not_one, KEY, "the client certificate cannot be read"),
        ] {
            assert_eq!(of(certificate, key), words);
        }
    }
}
