//! Single calls to an API server: get, list, apply, patch, scale, delete, and what they answer as JSON.
//!
//! The writes here are called by `ops` only, after a plan was shown and confirmed.

use std::collections::BTreeSet;
use std::time::Duration;

use http::{Method, Request};
use jiff::Timestamp;
use kube::Client;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use super::answer::{MOST_BYTES, whole};
use super::fault::{Fault, FaultClass};
use crate::domain::columns::served::{self, Definition};
use crate::domain::kind::{Kind, Served};
use crate::domain::text::SafeText;

/// The field manager of every apply and patch of ours: fixed, never per user, so that two runs never fight.
pub const FIELD_MANAGER: &str = "skyfleet";

/// How long any single answer may take, its body included: no call hangs for ever.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Items of one list, over all its pages. Beyond any cluster there is: a server that never ends would fill the memory.
const MOST_ITEMS: usize = 500_000;

/// A resource of the API: where objects of one kind are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// Empty for the core group.
    pub group: String,
    /// `v1`.
    pub version: String,
    /// `deployments`.
    pub plural: String,
    /// `Deployment`.
    pub kind: String,
    /// Lives in a namespace.
    pub namespaced: bool,
}

impl From<Kind> for Resource {
    /// Of a kind that is not built in another server may prefer another version: [`super::discovery::resource`] asks.
    fn from(kind: Kind) -> Self {
        let info = kind.info();
        Self {
            group: info.group.to_owned(),
            version: info.version.to_owned(),
            plural: info.plural.to_owned(),
            kind: info.name.to_owned(),
            namespaced: info.namespaced,
        }
    }
}

impl From<&Served> for Resource {
    fn from(served: &Served) -> Self {
        Self {
            group: served.group.clone(),
            version: served.version.clone(),
            plural: served.plural.clone(),
            kind: served.name.clone(),
            namespaced: served.namespaced,
        }
    }
}

impl Resource {
    /// `apps/v1`, or `v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Says in an object of it what it is: lists leave that out.
    pub(super) fn name_in(&self, object: &mut Value) {
        if let Some(object) = object.as_object_mut() {
            object.entry("apiVersion").or_insert_with(|| self.api_version().into());
            object.entry("kind").or_insert_with(|| self.kind.clone().into());
        }
    }

    /// The path of the collection, or of one object.
    pub fn path(&self, namespace: Option<&str>, name: Option<&str>) -> String {
        let mut path = if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        };
        if let Some(ns) = namespace.filter(|ns| self.namespaced && !ns.is_empty()) {
            path.push_str("/namespaces/");
            path.push_str(&escape(ns));
        }
        path.push('/');
        path.push_str(&self.plural);
        if let Some(name) = name {
            path.push('/');
            path.push_str(&escape(name));
        }
        path
    }
}

/// Percent-encodes what may not stand in a path segment or a query value.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(b));
        } else {
            out.push('%');
            out.push_str(&format!("{b:02X}"));
        }
    }
    out
}

fn request(
    method: Method,
    path: &str,
    content_type: Option<&str>,
    body: Vec<u8>,
) -> Result<Request<Vec<u8>>, Fault> {
    let mut builder = Request::builder().method(method).uri(path);
    if let Some(content_type) = content_type {
        builder = builder.header(http::header::CONTENT_TYPE, content_type);
    }
    builder.body(body).map_err(|e| Fault::new(FaultClass::Other, &format!("bad request {path}: {e}")))
}

/// GET of any path, as that type.
pub async fn read<T: DeserializeOwned>(client: &Client, path: &str) -> Result<T, Fault> {
    read_as(client, path, None).await
}

/// The same in one of these forms (`Accept`).
pub(super) async fn read_as<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    form: Option<&'static str>,
) -> Result<T, Fault> {
    let mut asked = request(Method::GET, path, None, Vec::new())?;
    if let Some(form) = form {
        asked.headers_mut().insert(http::header::ACCEPT, http::HeaderValue::from_static(form));
    }
    match timeout(ANSWER_LIMIT, whole(client, asked, MOST_BYTES)).await {
        Ok(answer) => answer,
        Err(_) => {
            // Selectors and tokens say nothing to a person.
            let path = path.split('?').next().unwrap_or(path);
            Err(Fault::timeout(&format!("GET {path}"), ANSWER_LIMIT.as_secs()))
        }
    }
}

/// The pages of one list: whether there is a next one that is worth asking for.
#[derive(Default)]
pub(super) struct Pages {
    seen: BTreeSet<String>,
}

impl Pages {
    /// The token of the next page, after so many items in all; `None` after the last.
    pub(super) fn next(&mut self, items: usize, token: Option<&str>) -> Result<Option<String>, Fault> {
        let Some(token) = token.filter(|t| !t.is_empty()) else { return Ok(None) };
        if !self.seen.insert(token.to_owned()) {
            let words = "the list has no end: the server gave the same continue token twice";
            return Err(Fault::new(FaultClass::Other, words));
        }
        if items >= MOST_ITEMS {
            let words = format!("the list has more than {MOST_ITEMS} items; it was not read further");
            return Err(Fault::new(FaultClass::Other, &words));
        }
        Ok(Some(token.to_owned()))
    }
}

/// `gitVersion`.
pub async fn version(client: &Client) -> Result<SafeText, Fault> {
    let info: Value = read(client, "/version").await?;
    Ok(SafeText::new(info.get("gitVersion").and_then(Value::as_str).unwrap_or("")))
}

/// What time the server says it is, by the `Date` of its answer; none where it does not say, or does not answer.
pub async fn time(client: &Client) -> Option<Timestamp> {
    let asked = Request::builder().uri("/version").body(kube::client::Body::empty()).ok()?;
    let answer = timeout(ANSWER_LIMIT, client.send(asked)).await.ok()?.ok()?;
    let date = answer.headers().get(http::header::DATE)?.to_str().ok()?;
    jiff::fmt::rfc2822::parse(date).ok().map(|zoned| zoned.timestamp())
}

/// Whether the server answers at all. Any HTTP answer but 401 means yes: `/readyz` may be forbidden or say "not yet".
pub async fn alive(client: &Client) -> Result<(), Fault> {
    let answer = client.request_text(request(Method::GET, "/readyz", None, Vec::new())?).await;
    match answer.map_err(Fault::from) {
        Ok(_) => Ok(()),
        Err(fault) if fault.code.is_some() && fault.class != FaultClass::Unauthorized => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// One object; `None` when there is none.
pub async fn get(
    client: &Client,
    what: &Resource,
    namespace: &str,
    name: &str,
) -> Result<Option<Value>, Fault> {
    match read(client, &what.path(Some(namespace), Some(name))).await {
        Ok(object) => Ok(Some(object)),
        Err(fault) if fault.class == FaultClass::NotFound && fault.reason == "NotFound" => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// One namespace, or all.
    pub namespace: Option<String>,
    /// `-l`.
    pub labels: Option<String>,
    /// `metadata.name=x`.
    pub fields: Option<String>,
}

/// An object of a list, with its row as the server prints it, where that was asked for.
#[derive(Clone, Debug)]
pub struct Found {
    /// The object, with the `apiVersion` and `kind` that lists leave out.
    pub object: Value,
    /// The cells, one for each column.
    pub cells: Vec<SafeText>,
}

/// A list as it was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    /// Where the server prints rows.
    pub(super) columns: Vec<Definition>,
    /// All objects.
    pub(super) found: Vec<Found>,
    /// A watch goes on from there.
    pub(super) version: String,
}

/// All objects, page by page.
pub async fn list(client: &Client, what: &Resource, options: &ListOptions) -> Result<Vec<Value>, Fault> {
    let listed = pages(client, what, options, None).await?;
    Ok(listed.found.into_iter().map(|one| one.object).collect())
}

/// All objects with their rows as the server prints them (`meta.k8s.io/v1` Table), and the columns of these; no columns where
/// it prints none.
pub async fn printed(
    client: &Client,
    what: &Resource,
    options: &ListOptions,
) -> Result<(Vec<Definition>, Vec<Found>), Fault> {
    let listed = pages(client, what, options, Some(TABLE)).await?;
    Ok((listed.columns, listed.found))
}

/// A Table where the server makes one, else the objects.
pub(super) const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

impl ListOptions {
    /// As further parts of a query.
    pub(super) fn selectors(&self) -> String {
        let all = [("labelSelector", &self.labels), ("fieldSelector", &self.fields)];
        let given = all.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
        given.map(|(key, value)| format!("&{key}={}", escape(value))).collect()
    }
}

/// Takes the objects out of a list or a Table, with their rows, and the columns.
pub(super) fn parts(page: &mut Value) -> (Vec<Definition>, Vec<Found>) {
    let mut taken = |field: &str| match page.get_mut(field).map(Value::take) {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let items = taken("items").into_iter().map(|object| Found { object, cells: Vec::new() });
    let mut found: Vec<Found> = items.collect();
    found.extend(taken("rows").into_iter().filter_map(|mut row| {
        let cells =
            row.get("cells").and_then(Value::as_array).into_iter().flatten().map(served::cell).collect();
        Some(Found { object: row.get_mut("object")?.take(), cells })
    }));
    (serde_json::from_value(taken("columnDefinitions").into()).unwrap_or_default(), found)
}

/// The pages of a list, as objects or in another form (`Accept`).
pub(super) async fn pages(
    client: &Client,
    what: &Resource,
    options: &ListOptions,
    form: Option<&'static str>,
) -> Result<Listed, Fault> {
    let base = what.path(options.namespace.as_deref(), None);
    // Of a Table the objects are asked for whole.
    let whole = if form.is_some() { "&includeObject=Object" } else { "" };
    let mut listed = Listed::default();
    let mut token: Option<String> = None;
    let mut pages = Pages::default();
    loop {
        let next = token.map_or_else(String::new, |token| format!("&continue={}", escape(&token)));
        let path = format!("{base}?limit=500{whole}{}{next}", options.selectors());
        let mut page: Value = read_as(client, &path, form).await?;
        let (columns, found) = parts(&mut page);
        listed.found.extend(found);
        if listed.columns.is_empty() {
            listed.columns = columns;
        }
        let said = |pointer: &str| page.pointer(pointer).and_then(Value::as_str);
        token = pages.next(listed.found.len(), said("/metadata/continue"))?;
        if token.is_none() {
            said("/metadata/resourceVersion").unwrap_or("").clone_into(&mut listed.version);
            break;
        }
    }
    for one in &mut listed.found {
        what.name_in(&mut one.object);
    }
    Ok(listed)
}

/// How to apply.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplyOptions {
    /// Let the server compute and check everything, and keep nothing.
    pub dry_run: bool,
    /// Take fields over from other managers.
    pub force: bool,
}

/// Server-side apply of one object.
pub async fn apply(
    client: &Client,
    what: &Resource,
    namespace: &str,
    name: &str,
    body: &Value,
    options: ApplyOptions,
) -> Result<Value, Fault> {
    let mut path = what.path(Some(namespace), Some(name));
    path.push_str(&format!("?fieldManager={FIELD_MANAGER}&fieldValidation=Strict"));
    if options.force {
        path.push_str("&force=true");
    }
    if options.dry_run {
        path.push_str("&dryRun=All");
    }
    send(client, Method::PATCH, &path, "application/apply-patch+yaml", body).await
}

/// A merge patch of one object.
pub async fn merge_patch(
    client: &Client,
    what: &Resource,
    namespace: &str,
    name: &str,
    body: &Value,
    dry_run: bool,
) -> Result<Value, Fault> {
    let mut path = what.path(Some(namespace), Some(name));
    path.push_str(&format!("?fieldManager={FIELD_MANAGER}"));
    if dry_run {
        path.push_str("&dryRun=All");
    }
    send(client, Method::PATCH, &path, "application/merge-patch+json", body).await
}

/// The scale subresource as it is.
pub async fn get_scale(
    client: &Client,
    what: &Resource,
    namespace: &str,
    name: &str,
) -> Result<Value, Fault> {
    read(client, &format!("{}/scale", what.path(Some(namespace), Some(name)))).await
}

/// Writes a scale subresource that was read before; its `resourceVersion` makes it fail when somebody was faster.
pub async fn put_scale(
    client: &Client,
    what: &Resource,
    namespace: &str,
    name: &str,
    scale: &Value,
    dry_run: bool,
) -> Result<Value, Fault> {
    let mut path = format!("{}/scale?fieldManager={FIELD_MANAGER}", what.path(Some(namespace), Some(name)));
    if dry_run {
        path.push_str("&dryRun=All");
    }
    send(client, Method::PUT, &path, "application/json", scale).await
}

/// Deletes one object, if it still is the one with that uid.
pub async fn delete(
    client: &Client,
    what: &Resource,
    namespace: &str,
    name: &str,
    uid: &str,
    dry_run: bool,
) -> Result<Value, Fault> {
    let path = what.path(Some(namespace), Some(name));
    let mut body =
        serde_json::json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"});
    if let Some(body) = body.as_object_mut() {
        if !uid.is_empty() {
            body.insert("preconditions".to_owned(), serde_json::json!({"uid": uid}));
        }
        if dry_run {
            body.insert("dryRun".to_owned(), serde_json::json!(["All"]));
        }
    }
    send(client, Method::DELETE, &path, "application/json", &body).await
}

/// POST of any path.
pub async fn post(client: &Client, path: &str, body: &Value) -> Result<Value, Fault> {
    send(client, Method::POST, path, "application/json", body).await
}

async fn send(
    client: &Client,
    method: Method,
    path: &str,
    content_type: &str,
    body: &Value,
) -> Result<Value, Fault> {
    let what = format!("{method} {}", path.split('?').next().unwrap_or(path));
    let dry_run = path.contains("dryRun=All") || body.get("dryRun").is_some();
    let asked = request(method, path, Some(content_type), body.to_string().into_bytes())?;
    match timeout(ANSWER_LIMIT, whole(client, asked, MOST_BYTES)).await {
        Ok(answer) => answer,
        Err(_) if dry_run => Err(Fault::timeout(&what, ANSWER_LIMIT.as_secs())),
        Err(_) => {
            let seconds = ANSWER_LIMIT.as_secs();
            let words = format!(
                "{what}: no answer within {seconds} s; whether it was done is not known: look before trying again"
            );
            Err(Fault::new(FaultClass::Timeout, &words))
        }
    }
}
