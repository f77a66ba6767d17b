//! Columns of `Service`, `Endpoints`, `EndpointSlice`, `Ingress` and `NetworkPolicy`.
//!
//! Called by `columns`.

use jiff::Timestamp;
use serde_json::Value;

use super::json::{cell, count, int, joined, labels, list, scalar, text, texts};
use super::{Column, View, always_ok};
use crate::domain::health::Health;
use crate::domain::text::SafeText;

pub(super) const SERVICE: View = View {
    columns: &[
        Column::text("TYPE"),
        Column::text("CLUSTER-IP"),
        Column::text("EXTERNAL-IP"),
        Column::text("PORTS"),
        Column::wide("SELECTOR"),
    ],
    cells: service,
    health: service_health,
};

fn service(o: &Value, _: Timestamp) -> Vec<SafeText> {
    vec![
        cell(o, "/spec/type"),
        cell(o, "/spec/clusterIP"),
        external(o),
        joined(list(o, "/spec/ports").map(service_port), usize::MAX),
        labels(o, "/spec/selector"),
    ]
}

/// `80:30080/TCP`, as kubectl prints it.
fn service_port(p: &Value) -> String {
    let node = match int(p, "/nodePort") {
        0 => String::new(),
        n => format!(":{n}"),
    };
    let protocol = match text(p, "/protocol") {
        "" => "TCP",
        named => named,
    };
    format!("{}{node}/{protocol}", int(p, "/port"))
}

fn external(o: &Value) -> SafeText {
    match text(o, "/spec/type") {
        "ExternalName" => cell(o, "/spec/externalName"),
        "LoadBalancer" if count(o, "/status/loadBalancer/ingress") == 0 => SafeText::new("<pending>"),
        "LoadBalancer" => joined(addresses(o), 3),
        _ => texts(o, "/spec/externalIPs"),
    }
}

fn addresses(o: &Value) -> impl Iterator<Item = String> {
    list(o, "/status/loadBalancer/ingress").map(|i| match text(i, "/ip") {
        "" => text(i, "/hostname").to_owned(),
        ip => ip.to_owned(),
    })
}

fn service_health(o: &Value) -> Health {
    let waits = text(o, "/spec/type") == "LoadBalancer" && count(o, "/status/loadBalancer/ingress") == 0;
    if waits { Health::Progressing } else { Health::Ok }
}

pub(super) const ENDPOINTS: View =
    View { columns: &[Column::text("ENDPOINTS")], cells: endpoints, health: always_ok };

fn endpoints(o: &Value, _: Timestamp) -> Vec<SafeText> {
    let pairs = list(o, "/subsets").flat_map(|subset| {
        list(subset, "/addresses").flat_map(move |address| {
            let ip = text(address, "/ip").to_owned();
            let ports: Vec<String> =
                list(subset, "/ports").map(|p| format!("{ip}:{}", int(p, "/port"))).collect();
            if ports.is_empty() { vec![ip] } else { ports }
        })
    });
    vec![joined(pairs, 3)]
}

pub(super) const ENDPOINT_SLICE: View = View {
    columns: &[
        Column::text("ADDRESSTYPE"),
        Column::text("PORTS"),
        Column::text("ENDPOINTS"),
        Column::number("READY"),
        Column::wide("SERVICE"),
    ],
    cells: endpoint_slice,
    health: always_ok,
};

fn endpoint_slice(o: &Value, _: Timestamp) -> Vec<SafeText> {
    // A condition that is missing counts as ready, by the API's own words.
    let ready = list(o, "/endpoints")
        .filter(|e| e.pointer("/conditions/ready").and_then(Value::as_bool).unwrap_or(true))
        .count();
    let first = |e: &Value| e.pointer("/addresses/0").map(scalar).unwrap_or_default();
    vec![
        cell(o, "/addressType"),
        joined(list(o, "/ports").map(|p| p.get("port").map(scalar).unwrap_or_default()), 3),
        joined(list(o, "/endpoints").map(first), 3),
        SafeText::from(format!("{ready}/{}", count(o, "/endpoints"))),
        cell(o, "/metadata/labels/kubernetes.io~1service-name"),
    ]
}

pub(super) const INGRESS: View = View {
    columns: &[
        Column::text("CLASS"),
        Column::text("HOSTS"),
        Column::text("ADDRESS"),
        Column::text("PORTS"),
        Column::wide("BACKENDS"),
    ],
    cells: ingress,
    health: ingress_health,
};

fn ingress(o: &Value, _: Timestamp) -> Vec<SafeText> {
    let class = match text(o, "/spec/ingressClassName") {
        "" => cell(o, "/metadata/annotations/kubernetes.io~1ingress.class"),
        name => SafeText::new(name),
    };
    let hosts = list(o, "/spec/rules").map(|r| match text(r, "/host") {
        "" => "*".to_owned(),
        host => host.to_owned(),
    });
    let backends = list(o, "/spec/rules").flat_map(|r| list(r, "/http/paths")).map(|p| {
        let port = ["/backend/service/port/name", "/backend/service/port/number"];
        let port = port.iter().find_map(|path| p.pointer(path)).map(scalar).unwrap_or_default();
        format!("{}→{}:{port}", text(p, "/path"), text(p, "/backend/service/name"))
    });
    vec![
        class,
        joined(hosts, 3),
        joined(addresses(o), 3),
        SafeText::new(if count(o, "/spec/tls") > 0 { "80,443" } else { "80" }),
        joined(backends, 5),
    ]
}

fn ingress_health(o: &Value) -> Health {
    if count(o, "/status/loadBalancer/ingress") == 0 { Health::Progressing } else { Health::Ok }
}

pub(super) const NETWORK_POLICY: View = View {
    columns: &[
        Column::text("POD-SELECTOR"),
        Column::number("INGRESS"),
        Column::number("EGRESS"),
        Column::wide("TYPES"),
    ],
    cells: network_policy,
    health: always_ok,
};

fn network_policy(o: &Value, _: Timestamp) -> Vec<SafeText> {
    vec![
        labels(o, "/spec/podSelector/matchLabels"),
        SafeText::from(count(o, "/spec/ingress").to_string()),
        SafeText::from(count(o, "/spec/egress").to_string()),
        texts(o, "/spec/policyTypes"),
    ]
}
