//! What a request is signed with, by client-go's precedence: a token (its file's newest content before what stands in the
//! kubeconfig), a password, a client certificate, and only without those what a plugin gives.
//!
//! A signer belongs to one context and lives as long as its entry does. It is asked at every request: token files are read
//! again, plugins run again when what they gave has run out or was refused with 401.
//!
//! Never: a connection, a credential in a word. Called by [`super::connect`].

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::clock::Clock;
use super::expiry;
use super::fault::{Fault, FaultClass};
use super::identity::Identity;
use super::kubeconfig::{Auth, Material, UserEntry};
use super::plugin::{Credential, Plugin, PluginFault, Plugins};

/// Files are read again so often (client-go: a minute for tokens, five for certificates).
const READ_AGAIN: Duration = Duration::from_secs(10);

/// What was given less than this ago and is refused is refused for who it is.
const FRESH: Duration = Duration::from_mins(1);

/// What one request is signed with.
#[derive(Clone, Default)]
pub struct Signed {
    /// Its `Authorization`.
    pub authorization: Option<HeaderValue>,
    /// The certificate of its connection. A new one is a new connection.
    pub identity: Option<Arc<Identity>>,
    /// The plugin's answer it is from.
    credential: Option<Arc<Credential>>,
    /// It came just now.
    fresh: bool,
}

/// Why a server did not accept it, as far as that is known.
pub enum Refused {
    /// It has run out: in words.
    Expired(String),
    /// It came just now: the server does not know who that is.
    Unknown(&'static str),
}

/// Signs the requests of one context.
pub struct Signer {
    user: Arc<UserEntry>,
    plugin: Option<(Plugins, Plugin)>,
    clock: Clock,
    seen: Mutex<Seen>,
}

/// What was read last.
#[derive(Default)]
struct Seen {
    token: Option<(Instant, SecretString)>,
    identity: Option<(Instant, Arc<Identity>)>,
    /// The plugin's answer in use, since when, and its identity.
    given: Option<(Instant, Arc<Credential>, Option<Arc<Identity>>)>,
    /// Why the plugin gave nothing the last time.
    failed: Option<PluginFault>,
}

impl Signer {
    /// For a user entry; the plugin is run when nothing else signs.
    pub fn new(user: Arc<UserEntry>, plugin: Option<(Plugins, Plugin)>, clock: Clock) -> Self {
        let plugin = plugin.filter(|_| matches!(user.auth(), Auth::Exec(_)));
        Self { user, plugin, clock, seen: Mutex::default() }
    }

    /// The plugin it signs in by.
    pub fn plugin(&self) -> Option<&Plugin> {
        self.plugin.as_ref().map(|(_, plugin)| plugin)
    }

    /// The plugin, and why it gave nothing the last time.
    pub fn needs(&self) -> Option<(Plugin, PluginFault)> {
        Some((self.plugin()?.clone(), self.seen().failed.clone()?))
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the next request is signed with. May run a plugin, and waits for it.
    pub async fn sign(&self) -> Result<Signed, Fault> {
        let user = &self.user;
        // A certificate goes with the connection, whatever is sent over it.
        let identity = match (&user.certificate, &user.key) {
            (Some(certificate), Some(key)) => Some(self.identity(certificate, key).await?),
            _ => None,
        };
        let bearer = |token: &str| secret_header(&format!("Bearer {token}"));
        let plain = |authorization| Signed { authorization, identity: identity.clone(), ..Signed::default() };
        match user.auth() {
            Auth::Token | Auth::TokenFile => {
                let token = self.token().await?;
                Ok(plain(Some(bearer(token.expose_secret())?)))
            }
            Auth::Basic => {
                let password = user.password.as_ref().map_or("", |p| p.expose_secret());
                let pair = STANDARD.encode(format!("{}:{password}", user.username.as_deref().unwrap_or("")));
                Ok(plain(Some(secret_header(&format!("Basic {pair}"))?)))
            }
            Auth::ClientCert | Auth::None => Ok(plain(None)),
            Auth::Exec(_) => self.by_plugin().await,
            Auth::AuthProvider(_) => {
                let token = user.auth_provider.as_ref().and_then(|(_, known)| known.get("id-token"));
                let Some(token) = token else {
                    return Err(Fault::new(FaultClass::Credentials, "its auth-provider holds no token"));
                };
                Ok(plain(Some(bearer(token.expose_secret())?)))
            }
        }
    }

    async fn by_plugin(&self) -> Result<Signed, Fault> {
        let Some((plugins, plugin)) = &self.plugin else {
            return Err(Fault::new(FaultClass::Credentials, "its credential plugin cannot be run here"));
        };
        let given = plugins.credential(plugin).await;
        let now = Instant::now();
        let mut seen = self.seen();
        seen.failed = given.as_ref().err().cloned();
        let given = given?;
        let (since, identity) = match &seen.given {
            Some((since, known, identity)) if Arc::ptr_eq(known, &given) => (*since, identity.clone()),
            _ => {
                let identity = given
                    .certificate
                    .as_ref()
                    .map(|(certificate, key)| Arc::new(Identity::new(certificate.clone(), key.clone())));
                seen.given = Some((now, given.clone(), identity.clone()));
                (now, identity)
            }
        };
        drop(seen);
        let token = given.token.as_ref();
        Ok(Signed {
            authorization: token
                .map(|t| secret_header(&format!("Bearer {}", t.expose_secret())))
                .transpose()?,
            identity,
            credential: Some(given),
            fresh: now - since < FRESH,
        })
    }

    /// The token: its file's content, read again now and then, or else the one that stands in the kubeconfig.
    async fn token(&self) -> Result<SecretString, Fault> {
        let written = self.user.token.clone();
        let Some(file) = &self.user.token_file else {
            return written.ok_or_else(|| Fault::new(FaultClass::Credentials, "there is no token"));
        };
        let known = self.seen().token.clone();
        if let Some((read, token)) = &known
            && read.elapsed() < READ_AGAIN
        {
            return Ok(token.clone());
        }
        match read(file).await {
            Ok(text) if !text.trim().is_empty() => {
                let token = SecretString::from(text.trim());
                self.seen().token = Some((Instant::now(), token.clone()));
                Ok(token)
            }
            // A file that is just being replaced: what was good before still is.
            other => known.map(|(_, token)| token).or(written).ok_or_else(|| {
                let why = other.err().unwrap_or_else(|| format!("{} is empty", file.display()));
                Fault::new(FaultClass::Credentials, &format!("token file: {why}"))
            }),
        }
    }

    async fn identity(&self, certificate: &Material, key: &Material) -> Result<Arc<Identity>, Fault> {
        let known = self.seen().identity.clone();
        let in_files = matches!(certificate, Material::File(_)) || matches!(key, Material::File(_));
        if let Some((read, identity)) = &known
            && (!in_files || read.elapsed() < READ_AGAIN)
        {
            return Ok(identity.clone());
        }
        let (of_certificate, of_key) = (certificate.clone(), key.clone());
        let pem =
            tokio::task::spawn_blocking(move || Ok::<_, String>((of_certificate.pem()?, of_key.pem()?)));
        let pem = pem.await.unwrap_or_else(|_| Err("cannot be read".to_owned()));
        match (pem, known) {
            (Ok((certificate, key)), known) => {
                let same = known
                    .as_ref()
                    .map(|(_, identity)| identity)
                    .filter(|identity| identity.is(certificate.expose_secret(), key.expose_secret()));
                let identity = same
                    .cloned()
                    .unwrap_or_else(|| Arc::new(Identity::new(certificate.expose_secret().to_owned(), key)));
                self.seen().identity = Some((Instant::now(), identity.clone()));
                Ok(identity)
            }
            (Err(_), Some((_, identity))) => Ok(identity),
            (Err(why), None) => {
                Err(Fault::new(FaultClass::Credentials, &format!("client certificate: {why}")))
            }
        }
    }

    /// The server did not accept it: what was read or given is not used again. What can be said about the reason.
    pub fn refused(&self, signed: &Signed) -> Option<Refused> {
        let mut seen = self.seen();
        seen.token = None;
        if let Some((read, _)) = &mut seen.identity {
            *read -= READ_AGAIN;
        }
        drop(seen);
        if let (Some((plugins, plugin)), Some(credential)) = (&self.plugin, &signed.credential) {
            plugins.refused(plugin, credential);
            return signed.fresh.then_some(Refused::Unknown(
                "signed in, but this cluster does not know the identity (on EKS: an access entry or an aws-auth mapping is missing)",
            ));
        }
        self.expired().map(Refused::Expired)
    }

    /// It signs in by a certificate that stands in the kubeconfig or in a file of its own.
    pub fn has_certificate(&self) -> bool {
        self.user.auth() == Auth::ClientCert
    }

    /// That the credential has run out, in words, by this machine's clock.
    pub fn expired(&self) -> Option<String> {
        let (what, at) = self.expires()?;
        let now = self.clock.now();
        (at <= now).then(|| format!("the {what} expired at {at}; fetch the kubeconfig anew"))
    }

    /// What of it runs out, and when: a certificate, or a token that says so.
    pub fn expires(&self) -> Option<(&'static str, Timestamp)> {
        expires(&self.user)
    }
}

/// What of a user entry runs out, and when. Reads the certificate's file, where it is in one.
pub fn expires(user: &UserEntry) -> Option<(&'static str, Timestamp)> {
    let token = match user.auth() {
        Auth::Token => user.token.as_ref().and_then(|t| expiry::of_token(t.expose_secret())),
        Auth::TokenFile => {
            let text = std::fs::read_to_string(user.token_file.as_ref()?).ok()?;
            expiry::of_token(text.trim())
        }
        Auth::AuthProvider(_) => {
            let (_, known) = user.auth_provider.as_ref()?;
            known.get("id-token").and_then(|t| expiry::of_token(t.expose_secret()))
        }
        Auth::ClientCert => {
            let pem = user.certificate.as_ref()?.pem().ok()?;
            return expiry::of_certificate(pem.expose_secret()).map(|at| ("client certificate", at));
        }
        Auth::Basic | Auth::Exec(_) | Auth::None => None,
    };
    token.map(|at| ("token", at))
}

async fn read(file: &Path) -> Result<String, String> {
    let read = tokio::time::timeout(Duration::from_secs(5), tokio::fs::read_to_string(file)).await;
    match read {
        Ok(Ok(text)) => Ok(text),
        Ok(Err(error)) => Err(format!("{}: {error}", file.display())),
        Err(_) => Err(format!("{}: cannot be read within 5 s", file.display())),
    }
}

/// A header that no log shows.
fn secret_header(value: &str) -> Result<HeaderValue, Fault> {
    let mut header = HeaderValue::from_str(value).map_err(|_| {
        Fault::new(FaultClass::Credentials, "the credential holds characters that no request can carry")
    })?;
    header.set_sensitive(true);
    Ok(header)
}
