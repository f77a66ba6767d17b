//! The verbs that only read.

use serde_json::{Value, json};
use skyfleet::cli::exit::Exit;
use skyfleet::sim::Fault;

use super::{Place, deployment, lines, manifest, run, session, texts};

#[tokio::test]
async fn contexts() {
    let place = Place::new();
    insta::assert_snapshot!(lines(&place.json("contexts").await));
    // The scope narrows it, as it does every other verb.
    let one = place.json("contexts --cloud gcp").await;
    assert_eq!(texts(&one, "contexts", "/cluster"), ["beta"]);
    assert_eq!(place.ok("contexts --cluster gamma -o name").await, "kind-gamma\n");
    let yaml = place.ok("contexts --cluster gamma -o yaml").await;
    assert!(yaml.starts_with("contexts:\n- "), "{yaml}");
    assert_eq!(place.ok("contexts -o csv").await.lines().count(), 4);
}

/// By the binary: the verb reads the person's home, and that must not be the one of whoever runs the tests.
#[test]
fn clouds() {
    let home = tempfile::tempdir().unwrap();
    let clouds = |form: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_skyfleet"));
        for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "CLOUDSDK_CONFIG", "AZURE_CONFIG_DIR"]
        {
            command.env_remove(name);
        }
        let out = crate::pty::output(command.env("HOME", home.path()).args(["clouds", "-o", form]));
        (out.status.code(), String::from_utf8(out.stdout).unwrap())
    };
    // Nothing there is 4, in every form.
    let (exit, none) = clouds("json");
    assert_eq!((exit, serde_json::from_str(&none).unwrap()), (Some(4), json!({"profiles": []})));
    assert_eq!(clouds("table"), (Some(4), String::new()));
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    let config = "[profile shop]\nsso_session = acme\nsso_account_id = 111122223333\nsso_role_name = Ops\nregion = eu-west-1\n";
    std::fs::write(home.path().join(".aws/config"), config).unwrap();
    std::fs::write(
        home.path().join(".aws/credentials"),
        "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = top-secret\n",
    )
    .unwrap();
    let (exit, some) = clouds("json");
    assert_eq!(exit, Some(0));
    assert!(!some.contains("top-secret") && !some.contains("AKIAEXAMPLE"), "{some}");
    let some = some.replace(home.path().to_str().unwrap(), "[HOME]");
    insta::assert_snapshot!(lines(&serde_json::from_str(&some).unwrap()));
}

#[tokio::test]
async fn tree() {
    let place = Place::new();
    insta::assert_snapshot!("tree_fleet", lines(&place.json("tree").await));
    insta::assert_snapshot!(
        "tree_namespace",
        lines(&place.json("tree -L 7 --cluster gamma -n checkout").await)
    );
    // Clusters out of scope are not counted into places, whose sums would speak of what was not asked.
    let one = place.json("tree -L 1 --cloud aws").await;
    assert_eq!(texts(&one, "items", "/path"), ["aws/111122223333/eu-west-1"]);
    assert_eq!(one["items"][0]["count"], 1);
    let web = place.json("tree -L 6 -s **/beta/checkout/web").await;
    let workloads = web["items"].as_array().unwrap().iter().filter(|i| i["level"] == "workload").count();
    assert_eq!(workloads, 1, "{web}");
}

/// What `get` prints for programs is the server's own object; here its name stands for it.
fn named(mut answer: Value) -> Value {
    for item in answer["items"].as_array_mut().unwrap() {
        let object = &item["object"];
        assert!(object["metadata"]["uid"].is_string(), "{object}");
        item["object"] =
            format!("{} {} …", object["kind"], object["metadata"]["name"]).replace('"', "").into();
    }
    answer
}

#[tokio::test]
async fn get() {
    let place = Place::new();
    insta::assert_snapshot!(
        "get_pods",
        lines(&named(place.json("get pods -n checkout --cluster gamma").await))
    );
    insta::assert_snapshot!("get_deploy", lines(&named(place.json("get deploy web -n checkout").await)));
    insta::assert_snapshot!("get_nodes", lines(&named(place.json("get nodes --cluster beta").await)));
    let all = place.json("get pods -n checkout --cluster gamma").await;
    let label = all["items"][0]["object"]["metadata"]["labels"].as_object().unwrap();
    let (key, value) = label.iter().find(|(k, _)| k.ends_with("name")).unwrap();
    let some = place
        .json(&format!("get pods -n checkout --cluster gamma -l {key}={}", value.as_str().unwrap()))
        .await;
    let (some, all) = (some["items"].as_array().unwrap().len(), all["items"].as_array().unwrap().len());
    assert!(0 < some && some < all, "{some} of {all}");
    // -A is stronger than -n, as with kubectl.
    let everywhere = place.json("get ns -n checkout -A").await;
    assert!(texts(&everywhere, "items", "/object/metadata/name").contains(&"kube-system".to_owned()));
}

#[tokio::test]
async fn get_in_every_form() {
    let place = Place::new();
    let mut all = String::new();
    for form in ["table", "wide", "csv", "name"] {
        let out = place.ok(&format!("get deploy -n checkout --cluster gamma -o {form}")).await;
        all.push_str(&format!("== {form}\n{out}"));
    }
    for kind in ["pods -n checkout", "nodes", "ns"] {
        let out = place.ok(&format!("get {kind} --cluster gamma")).await;
        all.push_str(&format!("== {kind}\n{out}"));
    }
    insta::assert_snapshot!(all);
    let json = place.json("get deploy -n checkout --cluster gamma").await;
    let yaml = place.ok("get deploy -n checkout --cluster gamma -o yaml").await;
    assert_eq!(yaml, skyfleet::domain::diff::to_yaml(&json));
    let ndjson = place.ok("get deploy -n checkout --cluster gamma -o ndjson").await;
    let items: Vec<Value> = ndjson.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(json["items"], Value::Array(items));
}

#[tokio::test]
async fn describe_and_yaml() {
    let place = Place::new();
    let described = place.ok("describe deploy web -n checkout --cluster gamma").await;
    insta::assert_snapshot!("describe", described);
    // One in each cluster that has it, each under its place.
    let yaml = place.ok("yaml deploy web -n checkout").await;
    let heads: Vec<&str> = yaml.lines().filter(|l| l.starts_with("# ")).collect();
    assert_eq!(
        heads,
        [
            "# aws / 111122223333 / eu-west-1 / alpha / checkout / deploy/web",
            "# gcp / acme-test / europe-west1 / beta / checkout / deploy/web",
            "# local / gamma / checkout / deploy/web",
        ]
    );
    assert_eq!(yaml.lines().filter(|l| *l == "---").count(), 2);
    assert!(!yaml.contains("managedFields"));
    assert_eq!(place.run("describe widgets one").await.exit, Exit::Usage);
    assert_eq!(place.run("yaml deploy nothing").await.exit, Exit::Nothing);
}

#[tokio::test]
async fn secrets_are_masked() {
    let place = Place::new();
    let listed = place.json("get secrets -n checkout --cluster gamma").await;
    let (name, data) = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find_map(|i| Some((i["object"]["metadata"]["name"].as_str()?, i["object"]["data"].as_object()?)))
        .unwrap();
    assert!(!data.is_empty() && data.values().all(|v| v == "•••"), "{data:?}");
    let plain = place.ok(&format!("yaml secret {name} -n checkout --cluster gamma --show-secrets")).await;
    let key = data.keys().next().unwrap();
    let value = |yaml: &str| {
        let line = yaml.lines().find(|l| l.trim().starts_with(&format!("{key}:"))).unwrap().to_owned();
        line.split_once(": ").unwrap().1.trim_matches('\'').to_owned()
    };
    let secret = value(&plain);
    assert!(secret.len() > 4 && !secret.contains('•'), "{secret}");
    for (verb, shown) in [("yaml", "•••"), ("describe", " bytes")] {
        let masked = place.ok(&format!("{verb} secret {name} -n checkout --cluster gamma")).await;
        assert!(value(&masked).ends_with(shown), "{verb}");
        assert!(!masked.contains(&secret), "{verb}");
    }
}

/// A long line and a tab are the object; what turns text around is escaped.
#[tokio::test]
async fn yaml_is_the_object_and_harmless() {
    let place = Place::new();
    let long = "x".repeat(20_000);
    let (_dir, path) = manifest(&format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: odd, namespace: checkout}}\ndata:\n  make: \"all:\\n  x\\tcc\\n\"\n  long: {long}\n  turned: \"a\\u202eb\"\n"
    ));
    place.ok(&format!("deploy run -f {path} --cluster gamma --yes --no-wait")).await;
    let yaml = place.ok("yaml cm odd -n checkout").await;
    assert!(yaml.contains(&long), "long lines are whole");
    assert!(yaml.contains("x\tcc"), "{}", &yaml[yaml.len() - 200..]);
    assert!(yaml.contains("\"a\\u202Eb\"") && !yaml.contains('\u{202e}'), "{}", &yaml[yaml.len() - 200..]);
}

#[tokio::test]
async fn problems() {
    let place = Place::new();
    assert_eq!(place.json("problems").await, json!({"items": [], "errors": []}));
    let (_dir, path) = manifest(&deployment("bad", "checkout", "registry.acme.dev/checkout/bad:1-crash"));
    place.ok(&format!("deploy run -f {path} --cluster gamma --yes --no-wait")).await;
    place.wait(120);
    let answer = place.json("problems --cluster gamma").await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer).unwrap());
    assert_eq!(place.ok("problems --cluster beta -o table").await, "");
}

#[tokio::test]
async fn costs() {
    let place = Place::new();
    let mut totals = Vec::new();
    for by in ["cloud", "cluster", "namespace", "workload"] {
        let scope = if by == "workload" { " -n checkout --cluster alpha" } else { "" };
        let answer = place.json(&format!("costs --by {by}{scope}")).await;
        insta::assert_snapshot!(format!("costs_by_{by}"), lines(&answer));
        if scope.is_empty() {
            totals.push(answer["total_usd_per_month"].as_f64().unwrap());
            let rows = answer["items"].as_array().unwrap();
            let sum: f64 = rows.iter().filter_map(|r| r["total_usd_per_month"].as_f64()).sum();
            // Each row is rounded to a cent.
            assert!(
                (sum - totals[0]).abs() < 0.005 * f64::from(u32::try_from(rows.len()).unwrap()) + 0.005,
                "{by}: {sum} of {}",
                totals[0]
            );
        }
    }
    assert!(totals[0] > 0.0 && totals.iter().all(|t| (t - totals[0]).abs() < 0.005), "{totals:?}");
}

#[tokio::test]
async fn logs() {
    let place = Place::new();
    let scope = "-n checkout --cluster gamma -o ndjson";
    let some = place.ok(&format!("logs deploy/web --tail 2 {scope}")).await;
    insta::assert_snapshot!(some);
    let all = place.ok(&format!("logs deploy/web {scope}")).await;
    let many: Vec<&str> = all.lines().collect();
    assert!(some.lines().all(|l| many.contains(&l)) && many.len() > some.lines().count());
    let text = |line: &str| -> String {
        let line: Value = serde_json::from_str(line).unwrap();
        line["text"].as_str().unwrap().to_owned()
    };
    let word = text(some.lines().next().unwrap()).split_whitespace().last().unwrap().to_owned();
    let word: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
    let found = place.ok(&format!("logs deploy/web --grep {word} {scope}")).await;
    assert!(!found.is_empty() && found.lines().count() <= all.lines().count());
    assert!(found.lines().all(|l| text(l).to_lowercase().contains(&word.to_lowercase())), "{word}: {found}");
    // Time: in order.
    let times: Vec<String> = all
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap()["time"].as_str().unwrap().to_owned())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    // By label, as `get` chooses: the same pods.
    let pods = place.json("get pods -n checkout --cluster gamma").await;
    let web = pods["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|i| i["object"]["metadata"]["name"].as_str().unwrap().starts_with("web-"))
        .unwrap();
    let label = web["object"]["metadata"]["labels"]["pod-template-hash"].as_str().unwrap();
    assert_eq!(place.ok(&format!("logs --tail 2 -l pod-template-hash={label} {scope}")).await, some);
    for (line, exit) in [
        ("logs deploy/nothing -n checkout", Exit::Nothing),
        ("logs svc/web -n checkout", Exit::Usage),
        ("logs deploy/web --since yesterday", Exit::Usage),
        ("logs deploy/web -o csv", Exit::Usage),
        // Nothing was restarted: there is no log of a run before.
        ("logs deploy/web --previous -n checkout --cluster gamma", Exit::Nothing),
    ] {
        assert_eq!(place.run(line).await.exit, exit, "{line}");
    }
    let (_dir, path) = manifest(&deployment("bad", "checkout", "registry.acme.dev/checkout/bad:1-crash"));
    place.ok(&format!("deploy run -f {path} --cluster gamma --yes --no-wait")).await;
    place.wait(120);
    let before = place.ok(&format!("logs deploy/bad --previous {scope}")).await;
    assert!(before.lines().count() > 0);
}

#[tokio::test]
async fn doctor() {
    let place = Place::new();
    let ran = place.run("doctor -o json").await;
    let mut answer: Value = serde_json::from_str(&ran.out).unwrap();
    // What the machine brings, its terminal and its path, is left out; the time an answer took is no two times the same.
    let checks = answer["checks"].as_array_mut().unwrap();
    checks.retain(|c| c["area"] != "terminal" && c["area"] != "plugins");
    for check in checks {
        let words = check["words"].as_str().unwrap().to_owned();
        if let Some((before, _)) = words.rsplit_once(", ").filter(|(_, last)| last.ends_with(" ms")) {
            check["words"] = format!("{before}, [N] ms").into();
        }
        let subject =
            check["subject"].as_str().unwrap().replace(place.state.path().to_str().unwrap(), "[STATE]");
        check["subject"] = subject.into();
    }
    insta::assert_snapshot!(lines(&answer));
    assert_eq!(ran.exit, Exit::Ok);
    // A cluster that cannot be reached wants a person.
    place.sim.fault("kind-gamma", Fault::Refuse);
    assert_eq!(place.run("doctor --timeout 2").await.exit, Exit::Failed);
}

/// Promised: 0 ok, 1 failed, 2 usage, 3 some clusters failed, 4 nothing matched.
#[tokio::test]
async fn exits_of_reads() {
    let place = Place::new();
    for (line, code) in [
        ("get pods -n checkout", 0),
        ("get nonsense", 2),
        ("get pods --cluster nonsense", 2),
        ("get pods -s a/b/c/d/e/f/g", 2),
        // A verb that cannot be narrowed by labels says so: it would show more than was named.
        ("costs -l app=web", 2),
        ("tree -l app=web", 2),
        ("get pods nothing", 4),
        ("logs nothing", 4),
    ] {
        let ran = place.run(line).await;
        assert_eq!(ran.exit.code(), code, "{line}: {}{}", ran.out, ran.err);
        assert!(code == 0 || !ran.err.is_empty(), "{line} says nothing");
    }
    // One cluster is away: the others are shown, and the exit says that it is not all.
    place.sim.fault("kind-gamma", Fault::Refuse);
    for line in
        ["get deploy web -n checkout", "tree", "problems", "costs", "logs deploy/web -n checkout --tail 1"]
    {
        let ran = place.run(&format!("{line} --timeout 3")).await;
        assert_eq!(ran.exit.code(), 3, "{line}: {}{}", ran.out, ran.err);
        assert!(!ran.out.is_empty(), "{line} shows nothing of the others");
        assert!(format!("{}{}", ran.out, ran.err).contains("gamma"), "{line} does not name it");
    }
    for line in ["get deploy web -n checkout", "tree", "problems", "costs"] {
        let ran = place.run(&format!("{line} --timeout 3 -o json")).await;
        let answer: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(texts(&answer, "errors", "/cluster"), ["gamma"], "{line}");
        assert_eq!(texts(&answer, "errors", "/context"), ["kind-gamma"], "{line}");
    }
}

/// Of two contexts that lead to one cluster, the one that is named acts.
#[tokio::test]
async fn the_context_that_is_named_acts() {
    let place = Place::new();
    let mut config = place.sim.kubeconfig();
    let first = config["contexts"][0].clone();
    let mut second = first.clone();
    second["name"] = json!("second");
    config["contexts"].as_array_mut().unwrap().push(second);
    let loaded = skyfleet::source::kubeconfig::from_value(&config).unwrap();
    let client = |c: &str| (c.to_owned(), place.sim.client(first["name"].as_str().unwrap()).unwrap());
    let dialer = skyfleet::source::connect::Ready::new([client("second")]);
    let options = skyfleet::ops::session::SessionOptions { demo: true, ..Default::default() };
    let both = std::sync::Arc::new(skyfleet::ops::session::Session::new(
        loaded,
        std::sync::Arc::new(dialer),
        options,
    ));
    let ran = run(&both, "get deploy web -n checkout --context second -o json", None).await;
    let answer: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
    assert_eq!(texts(&answer, "items", "/context"), ["second"]);
    assert_eq!(ran.exit, Exit::Ok);
    // Nothing else of the session has changed.
    assert_eq!(session(&place.sim, None).infos.len(), both.infos.len());
}

/// In the order of time over all clusters, and as kubectl would show each.
#[tokio::test]
async fn events_of_all_clusters() {
    let place = Place::new();
    place.wait(60);
    let all = place.json("events").await;
    let seen = |answer: &Value| -> Vec<String> {
        let items = answer["items"].as_array().unwrap();
        let times = items.iter().filter_map(|i| i["object"]["lastTimestamp"].as_str());
        times.map(str::to_owned).collect()
    };
    let times = seen(&all);
    assert!(times.len() > 3 && times.is_sorted(), "{times:?}");
    let one = texts(&all, "items", "/cluster").remove(0);
    let warnings = place.run("events --warnings -o json").await;
    let warnings: Value = serde_json::from_str(&warnings.out).unwrap();
    assert!(texts(&warnings, "items", "/object/type").iter().all(|kind| kind == "Warning"));
    assert!(warnings["items"].as_array().unwrap().len() < all["items"].as_array().unwrap().len());
    let table = place.ok(&format!("events --cluster {one}")).await;
    let titles = table.lines().next().unwrap();
    assert!(titles.starts_with("CLUSTER  NAMESPACE") && titles.contains("REASON"), "{titles}");
    assert!(table.lines().skip(1).all(|line| line.starts_with(&format!("{one} "))), "{table}");
}

/// What needs no cluster is made of the definition of the command line.
#[test]
fn completions_and_manual() {
    let printed = |line: &str| {
        let args = skyfleet::cli::args::parse(line.split(' ').map(Into::into)).unwrap();
        skyfleet::cli::args::printed(args.command.as_ref().unwrap())
    };
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = printed(&format!("skyfleet completions {shell}")).unwrap();
        assert!(text.contains("problems") && text.contains("readonly"), "{shell}");
    }
    let manual = printed("skyfleet man").unwrap();
    for words in [".TH skyfleet", ".TH skyfleet-get", ".TH skyfleet-deploy", "force\\-conflicts"] {
        assert!(manual.contains(words), "{words}");
    }
    assert_eq!(printed("skyfleet tree"), None);
}
