//! A pod described: where it runs, and each container with its state and the one before.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::age;

use super::{line, list, plain, text, time};

/// What matters of a pod.
pub(super) fn describe(out: &mut String, object: &Value, now: Timestamp) {
    line(out, "Node", text(object, "/spec/nodeName"));
    line(out, "Status", text(object, "/status/phase"));
    if !text(object, "/status/reason").is_empty() {
        line(
            out,
            "Reason",
            &format!("{}: {}", text(object, "/status/reason"), text(object, "/status/message")),
        );
    }
    line(out, "IP", text(object, "/status/podIP"));
    line(out, "QoS class", text(object, "/status/qosClass"));
    line(out, "Service account", text(object, "/spec/serviceAccountName"));
    for (title, spec, status) in [
        ("Init containers", "/spec/initContainers", "/status/initContainerStatuses"),
        ("Containers", "/spec/containers", "/status/containerStatuses"),
    ] {
        let containers = list(object, spec);
        if containers.is_empty() {
            continue;
        }
        let _ = writeln!(out, "\n{title}:");
        for c in containers {
            let name = text(c, "/name");
            let status = list(object, status).iter().find(|s| text(s, "/name") == name);
            container(out, c, status, now);
        }
    }
}

/// One container: its template, and how it is, where that is known.
pub(super) fn container(out: &mut String, c: &Value, status: Option<&Value>, now: Timestamp) {
    let _ = writeln!(out, "  {}:", text(c, "/name"));
    let mut put = |name: &str, value: &str| {
        let _ = writeln!(out, "    {:<13}{value}", format!("{name}:"));
    };
    put("Image", text(c, "/image"));
    for (name, pointer) in [("Command", "/command"), ("Args", "/args")] {
        let words: Vec<&str> = list(c, pointer).iter().filter_map(Value::as_str).collect();
        if !words.is_empty() {
            put(name, &words.join(" "));
        }
    }
    if let Some(status) = status {
        put("State", &state(status.get("state"), now));
        if status.get("lastState").and_then(Value::as_object).is_some_and(|s| !s.is_empty()) {
            put("Last state", &state(status.get("lastState"), now));
        }
        put("Ready", &plain(status.get("ready")));
        put("Restarts", &plain(status.get("restartCount")));
    }
    for (name, pointer) in [("Requests", "/resources/requests"), ("Limits", "/resources/limits")] {
        if let Some(amounts) = c.pointer(pointer).and_then(Value::as_object) {
            let words: Vec<String> = amounts.iter().map(|(k, v)| format!("{k} {}", plain(Some(v)))).collect();
            put(name, &words.join(", "));
        }
    }
    let ports: Vec<String> = list(c, "/ports").iter().map(|p| plain(p.get("containerPort"))).collect();
    if !ports.is_empty() {
        put("Ports", &ports.join(", "));
    }
    // Values of variables can be secrets: names alone.
    let env: Vec<&str> = list(c, "/env").iter().map(|e| text(e, "/name")).collect();
    if !env.is_empty() {
        put("Environment", &env.join(", "));
    }
}

fn state(state: Option<&Value>, now: Timestamp) -> String {
    let Some(state) = state else { return "–".to_owned() };
    let ago =
        |v: &Value, p: &str| time(v, p).map_or_else(String::new, |t| format!(" {} ago", age::show(t, now)));
    if let Some(w) = state.get("waiting") {
        let message = text(w, "/message");
        let message = if message.is_empty() { String::new() } else { format!(": {message}") };
        format!("waiting, {}{message}", text(w, "/reason"))
    } else if let Some(r) = state.get("running") {
        format!("running, started{}", ago(r, "/startedAt"))
    } else if let Some(t) = state.get("terminated") {
        let message = text(t, "/message");
        let message = if message.is_empty() { String::new() } else { format!(": {message}") };
        format!(
            "ended, {} (exit {}){}{message}",
            text(t, "/reason"),
            plain(t.get("exitCode")),
            ago(t, "/finishedAt")
        )
    } else {
        "–".to_owned()
    }
}
