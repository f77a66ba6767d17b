//! Columns of `Namespace`, `ConfigMap`, `Secret`, `ServiceAccount`, `Lease` and `CustomResourceDefinition`.
//!
//! Architecture invariant: no value of a Secret is read here, only how many keys it has. Called by `columns`.

use jiff::Timestamp;
use serde_json::Value;

use super::json::{ago, cell, condition, count, joined, list, text, texts};
use super::{Column, View, always_ok};
use crate::domain::health::Health;
use crate::domain::text::SafeText;

pub(super) const NAMESPACE: View =
    View { columns: &[Column::text("STATUS")], cells: namespace, health: namespace_health };

fn namespace(o: &Value, _: Timestamp) -> Vec<SafeText> {
    vec![cell(o, "/status/phase")]
}

fn namespace_health(o: &Value) -> Health {
    if text(o, "/status/phase") == "Terminating" { Health::Progressing } else { Health::Ok }
}

pub(super) const CONFIG_MAP: View =
    View { columns: &[Column::number("DATA"), Column::wide("KEYS")], cells: config_map, health: always_ok };

fn config_map(o: &Value, _: Timestamp) -> Vec<SafeText> {
    vec![SafeText::from(keys_count(o)), keys(o)]
}

pub(super) const SECRET: View = View {
    columns: &[Column::text("TYPE"), Column::number("DATA"), Column::wide("KEYS")],
    cells: secret,
    health: always_ok,
};

fn secret(o: &Value, _: Timestamp) -> Vec<SafeText> {
    vec![cell(o, "/type"), SafeText::from(keys_count(o)), keys(o)]
}

fn keys_count(o: &Value) -> String {
    (count(o, "/data") + count(o, "/binaryData")).to_string()
}

fn keys(o: &Value) -> SafeText {
    let keys = ["/data", "/binaryData"].into_iter().filter_map(|path| super::json::map(o, path));
    joined(keys.flat_map(|map| map.keys().cloned()), 5)
}

pub(super) const SERVICE_ACCOUNT: View =
    View { columns: &[Column::number("SECRETS")], cells: service_account, health: always_ok };

fn service_account(o: &Value, _: Timestamp) -> Vec<SafeText> {
    vec![SafeText::from(count(o, "/secrets").to_string())]
}

pub(super) const LEASE: View = View {
    columns: &[Column::text("HOLDER"), Column::number("RENEWED"), Column::wide("SECONDS")],
    cells: lease,
    health: always_ok,
};

fn lease(o: &Value, now: Timestamp) -> Vec<SafeText> {
    vec![
        cell(o, "/spec/holderIdentity"),
        ago(o, &["/spec/renewTime", "/spec/acquireTime"], now),
        cell(o, "/spec/leaseDurationSeconds"),
    ]
}

pub(super) const DEFINITION: View = View {
    columns: &[
        Column::text("GROUP"),
        Column::text("KIND"),
        Column::text("VERSIONS"),
        Column::text("SCOPE"),
        Column::wide("SHORT"),
    ],
    cells: definition,
    health: definition_health,
};

fn definition(o: &Value, _: Timestamp) -> Vec<SafeText> {
    let served = list(o, "/spec/versions").filter(|v| v.get("served") == Some(&Value::Bool(true)));
    vec![
        cell(o, "/spec/group"),
        cell(o, "/spec/names/kind"),
        joined(served.map(|v| text(v, "/name").to_owned()), 5),
        cell(o, "/spec/scope"),
        texts(o, "/spec/names/shortNames"),
    ]
}

fn definition_health(o: &Value) -> Health {
    if condition(o, "NamesAccepted", "False") {
        Health::Down
    } else if condition(o, "Established", "False") {
        Health::Progressing
    } else {
        Health::Ok
    }
}
