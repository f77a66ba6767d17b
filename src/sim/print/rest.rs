//! Rows of services, storage, configuration and events.
//! Called by `print`.

use serde_json::{Value, json};

use super::Printer;
use super::cells::{NONE, age, ago, labels, name, or, scalar, some, texts};
use crate::sim::clock::Millis;
use crate::sim::json as j;

pub(super) const SERVICE: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Type", "string", 0),
        ("Cluster-IP", "string", 0),
        ("External-IP", "string", 0),
        ("Port(s)", "string", 0),
        ("Age", "string", 0),
        ("Selector", "string", 1),
    ],
    cells: service,
};

fn addresses(v: &Value) -> Vec<String> {
    let ingress = j::list(v, "status.loadBalancer.ingress").iter();
    ingress.map(|i| or(j::text(i, "ip"), j::text(i, "hostname")).to_string()).collect()
}

fn service(v: &Value, now: Millis) -> Vec<Value> {
    let kind = j::text(v, "spec.type");
    let further = texts(v, "spec.externalIPs");
    let external = match kind {
        "ExternalName" => j::text(v, "spec.externalName").to_string(),
        "LoadBalancer" => {
            let all: Vec<String> = addresses(v).into_iter().chain(further).collect();
            or(&all.join(","), "<pending>").to_string()
        }
        _ => or(&further.join(","), NONE).to_string(),
    };
    let ports: Vec<String> = j::list(v, "spec.ports")
        .iter()
        .map(|p| {
            let (port, protocol) = (j::int(p, "port").unwrap_or(0), or(j::text(p, "protocol"), "TCP"));
            match j::int(p, "nodePort").unwrap_or(0) {
                0 => format!("{port}/{protocol}"),
                node => format!("{port}:{node}/{protocol}"),
            }
        })
        .collect();
    vec![
        name(v),
        json!(kind),
        json!(or(j::text(v, "spec.clusterIP"), NONE)),
        json!(external),
        json!(or(&ports.join(","), NONE)),
        age(v, now),
        json!(labels(j::at(v, "spec.selector"))),
    ]
}

pub(super) const INGRESS: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Class", "string", 0),
        ("Hosts", "string", 0),
        ("Address", "string", 0),
        ("Ports", "string", 0),
        ("Age", "string", 0),
    ],
    cells: |v, now| {
        let hosts: Vec<String> = j::list(v, "spec.rules")
            .iter()
            .map(|r| j::text(r, "host").to_string())
            .filter(|h| !h.is_empty())
            .collect();
        let hosts = if hosts.is_empty() { "*".to_string() } else { some(&hosts, 3) };
        vec![
            name(v),
            json!(or(j::text(v, "spec.ingressClassName"), NONE)),
            json!(hosts),
            json!(addresses(v).join(",")),
            json!(if j::list(v, "spec.tls").is_empty() { "80" } else { "80, 443" }),
            age(v, now),
        ]
    },
};

pub(super) const INGRESS_CLASS: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Controller", "string", 0),
        ("Parameters", "string", 0),
        ("Age", "string", 0),
    ],
    cells: |v, now| {
        let parameters = match j::text(v, "spec.parameters.name") {
            "" => NONE.to_string(),
            named => {
                let (kind, group) =
                    (j::text(v, "spec.parameters.kind"), j::text(v, "spec.parameters.apiGroup"));
                if group.is_empty() { format!("{kind}/{named}") } else { format!("{kind}.{group}/{named}") }
            }
        };
        vec![name(v), json!(j::text(v, "spec.controller")), json!(parameters), age(v, now)]
    },
};

pub(super) const ENDPOINTS: Printer = Printer {
    columns: &[("Name", "string", 0), ("Endpoints", "string", 0), ("Age", "string", 0)],
    cells: |v, now| {
        let mut all = Vec::new();
        for subset in j::list(v, "subsets") {
            let ips = j::list(subset, "addresses").iter().map(|a| j::text(a, "ip"));
            let ports = j::list(subset, "ports");
            if ports.is_empty() {
                all.extend(ips.clone().map(str::to_string));
            }
            for port in ports {
                all.extend(ips.clone().map(|ip| format!("{ip}:{}", j::int(port, "port").unwrap_or(0))));
            }
        }
        vec![name(v), json!(some(&all, 3)), age(v, now)]
    },
};

pub(super) const SLICE: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("AddressType", "string", 0),
        ("Ports", "string", 0),
        ("Endpoints", "string", 0),
        ("Age", "string", 0),
    ],
    cells: |v, now| {
        let ports: Vec<String> = j::list(v, "ports").iter().map(|p| scalar(j::at(p, "port"), "*")).collect();
        let all: Vec<String> = j::list(v, "endpoints").iter().flat_map(|e| texts(e, "addresses")).collect();
        let unset = |list: &[String]| if list.is_empty() { "<unset>".to_string() } else { some(list, 3) };
        vec![name(v), json!(j::text(v, "addressType")), json!(unset(&ports)), json!(unset(&all)), age(v, now)]
    },
};

pub(super) const NAMESPACE: Printer = Printer {
    columns: &[("Name", "string", 0), ("Status", "string", 0), ("Age", "string", 0)],
    cells: |v, now| vec![name(v), json!(j::text(v, "status.phase")), age(v, now)],
};

fn entries(v: &Value, fields: &[&str]) -> Value {
    json!(fields.iter().map(|f| j::at(v, f).as_object().map_or(0, serde_json::Map::len)).sum::<usize>())
}

pub(super) const SECRET: Printer = Printer {
    columns: &[("Name", "string", 0), ("Type", "string", 0), ("Data", "string", 0), ("Age", "string", 0)],
    cells: |v, now| vec![name(v), json!(j::text(v, "type")), entries(v, &["data"]), age(v, now)],
};

pub(super) const CONFIG_MAP: Printer = Printer {
    columns: &[("Name", "string", 0), ("Data", "string", 0), ("Age", "string", 0)],
    cells: |v, now| vec![name(v), entries(v, &["data", "binaryData"]), age(v, now)],
};

pub(super) const ACCOUNT: Printer = Printer {
    columns: &[("Name", "string", 0), ("Age", "string", 0)],
    cells: |v, now| vec![name(v), age(v, now)],
};

fn modes(v: &Value, path: &str) -> String {
    let short = |mode: String| match mode.as_str() {
        "ReadWriteOnce" => "RWO".to_string(),
        "ReadOnlyMany" => "ROX".to_string(),
        "ReadWriteMany" => "RWX".to_string(),
        "ReadWriteOncePod" => "RWOP".to_string(),
        _ => mode,
    };
    texts(v, path).into_iter().map(short).collect::<Vec<_>>().join(",")
}

fn phase(v: &Value) -> &str {
    if j::at(v, "metadata.deletionTimestamp").is_null() { j::text(v, "status.phase") } else { "Terminating" }
}

pub(super) const VOLUME: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Capacity", "string", 0),
        ("Access Modes", "string", 0),
        ("Reclaim Policy", "string", 0),
        ("Status", "string", 0),
        ("Claim", "string", 0),
        ("StorageClass", "string", 0),
        ("VolumeAttributesClass", "string", 0),
        ("Reason", "string", 0),
        ("Age", "string", 0),
        ("VolumeMode", "string", 1),
    ],
    cells: |v, now| {
        let claim = match j::text(v, "spec.claimRef.name") {
            "" => String::new(),
            claim => format!("{}/{claim}", j::text(v, "spec.claimRef.namespace")),
        };
        vec![
            name(v),
            json!(j::text(v, "spec.capacity.storage")),
            json!(modes(v, "spec.accessModes")),
            json!(j::text(v, "spec.persistentVolumeReclaimPolicy")),
            json!(phase(v)),
            json!(claim),
            json!(j::text(v, "spec.storageClassName")),
            json!(or(j::text(v, "spec.volumeAttributesClassName"), "<unset>")),
            json!(j::text(v, "status.reason")),
            age(v, now),
            json!(or(j::text(v, "spec.volumeMode"), "<unset>")),
        ]
    },
};

pub(super) const CLAIM: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Status", "string", 0),
        ("Volume", "string", 0),
        ("Capacity", "string", 0),
        ("Access Modes", "string", 0),
        ("StorageClass", "string", 0),
        ("VolumeAttributesClass", "string", 0),
        ("Age", "string", 0),
        ("VolumeMode", "string", 1),
    ],
    cells: |v, now| {
        let bound = !j::text(v, "spec.volumeName").is_empty();
        let (capacity, modes) = if bound {
            (j::text(v, "status.capacity.storage").to_string(), modes(v, "status.accessModes"))
        } else {
            (String::new(), String::new())
        };
        vec![
            name(v),
            json!(phase(v)),
            json!(j::text(v, "spec.volumeName")),
            json!(capacity),
            json!(modes),
            json!(j::text(v, "spec.storageClassName")),
            json!(or(j::text(v, "spec.volumeAttributesClassName"), "<unset>")),
            age(v, now),
            json!(or(j::text(v, "spec.volumeMode"), "<unset>")),
        ]
    },
};

pub(super) const CLASS: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Provisioner", "string", 0),
        ("ReclaimPolicy", "string", 0),
        ("VolumeBindingMode", "string", 0),
        ("AllowVolumeExpansion", "string", 0),
        ("Age", "string", 0),
    ],
    cells: |v, now| {
        let default = j::at(v, "metadata.annotations").get("storageclass.kubernetes.io/is-default-class");
        let mut title = j::text(v, "metadata.name").to_string();
        if default.is_some_and(|d| d == "true") {
            title.push_str(" (default)");
        }
        vec![
            json!(title),
            json!(j::text(v, "provisioner")),
            json!(or(j::text(v, "reclaimPolicy"), "Delete")),
            json!(or(j::text(v, "volumeBindingMode"), "Immediate")),
            json!(j::at(v, "allowVolumeExpansion") == true),
            age(v, now),
        ]
    },
};

pub(super) const EVENT: Printer = Printer {
    columns: &[
        ("Last Seen", "string", 0),
        ("Type", "string", 0),
        ("Reason", "string", 0),
        ("Object", "string", 0),
        ("Subobject", "string", 1),
        ("Source", "string", 1),
        ("Message", "string", 0),
        ("First Seen", "string", 1),
        ("Count", "string", 1),
        ("Name", "string", 1),
    ],
    cells: event,
};

fn event(v: &Value, now: Millis) -> Vec<Value> {
    let has = |path: &str| !j::text(v, path).is_empty();
    let first = if has("firstTimestamp") { ago(v, "firstTimestamp", now) } else { ago(v, "eventTime", now) };
    let last = if has("series.lastObservedTime") {
        ago(v, "series.lastObservedTime", now)
    } else if has("lastTimestamp") {
        ago(v, "lastTimestamp", now)
    } else {
        first.clone()
    };
    let count = j::int(v, "series.count").or_else(|| j::int(v, "count")).filter(|n| *n > 0).unwrap_or(1);
    let kind = j::text(v, "involvedObject.kind").to_lowercase();
    let target = match j::text(v, "involvedObject.name") {
        "" => kind,
        named => format!("{kind}/{named}"),
    };
    let component = or(j::text(v, "source.component"), j::text(v, "reportingComponent"));
    let host = or(j::text(v, "source.host"), j::text(v, "reportingInstance"));
    let source = if host.is_empty() { component.to_string() } else { format!("{component}, {host}") };
    vec![
        json!(last),
        json!(j::text(v, "type")),
        json!(j::text(v, "reason")),
        json!(target),
        json!(j::text(v, "involvedObject.fieldPath")),
        json!(source),
        json!(j::text(v, "message").trim()),
        json!(first),
        json!(count),
        name(v),
    ]
}

pub(super) const LEASE: Printer = Printer {
    columns: &[("Name", "string", 0), ("Holder", "string", 0), ("Age", "string", 0)],
    cells: |v, now| vec![name(v), json!(j::text(v, "spec.holderIdentity")), age(v, now)],
};

pub(super) const API_SERVICE: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Service", "string", 0),
        ("Available", "string", 0),
        ("Age", "string", 0),
    ],
    cells: |v, now| {
        let service = match j::text(v, "spec.service.name") {
            "" => "Local".to_string(),
            named => format!("{}/{named}", j::text(v, "spec.service.namespace")),
        };
        let available = j::find(j::list(v, "status.conditions"), "type", "Available");
        let word = available.map_or_else(String::new, |c| match j::text(c, "status") {
            "True" => "True".to_string(),
            status => format!("{status} ({})", j::text(c, "reason")),
        });
        vec![name(v), json!(service), json!(word), age(v, now)]
    },
};

pub(super) const WEBHOOK: Printer = Printer {
    columns: &[("Name", "string", 0), ("Webhooks", "integer", 0), ("Age", "string", 0)],
    cells: |v, now| vec![name(v), json!(j::list(v, "webhooks").len()), age(v, now)],
};

pub(super) const ATTACHMENT: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Attacher", "string", 0),
        ("PV", "string", 0),
        ("Node", "string", 0),
        ("Attached", "boolean", 0),
        ("Age", "string", 0),
    ],
    cells: |v, now| {
        vec![
            name(v),
            json!(j::text(v, "spec.attacher")),
            json!(j::text(v, "spec.source.persistentVolumeName")),
            json!(j::text(v, "spec.nodeName")),
            json!(j::at(v, "status.attached") == true),
            age(v, now),
        ]
    },
};
