//! Watches: order, selectors, old versions, bookmarks.

use std::time::Duration;

use http::Request;
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::{Value, json};

use super::ground::{Ground, Outcome, cases, config, holds, same};

cases!("watch": adds_changes_and_deletes, labels_move_in_and_out, too_old, ends_after_its_time, initial_events);

struct Events {
    body: Body,
    rest: Vec<u8>,
}

impl Events {
    async fn open(g: &Ground, path: &str) -> Outcome<Self> {
        let request = Request::get(path).body(Body::empty()).map_err(|e| e.to_string())?;
        let response = g.client.send(request).await.map_err(|e| e.to_string())?;
        if response.status() != 200 {
            return Err(format!("watch: {}", response.status()));
        }
        Ok(Self { body: response.into_body(), rest: Vec::new() })
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Outcome<Option<Value>> {
        loop {
            if let Some(at) = self.rest.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=at).collect();
                return serde_json::from_slice(&line).map(Some).map_err(|e| e.to_string());
            }
            let frame = tokio::time::timeout(Duration::from_secs(30), self.body.frame());
            match frame.await.map_err(|_| "no event in 30 s")? {
                None => return Ok(None),
                Some(Err(e)) => return Err(e.to_string()),
                Some(Ok(frame)) => self.rest.extend_from_slice(frame.data_ref().map_or(&[], |d| d)),
            }
        }
    }

    async fn expect(&mut self, kind: &str, name: &str) -> Outcome<Value> {
        let event = self.next().await?.ok_or("the watch ended")?;
        same("event", event["type"].as_str().unwrap_or(""), kind)?;
        same("name", event["object"]["metadata"]["name"].as_str().unwrap_or(""), name)?;
        Ok(event)
    }
}

async fn version(g: &Ground) -> Outcome<String> {
    Ok(g.get(&g.core("configmaps")).await?.is(200)?.text("/metadata/resourceVersion").to_string())
}

async fn adds_changes_and_deletes(g: &Ground) -> Outcome {
    let from = version(g).await?;
    let mut watch = Events::open(
        g,
        &g.core(&format!("configmaps?watch=true&resourceVersion={from}&fieldSelector=metadata.name%3Da")),
    )
    .await?;
    g.post(&g.core("configmaps"), &config("a", &json!({"k": "1"}))).await?.is(201)?;
    g.post(&g.core("configmaps"), &config("b", &json!({}))).await?.is(201)?;
    g.patch(&g.core("configmaps/a"), "merge", &json!({"data": {"k": "2"}})).await?.is(200)?;
    g.delete(&g.core("configmaps/a"), &json!({})).await?.is(200)?;
    let added = watch.expect("ADDED", "a").await?;
    same("kind", added["object"]["kind"].as_str().unwrap_or(""), "ConfigMap")?;
    let changed = watch.expect("MODIFIED", "a").await?;
    same("data", changed["object"]["data"]["k"].as_str().unwrap_or(""), "2")?;
    let gone = watch.expect("DELETED", "a").await?;
    same("last data", gone["object"]["data"]["k"].as_str().unwrap_or(""), "2")?;
    let number = |e: &Value| {
        e["object"]["metadata"]["resourceVersion"].as_str().and_then(|v| v.parse::<u64>().ok()).unwrap_or(0)
    };
    holds("versions grow", number(&added) < number(&changed) && number(&changed) < number(&gone))
}

async fn labels_move_in_and_out(g: &Ground) -> Outcome {
    let from = version(g).await?;
    let mut watch = Events::open(
        g,
        &g.core(&format!("configmaps?watch=true&resourceVersion={from}&labelSelector=in%3Dyes")),
    )
    .await?;
    g.post(&g.core("configmaps"), &config("a", &json!({}))).await?.is(201)?;
    g.patch(&g.core("configmaps/a"), "merge", &json!({"metadata": {"labels": {"in": "yes"}}}))
        .await?
        .is(200)?;
    g.patch(&g.core("configmaps/a"), "merge", &json!({"metadata": {"labels": {"in": "no"}}}))
        .await?
        .is(200)?;
    watch.expect("ADDED", "a").await?;
    watch.expect("DELETED", "a").await?;
    Ok(())
}

async fn too_old(g: &Ground) -> Outcome {
    let mut watch = match Events::open(g, &g.core("configmaps?watch=true&resourceVersion=1")).await {
        Ok(watch) => watch,
        Err(refused) => return if refused.contains("410") { Ok(()) } else { Err(refused) },
    };
    let event = watch.next().await?.ok_or("the watch ended")?;
    if event["type"] == "ADDED" || event["type"] == "MODIFIED" {
        // A young server still has its whole history.
        return Ok(());
    }
    same("type", event["type"].as_str().unwrap_or(""), "ERROR")?;
    same("reason", event["object"]["reason"].as_str().unwrap_or(""), "Expired")?;
    holds("410", event["object"]["code"] == 410)
}

async fn ends_after_its_time(g: &Ground) -> Outcome {
    let from = version(g).await?;
    let mut watch = Events::open(
        g,
        &g.core(&format!(
            "configmaps?watch=true&resourceVersion={from}&timeoutSeconds=2&labelSelector=x%3Dy"
        )),
    )
    .await?;
    holds("nothing and then the end", watch.next().await?.is_none())
}

async fn initial_events(g: &Ground) -> Outcome {
    g.post(&g.core("configmaps"), &config("a", &json!({}))).await?.is(201)?;
    let path = "configmaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&fieldSelector=metadata.name%3Da";
    let mut watch = Events::open(g, &g.core(path)).await?;
    watch.expect("ADDED", "a").await?;
    let mark = watch.next().await?.ok_or("the watch ended")?;
    same("type", mark["type"].as_str().unwrap_or(""), "BOOKMARK")?;
    same(
        "end",
        mark["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"].as_str().unwrap_or(""),
        "true",
    )
}
