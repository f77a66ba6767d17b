//! Lists: selectors, pages, versions.

use serde_json::{Value, json};

use super::ground::{Ground, Outcome, cases, config, holds, pod, same};

cases!("list": label_selectors, field_selectors, pages, shape, bad_selector, empty_namespace_is_empty, versions, pages_are_of_one_moment);

async fn fill(g: &Ground, count: usize) -> Outcome {
    for n in 0..count {
        let mut body = config(&format!("m{n}"), &json!({"n": n.to_string()}));
        body["metadata"]["labels"] = json!({"n": n.to_string(), "odd": (n % 2 == 1).to_string()});
        g.post(&g.core("configmaps"), &body).await?.is(201)?;
    }
    Ok(())
}

fn names(items: &[Value]) -> Vec<&str> {
    items.iter().filter_map(|i| i["metadata"]["name"].as_str()).filter(|n| n.starts_with('m')).collect()
}

async fn label_selectors(g: &Ground) -> Outcome {
    fill(g, 4).await?;
    for (selector, want) in [
        ("odd=true", vec!["m1", "m3"]),
        ("odd%3D%3Dfalse", vec!["m0", "m2"]),
        ("odd%21%3Dtrue,n", vec!["m0", "m2"]),
        ("n%20in%20(0,3)", vec!["m0", "m3"]),
        ("n%20notin%20(0,3),odd", vec!["m1", "m2"]),
        ("odd,%21n", vec![]),
    ] {
        let list = g.get(&g.core(&format!("configmaps?labelSelector={selector}"))).await?.is(200)?;
        same(selector, &names(list.list("/items")).join(","), &want.join(","))?;
    }
    Ok(())
}

async fn field_selectors(g: &Ground) -> Outcome {
    fill(g, 3).await?;
    let one = g.get(&g.core("configmaps?fieldSelector=metadata.name%3Dm1")).await?.is(200)?;
    same("one", &names(one.list("/items")).join(","), "m1")?;
    let rest = g.get(&g.core("configmaps?fieldSelector=metadata.name%21%3Dm1")).await?.is(200)?;
    same("rest", &names(rest.list("/items")).join(","), "m0,m2")?;
    g.get(&g.core("pods?fieldSelector=spec.color%3Dred")).await?.fails(
        400,
        "BadRequest",
        "field label not supported: spec.color",
    )?;
    g.post(&g.core("pods"), &pod("one", "app:1")).await?.is(201)?;
    g.wait("the pod in its phase", || {
        Box::pin(async {
            let running = g.get(&g.core("pods?fieldSelector=status.phase%3DRunning")).await?.is(200)?;
            Ok(running.list("/items").len() == 1)
        })
    })
    .await?;
    let node = g.get(&g.core("pods/one")).await?.text("/spec/nodeName").to_string();
    let there = g
        .get(&g.core(&format!("pods?fieldSelector=spec.nodeName%3D{node},metadata.name%3Done")))
        .await?
        .is(200)?;
    holds("on its node", there.list("/items").len() == 1)
}

async fn pages(g: &Ground) -> Outcome {
    fill(g, 5).await?;
    let first = g.get(&g.core("configmaps?limit=2&labelSelector=")).await?.is(200)?;
    holds("two", first.list("/items").len() == 2)?;
    // The root CA map is the sixth.
    holds("remaining", first.int("/metadata/remainingItemCount") == 4)?;
    let (mut token, mut count) = (first.text("/metadata/continue").to_string(), 2);
    let version = first.text("/metadata/resourceVersion").to_string();
    g.post(&g.core("configmaps"), &config("late", &json!({}))).await?.is(201)?;
    while !token.is_empty() {
        let page = g.get(&g.core(&format!("configmaps?limit=2&continue={token}"))).await?.is(200)?;
        same("version", page.text("/metadata/resourceVersion"), &version)?;
        count += page.list("/items").iter().filter(|i| i["metadata"]["name"] != "late").count();
        token = page.text("/metadata/continue").to_string();
    }
    holds(&format!("six in all, not {count}"), count == 6)?;
    let chosen = g.get(&g.core("configmaps?limit=1&labelSelector=odd%3Dtrue")).await?.is(200)?;
    holds("no count with a selector", chosen.body.pointer("/metadata/remainingItemCount").is_none())?;
    g.get(&g.core("configmaps?limit=2&continue=nonsense")).await?.fails(
        400,
        "BadRequest",
        "continue key is not valid",
    )?;
    Ok(())
}

async fn shape(g: &Ground) -> Outcome {
    fill(g, 1).await?;
    let list = g.get(&g.core("configmaps?fieldSelector=metadata.name%3Dm0")).await?.is(200)?;
    same("kind", list.text("/kind"), "ConfigMapList")?;
    same("apiVersion", list.text("/apiVersion"), "v1")?;
    holds("version", list.text("/metadata/resourceVersion").parse::<u64>().is_ok())?;
    let item = list.list("/items").first().ok_or("empty")?;
    holds("items of built-in types name no kind", item.get("kind").is_none())?;
    holds("uid", item["metadata"]["uid"].as_str().is_some_and(|u| u.len() == 36))
}

async fn bad_selector(g: &Ground) -> Outcome {
    g.get(&g.core("pods?labelSelector=a%20b%20c")).await?.fails(400, "BadRequest", "unable to parse")?;
    Ok(())
}

async fn empty_namespace_is_empty(g: &Ground) -> Outcome {
    let list = g.get("/api/v1/namespaces/does-not-exist/pods").await?.is(200)?;
    holds("no items", list.body["items"].as_array().is_some_and(Vec::is_empty))
}

/// `resourceVersionMatch`: what goes together, the past, and what is not there yet.
async fn versions(g: &Ground) -> Outcome {
    fill(g, 1).await?;
    let then = g.get(&g.core("configmaps")).await?.is(200)?.text("/metadata/resourceVersion").to_string();
    g.post(&g.core("configmaps"), &config("m1", &json!({}))).await?.is(201)?;
    g.delete(&g.core("configmaps/m0"), &json!({})).await?.is(200)?;
    let at = |how: &str| g.core(&format!("configmaps?resourceVersion={then}&resourceVersionMatch={how}"));
    let past = g.get(&at("Exact")).await?.is(200)?;
    same("as it was", &names(past.list("/items")).join(","), "m0")?;
    same("its version", past.text("/metadata/resourceVersion"), &then)?;
    // The server may answer it from a cache that is a moment behind, though never behind that version.
    g.until(&at("NotOlderThan"), "as it is", |now| names(now.list("/items")) == ["m1"]).await?;
    for (query, words) in [
        (
            "resourceVersionMatch=Exact",
            "resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
        ("resourceVersion=0&resourceVersionMatch=Exact", "is forbidden for resourceVersion"),
        ("resourceVersion=1&resourceVersionMatch=Older", "Unsupported value: \"Older\""),
        ("sendInitialEvents=true", "sendInitialEvents is forbidden for list"),
        ("watch=true&sendInitialEvents=true", "sendInitialEvents requires setting resourceVersionMatch"),
        (
            "watch=true&resourceVersionMatch=NotOlderThan",
            "is forbidden for watch unless sendInitialEvents is provided",
        ),
    ] {
        g.get(&g.core(&format!("configmaps?{query}"))).await?.fails(422, "Invalid", words)?;
    }
    let future = g.core("configmaps?resourceVersion=9000000000000&resourceVersionMatch=NotOlderThan");
    g.get(&future).await?.fails(504, "Timeout", "Too large resource version")?;
    Ok(())
}

/// A later page shows nothing that came after the first.
async fn pages_are_of_one_moment(g: &Ground) -> Outcome {
    fill(g, 3).await?;
    let first = g.get(&g.core("configmaps?limit=1&labelSelector=n")).await?.is(200)?;
    same("first", &names(first.list("/items")).join(","), "m0")?;
    let mut late = config("m9", &json!({}));
    late["metadata"]["labels"] = json!({"n": "9"});
    g.post(&g.core("configmaps"), &late).await?.is(201)?;
    g.delete(&g.core("configmaps/m2"), &json!({})).await?.is(200)?;
    let token = first.text("/metadata/continue");
    let rest = g.get(&g.core(&format!("configmaps?labelSelector=n&continue={token}"))).await?.is(200)?;
    same("rest", &names(rest.list("/items")).join(","), "m1,m2")
}
