//! Apply one manifest to three clusters, one of which refuses: the plan says so before anything is written; without the
//! one it goes through.

use serde_json::json;
use skyfleet::domain::kind::Kind;

use super::{World, with_terminal};

pub(super) async fn play(world: World) -> Result<(), String> {
    world.make_namespace(&[0, 1, 2]).await?;
    // The third has a quota that forbids any pod's CPU beyond a little, and any object of that kind at all.
    world
        .apply(
            2,
            json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "closed", "namespace": world.namespace},
                   "spec": {"hard": {"count/deployments.apps": "0"}}}),
        )
        .await?;
    quota_is_seen(&world).await?;
    let (_dir, path) = world.manifest(&world.web("registry.example/web:1.0.0", 1));
    with_terminal(world, (170, 50), |term, world| async move {
        let names: Vec<String> = (0..3).map(|n| world.name(n)).collect();
        term.until("three live clusters", |s| s.lines().next().is_some_and(|l| l.contains("3/3 live")))
            .await?;
        term.command(&format!("apply {path}"));
        term.line(&["deploy/web", "create", "refused"]).await?;
        term.see("exceeded quota").await?;
        // The dialog does not let it through.
        term.press("R");
        term.see("1 of these cannot be done").await?;
        term.press("enter");
        term.see("1 of these cannot be done").await?;
        term.press("esc");
        for n in 0..3 {
            if world.get(n, Kind::Deployment, "web").await?.is_some() {
                return Err(format!("{} was written without a yes", names[n]));
            }
        }
        // Two clusters marked: the scope without the one that refuses.
        term.scope_of(&names[..2]).await?;
        term.command(&format!("apply {path}"));
        term.until("a plan for two", |s| s.contains("2 clusters") && s.contains("2 create")).await?;
        term.press("R");
        term.confirm().await?;
        term.see("done: Apply 2 deployments in 2 clusters").await?;
        for (n, there) in [(0, true), (1, true), (2, false)] {
            if world.get(n, Kind::Deployment, "web").await?.is_some() != there {
                return Err(format!("{}: web there should be {there}", names[n]));
            }
        }
        Ok(())
    })
    .await
}

/// A quota counts only once its controller has looked.
async fn quota_is_seen(world: &World) -> Result<(), String> {
    for _ in 0..300 {
        let quota = world.get(2, Kind::ResourceQuota, "closed").await?;
        if quota.is_some_and(|q| q.pointer("/status/hard/count~1deployments.apps").is_some()) {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err("the quota was never looked at".to_owned())
}
