//! What a server says about itself.

use http::Request;
use http::header::ACCEPT;
use kube::Client;
use kube::client::Body;
use skyfleet::domain::kind::Served;
use skyfleet::source::discovery;

use super::ground::{Ground, Outcome, cases, has, holds, same};

cases!("discovery": version, health, groups, resources, both_forms, unknown_path);

async fn version(g: &Ground) -> Outcome {
    let v = g.get("/version").await?.is(200)?;
    same("major", v.text("/major"), "1")?;
    has("gitVersion", v.text("/gitVersion"), &format!("v1.{}.", v.text("/minor").trim_end_matches('+')))
}

async fn health(g: &Ground) -> Outcome {
    for path in ["/readyz", "/livez"] {
        same(path, &g.text(path).await?, "ok")?;
    }
    has("verbose", &g.text("/readyz?verbose").await?, "[+]ping ok")
}

async fn groups(g: &Ground) -> Outcome {
    let core = g.get("/api").await?.is(200)?;
    same("kind", core.text("/kind"), "APIVersions")?;
    let list = g.get("/apis").await?.is(200)?;
    for name in [
        "apps",
        "batch",
        "autoscaling",
        "policy",
        "networking.k8s.io",
        "rbac.authorization.k8s.io",
        "apiextensions.k8s.io",
    ] {
        holds(name, list.list("/groups").iter().any(|x| x["name"] == name))?;
    }
    Ok(())
}

async fn resources(g: &Ground) -> Outcome {
    let list = g.get("/api/v1").await?.is(200)?;
    let pods = list.list("/resources").iter().find(|r| r["name"] == "pods").ok_or("no pods")?;
    same("kind", pods["kind"].as_str().unwrap_or(""), "Pod")?;
    holds("po", pods["shortNames"].as_array().is_some_and(|s| s.iter().any(|x| x == "po")))?;
    holds("namespaced", pods["namespaced"] == true)?;
    for sub in ["pods/log", "pods/status", "pods/eviction"] {
        holds(sub, list.list("/resources").iter().any(|r| r["name"] == sub))?;
    }
    let apps = g.get("/apis/apps/v1").await?.is(200)?;
    same("groupVersion", apps.text("/groupVersion"), "apps/v1")?;
    let scale =
        apps.list("/resources").iter().find(|r| r["name"] == "deployments/scale").ok_or("no scale")?;
    same("scale", scale["kind"].as_str().unwrap_or(""), "Scale")
}

/// The aggregated form and the lists of old say the same kinds, in the same versions.
async fn both_forms(g: &Ground) -> Outcome {
    let whole = g.client.clone();
    let of_old = Client::new(
        tower::service_fn(move |mut request: Request<Body>| {
            request.headers_mut().remove(ACCEPT);
            let whole = whole.clone();
            async move { whole.send(request).await }
        }),
        "default",
    );
    let words = |kind: &Served| format!("{kind:?}");
    let said = |kinds: Vec<Served>| {
        let mut said: Vec<String> = kinds.iter().map(words).collect();
        said.sort();
        said
    };
    let new = said(discovery::served(&g.client).await.map_err(|f| f.to_string())?);
    let old = said(discovery::served(&of_old).await.map_err(|f| f.to_string())?);
    // Other cases define kinds meanwhile.
    let lasting =
        |kinds: &[String]| kinds.iter().filter(|k| !k.contains("example.com")).cloned().collect::<Vec<_>>();
    same("kinds", &lasting(&new).join("\n"), &lasting(&old).join("\n"))?;
    holds("all of them", new.len() > 40)
}

async fn unknown_path(g: &Ground) -> Outcome {
    g.get(&g.core("nonsenses")).await?.fails(
        404,
        "NotFound",
        "the server could not find the requested resource",
    )?;
    let answer = g.get("/apis/no.such.group/v1/things").await?.is(404)?;
    has("text", answer.body.as_str().unwrap_or(""), "404 page not found")
}
