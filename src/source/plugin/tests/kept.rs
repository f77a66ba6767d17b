//! What is kept and for how long, who shares a run, and who waits for a turn.

use futures::future::join_all;

use super::*;
use crate::domain::sign_in::SignInState;

/// Shell that waits for a file.
const GO: &str = "while [ ! -e go ]; do sleep 0.02; done;";

fn go(world: &World) {
    std::fs::write(world.path("go"), "").unwrap();
}

#[tokio::test]
async fn without_an_end_it_is_kept() {
    let world = World::new();
    let (plugins, plugin) = (world.plugins(), world.script(&token("")));
    let first = plugins.credential(&plugin).await.unwrap();
    world.now.moves(1_000_000);
    assert!(Arc::ptr_eq(&first, &plugins.credential(&plugin).await.unwrap()));
    assert_eq!(world.runs(), 1);
}

#[tokio::test]
async fn it_is_renewed_a_little_before_its_end() {
    for (lifetime, good, over) in [(900, 869, 870), (100, 89, 90), (86400, 86369, 86370)] {
        let world = World::new();
        let (plugins, plugin) = (world.plugins(), world.script(&expiring(world.now.in_seconds(lifetime))));
        plugins.credential(&plugin).await.unwrap();
        world.now.moves(good);
        plugins.credential(&plugin).await.unwrap();
        assert_eq!(world.runs(), 1, "{lifetime}");
        world.now.moves(over - good);
        plugins.credential(&plugin).await.unwrap();
        assert_eq!(world.runs(), 2, "{lifetime}");
    }
}

#[tokio::test]
async fn the_clock_jumps() {
    let world = World::new();
    let (plugins, plugin) = (world.plugins(), world.script(&expiring(world.now.in_seconds(900))));
    plugins.credential(&plugin).await.unwrap();
    world.now.moves(-100_000);
    plugins.credential(&plugin).await.unwrap();
    assert_eq!(world.runs(), 1);
    world.now.moves(200_000);
    // The one after is over when it comes, by this clock; that is no reason to run it again and again.
    plugins.credential(&plugin).await.unwrap();
    plugins.credential(&plugin).await.unwrap();
    assert_eq!(world.runs(), 2);
}

/// Time that passes counts even where the clock is set back meanwhile.
#[tokio::test]
async fn a_clock_that_stands_still_makes_nothing_last() {
    let world = World::new();
    let end = world.now.in_seconds(0) + jiff::SignedDuration::from_millis(20);
    let (plugins, plugin) = (world.plugins(), world.script(&expiring(end)));
    plugins.credential(&plugin).await.unwrap();
    let since = std::time::Instant::now();
    until(|| since.elapsed() > Duration::from_millis(20)).await;
    plugins.credential(&plugin).await.unwrap();
    assert_eq!(world.runs(), 2);
}

#[tokio::test]
async fn all_who_ask_share_a_run() {
    let world = World::new();
    let plugins = world.plugins();
    let plugin = world.script(&format!("{GO} {}", token("")));
    let asking: Vec<_> = (0..20)
        .map(|n| {
            let (plugins, plugin) = (plugins.clone(), Plugin { context: format!("c{n}"), ..plugin.clone() });
            tokio::spawn(async move { plugins.credential(&plugin).await })
        })
        .collect();
    until(|| world.runs() == 1).await;
    // Who stops waiting, or breaks, takes nobody with it.
    asking[0].abort();
    let other = plugins.clone();
    let broken = tokio::spawn({
        let plugin = plugin.clone();
        async move {
            tokio::select! {
                biased;
                _ = other.credential(&plugin) => {}
                () = async { panic!("a caller breaks") } => {}
            }
        }
    });
    assert!(broken.await.unwrap_err().is_panic());
    go(&world);
    let got = join_all(asking).await;
    let first = got[1].as_ref().unwrap().as_ref().unwrap();
    for got in &got[1..] {
        assert!(Arc::ptr_eq(first, got.as_ref().unwrap().as_ref().unwrap()));
    }
    assert_eq!(world.runs(), 1);
}

#[tokio::test]
async fn a_run_that_nobody_waits_for_is_kept() {
    let world = World::new();
    let (plugins, plugin) = (world.plugins(), world.script(&format!("{GO} {}", token(""))));
    let asking = tokio::spawn({
        let (plugins, plugin) = (plugins.clone(), plugin.clone());
        async move { plugins.credential(&plugin).await }
    });
    until(|| world.runs() == 1).await;
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    go(&world);
    plugins.credential(&plugin).await.unwrap();
    assert_eq!(world.runs(), 1);
}

#[tokio::test]
async fn others_are_other_plugins() {
    let world = World::new();
    let plugin = world.script("");
    let with = |change: fn(&mut Plugin)| {
        let mut other = plugin.clone();
        change(&mut other);
        other.key() == plugin.key()
    };
    assert!(with(|p| p.context = "other".to_owned()));
    assert!(with(|p| p.file = Some("/somewhere/config".into())));
    assert!(!with(|p| p.args.push(String::new())));
    assert!(!with(|p| p.env.push(("A".to_owned(), "b".into()))));
    assert!(!with(|p| p.cluster = Some(serde_json::json!({}))));
    assert!(!with(|p| p.api_version = "x".to_owned()));
    assert!(!with(|p| p.command = "/bin/dash".to_owned()));
    // A relative command is another one in another folder.
    let relative =
        |file: &str| Plugin { command: "./p".to_owned(), file: Some(PathBuf::from(file)), ..plugin.clone() };
    assert_ne!(relative("/a/config").key(), relative("/b/config").key());
}

#[tokio::test]
async fn four_at_once_of_twelve() {
    let world = World::new();
    let plugins = world.plugins();
    let script =
        format!("touch on.$1; echo $1 >> begun; ls on.* | wc -l >> many; {GO} rm on.$1; {}", token(""));
    let asking: Vec<_> = (0..12)
        .map(|n| {
            let mut plugin = world.script(&script);
            plugin.args.extend(["sh".to_owned(), n.to_string()]);
            let plugins = plugins.clone();
            tokio::spawn(async move { plugins.credential(&plugin).await.map(|_| ()) })
        })
        .collect();
    until(|| world.lines("begun").len() == 4).await;
    go(&world);
    for asked in asking {
        asked.await.unwrap().unwrap();
    }
    let many = world.lines("many");
    assert_eq!(many.len(), 12);
    assert!(many.iter().all(|n| n.trim().parse::<usize>().unwrap() <= 4), "{many:?}");
}

#[tokio::test]
async fn who_comes_first_has_the_first_turn() {
    let mut world = World::new();
    world.options.at_once = 1;
    let plugins = world.plugins();
    let plugin = |n: usize| {
        let mut plugin = world.script(&format!("echo $1 >> order; {}", token("")));
        plugin.args.extend(["sh".to_owned(), n.to_string()]);
        plugin
    };
    let all: Vec<Plugin> = (0..6).map(plugin).collect();
    let got = join_all(all.iter().map(|p| plugins.credential(p))).await;
    assert!(got.iter().all(Result::is_ok));
    assert_eq!(world.lines("order"), ["0", "1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn what_a_server_refuses_is_asked_for_once_more() {
    let world = World::new();
    let (plugins, plugin) = (world.plugins(), world.script(&token("")));
    let first = plugins.credential(&plugin).await.unwrap();
    plugins.refused(&plugin, &first);
    let second = plugins.credential(&plugin).await.unwrap();
    assert!(!Arc::ptr_eq(&first, &second));
    // Others that used the first one say so later.
    plugins.refused(&plugin, &first);
    assert!(Arc::ptr_eq(&second, &plugins.credential(&plugin).await.unwrap()));
    assert_eq!(world.runs(), 2);
}

#[tokio::test]
async fn a_failure_answers_for_a_while() {
    let mut world = World::new();
    let plugin = world.script(&format!("[ -e signed-in ] || exit 9; {}", token("")));
    let plugins = world.plugins();
    let first = fault(&plugins, &plugin).await;
    std::fs::write(world.path("signed-in"), "").unwrap();
    assert_eq!(fault(&plugins, &plugin).await, first);
    assert_eq!(world.runs(), 1);
    plugins.forget_failures();
    plugins.credential(&plugin).await.unwrap();
    assert_eq!(world.runs(), 2);
    // And no longer than that.
    world.options.failures = Duration::ZERO;
    let (plugins, fails) = (world.plugins(), world.script("exit 9"));
    fault(&plugins, &fails).await;
    fault(&plugins, &fails).await;
    assert_eq!(world.runs(), 4);
}

#[tokio::test]
async fn a_failure_that_began_before_a_sign_in_is_not_kept() {
    let world = World::new();
    let plugins = world.plugins();
    let plugin =
        world.script(&format!("if [ -e go ]; then {}; else touch begun; {GO} exit 9; fi", token("")));
    let (failed, ()) = tokio::join!(plugins.credential(&plugin), async {
        until(|| world.path("begun").exists()).await;
        plugins.forget_failures();
        go(&world);
    });
    assert_eq!(failed.unwrap_err().state(), SignInState::Failed);
    plugins.credential(&plugin).await.unwrap();
}

#[tokio::test]
async fn the_last_owner_takes_all_that_run_along() {
    let world = World::new();
    let plugins = world.plugins();
    let plugin = world.script("sleep 1000 & sleep 1000; sleep 1000");
    let asking = tokio::spawn({
        let plugins = plugins.clone();
        async move { plugins.credential(&plugin).await }
    });
    let group = world.pid().await;
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    assert!(alive(group) > 0);
    drop(plugins);
    until(|| alive(group) == 0).await;
}

#[tokio::test]
async fn stopped_is_stopped() {
    let world = World::new();
    let plugins = world.plugins();
    let plugin = world.script("sleep 1000; sleep 1000");
    let (stopped, ()) = tokio::join!(plugins.credential(&plugin), async {
        let group = world.pid().await;
        plugins.stop();
        until(|| alive(group) == 0).await;
    });
    assert_eq!(stopped.map(|_| ()).unwrap_err(), PluginFault::Stopped);
    assert_eq!(fault(&plugins, &world.script(&token(""))).await, PluginFault::Stopped);
    assert_eq!(world.runs(), 1);
}

/// A runtime that ends takes its runs along, without anybody stopping them.
#[test]
fn a_runtime_that_ends() {
    let world = World::new();
    let plugins = world.plugins();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let plugin = world.script("sleep 1000; sleep 1000");
    let group = first.block_on(async {
        tokio::select! {
            _ = plugins.credential(&plugin) => panic!("it does not end"),
            pid = world.pid() => pid,
        }
    });
    drop(first);
    let second = runtime();
    second.block_on(until(|| alive(group) == 0));
    // Who asks next does not wait for the lost one for ever.
    second.block_on(async {
        assert_eq!(fault(&plugins, &plugin).await, PluginFault::Stopped);
        let again = tokio::time::timeout(Duration::from_mins(10), async {
            tokio::select! {
                _ = plugins.credential(&plugin) => panic!("it does not end"),
                () = until(|| world.runs() == 2) => {}
            }
        });
        again.await.unwrap();
    });
    let group = second.block_on(async {
        until(|| world.lines("pid") != [group.to_string()]).await;
        world.pid().await
    });
    assert_eq!(alive(group).min(1), 1);
    drop(second);
    runtime().block_on(until(|| alive(group) == 0));
}
