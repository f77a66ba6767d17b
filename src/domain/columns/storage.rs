//! Columns of `PersistentVolume`, `PersistentVolumeClaim` and `StorageClass`.
//!
//! Called by `columns`.

use jiff::Timestamp;
use serde_json::Value;

use super::json::{cell, joined, list, scalar, text};
use super::{Column, View, always_ok};
use crate::domain::health::Health;
use crate::domain::text::SafeText;

pub(super) const VOLUME: View = View {
    columns: &[
        Column::number("CAPACITY"),
        Column::text("MODES"),
        Column::text("RECLAIM"),
        Column::text("STATUS"),
        Column::text("CLAIM"),
        Column::text("STORAGECLASS"),
        Column::wide("REASON"),
    ],
    cells: volume,
    health: volume_health,
};

fn volume(o: &Value, _: Timestamp) -> Vec<SafeText> {
    let claim = match text(o, "/spec/claimRef/name") {
        "" => String::new(),
        name => format!("{}/{name}", text(o, "/spec/claimRef/namespace")),
    };
    vec![
        cell(o, "/spec/capacity/storage"),
        modes(o, "/spec/accessModes"),
        cell(o, "/spec/persistentVolumeReclaimPolicy"),
        status(o),
        SafeText::from(claim),
        cell(o, "/spec/storageClassName"),
        cell(o, "/status/reason"),
    ]
}

fn volume_health(o: &Value) -> Health {
    match text(o, "/status/phase") {
        "Failed" => Health::Down,
        "Pending" => Health::Progressing,
        _ => Health::Ok,
    }
}

pub(super) const CLAIM: View = View {
    columns: &[
        Column::text("STATUS"),
        Column::text("VOLUME"),
        Column::number("CAPACITY"),
        Column::text("MODES"),
        Column::text("STORAGECLASS"),
        Column::wide("REQUEST"),
    ],
    cells: claim,
    health: claim_health,
};

fn claim(o: &Value, _: Timestamp) -> Vec<SafeText> {
    let granted = text(o, "/status/phase") == "Bound";
    let modes_at = if granted { "/status/accessModes" } else { "/spec/accessModes" };
    vec![
        status(o),
        cell(o, "/spec/volumeName"),
        cell(o, "/status/capacity/storage"),
        modes(o, modes_at),
        cell(o, "/spec/storageClassName"),
        cell(o, "/spec/resources/requests/storage"),
    ]
}

fn claim_health(o: &Value) -> Health {
    match text(o, "/status/phase") {
        "Bound" => Health::Ok,
        "Lost" => Health::Down,
        _ => Health::Progressing,
    }
}

pub(super) const CLASS: View = View {
    columns: &[
        Column::text("DEFAULT"),
        Column::text("PROVISIONER"),
        Column::text("RECLAIM"),
        Column::text("BINDING"),
        Column::text("EXPANSION"),
    ],
    cells: class,
    health: always_ok,
};

fn class(o: &Value, _: Timestamp) -> Vec<SafeText> {
    let default = text(o, "/metadata/annotations/storageclass.kubernetes.io~1is-default-class") == "true";
    let expands = o.pointer("/allowVolumeExpansion") == Some(&Value::Bool(true));
    vec![
        SafeText::new(if default { "yes" } else { "" }),
        cell(o, "/provisioner"),
        cell(o, "/reclaimPolicy"),
        cell(o, "/volumeBindingMode"),
        SafeText::new(if expands { "yes" } else { "no" }),
    ]
}

/// The phase, or that it is on its way out.
fn status(o: &Value) -> SafeText {
    if text(o, "/metadata/deletionTimestamp").is_empty() {
        cell(o, "/status/phase")
    } else {
        SafeText::new("Terminating")
    }
}

/// `RWO,ROX`, as kubectl shortens them.
fn modes(o: &Value, path: &str) -> SafeText {
    let short = list(o, path).map(|m| match scalar(m).as_str() {
        "ReadWriteOnce" => "RWO".to_owned(),
        "ReadOnlyMany" => "ROX".to_owned(),
        "ReadWriteMany" => "RWX".to_owned(),
        "ReadWriteOncePod" => "RWOP".to_owned(),
        other => other.to_owned(),
    });
    joined(short, usize::MAX)
}
