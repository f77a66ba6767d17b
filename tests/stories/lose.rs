//! Lose a cluster while looking: its row says so, the rest goes on, keys are heard, and it comes back by itself.

use std::time::{Duration, Instant};

use super::{World, with_terminal};

pub(super) async fn play(world: World) -> Result<(), String> {
    with_terminal(world, (170, 50), |term, world| async move {
        let lost = world.cluster(1);
        let (name, all) = (lost.name().to_string(), world.session.infos.len());
        let live = |n: usize| format!("{n}/{all} live");
        term.see(&live(all)).await?;
        term.command("po");
        term.line(&[&name]).await?;
        (world.freeze)(&lost.context, true);
        let frozen = Instant::now();
        let said = term.see("1 stale").await;
        let took = frozen.elapsed();
        let result = async {
            said?;
            if took > Duration::from_secs(15) {
                return Err(format!("its row said so only after {took:?}"));
            }
            term.see(&live(all - 1)).await?;
            // Its rows are still there, old, and the rest answers keys.
            term.line(&[&name]).await?;
            term.press("g p");
            term.line(&["no answer", &name]).await?;
            term.press("g r");
            term.see("pods").await?;
            Ok(())
        }
        .await;
        (world.freeze)(&lost.context, false);
        result?;
        term.see(&live(all)).await?;
        term.unsee("stale").await?;
        Ok(())
    })
    .await
}
