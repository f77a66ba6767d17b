//! What is known of the fleet from one run to the next.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::json;

use super::gate::Served;
use super::home::Home;
use super::pty::Pty;

fn kept(home: &Home) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(home.path("state/fleet")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn quit(mut pty: Pty) {
    pty.send(b"\x03");
    assert_eq!(pty.ended(), 0);
}

/// The servers are gone: the tree is there all the same, as old as it is, until somebody wants nothing kept.
#[test]
fn a_restarted_skyfleet_shows_the_last_known_tree_as_old_as_it_is() {
    let served = Served::new(&["of-alpha"]);
    let home = Home::new();
    home.kubeconfig(&[("alpha", &served.gates[0].server(), json!({"token": "of-alpha"}))]);
    let mut pty = home.terminal(&[]);
    pty.until("all of it", |s| s.contains("1/1 live") && s.contains("21 pods"));
    quit(pty);
    let files = kept(&home);
    assert_eq!(files.len(), 1, "{files:?}");
    assert_eq!(files[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&files[0]).unwrap();
    assert!(text.contains("checkout") && !text.contains("of-alpha") && !text.contains("127.0.0.1"), "{text}");

    let server = served.gates[0].server();
    drop(served);
    let mut pty = home.terminal(&[]);
    pty.until("it as it was", |s| s.contains("0/1 live") && s.contains("1 stale") && s.contains("21 pods"));
    quit(pty);

    // Another who acts, or another server, is not shown what this one saw.
    home.kubeconfig(&[("alpha", "http://127.0.0.1:9", json!({"token": "of-alpha"}))]);
    let mut pty = home.terminal(&[]);
    pty.until("a cluster that was never seen", |s| s.contains("1 unreachable") && !s.contains("21 pods"));
    quit(pty);

    // A file that is broken is no file.
    home.kubeconfig(&[("alpha", &server, json!({"token": "of-alpha"}))]);
    std::fs::write(&kept(&home)[0], "{\"at\":").unwrap();
    let mut pty = home.terminal(&[]);
    pty.until("nothing known", |s| s.contains("1 unreachable"));
    quit(pty);

    std::fs::write(home.path("config/config.yaml"), "remember_fleet: false\n").unwrap();
    let mut pty = home.terminal(&[]);
    pty.until("nothing known", |s| s.contains("1 unreachable"));
    quit(pty);
    assert!(!home.path("state/fleet").exists());
}
