//! What a server says about itself.

use super::ground::{Ground, Outcome, cases, has, holds, same};

cases!("discovery": version, health, groups, resources, unknown_path);

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

async fn unknown_path(g: &Ground) -> Outcome {
    g.get(&g.core("nonsenses")).await?.fails(
        404,
        "NotFound",
        "the server could not find the requested resource",
    )?;
    let answer = g.get("/apis/no.such.group/v1/things").await?.is(404)?;
    has("text", answer.body.as_str().unwrap_or(""), "404 page not found")
}
