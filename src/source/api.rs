//! Single calls to an API server: get, list, apply, patch, scale, delete, and what they answer as JSON.
//!
//! The writes here are called by `ops` only, after a plan was shown and confirmed.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use http::{Method, Request};
use jiff::Timestamp;
use kube::Client;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

use super::answer::{MOST_BYTES, whole};
use super::fault::{Fault, FaultClass};
use crate::domain::kind::Kind;
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

impl Resource {
    /// `apps/v1`, or `v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
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
    let asked = request(Method::GET, path, None, Vec::new())?;
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

/// All objects, page by page. Items get the `apiVersion` and `kind` that lists leave out.
pub async fn list(client: &Client, what: &Resource, options: &ListOptions) -> Result<Vec<Value>, Fault> {
    let base = what.path(options.namespace.as_deref(), None);
    let mut items = Vec::new();
    let mut token: Option<String> = None;
    let mut pages = Pages::default();
    loop {
        let mut path = format!("{base}?limit=500");
        for (key, value) in
            [("labelSelector", &options.labels), ("fieldSelector", &options.fields), ("continue", &token)]
        {
            if let Some(value) = value {
                path.push_str(&format!("&{key}={}", escape(value)));
            }
        }
        let mut page: Value = read(client, &path).await?;
        if let Some(Value::Array(list)) = page.get_mut("items").map(Value::take) {
            items.extend(list);
        }
        token = pages.next(items.len(), page.pointer("/metadata/continue").and_then(Value::as_str))?;
        if token.is_none() {
            break;
        }
    }
    for item in &mut items {
        if let Some(item) = item.as_object_mut() {
            item.entry("apiVersion").or_insert_with(|| what.api_version().into());
            item.entry("kind").or_insert_with(|| what.kind.clone().into());
        }
    }
    Ok(items)
}

/// Asks the server for the resource of a kind: what manifests with unknown kinds need.
pub async fn discover(client: &Client, api_version: &str, kind: &str) -> Result<Resource, Fault> {
    let path = if api_version.contains('/') {
        format!("/apis/{api_version}")
    } else {
        format!("/api/{api_version}")
    };
    let missing = || {
        let mut fault = Fault::new(
            FaultClass::NotFound,
            &format!(
                "the server does not know {kind} of {api_version}; install its CRD first, or check the apiVersion"
            ),
        );
        fault.code = Some(404);
        fault
    };
    let list: Value = match read(client, &path).await {
        Ok(list) => list,
        Err(fault) if fault.class == FaultClass::NotFound => return Err(missing()),
        Err(fault) => return Err(fault),
    };
    let text = |v: &Value, k: &str| v.get(k).and_then(Value::as_str).unwrap_or("").to_owned();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    list.get("resources")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .find(|r| text(r, "kind") == kind && !text(r, "name").contains('/'))
        .map(|r| Resource {
            group: group.to_owned(),
            version: version.to_owned(),
            plural: text(r, "name"),
            kind: kind.to_owned(),
            namespaced: r.get("namespaced").and_then(Value::as_bool).unwrap_or(false),
        })
        .ok_or_else(missing)
}

/// Asks the server which resource a word names: plural, singular, kind or short name, in any case, also as
/// `plural.group`. What people type for kinds that are not built in.
pub async fn find_resource(client: &Client, word: &str) -> Result<Resource, Fault> {
    let word = word.trim().to_ascii_lowercase();
    let (word, group) = word.split_once('.').map_or((word.as_str(), None), |(w, g)| (w, Some(g)));
    let groups: Value = read(client, "/apis").await?;
    let mut versions: Vec<String> = vec!["v1".to_owned()];
    versions.extend(
        array(&groups, "groups")
            .filter_map(|g| g.pointer("/preferredVersion/groupVersion").and_then(Value::as_str))
            .map(str::to_owned),
    );
    versions.retain(|v| {
        let name = v.split_once('/').map_or("", |(name, _)| name);
        group.is_none_or(|g| name == g || name.starts_with(&format!("{g}.")))
    });
    let mut lists = futures::stream::iter(versions)
        .map(|version| {
            let client = client.clone();
            async move {
                let path = if version.contains('/') {
                    format!("/apis/{version}")
                } else {
                    format!("/api/{version}")
                };
                // A group whose own server is away must not hide the others.
                let list = read::<Value>(&client, &path).await.unwrap_or_default();
                (version, list)
            }
        })
        .buffered(8);
    while let Some((version, list)) = lists.next().await {
        if let Some(resource) = array(&list, "resources").find(|r| is_named(r, word)) {
            let (group, version) = version.split_once('/').unwrap_or(("", version.as_str()));
            return Ok(resource_of(group, version, resource));
        }
    }
    let mut fault = Fault::new(FaultClass::NotFound, &format!("the server knows no kind named {word}"));
    fault.code = Some(404);
    Err(fault)
}

fn array<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn is_named(resource: &Value, word: &str) -> bool {
    let text = |key: &str| resource.get(key).and_then(Value::as_str).unwrap_or("");
    !text("name").contains('/')
        && (["name", "singularName", "kind"].iter().any(|k| text(k).eq_ignore_ascii_case(word))
            || array(resource, "shortNames").any(|s| s.as_str() == Some(word)))
}

fn resource_of(group: &str, version: &str, resource: &Value) -> Resource {
    let text = |key: &str| resource.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        plural: text("name"),
        kind: text("kind"),
        namespaced: resource.get("namespaced").and_then(Value::as_bool).unwrap_or(false),
    }
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
