//! `get`, `tree`, `contexts`, `problems`, `costs`, `doctor`: the same objects, cells, counts and names as kubectl's.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use skyfleet::domain::kind::KINDS;

use super::{
    Bench, CRASH, GOOD, NAMES, Outcome, Test, deployment, identity, list, of_cluster, same, text, until,
};

pub(super) fn tests() -> Vec<(&'static str, Test)> {
    vec![
        ("get_of_every_kind", every_kind),
        ("get_cells_of_pods_deployments_nodes", cells),
        ("get_by_labels", labels),
        ("get_and_yaml_of_a_crd", crd),
        ("tree_counts", tree),
        ("contexts_as_in_the_files", contexts),
        ("two_contexts_of_one_cluster", two_contexts),
        ("problems_finds_a_crash_loop", problems),
        ("costs_add_up_to_list_prices", costs),
        ("doctor_knows_who_we_are", doctor),
        ("refusals_end_with_their_exit", refusals),
    ]
}

fn every_kind(bench: &Bench) -> Outcome {
    for kind in KINDS {
        let word = if kind.group.is_empty() {
            kind.plural.to_owned()
        } else {
            format!("{}.{}", kind.plural, kind.group)
        };
        // Objects come and go: both are asked until they agree.
        until(&word, || {
            let answer = bench.skyfleet(&format!("get {word} -A -o json"))?.json()?;
            if !list(&answer["errors"]).is_empty() {
                return Err(answer["errors"].to_string());
            }
            for (n, cluster) in NAMES.iter().enumerate() {
                let theirs = bench.truth(n, &format!("get {word} -A"))?;
                let theirs: BTreeSet<_> = list(&theirs["items"]).iter().map(identity).collect();
                let ours: BTreeSet<_> = of_cluster(&answer, cluster).into_iter().map(identity).collect();
                same(&ours, &theirs).map_err(|e| format!("{cluster}: {e}"))?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Our CSV: of each row the cells of these columns.
fn ours(bench: &Bench, line: &str, columns: &[&str]) -> Result<BTreeSet<Vec<String>>, String> {
    let out = bench.skyfleet(&format!("{line} -o csv"))?.wants(0, line)?.out;
    let mut reader = csv::Reader::from_reader(out.as_bytes());
    let heads = reader.headers().map_err(|e| e.to_string())?.clone();
    let at: Vec<usize> = columns
        .iter()
        .map(|c| heads.iter().position(|h| h == *c).ok_or_else(|| format!("no {c} in {heads:?}")))
        .collect::<Result<_, _>>()?;
    let first = |cell: &str| cell.split_whitespace().next().unwrap_or("").to_owned();
    reader
        .records()
        .map(|r| r.map(|r| at.iter().map(|i| first(&r[*i])).collect()).map_err(|e| e.to_string()))
        .collect()
}

/// kubectl's table without its ages in brackets: of each row the cells of these columns.
fn theirs(bench: &Bench, n: usize, line: &str, columns: &[usize]) -> Result<BTreeSet<Vec<String>>, String> {
    let out = bench.kubectl(n, &format!("{line} --no-headers"))?;
    Ok(out
        .lines()
        .map(|l| {
            let cells: Vec<&str> =
                l.split_whitespace().filter(|c| !c.starts_with('(') && *c != "ago)").collect();
            columns.iter().map(|i| cells.get(*i).map_or_else(String::new, |c| (*c).to_owned())).collect()
        })
        .collect())
}

fn cells(bench: &Bench) -> Outcome {
    let ns = "k-cells";
    let odd = [
        ("good", GOOD, &[][..]),
        ("crash", CRASH, &[("restarts", "3")][..]),
        ("missing", "registry.example/web:missing", &[][..]),
        ("never", GOOD, &[("behaviour", "never-ready")][..]),
        ("config", GOOD, &[("behaviour", "pending-config-error")][..]),
    ];
    let mut objects: Vec<Value> =
        odd.iter().map(|(name, image, notes)| deployment(name, ns, 2, image, notes)).collect();
    let mut large = deployment("large", ns, 1, GOOD, &[]);
    large["spec"]["template"]["spec"]["containers"][0]["resources"] = json!({"requests": {"cpu": "900"}});
    objects.push(large);
    objects.push(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "done", "namespace": ns},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": GOOD}]}}}}));
    bench.have(0, ns, &objects)?;
    let node = text(&bench.truth(0, "get nodes")?, "/items/0/metadata/name").to_owned();
    bench.kubectl(0, &format!("cordon {node}"))?;
    let compared = compare_cells(bench, ns);
    bench.kubectl(0, &format!("uncordon {node}"))?;
    compared
}

fn compare_cells(bench: &Bench, ns: &str) -> Outcome {
    // Until each way to be has been seen: else equal tables would prove little.
    until("pods in every state", || {
        let table = bench.kubectl(0, &format!("get pods -n {ns} --no-headers"))?;
        let wanted = [
            "Running",
            "CrashLoopBackOff",
            "ImagePullBackOff",
            "CreateContainerConfigError",
            "Pending",
            "Completed",
        ];
        match wanted.iter().find(|w| !table.contains(**w)) {
            Some(missing) => Err(format!("no {missing} in\n{table}")),
            None => Ok(()),
        }
    })?;
    until("the same cells of pods", || {
        let ours = ours(
            bench,
            &format!("get pods -n {ns} --cluster shop-a"),
            &["NAME", "READY", "STATUS", "RESTARTS"],
        )?;
        same(&ours, &theirs(bench, 0, &format!("get pods -n {ns}"), &[0, 1, 2, 3])?)
    })?;
    until("the same cells of deployments", || {
        let columns = ["NAME", "READY", "UP-TO-DATE", "AVAILABLE"];
        let ours = ours(bench, &format!("get deploy -n {ns} --cluster shop-a"), &columns)?;
        same(&ours, &theirs(bench, 0, &format!("get deploy -n {ns}"), &[0, 1, 2, 3])?)
    })?;
    until("the same cells of nodes", || {
        let ours = ours(bench, "get nodes --cluster shop-a", &["NAME", "STATUS", "VERSION"])?;
        let theirs = theirs(bench, 0, "get nodes", &[0, 1, 4])?;
        if !theirs.iter().any(|row| row[1].contains("SchedulingDisabled")) {
            return Err("no node is cordoned".to_owned());
        }
        same(&ours, &theirs)
    })
}

fn labels(bench: &Bench) -> Outcome {
    let ns = "k-labels";
    for n in [0, 2] {
        bench.have(n, ns, &[deployment("one", ns, 1, GOOD, &[]), deployment("two", ns, 2, GOOD, &[])])?;
    }
    for selector in ["app=one", "app!=one", "app=two,team=k", "team=none"] {
        until(selector, || {
            let answer = bench.skyfleet(&format!("get pods -n {ns} -l {selector} -o json"))?;
            let code = answer.code;
            let answer = answer.json()?;
            let mut any = false;
            for n in [0, 2] {
                let theirs = bench.truth(n, &format!("get pods -n {ns} -l {selector}"))?;
                let theirs: BTreeSet<_> = list(&theirs["items"]).iter().map(identity).collect();
                any |= !theirs.is_empty();
                same(&of_cluster(&answer, NAMES[n]).into_iter().map(identity).collect(), &theirs)?;
            }
            let wanted = if any { 0 } else { 4 };
            if code == wanted { Ok(()) } else { Err(format!("ended with {code}, not {wanted}")) }
        })?;
    }
    Ok(())
}

fn crd(bench: &Bench) -> Outcome {
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.k.example"},
        "spec": {"group": "k.example", "scope": "Namespaced",
            "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "shortNames": ["gdg"]},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
                {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}
    });
    bench.have(0, "k-crd", &[definition])?;
    let outcome = with_gadgets(bench);
    bench.kubectl(0, "delete crd gadgets.k.example")?;
    outcome
}

fn with_gadgets(bench: &Bench) -> Outcome {
    bench.kubectl(0, "wait --for condition=established crd/gadgets.k.example --timeout 30s")?;
    let gadget = |name: &str| {
        json!({"apiVersion": "k.example/v1", "kind": "Gadget",
        "metadata": {"name": name, "namespace": "k-crd"}, "spec": {"size": 3, "text": "yes"}})
    };
    until("gadgets", || bench.have(0, "k-crd", &[gadget("x"), gadget("y")]))?;
    let theirs = bench.truth(0, "get gadgets -n k-crd")?;
    let wanted: BTreeSet<_> = list(&theirs["items"]).iter().map(identity).collect();
    for word in ["gdg", "gadget", "Gadgets", "gadgets.k.example"] {
        let answer = bench.json(&format!("get {word} --cluster shop-a"))?;
        same(&of_cluster(&answer, "shop-a").into_iter().map(identity).collect(), &wanted)
            .map_err(|e| format!("{word}: {e}"))?;
    }
    // Clusters that do not serve it are named; that they have none is no failure.
    let all = bench.skyfleet("get gdg -o json")?.wants(0, "get gdg")?.json()?;
    if all["notServed"] != json!(["shop-b", "shop-c"]) || all["errors"] != json!([]) {
        return Err(format!("these do not serve it: {} {}", all["notServed"], all["errors"]));
    }
    let yaml = bench.skyfleet("yaml gdg x -n k-crd --cluster shop-a")?.wants(0, "yaml")?.out;
    let ours: Value = serde_saphyr::from_str(&yaml).map_err(|e| e.to_string())?;
    let truth = bench.truth(0, "get gadgets x -n k-crd")?;
    if ours == truth { Ok(()) } else { Err(format!("{ours}\n{truth}")) }
}

fn tree(bench: &Bench) -> Outcome {
    let ns = "k-tree";
    bench.have(0, ns, &[deployment("one", ns, 1, GOOD, &[]), deployment("two", ns, 3, GOOD, &[])])?;
    bench.ready(0, ns, "two", 3)?;
    bench.ready(0, ns, "one", 1)?;
    until("the same tree", || {
        let answer = bench.json("tree -L 6")?;
        let items = list(&answer["items"]);
        for (n, cluster) in NAMES.iter().enumerate() {
            let mine = || items.iter().filter(|i| i["cluster"] == *cluster);
            let ours: BTreeSet<&str> =
                mine().filter(|i| i["level"] == "namespace").map(|i| text(i, "/name")).collect();
            let theirs = bench.truth(n, "get ns")?;
            let theirs: BTreeSet<&str> =
                list(&theirs["items"]).iter().map(|o| text(o, "/metadata/name")).collect();
            same(&ours, &theirs).map_err(|e| format!("{cluster}: {e}"))?;
            let long = bench.truth(n, "get deploy,sts,ds,cj -A")?;
            let theirs: BTreeSet<String> = list(&long["items"])
                .iter()
                .map(|o| format!("{} {}", text(o, "/metadata/namespace"), text(o, "/metadata/name")))
                .collect();
            let ours: BTreeSet<String> = mine()
                .filter(|i| i["level"] == "workload" && !text(i, "/name").starts_with("job/"))
                .map(|i| {
                    format!("{} {}", text(i, "/namespace"), text(i, "/name").split('/').nth(1).unwrap_or(""))
                })
                .collect();
            same(&ours, &theirs).map_err(|e| format!("{cluster}: {e}"))?;
            let pods = list(&bench.truth(n, "get pods -A")?["items"]).len();
            let counted = mine().find(|i| i["level"] == "cluster").map_or(&Value::Null, |i| &i["count"]);
            if *counted != json!(pods) {
                return Err(format!("{cluster}: {counted} pods, and kubectl has {pods}"));
            }
        }
        let count = |name: &str| {
            items
                .iter()
                .find(|i| i["namespace"] == ns && i["name"] == name)
                .map_or(Value::Null, |i| i["count"].clone())
        };
        let seen = [count(ns), count("deploy/one"), count("deploy/two")];
        if seen == [json!(4), json!(1), json!(3)] { Ok(()) } else { Err(format!("{seen:?}")) }
    })?;
    // The path of a row is a scope that finds it.
    let answer = bench.json(&format!("tree -L 6 --cluster shop-a -n {ns}"))?;
    let row = list(&answer["items"]).iter().find(|i| i["name"] == "deploy/two").ok_or("no deploy/two")?;
    let pods = bench.json(&format!("get pods -s {}", text(row, "/path")))?;
    if list(&pods["items"]).len() == 3 { Ok(()) } else { Err(format!("{} finds {pods}", row["path"])) }
}

fn contexts(bench: &Bench) -> Outcome {
    let report = bench.json("contexts")?;
    for (n, place) in
        [("aws", "222233334444", "eu-west-1"), ("gcp", "shop-prod", "europe-west1"), ("unknown", "", "")]
            .into_iter()
            .enumerate()
    {
        let row = &report["contexts"][n];
        let config = bench.truth(n, "config view")?;
        let (context, cluster) = (&config["contexts"][0], &config["clusters"][0]);
        for (ours, theirs) in [
            (&row["context"], &context["name"]),
            (&row["cluster_entry"], &context["context"]["cluster"]),
            (&row["user_entry"], &context["context"]["user"]),
            (&row["namespace"], context["context"].get("namespace").unwrap_or(&Value::Null)),
            (&row["server"], &cluster["cluster"]["server"]),
            (&row["cluster"], &json!(NAMES[n])),
            (&row["provider"], &json!(place.0)),
            (&row["usable"], &json!(true)),
            (&row["auth"], &json!("client-cert")),
            // Of several files the first says which one is current, as kubectl has it.
            (&row["current"], &json!(n == 0)),
        ] {
            if ours != theirs {
                return Err(format!("{ours} is not {theirs} in {row}"));
            }
        }
        // AKS contexts are bare names: what only the nodes know is null here, not guessed.
        if (text(row, "/account"), text(row, "/region")) != (place.1, place.2) {
            return Err(format!("{row} is not in {place:?}"));
        }
    }
    let secrets = report.to_string();
    if secrets.contains("BEGIN") || secrets.contains("client-key") {
        return Err("a credential is in the answer".to_owned());
    }
    Ok(())
}

fn two_contexts(bench: &Bench) -> Outcome {
    let users = ["admin", "viewer"];
    let report = bench.skyfleet_as(&users, "contexts -o json")?.wants(0, "contexts")?.json()?;
    let names: Vec<&str> = list(&report["contexts"]).iter().map(|c| text(c, "/context")).collect();
    let viewer =
        names.iter().find(|n| n.contains("shop-a") && n.contains("viewer")).ok_or(format!("{names:?}"))?;
    // Six contexts, three clusters: no object is there twice.
    let nodes = bench.skyfleet_as(&users, "get nodes -o json")?.wants(0, "get nodes")?.json()?;
    let uids: BTreeSet<_> = list(&nodes["items"]).iter().map(|i| identity(&i["object"])).collect();
    if uids.len() != list(&nodes["items"]).len() || names.len() != 6 {
        return Err(format!(
            "{} contexts, {} nodes, {} uids",
            names.len(),
            list(&nodes["items"]).len(),
            uids.len()
        ));
    }
    let ns = "k-viewer";
    bench.have(0, ns, &[deployment("web", ns, 1, GOOD, &[])])?;
    let seen = bench.skyfleet_as(&users, &format!("get deploy -n {ns} --context {viewer} -o json"))?;
    let seen = seen.wants(0, "get as viewer")?.json()?;
    if text(&seen, "/items/0/context") != *viewer {
        return Err(format!("acted by {}", seen["items"][0]["context"]));
    }
    // The one that is named acts for writes too, and may not.
    let line = format!("scale deploy/web --replicas 2 -n {ns} --context {viewer} --yes");
    let refused = bench.skyfleet_as(&users, &line)?.wants(1, &line)?;
    if !format!("{}{}", refused.out, refused.err).contains("forbidden") {
        return Err(format!("{}{}", refused.out, refused.err));
    }
    let web = bench.truth(0, &format!("get deploy web -n {ns}"))?;
    if web["spec"]["replicas"] == 1 { Ok(()) } else { Err("it was scaled".to_owned()) }
}

fn problems(bench: &Bench) -> Outcome {
    let ns = "k-problems";
    for n in [0, 2] {
        bench.have(n, ns, &[deployment("bad", ns, 1, CRASH, &[]), deployment("good", ns, 1, GOOD, &[])])?;
    }
    until("one problem over two clusters", || {
        let answer = bench.json(&format!("problems -n {ns}"))?;
        let loops: Vec<&Value> = list(&answer["items"]).iter().filter(|p| p["rule"] == "crashloop").collect();
        match loops.as_slice() {
            [one] if one["clusters"] == json!(["shop-a", "shop-c"]) => {
                let findings = list(&one["findings"]);
                let right =
                    findings.iter().all(|f| f["namespace"] == ns && f["workload"] == "Deployment/bad");
                let pods: BTreeSet<&str> = findings.iter().map(|f| text(f, "/name")).collect();
                let mut theirs = BTreeSet::new();
                let found = [
                    bench.truth(0, &format!("get pods -n {ns} -l app=bad"))?,
                    bench.truth(2, &format!("get pods -n {ns} -l app=bad"))?,
                ];
                for o in found.iter().flat_map(|f| list(&f["items"])) {
                    theirs.insert(text(o, "/metadata/name"));
                }
                if right { same(&pods, &theirs) } else { Err(one.to_string()) }
            }
            _ => Err(answer.to_string()),
        }
    })
}

/// The list price of a node, by its labels, in dollars an hour.
fn list_price(node: &Value, prices: &BTreeMap<(String, String), (f64, f64)>) -> Result<f64, String> {
    let label = |key: &str| node["metadata"]["labels"][key].as_str().unwrap_or("").to_owned();
    let spot = [
        "eks.amazonaws.com/capacityType",
        "cloud.google.com/gke-spot",
        "kubernetes.azure.com/scalesetpriority",
    ]
    .iter()
    .any(|k| ["SPOT", "true", "spot"].contains(&label(k).as_str()));
    let key = (label("topology.kubernetes.io/region"), label("node.kubernetes.io/instance-type"));
    let (demand, cheap) = prices.get(&key).ok_or_else(|| format!("no price of {key:?}"))?;
    Ok(if spot { *cheap } else { *demand })
}

fn costs(bench: &Bench) -> Outcome {
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(
        &include_bytes!("../../../data/instance-prices.csv.gz")[..],
    ));
    let mut prices = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(|e| e.to_string())?;
        let number = |i: usize| row[i].parse::<f64>().unwrap_or(0.0);
        prices.insert((row[1].to_owned(), row[2].to_owned()), (number(7), number(8)));
    }
    let sum = |answer: &Value| -> f64 {
        list(&answer["items"]).iter().filter_map(|r| r["total_usd_per_month"].as_f64()).sum()
    };
    let by_cluster = bench.json("costs --by cluster")?;
    for (n, name) in NAMES.iter().enumerate() {
        let row =
            list(&by_cluster["items"]).iter().find(|r| r["name"] == *name).ok_or(format!("no {name}"))?;
        let mut nodes = 0.0;
        for node in list(&bench.truth(n, "get nodes")?["items"]) {
            nodes += list_price(node, &prices)? * 730.0;
        }
        let part = |key: &str| row[key].as_f64().unwrap_or(f64::NAN);
        let (total, fee) = (part("total_usd_per_month"), part("fee_usd_per_month"));
        if (total - fee - nodes).abs() > 0.02 {
            return Err(format!("{name}: {total} less {fee} is not the nodes' {nodes}"));
        }
        let parts = part("cpu_usd_per_month")
            + part("ram_usd_per_month")
            + part("gpu_usd_per_month")
            + part("idle_usd_per_month")
            + fee;
        if (parts - total).abs() > 0.05 {
            return Err(format!("{name}: parts of {parts} make {total}"));
        }
    }
    let total = by_cluster["total_usd_per_month"].as_f64().unwrap_or(f64::NAN);
    for by in ["cloud", "cluster", "namespace", "workload"] {
        let answer = bench.json(&format!("costs --by {by}"))?;
        let (rows, sum) = (list(&answer["items"]).len(), sum(&answer));
        let its = answer["total_usd_per_month"].as_f64().unwrap_or(f64::NAN);
        // Each row is rounded to a cent.
        let slack = 0.005 * (f64::from(u32::try_from(rows).unwrap_or(u32::MAX)) + 1.0);
        if !((sum - its).abs() < slack && (its - total).abs() < 0.01) {
            return Err(format!("by {by}: rows make {sum}, it says {its}, by cluster {total}"));
        }
    }
    Ok(())
}

fn doctor(bench: &Bench) -> Outcome {
    let answer = bench.json("doctor")?;
    let clusters: Vec<&Value> = list(&answer["checks"]).iter().filter(|c| c["area"] == "clusters").collect();
    for (n, name) in NAMES.iter().enumerate() {
        let check =
            clusters.iter().find(|c| text(c, "/subject").contains(name)).ok_or(format!("no {name}"))?;
        let who = bench.truth(n, "auth whoami")?;
        let version = bench.truth(n, "version")?;
        for part in [text(&who, "/status/userInfo/username"), text(&version, "/serverVersion/gitVersion")] {
            if check["level"] != "ok" || part.is_empty() || !text(check, "/words").contains(part) {
                return Err(format!("no {part} in {check}"));
            }
        }
    }
    let wrong = bench.skyfleet_as(&["wrong"], "doctor -o json")?.wants(1, "doctor")?.json()?;
    let bad = list(&wrong["checks"]).iter().filter(|c| c["area"] == "clusters" && c["level"] == "bad");
    if bad.clone().count() != 3 || bad.clone().any(|c| text(c, "/fix").is_empty()) {
        return Err(wrong.to_string());
    }
    Ok(())
}

fn refusals(bench: &Bench) -> Outcome {
    for (user, line, code) in [
        ("nobody", "get pods", 3),
        ("wrong", "get pods", 3),
        ("wrong", "tree", 3),
        ("nobody", "problems", 3),
        ("nobody", "logs -n default", 3),
        ("admin", "get pods nothing-of-that-name", 4),
        ("admin", "get no-such-kind", 2),
        ("admin", "scale deploy/x --replicas many", 2),
        ("admin", "logs nothing-of-that-name", 4),
        ("admin", "deploy plan -f no-such-file", 1),
    ] {
        let ran = bench.skyfleet_as(&[user], line)?.wants(code, &format!("{line} as {user}"))?;
        if ran.err.is_empty() && !ran.out.contains("denied") {
            return Err(format!("{line} as {user} does not say why"));
        }
    }
    Ok(())
}
