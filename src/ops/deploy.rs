//! stub

use super::session::Session;
use crate::domain::id::ClusterId;
use crate::domain::plan::Plan;
/// r
pub async fn read(_: &std::path::Path) -> Result<String, String> { Ok(String::new()) }
/// p
pub async fn plan(_: &Session, _: &str, _: &[ClusterId], _: &str, _: &str) -> Result<Plan, String> { Err(String::new()) }
