//! The sign-in story in a real terminal, over clusters behind a gate; plugins that misbehave; a kubeconfig that changes
//! under a running program; and that nothing secret is ever said.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::gate::Served;
use super::home::{Home, exec, is_gone, prints};

/// The sign-in has run out: the row says so; Enter hands the terminal over, a person signs in, and the cluster comes back.
#[test]
fn an_expired_sign_in_is_mended_by_enter() {
    let served = Served::new(&["of-alpha", "of-beta"]);
    let home = Home::new();
    home.program(
        "aws",
        &format!(
            r#"echo "$*" >> ran
            if [ "$1 $2" = "sso login" ]; then
                printf 'code from your browser: '; read code </dev/tty; [ "$code" = 1234 ] || exit 9
                touch signed-in; exit 0
            fi
            if [ ! -e signed-in ]; then
                echo 'Error loading SSO Token: Token for https://sso.example does not exist' >&2; exit 255
            fi
            {}"#,
            prints("of-beta")
        ),
    );
    home.kubeconfig(&[
        ("alpha", &served.gates[0].server(), json!({"token": "of-alpha"})),
        (
            "beta",
            &served.gates[1].server(),
            exec("aws", &["eks", "get-token", "--cluster-name", "beta", "--region", "eu-west-1"]),
        ),
    ]);
    let mut pty = home.terminal(&[]);
    pty.until("the sign-in that ran out", |s| {
        s.lines().any(|l| l.contains("beta") && l.contains("expired")) && s.contains("1/2 live")
    });
    pty.send(b"/beta\r");
    pty.until("beta alone", |s| !s.lines().any(|l| l.contains("alpha")));
    pty.send(b"\r");
    pty.until("the terminal handed over", |s| {
        s.contains("$ aws sso login --profile pay") && s.contains("code from your browser:")
    });
    pty.send(b"1234\r");
    pty.until("beta is back", |s| s.contains("2/2 live"));
    pty.send(b"\x1b");
    pty.until("the tree", |s| s.contains("alpha") && s.contains("beta") && !s.contains("expired"));
    pty.send(b":q\r");
    assert_eq!(pty.ended(), 0);
    let ran = std::fs::read_to_string(home.path("ran")).unwrap();
    assert_eq!(ran.lines().filter(|l| l.starts_with("sso login")).count(), 1, "{ran}");
}

/// Each cloud's own command is what Enter runs: Azure's with the tenant, Teleport's with the proxy, Google's.
#[test]
fn each_tool_signs_in_by_its_own_command() {
    let served = Served::new(&["of-azure", "of-teleport", "of-google"]);
    let home = Home::new();
    let plugin = |signed: &str, says: &str, token: &str| {
        format!("[ -e {signed} ] || {{ echo '{says}' >&2; exit 1; }}\n{}", prints(token))
    };
    let sign_in = |name: &str, signed: &str| {
        format!(
            "echo \"{name} $*\" >> ran\nprintf 'sign in to {name}: '; read code </dev/tty; touch {signed}"
        )
    };
    home.program(
        "kubelogin",
        &plugin("signed-azure", "AADSTS70043: The refresh token has expired", "of-azure"),
    );
    home.program("az", &sign_in("az", "signed-azure"));
    home.program(
        "gke-gcloud-auth-plugin",
        &plugin(
            "signed-google",
            "Reauthentication failed. cannot prompt during non-interactive execution",
            "of-google",
        ),
    );
    home.program("gcloud", &sign_in("gcloud", "signed-google"));
    let of_teleport = plugin(
        "signed-teleport",
        "ERROR: your credentials have expired, please login using tsh login",
        "of-teleport",
    );
    home.program(
        "tsh",
        &format!(
            "if [ \"$1\" = login ]; then\n{}\nexit\nfi\n{of_teleport}",
            sign_in("tsh", "signed-teleport")
        ),
    );
    let azure = [
        "get-token",
        "--login",
        "azurecli",
        "--tenant-id",
        "11111111-2222-3333-4444-555555555555",
        "--server-id",
        "s",
    ];
    home.kubeconfig(&[
        ("zure", &served.gates[0].server(), exec("kubelogin", &azure)),
        (
            "dock",
            &served.gates[1].server(),
            exec("tsh", &["kube", "credentials", "--kube-cluster=dock", "--proxy=tele.example:443"]),
        ),
        ("goog", &served.gates[2].server(), exec("gke-gcloud-auth-plugin", &[])),
    ]);
    let mut pty = home.terminal(&[]);
    pty.until("all three signed out", |s| s.contains("0/3 live") && s.contains("3 signed out"));
    for (live, (name, command, prompt)) in [
        ("zure", "$ az login --tenant 11111111-2222-3333-4444-555555555555", "sign in to az:"),
        ("dock", "$ tsh login --proxy=tele.example:443", "sign in to tsh:"),
        ("goog", "$ gcloud auth login", "sign in to gcloud:"),
    ]
    .into_iter()
    .enumerate()
    {
        pty.send(format!("/{name}\r").as_bytes());
        pty.until(name, |s| {
            s.lines().any(|l| l.contains(name) && l.contains("expired")) && s.contains("enter sign in")
        });
        pty.send(b"\r");
        pty.until("the terminal handed over", |s| s.contains(command) && s.contains(prompt));
        pty.send(b"yes\r");
        pty.until("it is back", |s| s.contains(&format!("{}/3 live", live + 1)));
        pty.send(b"\x1b");
        pty.until("the tree", |s| s.contains("zure") && s.contains("dock") && s.contains("goog"));
    }
    pty.send(b"\x03");
    assert_eq!(pty.ended(), 0);
}

/// A sign-in that is given up by Ctrl-C goes straight back; one whose plugin is not there says what to install.
#[test]
fn what_cannot_be_done_is_said() {
    let served = Served::new(&["of-alpha", "of-beta"]);
    let home = Home::new();
    home.program(
        "aws",
        "[ \"$2\" = login ] || { echo 'Error loading SSO Token' >&2; exit 255; }; echo waiting; exec sleep 1000",
    );
    let server = served.gates[0].server();
    home.kubeconfig(&[
        ("alpha", &server, exec("aws", &["eks", "get-token"])),
        ("beta", &served.gates[1].server(), exec("kubelogin", &[])),
    ]);
    let mut pty = home.terminal(&[]);
    pty.until("alpha", |s| s.lines().any(|l| l.contains("alpha") && l.contains("expired")));
    pty.send(b"/alpha\r\r");
    pty.until("the terminal handed over", |s| s.contains("aws sso login") && s.contains("waiting"));
    pty.send(b"\x03");
    pty.until("back without a word more", |s| {
        s.contains("the sign-in was given up") && s.contains("expired")
    });
    pty.send(b"\x1b");
    pty.until("both", |s| s.contains("beta"));
    pty.send(b"/beta\r");
    pty.until("beta", |s| {
        s.lines().any(|l| l.contains("beta") && l.contains("no plugin"))
            && s.contains("enter what is missing")
    });
    pty.send(b"\r");
    pty.until("what to install", |s| s.contains("az aks install-cli"));
    home.program("kubelogin", &prints("of-beta"));
    pty.send(b"j\r");
    pty.until("beta is there", |s| s.contains("1/2 live"));
    pty.send(b"\x03");
    assert_eq!(pty.ended(), 0);
}

/// A sign-in that fails stays on the screen until it was read; skyfleet is back after that, and says it again.
#[test]
fn a_sign_in_that_fails_is_said() {
    let served = Served::new(&["of-alpha", "of-beta"]);
    let home = Home::new();
    home.program(
        "aws",
        "[ \"$1\" = sso ] && { echo 'the browser said no'; exit 3; }\necho 'The SSO session associated with this profile has expired' >&2; exit 255",
    );
    home.kubeconfig(&[(
        "alpha",
        &served.gates[0].server(),
        exec("aws", &["eks", "get-token", "--cluster-name", "alpha"]),
    )]);
    let mut pty = home.terminal(&[]);
    pty.until("the sign-in that ran out", |s| {
        s.lines().any(|l| l.contains("alpha") && l.contains("expired"))
    });
    pty.send(b"/alpha\r\r");
    pty.until("what went wrong", |s| s.contains("the browser said no") && s.contains("exit code 3"));
    pty.send(b"\r");
    pty.until("skyfleet again", |s| s.contains("exit code 3") && s.contains("? help"));
    pty.send(b"\x03");
    assert_eq!(pty.ended(), 0);
}

/// A kubeconfig that is written under the running program: what is new comes, what is gone goes, what stays stays connected.
#[test]
fn a_kubeconfig_that_changes_is_followed() {
    let served = Served::new(&["of-alpha", "of-beta"]);
    let home = Home::new();
    let entry =
        |n: usize, name: &'static str, token: &str| (name, served.gates[n].server(), json!({"token": token}));
    let write = |entries: &[(&'static str, String, Value)]| {
        let entries: Vec<_> = entries.iter().map(|(n, s, u)| (*n, s.as_str(), u.clone())).collect();
        home.kubeconfig(&entries);
    };
    write(&[entry(0, "alpha", "of-alpha")]);
    let mut pty = home.terminal(&[]);
    pty.until("alpha", |s| s.contains("1/1 live"));
    let before = served.gates[0].connections.load(Ordering::SeqCst);
    write(&[entry(0, "alpha", "of-alpha"), entry(1, "beta", "wrong")]);
    pty.until("beta, and that it is denied", |s| s.contains("1/2 live") && s.contains("denied"));
    write(&[entry(0, "alpha", "of-alpha"), entry(1, "beta", "of-beta")]);
    pty.until("beta", |s| s.contains("2/2 live"));
    // Nobody connected to alpha anew; a health request may have.
    let after = served.gates[0].connections.load(Ordering::SeqCst);
    assert!(after <= before + 2, "{before} connections, then {after}");
    std::fs::write(home.path(".kube/config"), "clusters: [").unwrap();
    // What a file said before it broke counts until it is mended.
    pty.until("the broken file is said", |s| s.contains("not valid YAML") && s.contains("2/2 live"));
    write(&[entry(1, "beta", "of-beta")]);
    pty.until("alpha is gone", |s| s.contains("1/1 live") && s.contains("beta") && !s.contains("alpha"));
    pty.send(b"\x03");
    assert_eq!(pty.ended(), 0);
}

/// A token that is refused while connected makes the plugin run again.
#[test]
fn a_token_that_is_refused_is_fetched_anew() {
    let served = Served::new(&["first"]);
    let home = Home::new();
    home.program(
        "plug",
        &format!(
            "echo . >> ran\nif [ $(wc -l < ran) = 1 ]; then {}; else {}; fi",
            prints("first"),
            prints("second")
        ),
    );
    home.kubeconfig(&[("alpha", &served.gates[0].server(), exec("plug", &[]))]);
    let mut pty = home.terminal(&[]);
    pty.until("alpha", |s| s.contains("1/1 live"));
    served.gates[0].accept(&["second"]);
    pty.until("the refusal, or what came of it", |_| {
        std::fs::read_to_string(home.path("ran")).unwrap().lines().count() >= 2
    });
    pty.until("alpha again", |s| s.contains("1/1 live"));
    pty.send(b"\x03");
    assert_eq!(pty.ended(), 0);
}

/// Plugins that hang, flood, prompt, paint and lie beside a healthy cluster: each is one row, and none is left when the
/// program has ended.
#[test]
fn plugins_that_misbehave_are_one_row_each() {
    let served = Served::new(&["of-alpha"]);
    let home = Home::new();
    home.program("hangs", "echo $$ >> pids; sleep 3600 & echo $! >> pids; wait");
    home.program("prompts", "echo PROMPT-ON-TTY > /dev/tty; read x < /dev/tty || exit 4");
    home.program("floods", "head -c 10000000 /dev/zero | tr '\\0' x >&2; exit 5");
    home.program("paints", "printf '\\033[2J\\033]0;title\\007 PAINTED' >&2; exit 6");
    home.program("lies", "echo 'kind: ExecCredential'");
    let dead = "http://127.0.0.1:9";
    home.kubeconfig(&[
        ("alpha", &served.gates[0].server(), json!({"token": "of-alpha"})),
        ("hangs", &format!("{dead}/1"), exec("hangs", &[])),
        ("prompts", &format!("{dead}/2"), exec("prompts", &[])),
        ("floods", &format!("{dead}/3"), exec("floods", &[])),
        ("paints", &format!("{dead}/4"), exec("paints", &[])),
        ("lies", &format!("{dead}/5"), exec("lies", &[])),
    ]);
    let mut pty = home.terminal(&[]);
    pty.until("alpha is live whatever the others do", |s| s.contains("1/6 live"));
    pty.until("the rows of the others", |s| {
        ["prompts", "floods", "paints", "lies"]
            .iter()
            .all(|n| s.lines().any(|l| l.contains(n) && l.contains("no creds")))
    });
    let screen = pty.text();
    assert!(!screen.contains("PAINTED") && !screen.contains("PROMPT-ON-TTY"), "{screen}");
    // While one still hangs.
    pty.send(b"\x03");
    assert_eq!(pty.ended(), 0);
    let pids = std::fs::read_to_string(home.path("pids")).unwrap();
    assert!(pids.lines().count() >= 2, "{pids}");
    for pid in pids.lines() {
        assert!(is_gone(pid), "process {pid} is left");
    }
}

/// A plugin of a file that anybody may write asks first; a no runs nothing, a yes counts until the end, or for good.
#[test]
fn a_strangers_plugin_is_asked_for() {
    let served = Served::new(&["of-alpha"]);
    let home = Home::new();
    home.program("plug", &format!("touch ran\nsleep 2\n{}", prints("of-alpha")));
    home.kubeconfig(&[("alpha", &served.gates[0].server(), exec("plug", &["--password=hunter2"]))]);
    let file = home.path(".kube/config");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    for (keys, yes) in [(&b"\r"[..], false), (b"j\r", true), (b"jj\r", true)] {
        let mut pty = home.terminal(&[]);
        pty.until("that it wants a yes", |s| s.lines().any(|l| l.contains("alpha") && l.contains("allow?")));
        pty.send(b"/alpha\r");
        pty.until("the key for it", |s| s.contains("enter allow?"));
        pty.send(b"\r");
        pty.until("the question", |s| s.contains("Run this program to sign in?") && s.contains("bin/plug"));
        assert!(!pty.text().contains("hunter2"));
        assert!(pty.text().contains("To take every yes back later: rm "));
        assert!(!home.path("ran").exists());
        pty.send(keys);
        if yes {
            pty.until("that it is tried", |s| s.contains("1 connecting") && !s.contains("allow?"));
            pty.until("alpha", |s| s.contains("1/1 live"));
            std::fs::remove_file(home.path("ran")).unwrap();
        } else {
            pty.until("the tree", |s| !s.contains("Run this program"));
        }
        pty.send(b"\x03");
        assert_eq!(pty.ended(), 0);
    }
    // Once more, without a word.
    let mut pty = home.terminal(&[]);
    pty.until("alpha", |s| s.contains("1/1 live"));
    pty.send(b"\x03");
    assert_eq!(pty.ended(), 0);
    let out = home.run(&["doctor"]);
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let back = format!(
        "> to take every yes back, before the next start: rm {}",
        home.path("state/trusted").display()
    );
    assert!(said.contains("1 plugin you said yes to") && said.contains(&back), "{said}");
    let out = home.run(&["tree", "--exec-policy", "deny"]);
    let said = String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr);
    assert!(said.contains("exec policy is deny"), "{said}");
}

/// Planted secrets are in nothing that is said, logged or kept.
#[test]
fn nothing_secret_is_said_or_kept() {
    const PLANTED: &str = "hunter2-planted";
    let served = Served::new(&["of-alpha"]);
    let home = Home::new();
    home.program("plug", &format!("echo {PLANTED} >&2; echo '{{\"{PLANTED}\": \"$TOKEN\"'; exit 3"));
    home.program("good", &prints(PLANTED));
    let mut secretive = exec("plug", &[&format!("--password={PLANTED}"), "--client-secret", PLANTED]);
    secretive["exec"]["env"] = json!([{"name": "TOKEN", "value": PLANTED}]);
    let server = served.gates[0].server();
    home.kubeconfig(&[
        ("alpha", &server, json!({"token": "of-alpha"})),
        ("plug", &format!("{server}/1"), secretive),
        ("good", &format!("{server}/2"), exec("good", &[])),
        ("token", &format!("{server}/3"), json!({"token": PLANTED})),
        ("basic", &format!("{server}/4"), json!({"username": "u", "password": PLANTED})),
        ("oidc", &format!("{server}/5"), json!({"auth-provider": {"name": "oidc", "config": {"id-token": PLANTED, "client-secret": PLANTED}}})),
        ("inline", &format!("https://u:{PLANTED}@127.0.0.1:9/?t={PLANTED}"), json!({})),
        ("wrong", "https://127.0.0.1:9", json!({"token": [PLANTED]})),
    ]);
    std::fs::write(
        home.path("config/config.yaml"),
        format!("clusters:\n- {{match: '**/token', proxy: 'http://u:{PLANTED}@127.0.0.1:9', env: {{A: {PLANTED}}}}}\n- {{match: x, proxie: {PLANTED}}}\n"),
    )
    .unwrap();
    let log = home.path("log").display().to_string();
    let mut said = String::new();
    for arguments in [
        &["contexts"][..],
        &["contexts", "-o", "json"],
        &["doctor"],
        &["doctor", "-o", "json"],
        &["tree"],
        &["problems", "-o", "json"],
        &["get", "pods"],
        &["logs", "deploy/x", "-n", "y"],
        &["snapshot", "--size", "160x50"],
        &["clouds"],
    ] {
        let arguments: Vec<&str> =
            arguments.iter().copied().chain(["-vvv", "--log-file", &log, "--timeout", "3"]).collect();
        let out = home.run(&arguments);
        said.push_str(&format!("$ {arguments:?}\n"));
        said.push_str(&String::from_utf8_lossy(&out.stdout));
        said.push_str(&String::from_utf8_lossy(&out.stderr));
    }
    let mut pty = home.terminal(&["-vvv", "--log-file", &log]);
    pty.until("rows", |s| s.contains("1/7 live") && s.contains("no creds"));
    said.push_str(&pty.text());
    pty.send(b"\x03");
    assert_eq!(pty.ended(), 0);
    assert!(said.contains("alpha") && std::fs::read_to_string(&log).unwrap().contains("cluster trouble"));
    let mut files = vec![home.path("state"), PathBuf::from(&log)];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
        } else {
            said.push_str(&String::from_utf8_lossy(&std::fs::read(path).unwrap()));
        }
    }
    let line = said.lines().find(|l| l.contains(PLANTED));
    assert!(line.is_none(), "{line:?}");
}

/// Listing and reading start nothing and open no socket.
#[test]
fn listing_starts_nothing() {
    let served = Served::new(&["of-alpha"]);
    let home = Home::new();
    home.program("plug", "touch ran; exit 1");
    let server = served.gates[0].server();
    home.kubeconfig(&[
        ("plug", &server, exec("plug", &[])),
        ("token", &server, json!({"token": "of-alpha"})),
    ]);
    for arguments in [&["contexts"][..], &["contexts", "-o", "json"], &["clouds"], &["--help"]] {
        let code = home.run(arguments).status.code();
        assert!(matches!(code, Some(0 | 4)), "{arguments:?}: {code:?}");
    }
    // Nor does a screen on which nobody asks.
    let mut pty = home.terminal(&["--connect", "manual"]);
    pty.until("what is idle", |s| s.contains("idle") && s.contains("? help"));
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(!home.path("ran").exists());
    assert_eq!(served.gates[0].connections.load(Ordering::SeqCst), 0);
    pty.send(b"\x03");
    assert_eq!(pty.ended(), 0);
}
