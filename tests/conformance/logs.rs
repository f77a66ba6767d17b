//! Container logs: which lines, which container, and the refusals.

use serde_json::json;

use super::ground::{Ground, Outcome, cases, condition, has, holds, pod, text};

cases!("logs": tail_and_since, timestamps, limit, previous, choose_a_container, waiting_container, follow_ends_with_the_pod);

async fn running(g: &Ground) -> Outcome {
    g.post(&g.core("pods"), &pod("p", "app:1")).await?.is(201)?;
    g.pod_until("p", "ready", |p| condition(p, "Ready").is_some_and(|c| text(c, "/status") == "True"))
        .await?;
    g.wait("some lines", || Box::pin(async { Ok(g.text(&g.core("pods/p/log")).await?.lines().count() >= 3) }))
        .await
}

async fn tail_and_since(g: &Ground) -> Outcome {
    running(g).await?;
    let all = g.text(&g.core("pods/p/log")).await?;
    let two = g.text(&g.core("pods/p/log?tailLines=2")).await?;
    holds(&format!("two lines, not {two:?}"), two.lines().count() == 2)?;
    holds("none", g.text(&g.core("pods/p/log?tailLines=0")).await?.is_empty())?;
    let first = all.lines().next().unwrap_or("").to_string();
    has("the log only grows", &g.text(&g.core("pods/p/log")).await?, &first)?;
    holds(
        "old enough",
        g.text(&g.core("pods/p/log?sinceSeconds=3600")).await?.lines().count() >= all.lines().count(),
    )?;
    g.get(&g.core("pods/p/log?tailLines=-1")).await?.fails(
        422,
        "Invalid",
        "must be greater than or equal to 0",
    )?;
    Ok(())
}

async fn timestamps(g: &Ground) -> Outcome {
    running(g).await?;
    let log = g.text(&g.core("pods/p/log?timestamps=true")).await?;
    let stamps: Vec<&str> = log.lines().filter_map(|l| l.split(' ').next()).collect();
    holds("RFC 3339", stamps.iter().all(|s| s.parse::<jiff::Timestamp>().is_ok()))?;
    let times: Vec<_> = stamps.iter().filter_map(|s| s.parse::<jiff::Timestamp>().ok()).collect();
    holds("in order", times.windows(2).all(|w| w[0] <= w[1]))?;
    let since = times.last().map(ToString::to_string).unwrap_or_default();
    let late = g.text(&g.core(&format!("pods/p/log?timestamps=true&sinceTime={since}"))).await?;
    holds("not all of it", late.lines().count() <= log.lines().count() + 50)
}

async fn limit(g: &Ground) -> Outcome {
    running(g).await?;
    let log = g.text(&g.core("pods/p/log?limitBytes=10")).await?;
    holds(&format!("ten bytes, not {}", log.len()), log.len() == 10)
}

async fn previous(g: &Ground) -> Outcome {
    g.post(&g.core("pods"), &pod("p", "app:crash")).await?.is(201)?;
    g.pod_until("p", "a restart", |p| super::ground::int(p, "/status/containerStatuses/0/restartCount") >= 1)
        .await?;
    g.wait("its previous log", || {
        Box::pin(async {
            let answer = g.get(&g.core("pods/p/log?previous=true")).await?;
            Ok(answer.code == 200 && !answer.body.as_str().unwrap_or("").is_empty())
        })
    })
    .await?;
    g.post(&g.core("pods"), &pod("q", "app:1")).await?.is(201)?;
    g.pod_until("q", "ready", |p| condition(p, "Ready").is_some_and(|c| text(c, "/status") == "True"))
        .await?;
    g.get(&g.core("pods/q/log?previous=true")).await?.fails(
        400,
        "BadRequest",
        "previous terminated container \"main\" in pod \"q\" not found",
    )?;
    Ok(())
}

async fn choose_a_container(g: &Ground) -> Outcome {
    let mut body = pod("p", "app:1");
    body["spec"]["containers"] = json!([{"name": "a", "image": "app:1"}, {"name": "b", "image": "app:1"}]);
    g.post(&g.core("pods"), &body).await?.is(201)?;
    g.pod_until("p", "ready", |p| condition(p, "Ready").is_some_and(|c| text(c, "/status") == "True"))
        .await?;
    g.get(&g.core("pods/p/log")).await?.fails(
        400,
        "BadRequest",
        "a container name must be specified for pod p, choose one of: [a b]",
    )?;
    g.get(&g.core("pods/p/log?container=c")).await?.fails(
        400,
        "BadRequest",
        "container c is not valid for pod p",
    )?;
    g.get(&g.core("pods/p/log?container=b")).await?.is(200)?;
    g.get(&g.core("pods/none/log")).await?.fails(404, "NotFound", "pods \"none\" not found")?;
    Ok(())
}

async fn waiting_container(g: &Ground) -> Outcome {
    g.post(&g.core("pods"), &pod("p", "app:missing")).await?.is(201)?;
    g.pod_until("p", "ImagePullBackOff", |p| {
        text(p, "/status/containerStatuses/0/state/waiting/reason") == "ImagePullBackOff"
    })
    .await?;
    g.get(&g.core("pods/p/log")).await?.fails(
        400,
        "BadRequest",
        "container \"main\" in pod \"p\" is waiting to start: trying and failing to pull image",
    )?;
    Ok(())
}

async fn follow_ends_with_the_pod(g: &Ground) -> Outcome {
    running(g).await?;
    let path = g.core("pods/p/log?follow=true&tailLines=1");
    let reading = g.text(&path);
    let ending = async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        g.delete(&g.core("pods/p"), &json!({"gracePeriodSeconds": 1})).await?.is(200)
    };
    let (read, ended) = futures::join!(reading, ending);
    ended?;
    holds("at least a line", read?.lines().count() >= 1)
}
