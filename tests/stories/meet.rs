//! A kind that a CRD defines is a table like any other: over clusters that have it in different versions, with the columns
//! that each prints, and followed as it changes.

use std::time::Duration;

use serde_json::{Value, json};

use super::{World, with_terminal};

const GROUP: &str = "meet.example.com";

/// The definition, in one version with these printer columns.
fn definition(version: &str, columns: Value) -> Value {
    let free = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("gears.{GROUP}")},
        "spec": {
            "group": GROUP, "scope": "Namespaced",
            "names": {"plural": "gears", "singular": "gear", "kind": "Gear", "listKind": "GearList", "shortNames": ["gr"]},
            "versions": [{"name": version, "served": true, "storage": true,
                "additionalPrinterColumns": columns, "schema": {"openAPIV3Schema": free}}]
        }
    })
}

fn column(name: &str, kind: &str, path: &str) -> Value {
    json!({"name": name, "type": kind, "jsonPath": path})
}

fn gear(world: &World, version: &str, name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": format!("{GROUP}/{version}"), "kind": "Gear",
        "metadata": {"name": name, "namespace": world.namespace}, "spec": spec
    })
}

/// Applies an object as soon as its kind is served.
async fn apply(world: &World, n: usize, object: Value) -> Result<(), String> {
    let mut why = String::new();
    for _ in 0..200 {
        match world.apply(n, object.clone()).await {
            Ok(()) => return Ok(()),
            Err(error) => why = error,
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err(why)
}

pub(super) async fn play(world: World) -> Result<(), String> {
    world.make_namespace(&[0, 1]).await?;
    let teeth = column("Teeth", "integer", ".spec.teeth");
    let ready = column("Ready", "string", ".spec.ready");
    let colour = column("Colour", "string", ".spec.colour");
    world.apply(0, definition("v1", json!([teeth, ready]))).await?;
    world.apply(1, definition("v1beta1", json!([ready, colour]))).await?;
    apply(&world, 0, gear(&world, "v1", "small", json!({"teeth": 12, "ready": "True"}))).await?;
    apply(&world, 1, gear(&world, "v1beta1", "large", json!({"colour": "red", "ready": "False"}))).await?;
    with_terminal(world, (170, 40), |term, world| async move {
        let (ns, first, second) = (world.namespace.clone(), world.name(0), world.name(1));
        // A word that nobody knows is asked for, and then said to be wrong.
        term.command("gaers");
        term.see("`gaers` is no kind or pane").await?;
        // One table of both versions.
        term.command("gr");
        term.see(&format!("gears.{GROUP}")).await?;
        let titles = ["CLUSTER", "NAMESPACE", "NAME", "AGE"];
        term.line(&titles).await?;
        term.line(&["TEETH", "READY", "COLOUR"]).await?;
        term.line(&[&first, &ns, "small", "12", "True"]).await?;
        term.line(&[&second, &ns, "large", "False", "red"]).await?;
        // What changes, comes and goes is seen.
        let changed = gear(&world, "v1", "small", json!({"teeth": 24, "ready": "True"}));
        apply(&world, 0, changed).await?;
        term.line(&[&first, "small", "24"]).await?;
        apply(&world, 1, gear(&world, "v1beta1", "third", json!({"colour": "blue", "ready": "True"})))
            .await?;
        term.line(&[&second, "third", "blue"]).await?;
        // Those that are not well, and those of a word.
        term.press("ctrl-z");
        term.unsee("small").await?;
        term.line(&[&second, "large", "False"]).await?;
        term.press("ctrl-z");
        term.filter("blue");
        term.unsee("small").await?;
        term.line(&[&second, "third", "blue"]).await?;
        // The same on the command line.
        let (table, _) = world.run(&format!("get gr -n {ns} -A")).await;
        for words in [
            vec!["CLUSTER", "TEETH", "READY", "COLOUR"],
            vec![&first, "small", "24", "True"],
            vec![&second, "large", "False", "red"],
        ] {
            if !table.lines().any(|line| words.iter().all(|word| line.contains(word))) {
                return Err(format!("no line with {words:?} in\n{table}"));
            }
        }
        let (text, _) = world.run(&format!("describe gears.meet third -n {ns}")).await;
        if !text.contains("blue") || !text.contains("Gear") {
            return Err(format!("not described: {text}"));
        }
        // Looked at closer, in the version that its cluster has.
        term.press("y");
        term.see("colour: blue").await?;
        term.see("meet.example.com/v1beta1").await?;
        term.press("esc");
        // Deleted, there.
        term.press("ctrl-d");
        term.see("Delete 1 gear in 1 cluster").await?;
        term.confirm().await?;
        term.see("done: Delete 1 gear in 1 cluster").await?;
        term.press("esc");
        term.see("none of 2 gears").await?;
        // From the definition to what it defines.
        term.command("crd");
        term.filter("gears.meet");
        term.line(&[&first, "gears.meet.example.com"]).await?;
        term.press("enter");
        term.line(&[&first, &ns, "small", "24"]).await?;
        Ok(())
    })
    .await
}
