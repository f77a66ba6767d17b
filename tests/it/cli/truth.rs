//! What was not looked at is never called well: refused kinds, late clusters, empty scopes.

use serde_json::Value;
use skyfleet::cli::exit::Exit;
use skyfleet::sim::Fault;

use super::{Place, texts};

fn no_pods() -> Fault {
    Fault::Forbid {
        verbs: vec!["list".into(), "watch".into()],
        resources: vec!["pods".into()],
        namespaces: Vec::new(),
    }
}

async fn answer(place: &Place, line: &str) -> (Exit, Value, String) {
    let ran = place.run(&format!("{line} --timeout 3 -o json")).await;
    (ran.exit, serde_json::from_str(&ran.out).unwrap(), ran.err)
}

#[tokio::test]
async fn refused_pods_are_no_absence_of_pods() {
    let place = Place::new();
    place.sim.fault("kind-gamma", no_pods());
    for line in ["problems", "costs", "tree"] {
        let (exit, answer, _) = answer(&place, line).await;
        assert_eq!(exit, Exit::Partial, "{line}");
        assert_eq!(texts(&answer, "errors", "/cluster"), ["gamma"], "{line}");
        let error = answer["errors"][0]["error"].as_str().unwrap();
        assert!(error.starts_with("pods: ") && error.contains("forbidden"), "{line}: {error}");
    }
    let (_, problems, err) = answer(&place, "problems").await;
    let found = &problems["items"][0];
    assert_eq!((&found["rule"], &found["severity"]), (&"refused-kind".into(), &"P2".into()));
    assert_eq!(found["findings"][0]["next"], "ask for the right to list and watch pods");
    assert!(err.contains("1 of 3 clusters could not be looked at"), "{err}");
    let (_, tree, _) = answer(&place, "tree").await;
    let items = tree["items"].as_array().unwrap();
    let row = |name: &str| items.iter().find(|i| i["level"] == "cluster" && i["name"] == name).unwrap();
    assert_eq!((&row("gamma")["count"], &row("gamma")["health"]), (&Value::Null, &"degraded".into()));
    assert!(row("gamma")["cause"].as_str().unwrap().contains("forbidden"), "{}", row("gamma"));
    assert_eq!(row("alpha")["cause"], Value::Null);
    let table = place.run("tree --timeout 3").await.out;
    let line = table.lines().find(|l| l.contains("gamma")).unwrap();
    assert!(line.contains("–") && line.contains("degraded: pods: "), "{line}");
}

#[tokio::test]
async fn nodes_without_pods_are_not_idle() {
    let place = Place::new();
    let (_, before, _) = answer(&place, "costs --by namespace").await;
    place.sim.fault(&place.sim.contexts()[0], no_pods());
    let (_, after, _) = answer(&place, "costs --by namespace").await;
    assert_eq!(before["total_usd_per_month"], after["total_usd_per_month"]);
    let kinds = texts(&after, "items", "/kind");
    assert!(kinds.contains(&"unread".to_owned()), "{kinds:?}");
    assert!(!texts(&before, "items", "/kind").contains(&"unread".to_owned()));
    let (_, by, _) = answer(&place, "costs --by cluster").await;
    let row = |name: &str| by["items"].as_array().unwrap().iter().find(|i| i["name"] == name).unwrap();
    assert!(row("beta")["pods"].as_u64().unwrap() > 0 && row("beta")["idle_usd_per_month"].is_number());
    assert_eq!((&row("alpha")["pods"], &row("alpha")["idle_usd_per_month"]), (&Value::Null, &Value::Null));
    assert!(row("alpha")["total_usd_per_month"].as_f64().unwrap() > 0.0);
    assert!(after["idle_usd_per_month"].as_f64() < before["idle_usd_per_month"].as_f64());
}

#[tokio::test]
async fn nothing_is_broken_is_said_only_of_what_was_looked_at() {
    let place = Place::new();
    assert!(place.run("problems").await.err.contains("nothing is broken in this scope"));
    // A scope without a cluster.
    let ran = place.run("problems -s nowhere/**").await;
    assert_eq!(ran.exit, Exit::Nothing, "{}", ran.err);
    assert!(ran.err.contains("no cluster is in this scope") && !ran.err.contains("nothing is broken"));
    // One that does not answer in time.
    place.sim.fault("kind-gamma", Fault::Freeze);
    let (exit, json, err) = answer(&place, "problems").await;
    assert_eq!(exit, Exit::Partial);
    assert_eq!(texts(&json, "errors", "/cluster"), ["gamma"]);
    let words =
        "nothing is broken in what could be read; 1 of 3 clusters could not be looked at, or not whole";
    assert!(err.contains(words), "{err}");
}

#[tokio::test]
async fn rights_in_one_namespace_are_enough_for_it() {
    let place = Place::new();
    // Lists over all namespaces are refused, and kinds without one.
    let everywhere = Fault::Forbid {
        verbs: vec!["list".into(), "watch".into()],
        resources: Vec::new(),
        namespaces: vec![String::new()],
    };
    place.sim.fault("kind-gamma", everywhere);
    let (exit, tree, err) = answer(&place, "tree -L 6 -n checkout --cluster gamma").await;
    assert_eq!(exit, Exit::Ok, "{tree} {err}");
    assert!(texts(&tree, "items", "/level").contains(&"workload".to_owned()), "{tree}");
    let (exit, problems, _) = answer(&place, "problems -n checkout --cluster gamma").await;
    assert_eq!((exit, problems["errors"].as_array().map(Vec::len)), (Exit::Ok, Some(0)), "{problems}");
    let logs = place.run("logs -n checkout --cluster gamma --tail 1 --timeout 3").await;
    assert_eq!(logs.exit, Exit::Ok, "{}", logs.err);
    assert!(logs.out.contains(" checkout/"), "{}", logs.out);
    // Who asks for more is told what is missing.
    let (exit, all, _) = answer(&place, "problems --cluster gamma").await;
    assert_eq!(exit, Exit::Partial, "{all}");
}
