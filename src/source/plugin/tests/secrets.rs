//! Planted secrets come out nowhere.

use super::*;
use crate::source::fault::{Fault, FaultClass};

const SECRET: &str = "hunter2";

/// A plugin with secrets wherever one can be.
fn planted(world: &World, script: &str) -> Plugin {
    let mut plugin = world.script(script);
    plugin.args.extend(
        ["sh", "--client-secret", SECRET, "--password=hunter2", "--api-token", SECRET].map(str::to_owned),
    );
    plugin.env.push(("AWS_SECRET_ACCESS_KEY".to_owned(), SECRET.into()));
    plugin.cluster = Some(serde_json::json!({"server": "https://k", "proxy-url": "http://u:hunter2@proxy"}));
    plugin
}

#[tokio::test]
async fn no_fault_and_no_type_shows_one() {
    let mut world = World::new();
    let plugins = world.plugins();
    let say = "S=$(printf hunt; printf er2); echo $S; echo $S >&2;";
    let good = format!(
        r#"S=$(printf hunt; printf er2); echo '{{"kind":"ExecCredential","apiVersion":"{V1}","status":{{"token":"'$S'"}}}}'"#
    );
    let mut faults = Vec::new();
    for end in
        ["exit 1", "exit 0", "exit 127", "echo 'invalid_grant' >&2; exit 1", "kill -9 $$", "cat /dev/zero"]
    {
        let plugin = planted(&world, &format!("{say} {end}"));
        assert!(!format!("{plugin:?} {:?} {}", plugin.key(), plugin.line()).contains(SECRET));
        faults.push(fault(&plugins, &plugin).await);
    }
    world.options.limit = Duration::from_secs(1);
    let hangs = planted(&world, &format!("{say} sleep 1000"));
    faults.push(fault(&world.plugins(), &hangs).await);
    let broken = planted(&world, &format!("{good} | tr -d '}}'"));
    faults.push(fault(&plugins, &broken).await);
    let always = Plugin { interactive: Interactive::Always, ..planted(&world, "") };
    faults.push(fault(&plugins, &always).await);
    let missing = Plugin { command: "no-such".to_owned(), ..planted(&world, "") };
    faults.push(fault(&plugins, &missing).await);
    let version = Plugin { api_version: "v0".to_owned(), ..planted(&world, "") };
    faults.push(fault(&plugins, &version).await);
    let mut null = planted(&world, "");
    null.args.push("\0".to_owned());
    faults.push(fault(&plugins, &null).await);
    world.options.policy = Policy::Ask;
    let foreign = Plugin { file: Some(world.path("config")), ..planted(&world, "") };
    let asked = fault(&world.plugins(), &foreign).await;
    assert!(asked.to_string().contains("--client-secret •••"), "{asked}");
    faults.push(asked);
    for fault in &faults {
        let seen = Fault::from(fault);
        assert!(matches!(seen.class, FaultClass::Credentials | FaultClass::Timeout));
        let all = format!("{fault} {fault:?} {seen} {seen:?} {:?} {:?}", fault.next(), fault.state());
        assert!(!all.contains(SECRET), "{all}");
        assert!(!fault.to_string().chars().any(char::is_control));
    }
    let got = plugins.credential(&planted(&world, &good)).await.unwrap();
    assert_eq!(bearer(&got), SECRET);
    assert!(!format!("{got:?}").contains(SECRET));
}
