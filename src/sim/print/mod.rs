//! The `Table` form of objects: what `kubectl get` prints. Columns and cells follow the API server's own printers
//! (`pkg/printers/internalversion` of Kubernetes 1.36), those of a CRD its `additionalPrinterColumns`.
//! Never: the product's columns (`domain::columns`); the simulation must not be judged by what it is to judge.
//! Called by lists, reads and watches.

mod cells;
mod pods;
mod policy;
mod rest;
mod workloads;

use serde_json::{Value, json};
use serde_json_path::JsonPath;

use super::clock::{self, Millis};
use super::json as j;
use super::object::Stored;
use super::store::World;
use super::table::{self, KindId, Resource};

/// A column: title, type, priority (above 0: only in wide tables).
type Column = (&'static str, &'static str, i64);

/// How a kind is printed. The first column is the name, unless a kind says otherwise.
struct Printer {
    columns: &'static [Column],
    /// As many as there are columns.
    cells: fn(&Value, Millis) -> Vec<Value>,
}

/// What of an object stands beside its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beside {
    Nothing,
    Metadata,
    Object,
}

/// A wish for a table, out of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    version: &'static str,
    beside: Beside,
}

impl Wish {
    /// Reads `Accept` and `includeObject`; `None`: objects are wanted as they are.
    pub(crate) fn of(accept: &str, include: Option<&str>) -> Option<Self> {
        let first = accept.split(',').next().unwrap_or("");
        if !first.contains("as=Table") {
            return None;
        }
        let version = if first.contains("v=v1beta1") { "v1beta1" } else { "v1" };
        let beside = match include {
            Some("None") => Beside::Nothing,
            Some("Object") => Beside::Object,
            _ => Beside::Metadata,
        };
        Some(Self { version, beside })
    }
}

/// Prints objects of one kind.
pub(crate) struct Press {
    wish: Wish,
    res: std::sync::Arc<Resource>,
    printer: Option<Printer>,
    /// Of a CRD: definition and path of each column.
    own: Vec<(Value, Path)>,
}

impl Press {
    /// For a kind.
    pub(crate) fn new(world: &World, kind: KindId, wish: Wish) -> Self {
        let res = world.resource(kind);
        let own = if res.custom { own_columns(world, &res) } else { Vec::new() };
        Self { wish, res, printer: printer(kind), own }
    }

    /// The whole table.
    pub(crate) fn table(&self, objects: &[std::sync::Arc<Stored>], meta: Value, now: Millis) -> Value {
        let rows: Vec<Value> = objects.iter().map(|o| self.row(&o.value(), now)).collect();
        self.framed(Value::Array(rows), meta, true)
    }

    /// One object of a watch; the columns are said once.
    pub(crate) fn event(&self, object: &Value, now: Millis, first: bool) -> Value {
        let meta = json!({"resourceVersion": j::text(object, "metadata.resourceVersion")});
        self.framed(json!([self.row(object, now)]), meta, first)
    }

    /// A bookmark of a watch.
    pub(crate) fn bookmark(&self, object: &Value) -> Value {
        let meta = json!({"resourceVersion": j::text(object, "metadata.resourceVersion")});
        let mut row = json!({"cells": []});
        if self.wish.beside != Beside::Nothing {
            j::set(&mut row, "object", self.beside(object));
        }
        self.framed(json!([row]), meta, false)
    }

    fn framed(&self, rows: Value, meta: Value, columns: bool) -> Value {
        let columns = if columns { self.columns() } else { Value::Null };
        json!({"kind": "Table", "apiVersion": format!("meta.k8s.io/{}", self.wish.version), "metadata": meta,
            "columnDefinitions": columns, "rows": rows})
    }

    fn columns(&self) -> Value {
        let one = |(name, kind, priority): &Column| {
            let format = if *name == "Name" { "name" } else { "" };
            json!({"name": name, "type": kind, "format": format, "description": "", "priority": priority})
        };
        match &self.printer {
            Some(printer) => printer.columns.iter().map(one).collect(),
            None if !self.own.is_empty() => {
                let name = one(&("Name", "string", 0));
                std::iter::once(name).chain(self.own.iter().map(|(column, _)| column.clone())).collect()
            }
            None if self.res.custom => ["Name", "Age"].iter().map(|n| one(&(n, "string", 0))).collect(),
            None => PLAIN.iter().map(one).collect(),
        }
    }

    fn row(&self, object: &Value, now: Millis) -> Value {
        let name = json!(j::text(object, "metadata.name"));
        let cells = match &self.printer {
            Some(printer) => (printer.cells)(object, now),
            None if !self.own.is_empty() => std::iter::once(name)
                .chain(self.own.iter().map(|(column, path)| own_cell(column, path, object, now)))
                .collect(),
            None if self.res.custom => vec![name, cells::age(object, now)],
            None => vec![name, json!(j::text(object, "metadata.creationTimestamp"))],
        };
        let mut row = json!({"cells": cells});
        if self.wish.beside != Beside::Nothing {
            j::set(&mut row, "object", self.beside(object));
        }
        row
    }

    fn beside(&self, object: &Value) -> Value {
        if self.wish.beside == Beside::Object {
            let mut whole = object.clone();
            j::set(&mut whole, "apiVersion", self.res.api_version());
            j::set(&mut whole, "kind", self.res.kind.to_string());
            return whole;
        }
        json!({"kind": "PartialObjectMetadata", "apiVersion": format!("meta.k8s.io/{}", self.wish.version),
            "metadata": j::at(object, "metadata")})
    }
}

/// Kinds without a printer.
const PLAIN: &[Column] = &[("Name", "string", 0), ("Created At", "date", 0)];

fn printer(kind: KindId) -> Option<Printer> {
    Some(match kind {
        table::POD => pods::POD,
        table::NODE => pods::NODE,
        table::DEPLOYMENT => workloads::DEPLOYMENT,
        table::REPLICASET | table::REPLICATIONCONTROLLER => workloads::REPLICA_SET,
        table::STATEFULSET => workloads::STATEFUL_SET,
        table::DAEMONSET => workloads::DAEMON_SET,
        table::JOB => workloads::JOB,
        table::CRONJOB => workloads::CRON_JOB,
        table::CONTROLLERREVISION => workloads::REVISION,
        table::HPA => policy::AUTOSCALER,
        table::PDB => policy::BUDGET,
        table::RESOURCEQUOTA => policy::QUOTA,
        table::PRIORITYCLASS => policy::PRIORITY,
        table::NETWORKPOLICY => policy::NETWORK,
        table::ROLEBINDING | table::CLUSTERROLEBINDING => policy::BINDING,
        table::SERVICE => rest::SERVICE,
        table::INGRESS => rest::INGRESS,
        table::INGRESSCLASS => rest::INGRESS_CLASS,
        table::ENDPOINTS => rest::ENDPOINTS,
        table::ENDPOINTSLICE => rest::SLICE,
        table::NAMESPACE => rest::NAMESPACE,
        table::SECRET => rest::SECRET,
        table::CONFIGMAP => rest::CONFIG_MAP,
        table::SERVICEACCOUNT => rest::ACCOUNT,
        table::PV => rest::VOLUME,
        table::PVC => rest::CLAIM,
        table::STORAGECLASS => rest::CLASS,
        table::EVENT => rest::EVENT,
        table::LEASE => rest::LEASE,
        table::VOLUMEATTACHMENT => rest::ATTACHMENT,
        table::APISERVICE => rest::API_SERVICE,
        table::MUTATINGWEBHOOK | table::VALIDATINGWEBHOOK => rest::WEBHOOK,
        _ => return None,
    })
}

/// The columns a CRD asks for in this version.
fn own_columns(world: &World, res: &Resource) -> Vec<(Value, Path)> {
    let Some(crd) = world.get(table::CRD, "", &format!("{}.{}", res.plural, res.group)) else {
        return Vec::new();
    };
    let value = crd.value();
    let version = j::list(&value, "spec.versions").iter().find(|v| j::text(v, "name") == res.version);
    version
        .map(|v| j::list(v, "additionalPrinterColumns"))
        .unwrap_or_default()
        .iter()
        .map(|c| {
            let column = json!({"name": j::text(c, "name"), "type": j::text(c, "type"), "format": j::text(c, "format"),
                "description": j::text(c, "description"), "priority": j::int(c, "priority").unwrap_or(0)});
            (column, Path::of(j::text(c, "jsonPath").trim_start_matches('.')))
        })
        .collect()
}

/// Where a column of a CRD finds its cell.
enum Path {
    /// By steps of names, as most do.
    Steps(String),
    /// With filters and places in lists.
    Json(JsonPath),
}

impl Path {
    fn of(text: &str) -> Self {
        let json = text.contains('[').then(|| JsonPath::parse(&format!("$.{text}")).ok()).flatten();
        json.map_or_else(|| Self::Steps(text.to_owned()), Self::Json)
    }

    fn find<'a>(&self, object: &'a Value) -> &'a Value {
        match self {
            Self::Steps(steps) => j::at(object, steps),
            Self::Json(path) => path.query(object).first().unwrap_or(&Value::Null),
        }
    }
}

fn own_cell(column: &Value, path: &Path, object: &Value, now: Millis) -> Value {
    let value = path.find(object);
    match (j::text(column, "type"), value) {
        ("date", Value::String(text)) => match clock::parse(text) {
            Some(at) => json!(cells::since(at, now)),
            None => json!("<unknown>"),
        },
        ("string", Value::Number(n)) => json!(n.to_string()),
        ("string", Value::Bool(b)) => json!(b.to_string()),
        (_, Value::Null) => Value::Null,
        ("string", Value::Array(_) | Value::Object(_)) => json!(value.to_string()),
        _ => value.clone(),
    }
}
