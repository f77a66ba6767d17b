//! Sort a table by any column, and go where a few letters lead.

use super::{World, with_terminal};

pub(super) async fn play(world: World) -> Result<(), String> {
    world.make_namespace(&[0, 1]).await?;
    world.apply(0, world.web("registry.example/web:1.0.0", 1)).await?;
    world.apply(1, world.web("registry.example/web:1.0.0", 3)).await?;
    with_terminal(world, (170, 40), |term, world| async move {
        let (ns, first, second) = (world.namespace.clone(), world.name(0), world.name(1));
        term.command("deploy");
        term.filter(&ns);
        term.line(&[&first, &ns, "web", "1/1"]).await?;
        term.line(&[&second, &ns, "web", "3/3"]).await?;
        let is_above = |upper: &str, lower: &str| {
            let (upper, lower) = (upper.to_owned(), lower.to_owned());
            move |s: &str| {
                // Behind the tree.
                let rows: Vec<&str> = s.lines().filter_map(|l| Some(l.split_once('│')?.1)).collect();
                let place =
                    |name: &str| rows.iter().position(|row| row.contains(name) && row.contains(" web "));
                matches!((place(&upper), place(&lower)), (Some(a), Some(b)) if a < b)
            }
        };
        // CLUSTER, NAMESPACE, NAME, READY: by the last, the most first; again: the least.
        term.press("> > > >");
        term.press("O");
        term.see("READY▼").await?;
        term.until("most first", is_above(&second, &first)).await?;
        term.press("O");
        term.see("READY▲").await?;
        term.until("least first", is_above(&first, &second)).await?;
        // By the first column as well.
        term.press("< < <");
        term.press("O");
        term.see("CLUSTER▲").await?;
        // To a workload by a few letters of it and of its cluster.
        term.press("ctrl-p");
        term.see("Go to or do").await?;
        term.text(&format!("deploy/web {second} {ns}"));
        term.line(&["workload", "deploy/web", &second]).await?;
        term.press("enter");
        term.unsee("Go to or do").await?;
        term.line(&["skyfleet", &second, &ns, "web"]).await?;
        // What cannot be done where one is says so, and does nothing.
        term.press("ctrl-p");
        term.text("autoscroll");
        term.line(&["action", "autoscroll", "in the log pane"]).await?;
        term.press("enter");
        term.see("Follow the newest line").await?;
        // To a pane, and out of the palette without a word.
        term.press("ctrl-p");
        term.text("costs pane");
        term.press("enter");
        term.see("TOTAL/mo").await?;
        term.press("ctrl-p");
        term.see("Go to or do").await?;
        term.press("esc");
        term.unsee("Go to or do").await?;
        Ok(())
    })
    .await
}
