//! Looking at one object: as YAML, and at what uses it. For people it is described by [`super::describe`].

mod used_by;

pub(super) use used_by::refers;
pub use used_by::{USED, used_by};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::domain::diff::{self, to_yaml};
use crate::domain::id::ObjectKey;
use crate::source::api;
use crate::source::discovery;
use crate::source::fault::{Fault, FaultClass};

use super::session::Session;

/// The object as the server has it now.
pub(super) async fn fetch(session: &Session, key: &ObjectKey) -> Result<Value, Fault> {
    let client = session.client(key.cluster).await?;
    let found = async {
        let what = discovery::resource(&client, key.kind).await?;
        api::get(&client, &what, &key.namespace, &key.name).await
    };
    let found = found.await;
    if let Err(fault) = &found {
        session.heed(key.cluster, fault);
    }
    found?.ok_or_else(|| Fault::new(FaultClass::NotFound, &format!("{} is gone", key.target())))
}

/// The object as YAML, without managedFields; values of Secrets are masked unless asked for.
pub async fn yaml(session: &Session, key: &ObjectKey, show_secrets: bool) -> Result<String, Fault> {
    Ok(as_yaml(fetch(session, key).await?, show_secrets))
}

/// A secret as YAML, with its values in plain text: what is no text is said by its length.
pub async fn decoded(session: &Session, key: &ObjectKey) -> Result<String, Fault> {
    let mut object = fetch(session, key).await?;
    for value in
        object.get_mut("data").and_then(Value::as_object_mut).into_iter().flat_map(|m| m.values_mut())
    {
        let bytes = value.as_str().and_then(|text| BASE64_STANDARD.decode(text).ok());
        if let Some(bytes) = bytes {
            *value = match String::from_utf8(bytes) {
                Ok(text) => Value::from(text),
                Err(error) => Value::from(format!("({} bytes, no text)", error.as_bytes().len())),
            };
        }
    }
    Ok(as_yaml(object, true))
}

/// An object that was fetched as [`yaml`] shows it.
pub fn as_yaml(mut object: Value, show_secrets: bool) -> String {
    if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.remove("managedFields");
    }
    if !show_secrets {
        object = diff::masked_alone(&object);
    }
    to_yaml(&object)
}
