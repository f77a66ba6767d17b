//! Follow an app's logs while it grows: lines of a pod that starts later join in, from its first line on.

use super::{World, with_terminal};

pub(super) async fn play(world: World) -> Result<(), String> {
    world.make_namespace(&[0, 1]).await?;
    world.apply(0, world.web("registry.example/web:1.0.0", 1)).await?;
    with_terminal(world, (170, 50), |term, world| async move {
        let ns = world.namespace.clone();
        term.command("deploy");
        term.filter(&ns);
        term.line(&[&world.name(0), &ns, "web", "1/1"]).await?;
        term.press("g g l");
        term.until("one stream with lines", |s| s.contains("1 pod  1 stream") && s.contains("web-")).await?;
        // A colleague scales it out.
        world.apply(0, world.web("registry.example/web:1.0.0", 3)).await?;
        term.see("3 pods  3 streams").await?;
        // Each of the three has lines on the screen.
        term.until("lines of three pods", |s| {
            let pods: std::collections::BTreeSet<&str> =
                s.split_whitespace().filter(|w| w.starts_with("web-")).collect();
            pods.len() >= 3
        })
        .await?;
        Ok(())
    })
    .await
}
