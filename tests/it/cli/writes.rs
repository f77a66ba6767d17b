//! The verbs that write: the plan first, then a yes or a word, then what came of it.

use serde_json::{Value, json};
use skyfleet::cli::exit::Exit;

use super::{Place, Ran, deployment, lines, manifest, texts};

const IMAGE: &str = "registry.acme.dev/checkout/shop:1.0.0";

/// The plan as a snapshot shows it: a line a step.
fn steps(answer: &Value) -> String {
    lines(&answer["plan"])
}

fn parsed(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}{}", ran.out, ran.err))
}

/// The replicas of a deployment as the server has them, by cluster.
async fn replicas(place: &Place, name: &str, namespace: &str) -> Vec<(String, u64)> {
    let found = place.json(&format!("get deploy {name} -n {namespace}")).await;
    let items = found["items"].as_array().unwrap();
    let one = |i: &Value| {
        (i["cluster"].as_str().unwrap().to_owned(), i["object"]["spec"]["replicas"].as_u64().unwrap())
    };
    items.iter().map(one).collect()
}

#[tokio::test]
async fn deploy_plan() {
    let place = Place::new();
    let text = format!(
        "{}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: shop}}\ndata: {{mode: fast}}\n",
        deployment("shop", "checkout", IMAGE)
    );
    let (_dir, path) = manifest(&text);
    let answer = place.json(&format!("deploy plan -f {path} --cluster gamma -n checkout")).await;
    let shown = steps(&answer).replace(&path, "[FILE]");
    insta::assert_snapshot!(shown);
    // A plan writes nothing.
    assert_eq!(place.run("get deploy shop -n checkout").await.exit, Exit::Nothing);
    // A namespace that is nowhere is refused by the server, and the plan says so.
    let (_dir, nowhere) = manifest(&deployment("shop", "nowhere", IMAGE));
    let ran = place.run(&format!("deploy plan -f {nowhere} --cluster gamma -o json")).await;
    assert_eq!(ran.exit, Exit::Failed);
    assert_eq!(texts(&parsed(&ran)["plan"], "steps", "/verdict/verdict"), ["refused"]);
    // -n that says otherwise than the manifest, and two of them, are mistakes.
    for flags in ["-n identity", "-n checkout -n identity"] {
        let ran = place.run(&format!("deploy plan -f {path} --cluster gamma {flags}")).await;
        assert_eq!(ran.exit, Exit::Usage, "{flags}: {}", ran.err);
    }
    assert_eq!(place.run("deploy plan -f no-such-file --cluster gamma").await.exit, Exit::Failed);
}

#[tokio::test]
async fn deploy_run() {
    let place = Place::new();
    let (_dir, path) = manifest(&deployment("shop", "checkout", IMAGE));
    let run = format!("deploy run -f {path} --cluster gamma --no-wait");
    let dry = place.json(&format!("{run} --dry-run")).await;
    assert_eq!((&dry["outcome"], &dry["words"]), (&Value::Null, &Value::Null));
    assert_eq!(texts(&dry["plan"], "steps", "/verdict/verdict"), ["create"]);
    // Nobody to ask, and no --yes.
    let unsaid = place.run(&run).await;
    assert_eq!(unsaid.exit, Exit::Usage);
    assert!(unsaid.err.contains("--yes"), "{}", unsaid.err);
    assert_eq!(place.answered(&run, &["n"]).await.exit, Exit::Usage);
    assert_eq!(place.run("get deploy shop").await.exit, Exit::Nothing, "nothing was written so far");
    let done = place.json(&format!("{run} --yes")).await;
    insta::assert_snapshot!(lines(&json!({"outcome": done["outcome"], "words": done["words"]})));
    assert_eq!(replicas(&place, "shop", "checkout").await, [("gamma".to_owned(), 2)]);
    let again = place.json(&format!("{run} --yes")).await;
    assert_eq!(again["words"], "nothing would change");
    // What was done is on disk.
    let journals: Vec<_> = std::fs::read_dir(place.state.path().join("rollouts")).unwrap().collect();
    assert_eq!(journals.len(), 1);
}

#[tokio::test]
async fn a_protected_scope_wants_its_word() {
    let place = Place::new();
    let (_dir, path) = manifest(&deployment("shop", "checkout", IMAGE));
    let run = format!("deploy run -f {path} --cluster alpha --no-wait");
    for flags in ["--yes", "--yes --i-mean Shop", "--i-mean web"] {
        let ran = place.run(&format!("{run} {flags}")).await;
        assert_eq!(ran.exit, Exit::Usage, "{flags}");
        assert!(ran.err.contains("--i-mean 'shop'"), "{flags}: {}", ran.err);
    }
    assert_eq!(place.answered(&run, &["yes"]).await.exit, Exit::Usage);
    assert_eq!(place.run("get deploy shop").await.exit, Exit::Nothing, "nothing was written so far");
    assert_eq!(place.answered(&run, &["shop"]).await.exit, Exit::Ok);
    assert_eq!(replicas(&place, "shop", "checkout").await, [("alpha".to_owned(), 2)]);
    let (_dir, path) = manifest(&deployment("shop", "identity", IMAGE));
    place.ok(&format!("deploy run -f {path} --cluster alpha --no-wait --i-mean shop")).await;
    assert_eq!(replicas(&place, "shop", "identity").await, [("alpha".to_owned(), 2)]);
}

#[tokio::test]
async fn scale() {
    let place = Place::new();
    let line = "scale deploy/cart-worker --replicas +2 -n checkout --cluster gamma";
    let dry = place.json(&format!("{line} --dry-run")).await;
    insta::assert_snapshot!(steps(&dry));
    let before = replicas(&place, "cart-worker", "checkout").await;
    place.ok(&format!("{line} --yes --no-wait")).await;
    let after = replicas(&place, "cart-worker", "checkout").await;
    for ((cluster, was), (_, is)) in before.iter().zip(&after) {
        assert_eq!(*is, was + if cluster == "gamma" { 2 } else { 0 }, "{cluster}");
    }
    // So many already: nothing to do is no failure.
    let same = place.run("scale deploy/cart-worker --replicas 3 -n checkout --cluster gamma --yes").await;
    assert_eq!((same.exit, same.err.as_str()), (Exit::Ok, "nothing would change\n"));
    for (line, exit) in [
        ("scale deploy/cart-worker --replicas many -n checkout", Exit::Usage),
        ("scale cart-worker --replicas 1 -n checkout", Exit::Usage),
        ("scale deploy/nothing --replicas 1", Exit::Nothing),
        ("scale cj/expire-carts --replicas 1 -n checkout --cluster gamma --yes", Exit::Failed),
        ("scale deploy/cart-worker --replicas 9 -n checkout --yes --max-targets 1", Exit::Usage),
    ] {
        let ran = place.run(line).await;
        assert_eq!(ran.exit, exit, "{line}: {}", ran.err);
    }
}

#[tokio::test]
async fn restart() {
    let place = Place::new();
    let dry = place.json("restart deploy/cart-worker -n checkout --cluster gamma --dry-run").await;
    insta::assert_snapshot!(steps(&dry));
    place.ok("restart deploy/cart-worker -n checkout --cluster gamma --yes --no-wait").await;
    let yaml = place.ok("yaml deploy cart-worker -n checkout").await;
    let stamps = yaml.lines().filter(|l| l.contains("kubectl.kubernetes.io/restartedAt")).count();
    assert_eq!(stamps, 1, "only where it was asked for");
}

#[tokio::test]
async fn delete() {
    let place = Place::new();
    let dry = place.json("delete deploy/cart-worker -n checkout --cluster gamma --dry-run").await;
    insta::assert_snapshot!(steps(&dry));
    place.ok("delete deploy/cart-worker -n checkout --cluster gamma --yes").await;
    let left: Vec<String> =
        replicas(&place, "cart-worker", "checkout").await.into_iter().map(|(cluster, _)| cluster).collect();
    assert_eq!(left, ["alpha", "beta"]);
    // A namespace goes only by its name, wherever it is.
    let ran = place.run("delete ns/checkout --cluster gamma --yes").await;
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains("--i-mean 'checkout'"), "{}", ran.err);
    // The table names place, object and what goes, before anything is asked.
    let table = place.run("delete deploy/web -n checkout --cluster beta").await;
    for part in
        ["gcp / acme-test / europe-west1 / beta", "checkout / deploy/web", "delete", "with it go 2 pods"]
    {
        assert!(table.out.contains(part), "{part}: {}", table.out);
    }
}

/// The same name in another namespace is most likely another thing: it has to be meant.
#[tokio::test]
async fn one_name_in_several_namespaces() {
    let place = Place::new();
    for namespace in ["default", "kube-system"] {
        let (_dir, path) = manifest(&deployment("shop", namespace, IMAGE));
        place.ok(&format!("deploy run -f {path} --cluster gamma --yes --no-wait")).await;
    }
    for verb in ["scale deploy/shop --replicas 5", "restart deploy/shop", "delete deploy/shop"] {
        let ran = place.run(&format!("{verb} --cluster gamma --yes --no-wait")).await;
        assert_eq!(ran.exit, Exit::Usage, "{verb}: {}", ran.err);
        for part in ["2 namespaces: default, kube-system", "-n ", "-s ", "-A"] {
            assert!(ran.err.contains(part), "{part}: {}", ran.err);
        }
        assert_eq!(ran.out, "", "no plan of what is not meant");
    }
    let now = || async {
        replicas(&place, "shop", "default -A").await.into_iter().map(|r| r.1).collect::<Vec<_>>()
    };
    assert_eq!(now().await, vec![2, 2]);
    let scale = "scale deploy/shop --cluster gamma --yes --no-wait --replicas";
    place.ok(&format!("{scale} 3 -n default")).await;
    assert_eq!(now().await, vec![3, 2]);
    place.ok(&format!("{scale} 4 -s **/gamma/default")).await;
    assert_eq!(now().await, vec![4, 2]);
    place.ok(&format!("{scale} 5 -A")).await;
    assert_eq!(now().await, vec![5, 5]);
    place.ok(&format!("{scale} 6 -n default -n kube-system")).await;
    assert_eq!(now().await, vec![6, 6]);
    // One namespace in several clusters is one app, and wants no flag but the word of a plan over clusters.
    let ran = place.run("restart deploy/web --dry-run -o json").await;
    assert_eq!(texts(&parsed(&ran)["plan"], "steps", "/cluster/name"), ["alpha", "beta", "gamma"]);
}

/// Labels choose among the objects of that name; where they choose none, nothing is written.
#[tokio::test]
async fn labels_narrow_writes() {
    let place = Place::new();
    let found = place.json("get deploy web -n checkout --cluster gamma").await;
    let labels = found["items"][0]["object"]["metadata"]["labels"].as_object().unwrap();
    let (key, value) = labels.iter().next().unwrap();
    let right = format!("{key}={}", value.as_str().unwrap());
    let line = "restart deploy/web -n checkout --cluster gamma --yes --no-wait";
    assert_eq!(place.run(&format!("{line} -l nothing=here")).await.exit, Exit::Nothing);
    assert!(!place.ok("yaml deploy web -n checkout --cluster gamma").await.contains("restartedAt"));
    place.ok(&format!("{line} -l {right}")).await;
    assert!(place.ok("yaml deploy web -n checkout --cluster gamma").await.contains("restartedAt"));
}

/// A scope of one workload does not reach its neighbours.
#[tokio::test]
async fn a_scope_of_one_workload() {
    let place = Place::new();
    let ran = place.run("delete deploy/web -s **/gamma/checkout/api --yes").await;
    assert_eq!(ran.exit, Exit::Nothing, "{}", ran.err);
    let ran = place.run("delete deploy/web -s **/gamma/checkout/web --dry-run").await;
    assert_eq!(ran.exit, Exit::Ok, "{}", ran.err);
}

/// A plan can be had in each form for programs, and says the same in all.
#[tokio::test]
async fn plans_in_every_form() {
    let place = Place::new();
    let line = "restart deploy/web -n checkout --cluster gamma --dry-run";
    let json = place.json(line).await;
    let ndjson = place.ok(&format!("{line} -o ndjson")).await;
    assert_eq!(ndjson.lines().count(), 1);
    assert_eq!(serde_json::from_str::<Value>(&ndjson).unwrap(), json);
    assert_eq!(place.ok(&format!("{line} -o yaml")).await, skyfleet::domain::diff::to_yaml(&json));
    insta::assert_snapshot!(place.ok(line).await);
}

/// A cluster that cannot be read is left out of the plan, and every form says so.
#[tokio::test]
async fn a_cluster_that_is_away_is_left_out() {
    let place = Place::new();
    place.sim.fault("kind-gamma", skyfleet::sim::Fault::Refuse);
    let (_dir, path) = manifest(&deployment("shop", "checkout", IMAGE));
    let scope = "--cluster beta --cluster gamma --timeout 3";
    for line in [
        format!("deploy plan -f {path}"),
        format!("deploy run -f {path} --dry-run"),
        "restart deploy/web -n checkout --dry-run".to_owned(),
    ] {
        let ran = place.run(&format!("{line} {scope} -o json")).await;
        assert_eq!(ran.exit, Exit::Partial, "{line}: {}", ran.err);
        let answer = parsed(&ran);
        assert_eq!(texts(&answer, "errors", "/cluster"), ["gamma"], "{line}");
        assert_eq!(texts(&answer["plan"], "steps", "/cluster/name"), ["beta"], "{line}");
        assert!(ran.err.contains("left out: gamma"), "{line}: {}", ran.err);
    }
}
