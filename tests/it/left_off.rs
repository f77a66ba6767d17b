//! Where a person was when the terminal was lost, and the next run.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::gate::Served;
use super::home::Home;
use super::pty::Pty;

fn quit(mut pty: Pty) {
    pty.send(b":q\r");
    assert_eq!(pty.ended(), 0);
}

/// Scope, marks, filters and pane are back; once, and only after the terminal was lost.
#[test]
fn a_lost_terminal_leads_back_to_where_one_was() {
    let served = Served::new(&["of-alpha", "of-beta"]);
    let home = Home::new();
    let context = |n: usize, name| (name, served.gates[n].server(), json!({"token": format!("of-{name}")}));
    let (alpha, beta) = (context(0, "alpha"), context(1, "beta"));
    home.kubeconfig(&[(alpha.0, &alpha.1, alpha.2), (beta.0, &beta.1, beta.2.clone())]);
    let mut pty = home.terminal(&[]);
    pty.until("both", |s| s.contains("2/2 live"));
    pty.send(b"gt/alpha\r\r");
    pty.until("the scope", |s| s.lines().next().is_some_and(|l| l.contains("alpha")));
    pty.send(b":po checkout\r");
    pty.until("pods", |s| s.contains("web-") && s.contains("ns checkout"));
    pty.send(b"/web\r ");
    pty.until("a mark", |s| s.contains("/web") && s.contains("1 marked"));
    pty.signal("-HUP");
    pty.ended();
    let kept: Vec<_> = std::fs::read_dir(home.path("state/left-off")).unwrap().flatten().collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(kept[0].path()).unwrap();
    assert!(text.contains("checkout") && !text.contains("of-alpha") && !text.contains("127.0.0.1"), "{text}");

    let mut pty = home.terminal(&[]);
    pty.until("where one was", |s| {
        ["this is where you were", "ns checkout", "/web", "1 marked", "web-"].iter().all(|t| s.contains(t))
            && s.lines().next().is_some_and(|l| l.contains("alpha"))
            && !s.contains("cart-worker")
    });
    // What one would have begun with.
    pty.send(b"-");
    pty.until("the beginning", |s| s.lines().next().is_some_and(|l| l.contains("all clouds")));
    quit(pty);

    // It was left on purpose.
    let mut pty = home.terminal(&[]);
    pty.until("the beginning", |s| s.contains("2/2 live") && s.contains("all clouds"));
    assert!(!pty.text().contains("where you were"), "{}", pty.text());
    pty.send(b"gt/alpha\r\r");
    pty.until("the scope", |s| s.lines().next().is_some_and(|l| l.contains("alpha")));
    pty.signal("-HUP");
    pty.ended();

    // The cluster is gone from the kubeconfig: that is said, and nothing else is taken for it.
    home.kubeconfig(&[(beta.0, &beta.1, beta.2)]);
    let mut pty = home.terminal(&[]);
    pty.until("the whole fleet", |s| {
        s.contains("its scope is gone: all clouds")
            && s.lines().next().is_some_and(|l| l.contains("all clouds"))
    });
    pty.signal("-HUP");
    pty.ended();

    // Nobody wants anything kept.
    std::fs::write(home.path("config/config.yaml"), "remember_fleet: false\n").unwrap();
    let mut pty = home.terminal(&[]);
    pty.until("the beginning", |s| s.contains("1/1 live"));
    assert!(!pty.text().contains("where you were"), "{}", pty.text());
    pty.signal("-HUP");
    pty.ended();
    assert!(!home.path("state/left-off").exists());
}
