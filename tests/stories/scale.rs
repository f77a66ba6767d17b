//! Scale one app in two clusters, as one plan.

use skyfleet::domain::kind::Kind;

use super::{World, with_terminal};

pub(super) async fn play(world: World) -> Result<(), String> {
    world.make_namespace(&[0, 1]).await?;
    for n in [0, 1] {
        world.apply(n, world.web("registry.example/web:1.0.0", 1)).await?;
    }
    with_terminal(world, (170, 50), |term, world| async move {
        let ns = world.namespace.clone();
        let names: Vec<String> = (0..2).map(|n| world.name(n)).collect();
        term.command("deploy");
        term.filter(&ns);
        term.see("2 of").await?;
        for name in &names {
            term.line(&[name, &ns, "web", "1/1"]).await?;
        }
        term.press("g g space down space");
        term.see("2 marked").await?;
        term.press("s");
        term.see("scale 2 workloads").await?;
        term.text("3");
        term.press("enter");
        // Both places in full, old and new number, who acts.
        for n in 0..2 {
            let path = world.cluster(n).place.path();
            term.line(&[&path, "deploy/web", "replicas 1 → 3"]).await?;
        }
        term.see("same on the command line").await?;
        term.confirm().await?;
        term.see("done: Scale 2 deployments in 2 clusters").await?;
        term.command("deploy");
        term.filter(&ns);
        for name in &names {
            term.line(&[name, &ns, "web", "3/3"]).await?;
        }
        for n in 0..2 {
            let web = world.get(n, Kind::Deployment, "web").await?.ok_or("web is gone")?;
            if web["spec"]["replicas"] != 3 {
                return Err(format!("{}: {}", names[n], web["spec"]["replicas"]));
            }
        }
        Ok(())
    })
    .await
}
