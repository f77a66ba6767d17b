//! `scale`, `restart`, `delete`, `deploy`: what kubectl sees afterwards, and that nothing is written unsaid.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Bench, CRASH, GOOD, NAMES, Outcome, Test, deployment, list, same, text, until, word_of};

pub(super) fn tests() -> Vec<(&'static str, Test)> {
    vec![
        ("scale_in_three_clusters", scale),
        ("restart_rolls_every_pod", restart),
        ("delete_what_was_named", delete),
        ("one_name_in_several_namespaces", several_namespaces),
        ("deploy_plan_says_what_kubectl_says", plan),
        ("deploy_run_makes_the_objects", run),
        ("deploy_run_stops_at_the_first_failure", stops),
    ]
}

fn replicas(bench: &Bench, ns: &str) -> Result<Vec<Value>, String> {
    (0..3)
        .map(|n| Ok(bench.truth(n, &format!("get deploy web -n {ns}"))?["spec"]["replicas"].clone()))
        .collect()
}

fn web_everywhere(bench: &Bench, ns: &str, replicas: u32) -> Outcome {
    for n in 0..3 {
        bench.have(n, ns, &[deployment("web", ns, replicas, GOOD, &[])])?;
    }
    (0..3).try_for_each(|n| bench.ready(n, ns, "web", replicas.into()))
}

fn scale(bench: &Bench) -> Outcome {
    let ns = "k-scale";
    web_everywhere(bench, ns, 1)?;
    let line = format!("scale deploy/web --replicas 3 -n {ns}");
    // No yes; and for a plan over production and over unknown clusters a yes is not enough.
    bench.skyfleet(&line)?.wants(2, &line)?;
    let unsaid = bench.skyfleet(&format!("{line} --yes"))?.wants(2, "a yes alone")?;
    if word_of(&unsaid).as_deref() != Some("web 3") {
        return Err(unsaid.err);
    }
    bench.skyfleet(&format!("{line} --yes --i-mean web"))?.wants(2, "another word")?;
    bench.skyfleet(&format!("{line} --dry-run"))?.wants(0, "a dry run")?;
    if replicas(bench, ns)? != vec![json!(1); 3] {
        return Err("something was written unsaid".to_owned());
    }
    let done = bench.write_word(&line, "web 3")?;
    if replicas(bench, ns)? != vec![json!(3); 3] {
        return Err(done.out + &done.err);
    }
    // It waited: all are ready when it ends.
    for n in 0..3 {
        let ready = bench.truth(n, &format!("get deploy web -n {ns}"))?["status"]["readyReplicas"].clone();
        if ready != 3 {
            return Err(format!("it ended with {ready} ready in {}", NAMES[n]));
        }
    }
    bench.write(&format!("scale deploy/web --replicas -2 -n {ns} --cluster shop-a"))?;
    if replicas(bench, ns)? != [json!(1), json!(3), json!(3)] {
        return Err(format!("{:?}", replicas(bench, ns)?));
    }
    let same = bench.skyfleet(&format!("scale deploy/web --replicas 1 -n {ns} --cluster shop-a --yes"))?;
    same.wants(0, "what is so already").map(drop)
}

fn pods(bench: &Bench, n: usize, ns: &str) -> Result<BTreeSet<String>, String> {
    let pods = bench.truth(n, &format!("get pods -n {ns} -l app=web"))?;
    Ok(list(&pods["items"]).iter().map(|p| text(p, "/metadata/uid").to_owned()).collect())
}

fn restart(bench: &Bench) -> Outcome {
    let ns = "k-restart";
    web_everywhere(bench, ns, 2)?;
    let before = [pods(bench, 0, ns)?, pods(bench, 1, ns)?, pods(bench, 2, ns)?];
    bench.write(&format!("restart deploy/web -n {ns} --cluster shop-a --cluster shop-c"))?;
    for n in [0, 2] {
        bench.kubectl(n, &format!("rollout status deploy/web -n {ns} --timeout 30s"))?;
        until("new pods alone", || {
            let now = pods(bench, n, ns)?;
            if now.len() == 2 && now.is_disjoint(&before[n]) { Ok(()) } else { Err(format!("{now:?}")) }
        })?;
        let web = bench.truth(n, &format!("get deploy web -n {ns}"))?;
        let stamp = &web["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"];
        if stamp.as_str().is_none_or(|s| s.parse::<jiff::Timestamp>().is_err()) {
            return Err(format!("{stamp} is no time"));
        }
    }
    // Out of scope, untouched.
    same(&pods(bench, 1, ns)?, &before[1])
}

fn delete(bench: &Bench) -> Outcome {
    let ns = "k-delete";
    web_everywhere(bench, ns, 1)?;
    let map = |name: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": ns}});
    bench.have(0, ns, &[map("one"), map("two")])?;
    bench.write(&format!("delete cm/one -n {ns}"))?;
    bench.kubectl_raw(0, &format!("get cm one -n {ns}"))?.wants(1, "get of what is deleted")?;
    bench.kubectl(0, &format!("get cm two -n {ns}"))?;
    bench.write(&format!("delete deploy/web -n {ns} --cluster shop-c"))?;
    until("its pods to go", || {
        let left = pods(bench, 2, ns)?;
        if left.is_empty() { Ok(()) } else { Err(format!("{left:?}")) }
    })?;
    for n in [0, 1] {
        bench.kubectl(n, &format!("get deploy web -n {ns}"))?;
    }
    // A namespace wants its name, also where nothing is protected.
    let line = format!("delete ns/{ns} --cluster shop-c");
    let refused = bench.skyfleet(&format!("{line} --yes"))?.wants(2, &line)?;
    if word_of(&refused).as_deref() != Some(ns) {
        return Err(refused.err);
    }
    bench.write_word(&line, ns)?;
    until("the namespace to go", || {
        bench.kubectl_raw(2, &format!("get ns {ns}"))?.wants(1, "get of what is deleted").map(drop)
    })?;
    bench.skyfleet(&format!("delete cm/one -n {ns} --yes"))?.wants(4, "what is gone").map(drop)
}

fn several_namespaces(bench: &Bench) -> Outcome {
    let (one, two) = ("k-one", "k-two");
    for ns in [one, two] {
        bench.have(0, ns, &[deployment("twin", ns, 1, GOOD, &[])])?;
    }
    let line = "scale deploy/twin --replicas 2 --cluster shop-a";
    let refused = bench.skyfleet(&format!("{line} --yes"))?.wants(2, line)?;
    if !refused.err.contains("k-one, k-two") {
        return Err(refused.err);
    }
    bench.write(&format!("{line} -n {two}"))?;
    let of = |ns: &str| {
        Ok::<_, String>(bench.truth(0, &format!("get deploy twin -n {ns}"))?["spec"]["replicas"].clone())
    };
    if (of(one)?, of(two)?) != (json!(1), json!(2)) {
        return Err("another namespace was written to".to_owned());
    }
    bench.write(&format!("{line} -A"))?;
    if of(one)? == 2 { Ok(()) } else { Err("-A did not mean both".to_owned()) }
}

fn plan(bench: &Bench) -> Outcome {
    let ns = "k-plan";
    let web = deployment("web", ns, 2, GOOD, &[]);
    let map = |name: &str, value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": ns}, "data": {"k": value}});
    // By the program itself, so that it owns the fields.
    bench.have(0, ns, &[])?;
    let (_dir, path) = bench.file(&[web.clone(), map("kept", "1"), map("changed", "1")])?;
    bench.write(&format!("deploy run -f {path} --cluster shop-a"))?;
    let mut newer = web.clone();
    newer["spec"]["template"]["spec"]["containers"][0]["image"] = json!("registry.example/web:2.0.0");
    let mut broken = web;
    broken["metadata"]["name"] = json!("broken");
    broken["spec"]["selector"]["matchLabels"] = json!({"app": "other"});
    let cases = [
        (map("kept", "1"), "same"),
        (map("changed", "2"), "change"),
        (map("new", "1"), "create"),
        (newer.clone(), "change"),
        (broken, "refused"),
        (
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "k-nowhere"}}),
            "refused",
        ),
        (
            json!({"apiVersion": "no.such.group/v1", "kind": "Thing", "metadata": {"name": "x", "namespace": ns}}),
            "refused",
        ),
    ];
    for (object, verdict) in &cases {
        let (_dir, path) = bench.file(std::slice::from_ref(object))?;
        let ran = bench.skyfleet(&format!("deploy plan -f {path} --cluster shop-a -o json"))?;
        let answer = ran.wants(i32::from(*verdict == "refused"), "deploy plan")?.json()?;
        if text(&answer, "/plan/steps/0/verdict/verdict") != *verdict {
            return Err(format!("{} is no {verdict}", answer["plan"]["steps"]));
        }
        // kubectl diff: 0 no difference, 1 differences, more: it failed.
        let diff = bench.kubectl_raw(0, &format!("diff --server-side --field-manager skyfleet -f {path}"))?;
        let wanted = match *verdict {
            "same" => diff.code == 0,
            "refused" => diff.code > 1 || diff.err.to_lowercase().contains("error"),
            _ => diff.code == 1 && !diff.out.is_empty(),
        };
        if !wanted {
            return Err(format!(
                "we say {verdict}, kubectl diff ends with {}:\n{}{}",
                diff.code, diff.out, diff.err
            ));
        }
    }
    // Field by field, the values of the server's own dry run.
    let (_dir, path) = bench.file(&[newer])?;
    let answer = bench.json(&format!("deploy plan -f {path} --cluster shop-a"))?;
    let step = &answer["plan"]["steps"][0];
    let dry = bench
        .truth(0, &format!("apply --server-side --field-manager skyfleet --dry-run=server -f {path}"))?;
    let live = bench.truth(0, &format!("get deploy web -n {ns}"))?;
    let image = |o: &Value| o["spec"]["template"]["spec"]["containers"][0]["image"].clone();
    let wanted = json!([{"path": "spec.template.spec.containers[web].image", "before": image(&live), "after": image(&dry)}]);
    if step["changes"] != wanted || step["uid"] != live["metadata"]["uid"] {
        return Err(format!("{step}\nis not {wanted}"));
    }
    // Nothing of all this was written.
    for name in ["cm new", "deploy broken"] {
        bench.kubectl_raw(0, &format!("get {name} -n {ns}"))?.wants(1, name)?;
    }
    if image(&live) == GOOD { Ok(()) } else { Err("the plan wrote".to_owned()) }
}

fn run(bench: &Bench) -> Outcome {
    let ns = "k-run";
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "tools.k-run.example"},
        "spec": {"group": "k-run.example", "scope": "Namespaced",
            "names": {"plural": "tools", "singular": "tool", "kind": "Tool"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
                {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}
    });
    // In an order that cannot be applied as it stands.
    let objects = [
        json!({"apiVersion": "k-run.example/v1", "kind": "Tool", "metadata": {"name": "saw", "namespace": ns}, "spec": {"teeth": 40}}),
        deployment("web", ns, 2, GOOD, &[]),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "namespace": ns}, "stringData": {"token": "top-secret"}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"a": "1"}}),
        definition,
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ns}}),
    ];
    let (_dir, path) = bench.file(&objects)?;
    let line = format!("deploy run -f {path} -n {ns} --cluster shop-a --cluster shop-b");
    let unsaid = bench.skyfleet(&format!("{line} --yes -o json"))?.wants(2, "production without its word")?;
    let word = word_of(&unsaid).ok_or("no word is asked for")?;
    if word != "web 12" || unsaid.out.contains("top-secret") {
        return Err(format!("{word}: {}", unsaid.out));
    }
    bench.kubectl_raw(0, &format!("get ns {ns}"))?.wants(1, "nothing was written")?;
    let done = bench.write_word(&line, &word)?;
    for n in [0, 1] {
        for object in ["deploy/web", "secret/keys", "cm/settings", "tool/saw"] {
            bench.kubectl(n, &format!("get {object} -n {ns}"))?;
        }
        let web = bench.truth(n, &format!("get deploy web -n {ns}"))?;
        if web["status"]["readyReplicas"] != 2 {
            return Err(format!("it did not wait: {}\n{}", web["status"], done.err));
        }
    }
    bench.kubectl_raw(2, &format!("get ns {ns}"))?.wants(1, "out of scope, nothing is written")?;
    let again = bench.json(&format!("{line} --yes"))?;
    if again["words"] != "nothing would change" {
        return Err(again.to_string());
    }
    // The journal of the one run is on disk, and holds no secret.
    let mut journals = Vec::new();
    files(bench.home.path(), &mut journals)?;
    let texts: Vec<String> = journals.iter().filter_map(|p| std::fs::read_to_string(p).ok()).collect();
    if !texts.iter().any(|t| t.contains("settings")) || texts.iter().any(|t| t.contains("top-secret")) {
        return Err(format!("journals: {journals:?}"));
    }
    for n in [0, 1] {
        bench.kubectl(n, "delete crd tools.k-run.example")?;
    }
    Ok(())
}

fn files(dir: &std::path::Path, out: &mut Vec<std::path::PathBuf>) -> Outcome {
    for entry in std::fs::read_dir(dir).map_err(|e| e.to_string())?.flatten() {
        if entry.path().is_dir() { files(&entry.path(), out)? } else { out.push(entry.path()) }
    }
    Ok(())
}

fn stops(bench: &Bench) -> Outcome {
    let ns = "k-stops";
    for n in [0, 2] {
        bench.have(n, ns, &[])?;
    }
    let (_dir, path) = bench.file(&[deployment("web", ns, 1, CRASH, &[])])?;
    let line = format!("deploy run -f {path} --cluster shop-a --cluster shop-c");
    let unsaid = bench.skyfleet(&format!("{line} --yes"))?;
    let mut words = vec!["--yes".to_owned()];
    if let Some(word) = word_of(&unsaid) {
        // Two clusters whose names say no environment.
        if word != "web 2" {
            return Err(word);
        }
        words.extend(["--i-mean".to_owned(), word]);
    }
    let failed = bench.skyfleet_words(&line, &words)?.wants(1, "a rollout that cannot get ready")?;
    let said = format!("{}{}", failed.out, failed.err);
    if !said.contains("1 not started") {
        return Err(said);
    }
    bench.kubectl(0, &format!("get deploy web -n {ns}"))?;
    bench
        .kubectl_raw(2, &format!("get deploy web -n {ns}"))?
        .wants(1, "the next cluster is left alone")
        .map(drop)
}
