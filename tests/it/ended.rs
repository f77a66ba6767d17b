//! How a run begins and ends: what its flags make of the screen, and that whoever ends a command ends its plugins.

use std::process::Command;

use serde_json::json;

use super::gate::Served;
use super::home::{Home, exec, is_gone};

/// Whoever ends a command ends its plugins: they are in sessions of their own, where no signal of the terminal reaches them.
#[test]
fn a_command_that_is_ended_leaves_no_plugin() {
    let served = Served::new(&["of-alpha"]);
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        for command in [
            &["get", "ns"][..],
            &["doctor"],
            &["logs"],
            &["scale", "deploy/x", "-n", "y", "--replicas", "1", "--yes"],
        ] {
            let home = Home::new();
            home.program("hangs", "echo $$ > pid.new; mv pid.new pid; sleep 600");
            home.kubeconfig(&[("alpha", &served.gates[0].server(), exec("hangs", &[]))]);
            let mut running = Command::new(env!("CARGO_BIN_EXE_skyfleet"));
            running
                .args(command)
                .envs(home.env())
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null());
            let mut child = crate::pty::spawn(&mut running);
            let pid = patiently(|| std::fs::read_to_string(home.path("pid")).ok());
            crate::pty::output(Command::new("kill").args([signal, &child.id().to_string()]));
            assert_eq!(child.wait().unwrap().code(), Some(code), "{signal} {command:?}");
            assert!(is_gone(pid.trim()), "{signal} {command:?}");
        }
    }
}

/// The flags of a scope narrow the screen, too; what cannot be read or finds nothing is said before it opens.
#[test]
fn the_screen_is_about_what_the_flags_name() {
    let served = Served::new(&["of-alpha", "of-beta"]);
    let home = Home::new();
    home.kubeconfig(&[
        ("alpha", &served.gates[0].server(), json!({"token": "of-alpha"})),
        ("beta", &served.gates[1].server(), json!({"token": "of-beta"})),
    ]);
    let connected = || served.gates[0].connections.load(std::sync::atomic::Ordering::SeqCst);
    for flags in [["--context", "beta"], ["-s", "**/beta"], ["--cluster", "bet*"]] {
        let mut pty = home.terminal(&flags);
        pty.until("beta alone", |s| s.contains("1/1 live") && s.contains("1 of 2 clusters, by the flags"));
        assert!(!pty.text().contains("alpha"), "{}", pty.text());
        pty.send(b"\x03");
        assert_eq!(pty.ended(), 0);
    }
    assert_eq!(connected(), 0);
    for (flags, words) in [
        (["--context", "gamma"], "no cluster matches"),
        (["-n", "shop"], ":ns NAME"),
        (["-s", "["], "no path glob"),
    ] {
        let mut pty = home.terminal(&flags);
        pty.until(words, |s| s.contains(words));
        assert_eq!(pty.ended(), 2);
    }
}

fn patiently<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(std::time::Instant::now() < until, "it did not come");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
