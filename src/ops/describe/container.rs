//! A container described: its template, and how it is, where that is known. The fields are kubectl's
//! (`describeContainers`).

use jiff::Timestamp;
use serde_json::Value;

use super::json::{ago, at, count, is_true, list, plain, text};
use super::page::Page;
use crate::domain::diff::MASK;
use crate::domain::quantity::{bytes, cpu_milli};
use crate::domain::redact::redact;

/// Words in the names of variables whose values are not for every eye.
const SECRET: &[&str] = &[
    "PASS",
    "PWD",
    "SECRET",
    "TOKEN",
    "APIKEY",
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "CREDENTIAL",
    "DSN",
];

/// The containers of a pod or of a template below their titles. `object` has their states, where there are some.
pub(super) fn containers(page: &mut Page, spec: &Value, object: Option<&Value>, now: Timestamp) {
    for (title, specs, states) in [
        ("Init Containers", "/initContainers", "/status/initContainerStatuses"),
        ("Containers", "/containers", "/status/containerStatuses"),
        ("Ephemeral Containers", "/ephemeralContainers", "/status/ephemeralContainerStatuses"),
    ] {
        page.block(title, |page| {
            for c in list(spec, specs) {
                let name = text(c, "/name");
                let state = object.and_then(|o| list(o, states).iter().find(|s| text(s, "/name") == name));
                page.block(name, |page| container(page, c, state, object, now));
            }
        });
    }
}

fn container(page: &mut Page, c: &Value, state: Option<&Value>, pod: Option<&Value>, now: Timestamp) {
    if let Some(state) = state {
        page.known("Container ID", text(state, "/containerID"));
    }
    page.field("Image", text(c, "/image"));
    if let Some(state) = state {
        page.known("Image ID", text(state, "/imageID"));
    }
    page.known("Ports", ports(c, "/containerPort"));
    page.known("Host Ports", ports(c, "/hostPort"));
    if text(c, "/restartPolicy") == "Always" {
        page.field("Restart Policy", "Always (a sidecar)");
    }
    seccomp(page, c);
    page.lines("Command", list(c, "/command").iter().map(plain).collect());
    page.lines("Args", list(c, "/args").iter().map(plain).collect());
    if let Some(state) = state {
        status(page, "State", state.get("state"), now);
        if state.get("lastState").and_then(Value::as_object).is_some_and(|s| !s.is_empty()) {
            status(page, "Last State", state.get("lastState"), now);
        }
        page.field("Ready", if is_true(state, "/ready") { "True" } else { "False" });
        page.field("Restart Count", count(state, "/restartCount").to_string());
    } else if pod.is_some() {
        page.field("State", "Waiting");
    }
    resources(page, c.get("resources"));
    for (name, pointer) in
        [("Liveness", "/livenessProbe"), ("Readiness", "/readinessProbe"), ("Startup", "/startupProbe")]
    {
        page.known(name, c.pointer(pointer).map_or_else(String::new, probe));
    }
    page.lines("Mounts", list(c, "/volumeMounts").iter().map(mount).collect());
    let device = |d: &Value| format!("{} from {}", text(d, "/devicePath"), text(d, "/name"));
    page.lines("Devices", list(c, "/volumeDevices").iter().map(device).collect());
    page.block("Environment Variables from", |page| {
        for e in list(c, "/envFrom") {
            page.text(&from(e));
        }
    });
    page.block("Environment", |page| {
        for e in list(c, "/env") {
            page.field(text(e, "/name"), variable(e, c, pod));
        }
    });
}

/// The profile of a pod or a container.
pub(super) fn seccomp(page: &mut Page, spec: &Value) {
    page.known("Seccomp Profile", text(spec, "/securityContext/seccompProfile/type"));
    page.known("Localhost Profile", text(spec, "/securityContext/seccompProfile/localhostProfile"));
}

/// Limits and requests, an amount on each line.
pub(super) fn resources(page: &mut Page, resources: Option<&Value>) {
    for (name, pointer) in [("Limits", "/limits"), ("Requests", "/requests")] {
        let amounts = resources.and_then(|r| r.pointer(pointer)).and_then(Value::as_object);
        page.known(
            name,
            amounts
                .into_iter()
                .flatten()
                .map(|(k, v)| format!("{k} {}", plain(v)))
                .collect::<Vec<_>>()
                .join(", "),
        );
    }
}

fn ports(c: &Value, pointer: &str) -> String {
    let ports = list(c, "/ports").iter().filter(|p| count(p, pointer) > 0);
    let one = |p: &Value| {
        let protocol = Some(text(p, "/protocol")).filter(|p| !p.is_empty()).unwrap_or("TCP");
        let name = Some(text(p, "/name")).filter(|n| !n.is_empty());
        format!("{}/{protocol}{}", count(p, pointer), name.map_or_else(String::new, |n| format!(" ({n})")))
    };
    ports.map(one).collect::<Vec<_>>().join(", ")
}

fn status(page: &mut Page, name: &str, state: Option<&Value>, now: Timestamp) {
    let with = |word: &str, at: &Value, more: Vec<String>| {
        let mut lines = vec![word.to_owned()];
        for (name, pointer) in [("Reason", "/reason"), ("Message", "/message")] {
            let said = text(at, pointer).trim();
            if !said.is_empty() {
                lines.push(format!("{name}: {said}"));
            }
        }
        lines.extend(more);
        lines
    };
    let lines = match state.and_then(Value::as_object).and_then(|s| s.iter().next()) {
        Some((name, at)) if name == "running" => {
            with("Running", at, vec![format!("Started: {}", ago(at, "/startedAt", now))])
        }
        Some((name, end)) if name == "terminated" => {
            let signal = match count(end, "/signal") {
                0 => String::new(),
                n => format!(", Signal: {n}"),
            };
            let times = [("Started", "/startedAt"), ("Finished", "/finishedAt")]
                .map(|(word, pointer)| (word, ago(end, pointer, now)));
            let times = times.iter().filter(|(_, t)| !t.is_empty()).map(|(word, t)| format!("{word}: {t}"));
            let code = format!("Exit Code: {}{signal}", at(end, "/exitCode"));
            with("Terminated", end, std::iter::once(code).chain(times).collect())
        }
        Some((_, at)) => with("Waiting", at, Vec::new()),
        None => vec!["Waiting".to_owned()],
    };
    page.lines(name, lines);
}

/// A probe as kubectl writes it: what it asks, then its patience. What is not given is what the API says it is then.
fn probe(p: &Value) -> String {
    let or = |pointer: &str, otherwise: u64| p.pointer(pointer).and_then(Value::as_u64).unwrap_or(otherwise);
    let patience = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        or("/initialDelaySeconds", 0),
        or("/timeoutSeconds", 1),
        or("/periodSeconds", 10),
        or("/successThreshold", 1),
        or("/failureThreshold", 3)
    );
    let asks = if let Some(exec) = p.get("exec") {
        format!("exec {}", list(exec, "/command").iter().map(plain).collect::<Vec<_>>().join(" "))
    } else if let Some(http) = p.get("httpGet") {
        let scheme = match text(http, "/scheme") {
            "" => "http".to_owned(),
            scheme => scheme.to_lowercase(),
        };
        let path = text(http, "/path");
        let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
        format!("http-get {scheme}://{}:{}{slash}{path}", text(http, "/host"), at(http, "/port"))
    } else if let Some(tcp) = p.get("tcpSocket") {
        format!("tcp-socket {}:{}", text(tcp, "/host"), at(tcp, "/port"))
    } else if let Some(grpc) = p.get("grpc") {
        format!("grpc <pod>:{} {}", at(grpc, "/port"), text(grpc, "/service"))
    } else {
        "unknown".to_owned()
    };
    format!("{} {patience}", asks.trim_end())
}

fn from(e: &Value) -> String {
    let (kind, reference) = match (e.get("configMapRef"), e.get("secretRef")) {
        (Some(map), _) => ("ConfigMap", map),
        (_, Some(secret)) => ("Secret", secret),
        _ => return plain(e),
    };
    let prefix = match text(e, "/prefix") {
        "" => String::new(),
        prefix => format!(" with prefix '{prefix}'"),
    };
    format!("{}  {kind}{prefix}  Optional: {}", text(reference, "/name"), is_true(reference, "/optional"))
}

/// The value of a variable, or where it comes from. Values of what is named like a secret are masked.
fn variable(e: &Value, c: &Value, pod: Option<&Value>) -> String {
    let optional = |r: &Value| format!("Optional: {}", is_true(r, "/optional"));
    let Some(from) = e.get("valueFrom") else {
        let name = text(e, "/name").to_uppercase();
        let value = text(e, "/value");
        return if !value.is_empty() && SECRET.iter().any(|word| name.contains(word)) {
            MASK.to_owned()
        } else {
            redact(value).into_owned()
        };
    };
    if let Some(field) = from.get("fieldRef") {
        let (version, path) = (text(field, "/apiVersion"), text(field, "/fieldPath"));
        let value = pod.map_or_else(String::new, |pod| field_of(pod, path));
        format!("{value} ({}:{path})", if version.is_empty() { "v1" } else { version })
            .trim_start()
            .to_owned()
    } else if let Some(field) = from.get("resourceFieldRef") {
        format!("{} ({})", amount(field, c), text(field, "/resource"))
    } else if let Some(key) = from.get("secretKeyRef") {
        format!(
            "set to the key '{}' in secret '{}'  {}",
            text(key, "/key"),
            text(key, "/name"),
            optional(key)
        )
    } else if let Some(key) = from.get("configMapKeyRef") {
        format!(
            "set to the key '{}' of config map '{}'  {}",
            text(key, "/key"),
            text(key, "/name"),
            optional(key)
        )
    } else {
        plain(from)
    }
}

/// What a variable is told of a container's amounts: in whole divisors, rounded up (`ExtractContainerResourceValue`).
fn amount(field: &Value, c: &Value) -> String {
    let resource = text(field, "/resource");
    let is_cpu = resource.rsplit('.').next() == Some("cpu");
    let read = |quantity: &str| if is_cpu { cpu_milli(quantity) } else { bytes(quantity) };
    let divisor = read(&at(field, "/divisor")).filter(|d| *d > 0).unwrap_or(if is_cpu { 1_000 } else { 1 });
    match read(&at(c, &format!("/resources/{}", resource.replacen('.', "/", 1)))) {
        Some(amount) => amount.div_ceil(divisor).to_string(),
        None if resource.starts_with("limits.") => "node allocatable".to_owned(),
        None => "0".to_owned(),
    }
}

/// A field of a pod as the downward API has it: `metadata.name`, `metadata.labels['app']`, `status.podIP`.
fn field_of(pod: &Value, path: &str) -> String {
    let (path, key) = match path.strip_suffix("']").and_then(|p| p.split_once("['")) {
        Some((path, key)) => (path, Some(key)),
        None => (path, None),
    };
    let found = pod.pointer(&format!("/{}", path.replace('.', "/")));
    let found = match key {
        Some(key) => found.and_then(|map| map.get(key)),
        None => found,
    };
    found.map_or_else(String::new, plain)
}

fn mount(m: &Value) -> String {
    let mut how = vec![if is_true(m, "/readOnly") { "ro".to_owned() } else { "rw".to_owned() }];
    for (name, pointer) in [("path", "/subPath"), ("path", "/subPathExpr")] {
        let path = text(m, pointer);
        if !path.is_empty() {
            how.push(format!("{name}=\"{path}\""));
        }
    }
    format!("{} from {} ({})", text(m, "/mountPath"), text(m, "/name"), how.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn probes_say_what_they_ask_and_their_patience() {
        for (p, text) in [
            (
                json!({"httpGet": {"path": "healthz", "port": "http", "scheme": "HTTPS"}, "timeoutSeconds": 2}),
                "http-get https://:http/healthz delay=0s timeout=2s period=10s #success=1 #failure=3",
            ),
            (
                json!({"exec": {"command": ["cat", "/x"]}, "initialDelaySeconds": 5}),
                "exec cat /x delay=5s timeout=1s period=10s #success=1 #failure=3",
            ),
            (
                json!({"grpc": {"port": 1}}),
                "grpc <pod>:1 delay=0s timeout=1s period=10s #success=1 #failure=3",
            ),
            (json!({}), "unknown delay=0s timeout=1s period=10s #success=1 #failure=3"),
        ] {
            assert_eq!(probe(&p), text);
        }
    }

    #[test]
    fn a_variable_says_where_it_comes_from_and_no_secret() {
        let pod = json!({"metadata": {"name": "web-1", "labels": {"a/b": "c"}}});
        let c = json!({"resources": {"limits": {"cpu": "200m", "memory": "128Mi"}}});
        for (e, text) in [
            (json!({"name": "MODE", "value": "test"}), "test"),
            (json!({"name": "DB_PASSWORD", "value": "hunter2"}), MASK),
            (json!({"name": "DB_PASSWORD"}), ""),
            (
                json!({"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}),
                "web-1 (v1:metadata.name)",
            ),
            (
                json!({"name": "X", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.labels['a/b']"}}}),
                "c (v1:metadata.labels['a/b'])",
            ),
            (
                json!({"name": "X", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}),
                "1 (limits.cpu)",
            ),
            (
                json!({"name": "X", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}}),
                "200 (limits.cpu)",
            ),
            (
                json!({"name": "X", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory"}}}),
                "134217728 (limits.memory)",
            ),
            (
                json!({"name": "X", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Gi"}}}),
                "1 (limits.memory)",
            ),
            (
                json!({"name": "X", "valueFrom": {"resourceFieldRef": {"resource": "limits.ephemeral-storage"}}}),
                "node allocatable (limits.ephemeral-storage)",
            ),
            (json!({"name": "URL", "value": "postgres://u:hunter2@db/x"}), "postgres://•••@db/x"),
            (json!({"name": "MYSQL_PWD", "value": "hunter2"}), MASK),
            (
                json!({"name": "X", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}}),
                "set to the key 'k' in secret 's'  Optional: true",
            ),
        ] {
            assert_eq!(variable(&e, &c, Some(&pod)), text);
        }
    }
}
