//! See what it costs: by cluster, by namespace, by workload; with where the prices are from.

use super::{World, with_terminal};

pub(super) async fn play(world: World) -> Result<(), String> {
    world.make_namespace(&[0]).await?;
    world.apply(0, world.web("registry.example/web:1.0.0", 2)).await?;
    with_terminal(world, (170, 50), |term, world| async move {
        let name = world.name(0);
        term.press("g c");
        term.see("by cluster").await?;
        term.see("estimate at list prices").await?;
        term.until("a priced cluster", |s| {
            s.lines().any(|l| l.contains(&name) && l.contains('%') && l.chars().any(|c| c.is_ascii_digit()))
        })
        .await?;
        term.press("b");
        term.see("by namespace").await?;
        term.line(&[&world.namespace, "2"]).await?;
        term.press("b");
        term.see("by workload").await?;
        term.line(&[&world.namespace, "web"]).await?;
        Ok(())
    })
    .await
}
