//! Open, find the crashing pod among all clusters, read its previous log, undo by re-applying, see it heal.

use super::{World, with_terminal};

pub(super) async fn play(world: World) -> Result<(), String> {
    world.make_namespace(&[0]).await?;
    world.apply(0, world.web("registry.example/web:1.0.0", 2)).await?;
    // A colleague rolls out a bad image.
    world.apply(0, world.web("registry.example/web:1.0.1-crash", 2)).await?;
    let (_dir, good) = world.manifest(&world.web("registry.example/web:1.0.0", 2));
    with_terminal(world, (170, 50), |term, world| async move {
        let (ns, name) = (world.namespace.clone(), world.name(0));
        // It is among the problems of the whole fleet, with its cause and its cluster.
        term.press("g p");
        term.see("by cause").await?;
        term.filter(&ns);
        term.line(&["crash loop", &name]).await?;
        // And among the pods of all clusters.
        term.command("po");
        term.filter(&format!("{ns} CrashLoop"));
        term.line(&[&name, &ns, "web-", "CrashLoopBackOff"]).await?;
        // Its last words.
        term.press("g g p");
        term.see("previous run").await?;
        term.until("the end of the previous run's log", |s| {
            let lower = s.to_lowercase();
            lower.contains("panic") || lower.contains("fatal")
        })
        .await?;
        // The former image again, for this cluster.
        term.scope(&name).await?;
        term.command(&format!("apply {good}"));
        term.line(&[&ns, "deploy/web", "change"]).await?;
        term.press("R");
        term.confirm().await?;
        term.see("done: Apply 1 deployment in 1 cluster").await?;
        // Healed: both pods run, none crashes.
        term.command("po");
        term.filter(&format!("{ns} Running"));
        let running = |s: &str| {
            s.lines().filter(|l| l.contains(&ns) && l.contains("1/1") && l.contains("Running")).count()
        };
        term.until("both pods to run", |s| running(s) == 2).await?;
        term.filter(&format!("{ns} CrashLoop"));
        term.until("no crashing pod", |s| s.contains("none of")).await?;
        Ok(())
    })
    .await
}
