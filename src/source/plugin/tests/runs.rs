//! One run: what it is given, what it gives, and how it ends.

use proptest::prelude::*;
use secrecy::SecretString;

use super::super::answer::parse;
use super::*;
use crate::domain::sign_in::SignInState;

#[tokio::test]
async fn a_token_with_its_end() {
    let world = World::new();
    let end = world.now.in_seconds(600);
    let plugin = world.script(&expiring(end));
    let got = world.plugins().credential(&plugin).await.unwrap();
    assert_eq!((bearer(&got), got.expires), ("tok", Some(end)));
    assert!(got.certificate.is_none());
}

#[tokio::test]
async fn a_certificate_and_its_key() {
    let world = World::new();
    let status = r#""clientCertificateData":"-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n","clientKeyData":"-----BEGIN EC PRIVATE KEY-----\nB\n-----END EC PRIVATE KEY-----\n""#;
    let plugin = world.script(&format!(
        r#"printf %s '{{"apiVersion":"{V1}","kind":"ExecCredential","status":{{{status}}}}}'"#
    ));
    let got = world.plugins().credential(&plugin).await.unwrap();
    let (certificate, key) = got.certificate.clone().unwrap();
    assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----\nA\n"));
    assert!(key.expose_secret().contains("\nB\n"));
    assert!(got.token.is_none() && got.expires.is_none());
}

#[tokio::test]
async fn what_it_is_told() {
    let world = World::new();
    let ask = r#"printf %s "$KUBERNETES_EXEC_INFO" > info; echo "$A:$B:${PATH:+path}" > env; cat > in;"#;
    let mut plugin = world.script(&format!("{ask} {}", token("")));
    plugin.cluster = Some(serde_json::json!({"server": "https://k", "config": {"x": 1}}));
    plugin.env = [("A", "first"), ("B", "b"), ("A", "last")]
        .map(|(n, v)| (n.to_owned(), SecretString::from(v)))
        .to_vec();
    world.plugins().credential(&plugin).await.unwrap();
    let info: serde_json::Value = serde_json::from_str(&world.lines("info")[0]).unwrap();
    let told = serde_json::json!({"apiVersion": V1, "kind": "ExecCredential",
        "spec": {"interactive": false, "cluster": {"server": "https://k", "config": {"x": 1}}}});
    assert_eq!(info, told);
    assert_eq!(world.lines("env"), ["last:b:path"]);
    assert!(world.lines("in").is_empty());
}

/// A limit is for real time: on a machine that had none for the script it is tried again with more.
#[tokio::test]
async fn one_that_hangs_goes_at_its_limit_with_its_children() {
    let mut world = World::new();
    world.options.at_once = 1;
    for limit in [1, 5, 25, 125] {
        world.options.limit = Duration::from_secs(limit);
        let plugins = world.plugins();
        let hangs = "trap '' TERM; (trap '' TERM; sleep 1000) & touch begun; while :; do sleep 1000; done";
        let plugin = world.script(hangs);
        let fault = fault(&plugins, &plugin).await;
        assert!(matches!(&fault, PluginFault::Timeout { .. }), "{fault}");
        assert_eq!(
            fault.to_string(),
            format!("the credential plugin sh did not end within {limit} s and was stopped")
        );
        if !world.path("begun").exists() {
            continue;
        }
        let group = world.pid().await;
        until(|| alive(group) == 0).await;
        // It has given its turn back.
        assert!(plugins.credential(&world.script(&token(""))).await.is_ok());
        return;
    }
    panic!("no limit was long enough for a shell to begin");
}

#[tokio::test]
async fn one_that_waits_for_a_browser_says_so_at_its_limit() {
    let mut world = World::new();
    for limit in [1, 5, 25, 125] {
        world.options.limit = Duration::from_secs(limit);
        let plugin = world.script(
            "echo 'To sign in, use a web browser to open the page https://x and enter the code Y' >&2; touch begun; exec sleep 1000",
        );
        let fault = fault(&world.plugins(), &plugin).await;
        if world.path("begun").exists() {
            assert_eq!(fault.state(), SignInState::NeedsSignIn, "{fault}");
            assert!(fault.next().unwrap().is_plugin);
            return;
        }
    }
    panic!("no limit was long enough for a shell to begin");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn it_has_no_terminal() {
    let world = World::new();
    let script = "if (: < /dev/tty) 2> /dev/null; then echo yes > tty; else echo no > tty; fi; cut -d' ' -f6 /proc/$$/stat > session;";
    world.plugins().credential(&world.script(&format!("{script} {}", token("")))).await.unwrap();
    assert_eq!(world.lines("tty"), ["no"]);
    // A session of its own has none, whatever terminal this test has.
    assert_eq!(world.lines("session"), world.lines("pid"));
}

#[tokio::test]
async fn a_flood_of_complaints_is_read_away() {
    let world = World::new();
    let plugin = world.script(&format!("head -c 10000000 /dev/zero >&2; {}", token("")));
    assert!(world.plugins().credential(&plugin).await.is_ok());
}

#[tokio::test]
async fn a_flood_of_answers_is_stopped() {
    let world = World::new();
    let fault = fault(&world.plugins(), &world.script("cat /dev/zero & cat /dev/zero")).await;
    assert_eq!(fault.to_string(), "the credential plugin sh printed more than 1 MiB and was stopped");
    let group = world.pid().await;
    until(|| alive(group) == 0).await;
}

#[tokio::test]
async fn what_it_leaves_behind_goes_too() {
    let world = World::new();
    let plugin = world.script(&format!("sleep 1000 & {}", token("")));
    assert!(world.plugins().credential(&plugin).await.is_ok());
    let group = world.pid().await;
    until(|| alive(group) == 0).await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_that_leaves_its_session_is_not_waited_for() {
    let world = World::new();
    let away = "setsid sh -c 'echo $$ > away; while :; do echo x >&2; sleep 0.01; done' &";
    let wait = "while [ ! -s away ]; do sleep 0.02; done;";
    let got = world.plugins().credential(&world.script(&format!("{away} {wait} {}", token("")))).await;
    let away = rustix::process::Pid::from_raw(world.lines("away")[0].parse().unwrap()).unwrap();
    rustix::process::kill_process_group(away, rustix::process::Signal::KILL).unwrap();
    assert_eq!(bearer(&got.unwrap()), "tok");
}

#[tokio::test]
async fn answers_that_are_none() {
    let world = World::new();
    let plugins = world.plugins();
    let pem = "-----BEGIN CERTIFICATE-----";
    let answer =
        |status: &str| format!(r#"{{"apiVersion":"{V1}","kind":"ExecCredential","status":{status}}}"#);
    for (printed, words) in [
        (String::new(), "printed nothing"),
        ("hello".to_owned(), "printed something that is not JSON"),
        (format!("apiVersion: {V1}\nkind: ExecCredential\n"), "printed something that is not JSON"),
        ("{\"kind\":\"ExecCred".to_owned(), "printed something that is not JSON"),
        ("[1]".to_owned(), "printed JSON that is no ExecCredential"),
        ("{\"kind\":\"Secret\"}".to_owned(), "printed JSON that is no ExecCredential"),
        (
            answer("{\"token\":\"t\"}").replace("/v1", "/v1beta1"),
            "answered with another apiVersion than the kubeconfig asks for",
        ),
        (answer("null"), "printed an ExecCredential without a status"),
        (answer("{}"), "gave neither a token nor a client certificate"),
        (answer("{\"token\":7}"), "printed JSON that is no ExecCredential"),
        (answer("{\"token\":\"a\\nb\"}"), "gave a token that cannot be sent"),
        (
            answer(&format!("{{\"clientCertificateData\":\"{pem}\"}}")),
            "gave a client certificate without its key",
        ),
        (answer("{\"clientKeyData\":\"k\"}"), "gave a client key without its certificate"),
        (
            answer("{\"clientCertificateData\":\"TUlJ\",\"clientKeyData\":\"TUlJ\"}"),
            "gave a client certificate that is not PEM text",
        ),
        (
            answer(&format!("{{\"clientCertificateData\":\"{pem}\",\"clientKeyData\":\"TUlJ\"}}")),
            "gave a client key that is not PEM text",
        ),
        (
            answer("{\"token\":\"t\",\"expirationTimestamp\":\"soon\"}"),
            "gave an expirationTimestamp that is not a time of RFC 3339",
        ),
    ] {
        assert_eq!(parse(printed.as_bytes(), V1).map(|_| ()), Err(words), "{printed}");
        let plugin = world.script(&format!("printf %s '{printed}'"));
        let fault = fault(&plugins, &plugin).await;
        assert_eq!(fault.to_string(), format!("the credential plugin sh {words}"));
    }
    let old = parse(
        answer("{\"token\":\" t\\n\"}").replace("/v1", "/v1beta1").as_bytes(),
        &V1.replace("/v1", "/v1beta1"),
    );
    assert_eq!(bearer(&old.unwrap()), "t");
}

#[tokio::test]
async fn what_it_complains_of_is_understood_and_not_shown() {
    let world = World::new();
    let plugins = world.plugins();
    let says = "printf '\\033]0;owned\\007\\033[2JError loading SSO Token: hunter2' >&2; exit 255";
    let mut plugin = world.script(says);
    plugin.args.extend(["aws", "--profile", "dev"].map(str::to_owned));
    let fault = fault(&plugins, &plugin).await;
    assert_eq!(fault.state(), SignInState::Expired);
    assert_eq!(fault.next().unwrap().argv, ["aws", "sso", "login", "--profile", "dev"]);
    assert_eq!(
        fault.to_string(),
        "the AWS sign-in of profile dev has run out; run: aws sso login --profile dev"
    );
    let words = format!("{fault} {fault:?}");
    assert!(!words.contains("hunter2") && !words.contains("owned") && !words.chars().any(char::is_control));
}

#[tokio::test]
async fn a_token_before_a_failure_is_none() {
    let world = World::new();
    let fault = fault(&world.plugins(), &world.script(&format!("{}; exit 3", token("")))).await;
    assert_eq!(fault.state(), SignInState::Failed);
    assert!(fault.to_string().contains("the plugin sh ended with exit code 3; run it by hand"), "{fault}");
}

#[tokio::test]
async fn one_that_is_killed() {
    let world = World::new();
    let fault = fault(&world.plugins(), &world.script("kill -9 $$")).await;
    assert!(fault.to_string().contains("was ended by a signal"), "{fault}");
}

#[tokio::test]
async fn with_the_terminal() {
    let world = World::new();
    let plugins = world.plugins();
    let mut plugin = world.script(&format!("printf %s \"$KUBERNETES_EXEC_INFO\" > info; {}", token("")));
    plugin.interactive = Interactive::Always;
    // Not run without a person.
    let needs = fault(&plugins, &plugin).await;
    assert_eq!((needs.state(), world.runs()), (SignInState::NeedsSignIn, 0));
    assert!(needs.next().unwrap().is_plugin);
    plugins.in_foreground(&plugin).await.unwrap();
    assert!(world.lines("info")[0].contains("\"interactive\":true"));
    // What it gave then is good now.
    assert_eq!(bearer(&plugins.credential(&plugin).await.unwrap()), "tok");
    assert_eq!(world.runs(), 1);
    let fails = world.script("exit 4");
    assert!(plugins.in_foreground(&fails).await.unwrap_err().to_string().contains("exit code 4"));
    let floods = world.script("cat /dev/zero");
    assert!(plugins.in_foreground(&floods).await.unwrap_err().to_string().contains("more than 1 MiB"));
}

#[tokio::test]
async fn a_sign_in_with_the_terminal() {
    let env = [("CODE".to_owned(), SecretString::from("7"))];
    let argv = ["sh", "-c", "exit $CODE"].map(str::to_owned);
    assert_eq!(run_in_foreground(&argv, &env).await.unwrap().code(), Some(7));
    assert!(run_in_foreground(&[], &env).await.is_err());
}

proptest! {
    #[test]
    fn no_answer_breaks_the_parser(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _any = parse(&bytes, V1);
    }

    #[test]
    fn no_status_breaks_the_parser(
        token in proptest::option::of(any::<String>()),
        certificate in proptest::option::of("-----BEGIN CERTIFICATE-----.*|.*"),
        key in proptest::option::of(".*PRIVATE KEY-----.*|.*"),
        end in proptest::option::of("[0-9TZ:.+-]{0,25}|2026-01-01T00:00:00Z"),
    ) {
        let answer = serde_json::json!({"apiVersion": V1, "kind": "ExecCredential", "status": {
            "token": token, "clientCertificateData": certificate, "clientKeyData": key, "expirationTimestamp": end,
        }});
        if let Ok(got) = parse(answer.to_string().as_bytes(), V1) {
            prop_assert!(got.token.is_some() || got.certificate.is_some());
        }
    }
}
