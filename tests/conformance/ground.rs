//! The ground a case stands on: requests as they go over the wire, waiting, and small manifests.
//! Called by all cases.

use std::time::Duration;

use futures::future::BoxFuture;
use http::Request;
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tokio::time::Instant;

/// The result of a case or a part of it.
pub(crate) type Outcome<T = ()> = Result<T, String>;

/// How long a case waits for something to become true.
const PATIENCE: Duration = Duration::from_mins(1);

/// A namespace and a client.
pub(crate) struct Ground {
    pub(crate) client: Client,
    pub(crate) ns: String,
}

/// An answer: status code and JSON (or text as a JSON string).
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// A field by JSON pointer as text ("" when absent).
    pub(crate) fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or("")
    }

    /// A field by JSON pointer as a number.
    pub(crate) fn int(&self, pointer: &str) -> i64 {
        self.body.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
    }

    /// A list by JSON pointer.
    pub(crate) fn list(&self, pointer: &str) -> &[Value] {
        self.body.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The code is as expected.
    pub(crate) fn is(self, code: u16) -> Outcome<Self> {
        if self.code == code {
            Ok(self)
        } else {
            Err(format!("expected {code}, got {} {}", self.code, self.body))
        }
    }

    /// A failure with this code, reason and a message that contains the words.
    pub(crate) fn fails(self, code: u16, reason: &str, words: &str) -> Outcome<Self> {
        let answer = self.is(code)?;
        same("kind", answer.text("/kind"), "Status")?;
        same("status", answer.text("/status"), "Failure")?;
        same("reason", answer.text("/reason"), reason)?;
        has("message", answer.text("/message"), words)?;
        Ok(answer)
    }
}

/// Two texts are equal.
pub(crate) fn same(what: &str, have: &str, want: &str) -> Outcome {
    if have == want { Ok(()) } else { Err(format!("{what}: expected {want:?}, got {have:?}")) }
}

/// A text contains words.
pub(crate) fn has(what: &str, have: &str, words: &str) -> Outcome {
    if have.contains(words) { Ok(()) } else { Err(format!("{what}: expected {words:?} in {have:?}")) }
}

/// Something holds.
pub(crate) fn holds(what: &str, yes: bool) -> Outcome {
    if yes { Ok(()) } else { Err(what.to_string()) }
}

impl Ground {
    /// Makes the namespace and waits until pods can be made in it.
    pub(crate) async fn new(client: Client, ns: String) -> Outcome<Self> {
        let ground = Self { client, ns };
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ground.ns}});
        let made = ground.post("/api/v1/namespaces", &body).await?;
        holds(&format!("namespace: {}", made.body), matches!(made.code, 201 | 409))?;
        ground
            .wait("the default service account", || {
                Box::pin(async { Ok(ground.get(&ground.core("serviceaccounts/default")).await?.code == 200) })
            })
            .await?;
        Ok(ground)
    }

    /// A path in the core group of the namespace.
    pub(crate) fn core(&self, rest: &str) -> String {
        format!("/api/v1/namespaces/{}/{rest}", self.ns)
    }

    /// A path in a group of the namespace (`apps/v1`).
    pub(crate) fn group(&self, version: &str, rest: &str) -> String {
        format!("/apis/{version}/namespaces/{}/{rest}", self.ns)
    }

    /// A path of `apps/v1`.
    pub(crate) fn apps(&self, rest: &str) -> String {
        self.group("apps/v1", rest)
    }

    /// Sends any request.
    pub(crate) async fn send(&self, method: &str, path: &str, kind: &str, body: Vec<u8>) -> Outcome<Answer> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("accept", "application/json")
            .header("content-type", kind)
            .body(Body::from(body))
            .map_err(|e| e.to_string())?;
        let whole = async {
            let response = self.client.send(request).await.map_err(|e| format!("{method} {path}: {e}"))?;
            let code = response.status().as_u16();
            let bytes =
                response.into_body().collect().await.map_err(|e| format!("{method} {path}: {e}"))?.to_bytes();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Ok(Answer { code, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
        };
        tokio::time::timeout(PATIENCE, whole).await.map_err(|_| format!("{method} {path}: no answer"))?
    }

    /// GET.
    pub(crate) async fn get(&self, path: &str) -> Outcome<Answer> {
        self.send("GET", path, "application/json", Vec::new()).await
    }

    /// GET of text.
    pub(crate) async fn text(&self, path: &str) -> Outcome<String> {
        let answer = self.get(path).await?.is(200)?;
        Ok(match answer.body {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }

    /// POST of JSON.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Outcome<Answer> {
        self.send("POST", path, "application/json", body.to_string().into_bytes()).await
    }

    /// PUT of JSON.
    pub(crate) async fn put(&self, path: &str, body: &Value) -> Outcome<Answer> {
        self.send("PUT", path, "application/json", body.to_string().into_bytes()).await
    }

    /// DELETE with options.
    pub(crate) async fn delete(&self, path: &str, options: &Value) -> Outcome<Answer> {
        self.send("DELETE", path, "application/json", options.to_string().into_bytes()).await
    }

    /// PATCH: `merge`, `strategic`, `json` or `apply`.
    pub(crate) async fn patch(&self, path: &str, how: &str, body: &Value) -> Outcome<Answer> {
        let kind = match how {
            "merge" => "application/merge-patch+json",
            "strategic" => "application/strategic-merge-patch+json",
            "json" => "application/json-patch+json",
            _ => "application/apply-patch+yaml",
        };
        self.send("PATCH", path, kind, body.to_string().into_bytes()).await
    }

    /// Polls until true.
    pub(crate) async fn wait<'a>(
        &self,
        what: &str,
        mut test: impl FnMut() -> BoxFuture<'a, Outcome<bool>>,
    ) -> Outcome {
        let end = Instant::now() + PATIENCE;
        loop {
            if test().await? {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(format!("waited in vain for {what}"));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Polls an object until a test of it is true; returns it.
    pub(crate) async fn until(
        &self,
        path: &str,
        what: &str,
        test: impl Fn(&Answer) -> bool,
    ) -> Outcome<Answer> {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = self.get(path).await?;
            if test(&answer) {
                return Ok(answer);
            }
            if Instant::now() > end {
                return Err(format!("waited in vain for {what}; last: {}", answer.body));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Makes a Deployment and returns it.
    pub(crate) async fn deployment(&self, name: &str, image: &str, replicas: i64) -> Outcome<Answer> {
        self.post(&self.apps("deployments"), &deployment(name, image, replicas)).await?.is(201)
    }

    /// Waits until a Deployment has so many available replicas of its newest template and no others.
    pub(crate) async fn rolled_out(&self, name: &str, replicas: i64) -> Outcome<Answer> {
        self.until(&self.apps(&format!("deployments/{name}")), &format!("{name} rolled out"), |d| {
            d.int("/status/observedGeneration") == d.int("/metadata/generation")
                && d.int("/status/updatedReplicas") == replicas
                && d.int("/status/replicas") == replicas
                && d.int("/status/availableReplicas") == replicas
        })
        .await
    }

    /// The pods with a label `app`.
    pub(crate) async fn pods(&self, app: &str) -> Outcome<Vec<Value>> {
        let list = self.get(&self.core(&format!("pods?labelSelector=app%3D{app}"))).await?.is(200)?;
        Ok(list.list("/items").to_vec())
    }

    /// Waits until a pod with a label `app` passes a test; returns it.
    pub(crate) async fn pod_until(
        &self,
        app: &str,
        what: &str,
        test: impl Fn(&Value) -> bool,
    ) -> Outcome<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            let pods = self.pods(app).await?;
            if let Some(found) = pods.iter().find(|p| test(p)) {
                return Ok(found.clone());
            }
            if Instant::now() > end {
                let states: Vec<_> = pods.iter().map(|p| p.pointer("/status")).collect();
                return Err(format!("waited in vain for {what}; pods: {states:?}"));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Text in a value.
pub(crate) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

/// A number in a value.
pub(crate) fn int(value: &Value, pointer: &str) -> i64 {
    value.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

/// A condition of a status.
pub(crate) fn condition<'a>(value: &'a Value, kind: &str) -> Option<&'a Value> {
    value.pointer("/status/conditions")?.as_array()?.iter().find(|c| text(c, "/type") == kind)
}

/// A small Deployment.
pub(crate) fn deployment(name: &str, image: &str, replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"terminationGracePeriodSeconds": 1,
                "containers": [{"name": "main", "image": image, "ports": [{"containerPort": 8080}]}]}}
        }
    })
}

/// A small pod.
pub(crate) fn pod(name: &str, image: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "image": image}]}})
}

/// A small ConfigMap.
pub(crate) fn config(name: &str, data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

/// Makes the table of a file.
macro_rules! cases {
    ($group:literal: $($name:ident),* $(,)?) => {
        /// The cases of this file.
        pub(crate) fn cases() -> Vec<super::Case> {
            vec![$(super::Case {
                name: concat!($group, "::", stringify!($name)),
                run: |client, ns| Box::pin(async move {
                    let ground = super::ground::Ground::new(client, ns).await?;
                    $name(&ground).await
                }),
            }),*]
        }
    };
}
pub(crate) use cases;
