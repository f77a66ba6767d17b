//! More pods than are watched at once.

use serde_json::json;

use super::gate::Served;
use super::home::Home;

/// Of one of two clusters the pods are counted: that is said, none of it looks like none, and an opened namespace has them.
#[test]
fn what_is_too_much_is_counted_and_comes_where_somebody_looks() {
    let served = Served::new(&["of-alpha", "of-beta"]);
    let home = Home::new();
    home.kubeconfig(&[
        ("alpha", &served.gates[0].server(), json!({"token": "of-alpha"})),
        ("beta", &served.gates[1].server(), json!({"token": "of-beta"})),
    ]);
    std::fs::write(home.path("config/config.yaml"), "watch_pods: 30\n").unwrap();
    let mut pty = home.terminal(&[]);
    pty.until("both", |s| s.contains("2/2 live") && s.contains("watched 1/2 clusters"));
    // Watched or not, they count.
    pty.until("their sum", |s| s.contains("38 pods"));
    pty.send(b"gr");
    pty.until("what is not there", |s| s.contains("not all pods of 1 cluster are watched: open a namespace"));
    // A namespace of its own choice, in both.
    pty.send(b":ns checkout\r");
    let row = |s: &str, cluster: &str| {
        s.contains("ns checkout") && s.lines().any(|l| l.contains(cluster) && l.contains("1/1"))
    };
    pty.until("rows of both", |s| row(s, "alpha") && row(s, "beta"));
    assert!(!pty.text().contains("no pods here"), "{}", pty.text());
}
