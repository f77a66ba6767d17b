//! Admission: what a write must be before it is stored. Namespace, defaults, validation, quota, unknown fields.
//! Never: storing. Called by the server's write paths and by controllers that create pods.

mod defaults;
mod limits;
mod quota;
mod schema;
mod validate;

pub(crate) use defaults::{base64, count_template, defaults, inherit};
pub(crate) use quota::{Refusal, quota, used};
pub(crate) use schema::{ill_typed, read, undeclared, unknown_fields};
pub(crate) use validate::validate;

use serde_json::json;

use super::json as j;
use super::status::{Answer, ApiError};
use super::store::World;
use super::table::{self, Resource};

/// The namespace exists and is not going away.
pub(crate) fn namespace_open(world: &World, res: &Resource, ns: &str, name: &str) -> Answer<()> {
    let Some(namespace) = world.get(table::NAMESPACE, "", ns) else {
        return Err(ApiError::not_found(&world.resource(table::NAMESPACE), ns));
    };
    if namespace.deleting {
        let why = format!("unable to create new content in namespace {ns} because it is being terminated");
        let mut error = ApiError::forbidden(res, name, &why);
        j::set(
            &mut error.details,
            "causes",
            json!([{"reason": "NamespaceTerminating", "message": format!("namespace {ns} is being terminated"),
                "field": "metadata.namespace"}]),
        );
        return Err(error);
    }
    Ok(())
}
