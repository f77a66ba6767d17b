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
        // k9s's grammar: a namespace, a cluster, labels and a filter in one line.
        term.command(&format!("po {ns} @{second} app=web /web- !nothing"));
        let title = format!("pods  ns {ns}  /-l app=web web- !nothing");
        term.see(&title).await?;
        term.line(&[&second, "web-", "1/1"]).await?;
        if term.screen().lines().any(|l| l.split_once('│').is_some_and(|(_, row)| row.contains(&first))) {
            return Err(format!("another cluster than {second}:\n{}", term.screen()));
        }
        // To its owner and its node, and back.
        term.press("J");
        term.line(&[&second, "web", "3/3"]).await?;
        term.see("deployments").await?;
        term.press("esc");
        term.see(&title).await?;
        term.press("o");
        term.see("nodes  ").await?;
        term.press("esc");
        term.see(&title).await?;
        // A range of marks.
        term.press("g g space G");
        term.press("ctrl-space");
        term.see("3 marked").await?;
        term.press("esc");
        term.unsee("3 marked").await?;
        term.filter("-l app in (api, db)");
        term.see("none of 3 pods").await?;
        term.filter("-l app notin (api, db),pod-template-hash");
        term.line(&[&second, "web-", "1/1"]).await?;
        // What is wrong is named while it is typed.
        term.press("/");
        term.text("-l rank>x");
        term.see("a number is wanted, as in rank>3").await?;
        term.press("esc");
        term.command(&format!("po {ns} web"));
        term.see("`web` is too much").await?;
        term.command("ctx");
        term.see("all clouds").await?;
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
        // Another theme, at once.
        term.press("ctrl-p");
        term.text("nord");
        term.line(&["theme", "nord"]).await?;
        term.press("enter");
        term.see("theme nord; key map default").await?;
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
