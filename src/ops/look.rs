//! stub

use super::session::Session;
use crate::domain::id::ObjectKey;
use crate::source::fault::Fault;
/// d
pub async fn describe(_: &Session, _: &ObjectKey) -> Result<String, Fault> { Ok(String::new()) }
/// y
pub async fn yaml(_: &Session, _: &ObjectKey, _: bool) -> Result<String, Fault> { Ok(String::new()) }
