//! Apply a set of which one deployment never gets ready: the other is written and gets ready all the same, the run says
//! which failed and why, and the next cluster is left alone.

use skyfleet::domain::diff::to_yaml;
use skyfleet::domain::kind::Kind;

use super::{World, with_terminal};

pub(super) async fn play(world: World) -> Result<(), String> {
    world.make_namespace(&[0, 1]).await?;
    let named = |name: &str, image: &str| {
        let mut web = world.web(image, 1);
        web["metadata"]["name"] = name.into();
        for at in ["/spec/selector/matchLabels", "/spec/template/metadata/labels"] {
            web.pointer_mut(at).unwrap()["app"] = name.into();
        }
        web
    };
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("set.yaml");
    let (bad, good) =
        (named("aaa", "registry.example/aaa:9-missing"), named("zzz", "registry.example/zzz:1"));
    std::fs::write(&path, format!("{}---\n{}", to_yaml(&bad), to_yaml(&good))).unwrap();
    let path = path.to_string_lossy().into_owned();
    let _kept = dir;
    with_terminal(world, (170, 50), |term, world| async move {
        let names: Vec<String> = (0..2).map(|n| world.name(n)).collect();
        term.scope_of(&names).await?;
        term.command(&format!("apply {path}"));
        term.until("a plan of two for two", |s| s.contains("2 clusters") && s.contains("4 create")).await?;
        term.press("R");
        term.confirm().await?;
        term.see("failed: ").await?;
        term.see("1 done, 2 not started").await?;
        for (n, there) in [(0, true), (1, false)] {
            for name in ["aaa", "zzz"] {
                if world.get(n, Kind::Deployment, name).await?.is_some() != there {
                    return Err(format!("{}: {name} there should be {there}", names[n]));
                }
            }
        }
        let ready = world.get(0, Kind::Deployment, "zzz").await?.ok_or("zzz is gone")?;
        if ready["status"]["readyReplicas"] != 1 {
            return Err(format!("zzz is not ready: {}", ready["status"]));
        }
        Ok(())
    })
    .await
}
