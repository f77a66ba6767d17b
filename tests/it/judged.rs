//! The simulation judged by recorded answers of a real API server: the same requests against the same small world have to
//! be refused in the same words, and the same objects have to have the same fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use skyfleet::domain::kind::KINDS;
use skyfleet::sim::{Fault, Simulation};
use skyfleet::source::record::{Answer, Exchange};

use crate::known::{self, refusals};
use crate::recorded::recording;
use crate::simulated;

/// Refusals whose words the simulation cannot have, and why. Status and reason have to be the same all the same.
const OTHER_WORDS: &[(&str, &str)] = &[(
    "pod spec is fixed",
    "the server adds a difference of its Go structs, line by line; nobody but its debugger reads it",
)];

/// A simulated cluster with the known world in it, as its real counterpart is: on EKS.
async fn world() -> (Simulation, String) {
    let sim = simulated::small(1);
    let context = sim.contexts()[0].clone();
    let running = tokio::spawn({
        let sim = sim.clone();
        async move { sim.run(20.0).await }
    });
    known::make(&sim.client(&context).unwrap()).await.unwrap();
    running.abort();
    (sim, context)
}

/// Without what differs from cluster to cluster: identities and numbers.
fn words(text: &str) -> String {
    let uid = regex::Regex::new("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").unwrap();
    let number = regex::Regex::new("[0-9]+").unwrap();
    // The testbed's kubelet ends its errors with a line end, as Go's http.Error does.
    number.replace_all(&uid.replace_all(text.trim_end(), "UID"), "N").into_owned()
}

/// What a client sees of a refusal: kind, reason, message.
fn refusal_of(body: &Value) -> (String, String, String) {
    let text = |key: &str| body[key].as_str().unwrap_or("").to_owned();
    match body {
        Value::String(plain) => (String::new(), String::new(), plain.clone()),
        _ => (text("kind"), text("reason"), words(&text("message"))),
    }
}

/// The recorded answer to a request of the table; it must have been the same request.
fn recorded_for<'a>(all: &'a [Exchange], asked: &refusals::Refusal) -> &'a Exchange {
    let found = all.iter().find(|e| e.name == asked.name);
    let found = found.unwrap_or_else(|| panic!("{} is not recorded: record anew", asked.name));
    assert_eq!((found.user.as_str(), found.method.as_str()), (asked.user, asked.method), "{}", asked.name);
    assert_eq!(found.path, asked.path, "{}: record anew", asked.name);
    let body = found.sent.as_ref().map(|s| s.body.clone());
    let now = (!asked.body.is_empty()).then(|| {
        serde_json::from_slice(&asked.body)
            .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&asked.body).into()))
    });
    assert_eq!(body, now, "{}: record anew", asked.name);
    found
}

#[test]
fn the_simulation_refuses_in_the_same_words() {
    let real = recording("refusals.json").exchanges;
    let table = refusals::all();
    assert_eq!(real.len(), table.len(), "the table has changed: record anew");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let wrong: Vec<String> = runtime.block_on(async {
        let (sim, context) = world().await;
        let mut wrong = Vec::new();
        for asked in &table {
            let recorded = recorded_for(&real, asked);
            sim.fault(&context, if asked.user == "wrong" { Fault::Unauthorized } else { Fault::None });
            let client = match asked.user {
                "limited" => sim.client_as(&context, "limited", &[]),
                _ => sim.client(&context),
            };
            let ours =
                known::send(&client.unwrap(), asked.method, &asked.path, asked.media, asked.body.clone())
                    .await
                    .unwrap();
            let theirs = match &recorded.answer {
                Answer::Json(body) => body.clone(),
                Answer::Text(text) => Value::String(text.clone()),
                Answer::Events(_) => panic!("{}: a watch that is not refused", asked.name),
            };
            let body = serde_json::from_str(&ours.body).unwrap_or_else(|_| Value::String(ours.body.clone()));
            let (have, mut want) = (refusal_of(&body), refusal_of(&theirs));
            if let Some((_, why)) = OTHER_WORDS.iter().find(|(name, _)| *name == asked.name) {
                if have.2 == want.2 {
                    wrong.push(format!(
                        "{}: the words are the same, no exception is needed ({why})",
                        asked.name
                    ));
                }
                want.2.clone_from(&have.2);
            }
            if (ours.status, &have) != (recorded.status, &want) {
                wrong.push(format!(
                    "{}\n   real: {} {want:?}\n   sim:  {} {have:?}",
                    asked.name, recorded.status, ours.status
                ));
            }
        }
        wrong
    });
    let known: BTreeSet<&str> = table.iter().map(|r| r.name).collect();
    assert!(OTHER_WORDS.iter().all(|(name, _)| known.contains(name)));
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), table.len(), wrong.join("\n"));
}

/// Fields (or whole objects) the simulation does not have, and why nobody misses them; `*` is any end.
const OTHER_FIELDS: &[(&str, &str, &str)] = &[
    ("EndpointSlice", ".metadata.annotations", "when the change was triggered, for measuring"),
    ("Endpoints", ".metadata.annotations", "when the change was triggered, for measuring"),
    ("Event", "\"NodeNotReady\" \"Pod\" agent", "in the real cluster a node has fallen silent"),
    (
        "Event",
        "\"ProvisioningFailed\" \"PersistentVolumeClaim\" data",
        "simulated claims wait without a word",
    ),
    ("Event", ".series.*", "the simulated scheduler says the same thing once"),
];

/// What an object is the counterpart of: its name, or what its name was made from.
fn role(item: &Value) -> String {
    let text = |pointer: &str| item.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    if let Some(about) = item.get("involvedObject") {
        let name = about["name"].as_str().unwrap_or("").split('-').next().unwrap_or("").to_owned();
        return format!("{} {} {name}", item["reason"], about["kind"]);
    }
    text("/metadata/labels/app")
        .or_else(|| text("/metadata/labels/kubernetes.io~1service-name"))
        .or_else(|| text("/metadata/ownerReferences/0/name"))
        .or_else(|| text("/metadata/name"))
        .unwrap_or_default()
}

/// The paths of all fields. Keys of maps that people fill are no fields; conditions are told apart by their type.
fn paths(value: &Value, at: &str, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let last = at.rsplit('.').next().unwrap_or("");
            if matches!(
                last,
                "labels"
                    | "annotations"
                    | "data"
                    | "matchLabels"
                    | "capacity"
                    | "allocatable"
                    | "requests"
                    | "limits"
                    | "hard"
                    | "used"
                    | "allocatedResources"
            ) {
                out.insert(at.to_owned());
                return;
            }
            for (key, value) in fields {
                paths(value, &format!("{at}.{key}"), out);
            }
        }
        Value::Array(items) => {
            for item in items {
                let kind = item.get("type").and_then(Value::as_str).filter(|_| at.ends_with("conditions"));
                paths(item, &format!("{at}[{}]", kind.unwrap_or("")), out);
            }
        }
        Value::Null => {}
        _ => {
            out.insert(at.to_owned());
        }
    }
}

/// By kind and role: the fields.
fn shapes(kind: &str, items: &[Value]) -> BTreeMap<String, BTreeSet<String>> {
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for item in items {
        let name = item.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("");
        let namespace = item.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or("");
        let role = match (kind, namespace) {
            // Every node that is alive is the counterpart of every other.
            ("Node", _) if item.pointer("/spec/taints").is_none() => "node".to_owned(),
            ("Namespace", _) if name == known::NAMESPACE => name.to_owned(),
            (_, known::NAMESPACE) => role(item),
            _ => continue,
        };
        paths(item, "", out.entry(role).or_default());
    }
    out
}

#[test]
fn simulated_objects_have_the_fields_of_real_ones() {
    let real = recording("session.json").exchanges;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let (mut missing, mut compared) = (BTreeMap::<String, BTreeSet<String>>::new(), 0);
    runtime.block_on(async {
        let (sim, context) = world().await;
        let client = sim.client(&context).unwrap();
        for info in KINDS {
            let resource = skyfleet::source::api::Resource::from(info.kind);
            let path = format!("{}?&limit=500", resource.path(None, None));
            let Answer::Json(list) = &real.iter().find(|e| e.path == path).unwrap().answer else {
                panic!("{path} is no list")
            };
            let theirs = shapes(info.name, list["items"].as_array().unwrap());
            let ours = known::get(&client, &path).await.unwrap();
            let ours = shapes(info.name, ours["items"].as_array().unwrap());
            for (role, fields) in theirs {
                compared += 1;
                match ours.get(&role) {
                    None => {
                        missing
                            .entry(format!("{} {role}", info.name))
                            .or_default()
                            .insert("all of it".to_owned());
                    }
                    Some(have) => {
                        for field in fields.difference(have) {
                            missing.entry(format!("{} {field}", info.name)).or_default().insert(role.clone());
                        }
                    }
                }
            }
        }
    });
    assert!(compared > 40, "{compared} objects compared");
    let unused: Vec<_> = OTHER_FIELDS
        .iter()
        .filter(|(kind, field, _)| {
            let what = format!("{kind} {field}");
            let before = missing.len();
            missing.retain(|m, _| what.strip_suffix('*').map_or(*m != what, |start| !m.starts_with(start)));
            missing.len() == before
        })
        .collect();
    let list: Vec<String> = missing.iter().map(|(what, roles)| format!("{what}: {roles:?}")).collect();
    assert!(list.is_empty(), "{} fields are missing:\n{}", list.len(), list.join("\n"));
    assert!(unused.is_empty(), "no exception is needed: {unused:?}");
}
