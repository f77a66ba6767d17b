//! `yaml`, `describe`, `logs`: what one object is, and what its containers said.

use jiff::Timestamp;
use serde_json::{Value, json};
use skyfleet::domain::text::clean;

use super::{Bench, CRASH, GOOD, Outcome, Ran, Test, deployment, list, text, until};

pub(super) fn tests() -> Vec<(&'static str, Test)> {
    vec![
        ("yaml_is_the_same_object", yaml),
        ("describe_has_the_essentials", describe),
        ("logs_are_kubectls_lines", logs),
        ("logs_of_the_run_before", previous),
    ]
}

fn yaml(bench: &Bench) -> Outcome {
    let ns = "k-yaml";
    let odd = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "odd", "namespace": ns,
            "annotations": {"k/note": "yes", "k/number": "0123", "k/blank": " x "}},
        "data": {
            "make": "all:\n\tcc -o a\tb\n\n\n", "long": "x".repeat(40_000), "words": "on", "date": "2026-11-24",
            "multi": "one\n  two\n\nthree", "quotes": "it's \"so\": # no comment", "turned": "a\u{202e}b\u{200b}c",
            "unicode": "日本語 – ✓", "empty": "", "lines": "\n\n", "dash": "- a\n- b", "percent": "%x", "tilde": "~",
            "bell": "a\u{7}b\u{1b}[31mc", "bom": "\u{feff}x", "crlf": "a\r\nb\r\n", "high": "\u{e0041}"
        }
    });
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "namespace": ns},
        "data": {"token": "c2VjcmV0LXdvcmQ=", "empty": ""}
    });
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": ns},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}
    });
    bench.have(1, ns, &[deployment("web", ns, 2, GOOD, &[]), odd, secret, service])?;
    bench.ready(1, ns, "web", 2)?;
    let pod = text(&bench.truth(1, &format!("get pods -n {ns}"))?, "/items/0/metadata/name").to_owned();
    let node = text(&bench.truth(1, "get nodes")?, "/items/0/metadata/name").to_owned();
    for (kind, name, scope) in [
        ("deploy", "web", "-n k-yaml"),
        ("pod", &pod, "-n k-yaml"),
        ("cm", "odd", "-n k-yaml"),
        ("secret", "keys", "-n k-yaml"),
        ("svc", "web", "-n k-yaml"),
        ("rs", "", "-n k-yaml"),
        ("node", &node, ""),
        ("ns", ns, ""),
        ("clusterrole", "view", ""),
        ("hpa", "none-of-that-name", "-n k-yaml"),
    ] {
        let found = bench.truth(1, &format!("get {kind} {scope}"))?;
        let name =
            if name.is_empty() { text(&found, "/items/0/metadata/name").to_owned() } else { name.to_owned() };
        let line = format!("yaml {kind} {name} {scope} --cluster shop-b --show-secrets");
        if name == "none-of-that-name" {
            bench.skyfleet(&line)?.wants(4, &line)?;
            continue;
        }
        // Status and versions go on changing: both are asked until they agree.
        until(&format!("the same {kind}/{name}"), || {
            let out = bench.skyfleet(&line)?.wants(0, &line)?.out;
            let ours: Value = serde_saphyr::from_str(&out).map_err(|e| format!("{e}: {out}"))?;
            let theirs = bench.truth(1, &format!("get {kind} {name} {scope}"))?;
            match skyfleet::domain::diff::changes(Some(&theirs), &ours).as_slice() {
                [] if ours == theirs => Ok(()),
                changes => Err(format!("{changes:?}")),
            }
        })?;
    }
    let masked = bench.skyfleet(&format!("yaml secret keys -n {ns}"))?.wants(0, "yaml secret")?.out;
    let listed = bench.skyfleet(&format!("get secret keys -n {ns} -o yaml"))?.wants(0, "get secret")?.out;
    let described =
        bench.skyfleet(&format!("describe secret keys -n {ns}"))?.wants(0, "describe secret")?.out;
    for out in [masked, listed, described] {
        // kubectl apply keeps the whole object in an annotation: it is masked too.
        if out.contains("c2VjcmV0LXdvcmQ=") || !out.contains("token") {
            return Err(out);
        }
    }
    Ok(())
}

/// The value of a described line.
fn value<'a>(described: &'a str, name: &str) -> Option<&'a str> {
    described.lines().find_map(|l| l.trim_start().strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

fn describe(bench: &Bench) -> Outcome {
    let ns = "k-describe";
    bench.have(0, ns, &[deployment("web", ns, 1, CRASH, &[("restarts", "2")])])?;
    until("a described pod", || {
        let pods = bench.truth(0, &format!("get pods -n {ns}"))?;
        let pod = &pods["items"][0];
        let name = text(pod, "/metadata/name");
        let out = bench.skyfleet(&format!("describe pod {name} -n {ns}"))?.wants(0, "describe")?.out;
        let restarts = pod["status"]["containerStatuses"][0]["restartCount"].to_string();
        for (line, wanted) in [
            ("Cluster", "aws / 222233334444 / eu-west-1 / shop-a"),
            ("Name", name),
            ("Namespace", ns),
            ("Node", &format!("{}/{}", text(pod, "/spec/nodeName"), text(pod, "/status/hostIP"))),
            ("IP", text(pod, "/status/podIP")),
            ("QoS Class", text(pod, "/status/qosClass")),
            ("Status", text(pod, "/status/phase")),
            ("Image", CRASH),
            ("Restart Count", restarts.as_str()),
            ("Service Account", "default"),
        ] {
            if value(&out, line) != Some(wanted) {
                return Err(format!("no {line} {wanted:?} in\n{out}"));
            }
        }
        // Each event kubectl has is in it, by its reason and words.
        let uid = text(pod, "/metadata/uid");
        let events =
            bench.truth(0, &format!("get events -n {ns} --field-selector involvedObject.uid={uid}"))?;
        for event in list(&events["items"]) {
            let (reason, message) = (text(event, "/reason"), text(event, "/message"));
            if !out.lines().any(|l| l.contains(reason) && l.contains(message)) {
                return Err(format!("no {reason}: {message} in\n{out}"));
            }
        }
        if list(&events["items"]).len() < 2 { Err("few events".to_owned()) } else { Ok(()) }
    })?;
    let out = bench.skyfleet(&format!("describe deploy web -n {ns}"))?.wants(0, "describe")?.out;
    let replicas = "1 desired | 1 updated | 1 total | 0 ready | 0 available | 1 unavailable";
    let strategy = "25% max unavailable, 25% max surge";
    for (line, wanted) in [
        ("Replicas", replicas),
        ("Strategy Type", "RollingUpdate"),
        ("Rolling Update Strategy", strategy),
        ("Selector", "app=web"),
        ("Image", CRASH),
    ] {
        if value(&out, line) != Some(wanted) {
            return Err(format!("no {line} {wanted:?} in\n{out}"));
        }
    }
    let pods = bench.truth(0, &format!("get pods -n {ns}"))?;
    if !out.contains(text(&pods["items"][0], "/metadata/name")) {
        return Err(format!("its pod is not in\n{out}"));
    }
    let node = text(&pods["items"][0], "/spec/nodeName");
    let told = bench.truth(0, &format!("get node {node}"))?;
    until("a described node", || {
        let line = format!("describe node {node} --cluster shop-a");
        let out = bench.skyfleet(&line)?.wants(0, &line)?.out;
        if value(&out, "Provider ID") != Some(text(&told, "/spec/providerID")) {
            return Err(out);
        }
        // Its pods and what they ask for, as kubectl adds them up: `cpu  950m (23%)  1 (25%)`.
        let theirs = bench.kubectl(0, &format!("describe node {node}"))?;
        let there = theirs.split("Non-terminated Pods:").nth(1).unwrap_or("");
        let pods = there.split_whitespace().next().unwrap_or("").trim_start_matches('(');
        // Of requests and of limits.
        let percent = |text: &str, row: &str| {
            let line = text.lines().find(|l| l.split_whitespace().next() == Some(row)).unwrap_or("");
            let parts = line.split('(').skip(1).map(|l| l.split(')').next().unwrap_or("").to_owned());
            parts.collect::<Vec<String>>()
        };
        let ours = out.split("Allocated Resources:").nth(1).unwrap_or("");
        let sums = there.split("Allocated resources:").nth(1).unwrap_or("");
        for row in ["cpu", "memory"] {
            if percent(ours, row) != percent(sums, row) || percent(ours, row).len() != 2 {
                return Err(format!("{row} is not kubectl's:\n{ours}\n{sums}"));
            }
        }
        if ours.contains(&format!("Pods ({pods} in total):")) {
            Ok(())
        } else {
            Err(format!("not {pods} pods:\n{ours}"))
        }
    })
}

/// Time and text of each line, as the program says them.
fn ours(ran: &Ran) -> Result<Vec<(Timestamp, String)>, String> {
    ran.out
        .lines()
        .map(|l| {
            let line: Value = serde_json::from_str(l).map_err(|e| format!("{e}: {l}"))?;
            let time = text(&line, "/time").parse().map_err(|e| format!("{e}: {l}"))?;
            Ok((time, text(&line, "/text").to_owned()))
        })
        .collect()
}

/// The same of `kubectl logs --timestamps`.
fn theirs(bench: &Bench, line: &str) -> Result<Vec<(Timestamp, String)>, String> {
    let out = bench.kubectl(0, &format!("{line} --timestamps"))?;
    out.lines()
        .map(|l| {
            let (time, text) = l.split_once(' ').ok_or_else(|| l.to_owned())?;
            // What a terminal would obey is taken out of every text of ours, and tabs are blanks.
            Ok((time.parse().map_err(|e| format!("{e}: {l}"))?, clean(text).into_owned()))
        })
        .collect()
}

fn alike(
    mut ours: Vec<(Timestamp, String)>,
    mut theirs: Vec<(Timestamp, String)>,
    in_order: bool,
) -> Outcome {
    if in_order && !ours.is_sorted_by_key(|(time, _)| *time) {
        return Err("the lines are not in the order of time".to_owned());
    }
    ours.sort();
    theirs.sort();
    if ours == theirs {
        return Ok(());
    }
    let missing: Vec<_> = theirs.iter().filter(|l| !ours.contains(l)).take(3).collect();
    let more: Vec<_> = ours.iter().filter(|l| !theirs.contains(l)).take(3).collect();
    Err(format!("{} lines, kubectl {}; missing {missing:?}; more {more:?}", ours.len(), theirs.len()))
}

fn logs(bench: &Bench) -> Outcome {
    let ns = "k-logs";
    // All lines are written at the start: what is compared stands still.
    let notes = [("log-lines", "40"), ("log-rate", "0")];
    let mut two = deployment("two", ns, 1, GOOD, &notes);
    let second = json!({"name": "side", "image": GOOD});
    if let Some(containers) = two["spec"]["template"]["spec"]["containers"].as_array_mut() {
        containers.push(second);
    }
    bench.have(0, ns, &[deployment("web", ns, 3, GOOD, &notes), two])?;
    bench.ready(0, ns, "web", 3)?;
    bench.ready(0, ns, "two", 1)?;
    let scope = format!("-n {ns} --cluster shop-a -o ndjson");
    let pods = bench.truth(0, &format!("get pods -n {ns} -l app=web"))?;
    let names: Vec<&str> = list(&pods["items"]).iter().map(|p| text(p, "/metadata/name")).collect();
    let all = |flags: &str| -> Result<Vec<(Timestamp, String)>, String> {
        let mut lines = Vec::new();
        for name in &names {
            lines.extend(theirs(bench, &format!("logs {name} -n {ns} {flags}"))?);
        }
        Ok(lines)
    };
    for flags in ["", "--tail 5", "--tail 0", "--since 1h", "--since 2s"] {
        // Two seconds are over soon, and then there is nothing: in both.
        until(&format!("logs {flags}"), || {
            let target = bench.skyfleet(&format!("logs deploy/web {flags} {scope}"))?.wants(0, "logs")?;
            alike(ours(&target)?, all(&flags.replacen(' ', "=", 1))?, true)?;
            match (flags, target.out.is_empty()) {
                ("--since 2s" | "--tail 0", false) => Err("there are lines yet".to_owned()),
                ("" | "--tail 5" | "--since 1h", true) => Err("there are no lines".to_owned()),
                _ => Ok(()),
            }
        })?;
    }
    let one = bench.skyfleet(&format!("logs {} {scope}", names[0]))?.wants(0, "logs of a pod")?;
    alike(ours(&one)?, theirs(bench, &format!("logs {} -n {ns}", names[0]))?, true)?;
    let by_label = bench.skyfleet(&format!("logs -l app=web {scope}"))?.wants(0, "logs by label")?;
    alike(ours(&by_label)?, all("")?, true)?;
    let both = bench.skyfleet(&format!("logs deploy/two {scope}"))?.wants(0, "logs of two containers")?;
    let pod =
        text(&bench.truth(0, &format!("get pods -n {ns} -l app=two"))?, "/items/0/metadata/name").to_owned();
    let mut containers = Vec::new();
    for c in ["two", "side"] {
        let lines = theirs(bench, &format!("logs {pod} -n {ns} -c {c}"))?;
        let line = format!("logs deploy/two -c {c} {scope}");
        alike(ours(&bench.skyfleet(&line)?.wants(0, &line)?)?, lines.clone(), true)?;
        containers.extend(lines);
    }
    alike(ours(&both)?, containers, true)?;
    // A word of one line: the lines that have it, and no others.
    let every = all("")?;
    let word = every[7].1.split_whitespace().max_by_key(|w| w.len()).unwrap_or("").to_lowercase();
    let word: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
    let found = bench.skyfleet(&format!("logs deploy/web --grep {word} {scope}"))?.wants(0, "grep")?;
    let wanted: Vec<_> = every.into_iter().filter(|(_, text)| text.to_lowercase().contains(&word)).collect();
    alike(ours(&found)?, wanted, true)
}

fn previous(bench: &Bench) -> Outcome {
    let ns = "k-previous";
    bench.have(0, ns, &[deployment("bad", ns, 1, CRASH, &[("log-lines", "12")])])?;
    until("the same lines of the run before", || {
        let pods = bench.truth(0, &format!("get pods -n {ns}"))?;
        let name = text(&pods, "/items/0/metadata/name");
        // It goes on crashing between the two questions: only lines of the same run can be the same.
        let before = theirs(bench, &format!("logs {name} -n {ns} --previous"))?;
        let ran = bench.skyfleet(&format!("logs {name} --previous -n {ns} --cluster shop-a -o ndjson"))?;
        let ran = ran.wants(0, "logs --previous")?;
        if before.is_empty() {
            return Err("no lines".to_owned());
        }
        alike(ours(&ran)?, before, true)
    })
}
