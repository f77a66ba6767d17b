//! A kind that is not built in, watched as its server prints it (`meta.k8s.io/v1` Table): of any CRD its printer columns, of
//! any other API what `kubectl get` shows.
//!
//! A row is a Table's row; a watch sends Tables of one row. Called by `watch`.

use std::borrow::Cow;

use http::{HeaderValue, Request, header};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::{Api, ApiResource};
use kube::core::DynamicResourceScope;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::reading::Rows;
use super::watch::{Said, api_resource};
use super::watcher::Watcher;
use crate::domain::columns::served::{self, Definition};
use crate::domain::health::Health;
use crate::domain::kind::Kind;
use crate::domain::object::OtherRow;
use crate::fleet::delta::{Delta, Row};
use crate::source::api::TABLE;
use crate::source::discovery;
use crate::source::slim::{meta, slim_meta};

/// Asks for the Table in the place of the objects, and perhaps for the whole objects beside its rows.
pub(super) fn in_this_form(asked: &mut Request<Vec<u8>>, with_objects: bool) {
    asked.headers_mut().insert(header::ACCEPT, HeaderValue::from_static(TABLE));
    if with_objects {
        let uri = asked.uri().to_string();
        let next = if uri.contains('?') { '&' } else { '?' };
        if let Ok(uri) = format!("{uri}{next}includeObject=Object").parse() {
            *asked.uri_mut() = uri;
        }
    }
}

/// A row of a Table with the metadata of its object; the same out of a Table of one row, and out of an object.
#[derive(Clone, Debug)]
pub(super) struct Printed {
    metadata: ObjectMeta,
    cells: Vec<Value>,
    /// Where it came with a Table of its own that says them.
    columns: Vec<Definition>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    #[serde(default)]
    column_definitions: Option<Vec<Definition>>,
    #[serde(default)]
    rows: Option<Vec<RawRow>>,
    #[serde(flatten)]
    row: RawRow,
    #[serde(default, deserialize_with = "slim_meta")]
    metadata: ObjectMeta,
}

#[derive(Deserialize)]
struct RawRow {
    #[serde(default)]
    cells: Option<Vec<Value>>,
    #[serde(default)]
    object: Option<RawObject>,
}

#[derive(Deserialize)]
struct RawObject {
    #[serde(default, deserialize_with = "slim_meta")]
    metadata: ObjectMeta,
}

impl<'de> Deserialize<'de> for Printed {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let raw = Raw::deserialize(d)?;
        let row = raw.rows.and_then(|rows| rows.into_iter().next()).unwrap_or(raw.row);
        Ok(Self {
            metadata: row.object.map_or(raw.metadata, |object| object.metadata),
            cells: row.cells.unwrap_or_default(),
            columns: raw.column_definitions.unwrap_or_default(),
        })
    }
}

impl kube::Resource for Printed {
    type DynamicType = ApiResource;
    type Scope = DynamicResourceScope;
    fn kind(of: &ApiResource) -> Cow<'_, str> {
        of.kind.as_str().into()
    }
    fn group(of: &ApiResource) -> Cow<'_, str> {
        of.group.as_str().into()
    }
    fn version(of: &ApiResource) -> Cow<'_, str> {
        of.version.as_str().into()
    }
    fn plural(of: &ApiResource) -> Cow<'_, str> {
        of.plural.as_str().into()
    }
    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

/// How rows are made of it.
struct Tabled(Kind);

impl Rows<Printed> for Tabled {
    /// All cells as they were sent: the fleet puts them in their places.
    fn row(&self, object: Printed) -> Row {
        let cells = object.cells.iter().map(served::cell).collect();
        let meta = meta(&object.metadata);
        Row::Other(Box::new(OtherRow { kind: self.0, meta, cells, health: Health::Ok }))
    }

    fn columns<'a>(&self, object: &'a Printed) -> &'a [Definition] {
        &object.columns
    }

    /// Beside a row of a list; in an event beside the one row of its Table.
    fn whole<'a>(&self, read: &'a Value) -> &'a Value {
        let in_event = read.pointer("/rows/0/object");
        // A server that makes no Tables sends the object itself.
        in_event.or_else(|| read.get("cells").and_then(|_| read.get("object"))).unwrap_or(read)
    }
}

/// Watches a kind that is not built in until nobody hears it.
pub(super) async fn watch(client: Client, mut watcher: Watcher) -> Option<()> {
    let kind = watcher.kind;
    watcher.say(Said::Delta(Delta::Loading { kind, done: 0, total: None })).await?;
    loop {
        watcher.gate.open().await?;
        watcher.turn = watcher.gate.turn();
        // In which version, says the server.
        let asked = discovery::resource(&client, kind);
        match watcher.gate.unless_shut(watcher.turn, asked).await {
            None => {}
            Some(Err(fault)) => watcher.trouble(fault).await?,
            Some(Ok(resource)) => {
                let what = api_resource(&resource);
                let own = watcher.own.as_ref().map(|ns| Api::namespaced_with(client.clone(), ns, &what));
                let all: Api<Printed> = Api::all_with(client.clone(), &what);
                // It ends when that version is served no more.
                watcher.run(all, own, Tabled(kind)).await?;
            }
        }
    }
}
