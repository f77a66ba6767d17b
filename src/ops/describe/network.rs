//! Services, what stands behind them, and ingresses described.

use serde_json::Value;

use super::json::{at, count, is_true, list, pairs, text, words};
use super::page::Page;
use super::{Beside, Wanted};
use crate::domain::kind::Kind;

/// The label a slice names its service with.
const OF_SERVICE: &str = "kubernetes.io/service-name";
/// So many services of an ingress are asked for one by one; more are all those of the namespace.
const ONE_BY_ONE: usize = 20;
/// So many addresses are named; all are in the slices.
const ADDRESSES_MOST: usize = 3;

/// What is read beside a service: its slices.
pub(super) fn wanted_of_service(object: &Value) -> Vec<Wanted> {
    let name = text(object, "/metadata/name");
    vec![Wanted { labels: Some(format!("{OF_SERVICE}={name}")), ..Wanted::here(Kind::EndpointSlice, object) }]
}

/// What is read beside an ingress: the services it leads to and their slices.
pub(super) fn wanted_of_ingress(object: &Value) -> Vec<Wanted> {
    let mut names: Vec<&str> =
        backends(object).map(|b| text(b, "/service/name")).filter(|n| !n.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Vec::new();
    }
    let labels = Some(format!("{OF_SERVICE} in ({})", names.join(",")));
    let service = |name: &&str| Wanted {
        fields: Some(format!("metadata.name={name}")),
        ..Wanted::here(Kind::Service, object)
    };
    let mut wanted: Vec<Wanted> = if names.len() > ONE_BY_ONE {
        vec![Wanted::here(Kind::Service, object)]
    } else {
        names.iter().map(service).collect()
    };
    wanted.push(Wanted { labels, ..Wanted::here(Kind::EndpointSlice, object) });
    wanted
}

fn backends(ingress: &Value) -> impl Iterator<Item = &Value> {
    let paths = list(ingress, "/spec/rules").iter().flat_map(|rule| list(rule, "/http/paths"));
    paths.filter_map(|path| path.get("backend")).chain(ingress.pointer("/spec/defaultBackend"))
}

/// A service.
pub(super) fn service(page: &mut Page, object: &Value, beside: &Beside) {
    page.field("Selector", pairs(object, "/spec/selector").join(","));
    page.field("Type", text(object, "/spec/type"));
    page.known("IP Family Policy", text(object, "/spec/ipFamilyPolicy"));
    page.known("IP Families", words(object, "/spec/ipFamilies"));
    page.field("IP", text(object, "/spec/clusterIP"));
    page.known("IPs", words(object, "/spec/clusterIPs"));
    page.known("External IPs", words(object, "/spec/externalIPs"));
    page.known("Desired LoadBalancer IP", text(object, "/spec/loadBalancerIP"));
    page.known("External Name", text(object, "/spec/externalName"));
    page.known("LoadBalancer Ingress", balancers(object));
    page.field("Session Affinity", text(object, "/spec/sessionAffinity"));
    page.known("Affinity Timeout", at(object, "/spec/sessionAffinityConfig/clientIP/timeoutSeconds"));
    page.known("External Traffic Policy", text(object, "/spec/externalTrafficPolicy"));
    page.known("Internal Traffic Policy", text(object, "/spec/internalTrafficPolicy"));
    page.known("HealthCheck NodePort", at(object, "/spec/healthCheckNodePort"));
    page.known("LoadBalancer Source Ranges", words(object, "/spec/loadBalancerSourceRanges"));
    page.known("LoadBalancer Class", text(object, "/spec/loadBalancerClass"));
    page.known("Traffic Distribution", text(object, "/spec/trafficDistribution"));
    if is_true(object, "/spec/publishNotReadyAddresses") {
        page.field("Publish Not Ready", "true");
    }
    let slices = beside.get(Kind::EndpointSlice);
    page.block("Ports", |page| {
        let row = |port: &Value| {
            let protocol = text(port, "/protocol");
            let of = |pointer: &str| match at(port, pointer).as_str() {
                "" => String::new(),
                number => format!("{number}/{protocol}"),
            };
            let behind = match slices {
                Some(Ok(slices)) => addresses(slices.iter(), text(port, "/name")),
                Some(Err(_)) => "?".to_owned(),
                None => String::new(),
            };
            let name = Some(text(port, "/name")).filter(|n| !n.is_empty()).unwrap_or("<unset>");
            let application = text(port, "/appProtocol");
            [name.to_owned(), of("/port"), of("/targetPort"), of("/nodePort"), application.to_owned(), behind]
        };
        page.table(
            ["Name", "Port", "Target Port", "Node Port", "App Protocol", "Endpoints"],
            list(object, "/spec/ports").iter().map(row).collect(),
        );
    });
    beside.said(page, Kind::EndpointSlice, "Endpoints");
}

/// Addresses of load balancers, as they are known in the world.
fn balancers(object: &Value) -> String {
    let of = |i: &Value| match text(i, "/ip") {
        "" => text(i, "/hostname").to_owned(),
        ip => match text(i, "/ipMode") {
            "" => ip.to_owned(),
            mode => format!("{ip} ({mode})"),
        },
    };
    list(object, "/status/loadBalancer/ingress").iter().map(of).collect::<Vec<_>>().join(", ")
}

/// The addresses that are ready behind a port of a service.
fn addresses<'a>(slices: impl Iterator<Item = &'a Value>, port: &str) -> String {
    let mut found: Vec<String> = Vec::new();
    for slice in slices {
        let ports: Vec<Option<u64>> = match list(slice, "/ports") {
            [] => vec![None],
            all => all.iter().filter(|p| text(p, "/name") == port).map(|p| Some(count(p, "/port"))).collect(),
        };
        for number in ports {
            let ready = |e: &&Value| e.pointer("/conditions/ready").and_then(Value::as_bool).unwrap_or(true);
            for endpoint in list(slice, "/endpoints").iter().filter(ready) {
                let Some(address) = list(endpoint, "/addresses").first().and_then(Value::as_str) else {
                    continue;
                };
                let address = if address.contains(':') { format!("[{address}]") } else { address.to_owned() };
                found.push(number.map_or_else(|| address.clone(), |n| format!("{address}:{n}")));
            }
        }
    }
    match found.len().checked_sub(ADDRESSES_MOST) {
        _ if found.is_empty() => "none".to_owned(),
        Some(more) if more > 0 => {
            found.truncate(ADDRESSES_MOST);
            format!("{} + {more} more...", found.join(","))
        }
        _ => found.join(","),
    }
}

/// An ingress.
pub(super) fn ingress(page: &mut Page, object: &Value, beside: &Beside) {
    page.field("Address", balancers(object));
    page.field("Ingress Class", text(object, "/spec/ingressClassName"));
    if let Some(otherwise) = object.pointer("/spec/defaultBackend") {
        page.field("Default Backend", backend(otherwise, beside));
    }
    page.block("TLS", |page| {
        for tls in list(object, "/spec/tls") {
            let hosts = words(tls, "/hosts");
            page.text(&match text(tls, "/secretName") {
                "" => format!("SNI routes {hosts}"),
                secret => format!("{secret} terminates {hosts}"),
            });
        }
    });
    page.block("Rules", |page| {
        let mut rows = Vec::new();
        for rule in list(object, "/spec/rules") {
            let host = Some(text(rule, "/host")).filter(|h| !h.is_empty()).unwrap_or("*");
            for path in list(rule, "/http/paths") {
                let behind = path.get("backend").map_or_else(String::new, |b| backend(b, beside));
                rows.push([
                    host.to_owned(),
                    text(path, "/path").to_owned(),
                    text(path, "/pathType").to_owned(),
                    behind,
                ]);
            }
        }
        page.table(["Host", "Path", "Type", "Backends"], rows);
    });
    beside.said(page, Kind::Service, "Services");
    beside.said(page, Kind::EndpointSlice, "Endpoints");
}

/// `web:80 (10.0.0.1:8080)`: what an ingress leads to, and what answers there now.
fn backend(backend: &Value, beside: &Beside) -> String {
    let Some(of) = backend.get("service") else {
        let resource = backend.get("resource").unwrap_or(&Value::Null);
        return format!(
            "APIGroup: {}, Kind: {}, Name: {}",
            text(resource, "/apiGroup"),
            text(resource, "/kind"),
            text(resource, "/name")
        );
    };
    let name = text(of, "/name");
    let (number, by_name) = (count(of, "/port/number"), text(of, "/port/name"));
    let port = if number > 0 { number.to_string() } else { by_name.to_owned() };
    let (Some(Ok(services)), Some(Ok(slices))) = (beside.get(Kind::Service), beside.get(Kind::EndpointSlice))
    else {
        return format!("{name}:{port}");
    };
    let Some(service) = services.iter().find(|s| text(s, "/metadata/name") == name) else {
        return format!("{name}:{port} (no such service)");
    };
    let is_port =
        |p: &&Value| if number > 0 { count(p, "/port") == number } else { text(p, "/name") == by_name };
    let Some(found) = list(service, "/spec/ports").iter().find(is_port) else {
        return format!("{name}:{port} (the service has no such port)");
    };
    let own = slices.iter().filter(|s| {
        s.pointer("/metadata/labels/kubernetes.io~1service-name").and_then(Value::as_str) == Some(name)
    });
    format!("{name}:{port} ({})", addresses(own, text(found, "/name")))
}

/// Endpoints, as they were before slices.
pub(super) fn endpoints(page: &mut Page, object: &Value) {
    page.block("Subsets", |page| {
        for (n, subset) in list(object, "/subsets").iter().enumerate() {
            page.block(&(n + 1).to_string(), |page| {
                let ips = |pointer: &str| {
                    list(subset, pointer).iter().map(|a| text(a, "/ip")).collect::<Vec<_>>().join(",")
                };
                page.field("Addresses", ips("/addresses"));
                page.field("Not Ready Addresses", ips("/notReadyAddresses"));
                ports(page, subset);
            });
        }
    });
}

/// A slice of endpoints.
pub(super) fn slice(page: &mut Page, object: &Value) {
    page.field("Address Type", text(object, "/addressType"));
    ports(page, object);
    page.block("Endpoints", |page| {
        for endpoint in list(object, "/endpoints") {
            page.block(&words(endpoint, "/addresses"), |page| {
                for (name, pointer) in [
                    ("Ready", "/conditions/ready"),
                    ("Serving", "/conditions/serving"),
                    ("Terminating", "/conditions/terminating"),
                    ("Hostname", "/hostname"),
                ] {
                    page.known(name, at(endpoint, pointer));
                }
                if let Some(target) = endpoint.get("targetRef") {
                    page.field("Target Ref", format!("{}/{}", text(target, "/kind"), text(target, "/name")));
                }
                page.known("Node Name", text(endpoint, "/nodeName"));
                page.known("Zone", text(endpoint, "/zone"));
            });
        }
    });
}

fn ports(page: &mut Page, object: &Value) {
    page.block("Ports", |page| {
        let row = |p: &Value| {
            let name = Some(text(p, "/name")).filter(|n| !n.is_empty()).unwrap_or("<unset>");
            [name.to_owned(), at(p, "/port"), text(p, "/protocol").to_owned()]
        };
        page.table(["Name", "Port", "Protocol"], list(object, "/ports").iter().map(row).collect());
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_answers_behind_a_port() {
        let slice = json!({"ports": [{"name": "http", "port": 8080}, {"name": "admin", "port": 9}], "endpoints": [
            {"addresses": ["10.0.0.1"]}, {"addresses": ["10.0.0.2"], "conditions": {"ready": false}},
            {"addresses": ["fd00::3"], "conditions": {"ready": true}}]});
        assert_eq!(addresses([&slice].into_iter(), "http"), "10.0.0.1:8080,[fd00::3]:8080");
        assert_eq!(addresses([&slice].into_iter(), "none"), "none");
        assert_eq!(
            addresses([&slice, &slice].into_iter(), "admin"),
            "10.0.0.1:9,[fd00::3]:9,10.0.0.1:9 + 1 more..."
        );
        assert_eq!(
            addresses([&json!({"endpoints": [{"addresses": ["10.0.0.1"]}]})].into_iter(), ""),
            "10.0.0.1"
        );
    }
}
