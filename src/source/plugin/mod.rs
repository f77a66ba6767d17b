//! Stub.
#![expect(missing_docs, reason = "stub")]
use crate::source::fault::Fault;
use secrecy::SecretString;
use std::path::PathBuf;
use std::sync::Arc;
#[derive(Clone)]
pub struct Plugin {
    pub command: String,
    pub args: Vec<String>,
    pub env: Vec<(String, SecretString)>,
    pub api_version: String,
    pub interactive: Interactive,
    pub install_hint: Option<String>,
    pub cluster: Option<serde_json::Value>,
    pub file: Option<PathBuf>,
    pub context: String,
}
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interactive {
    Never,
    IfAvailable,
    Always,
    Missing,
    Unknown(String),
}
pub struct Credential {
    pub token: Option<SecretString>,
    pub certificate: Option<(String, SecretString)>,
    pub expires: Option<jiff::Timestamp>,
}
#[derive(Clone, Default)]
pub struct Plugins;
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct PluginFault;
impl From<PluginFault> for Fault {
    fn from(_: PluginFault) -> Self {
        Fault::new(crate::source::fault::FaultClass::Credentials, "x")
    }
}
impl Plugins {
    pub async fn credential(&self, _p: &Plugin) -> Result<Arc<Credential>, PluginFault> {
        Err(PluginFault)
    }
    pub fn refused(&self, _p: &Plugin, _c: &Arc<Credential>) {}
}
