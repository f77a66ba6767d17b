//! The demo's data, embedded: fleets, workloads, incidents. A new file is one line here.
//! Called by `spec`.

/// Fleets by name.
pub(crate) const FLEETS: &[(&str, &str)] = &[
    ("default", include_str!("../../demo/fleets/default.yaml")),
    ("small", include_str!("../../demo/fleets/small.yaml")),
];

/// Incidents by name.
pub(crate) const INCIDENTS: &[(&str, &str)] = &[
    ("checkout-oom", include_str!("../../demo/incidents/checkout-oom.yaml")),
    ("api-image", include_str!("../../demo/incidents/api-image.yaml")),
    ("weu-capacity", include_str!("../../demo/incidents/weu-capacity.yaml")),
    ("node-down", include_str!("../../demo/incidents/node-down.yaml")),
    ("freeze", include_str!("../../demo/incidents/freeze.yaml")),
];

const WORKLOADS: &[(&str, &str)] = &[
    ("common", include_str!("../../demo/workloads/common.yaml")),
    ("eks", include_str!("../../demo/workloads/eks.yaml")),
    ("gke", include_str!("../../demo/workloads/gke.yaml")),
    ("aks", include_str!("../../demo/workloads/aks.yaml")),
    ("ack", include_str!("../../demo/workloads/ack.yaml")),
    ("doks", include_str!("../../demo/workloads/doks.yaml")),
    ("kind", include_str!("../../demo/workloads/kind.yaml")),
    ("onprem", include_str!("../../demo/workloads/onprem.yaml")),
    ("checkout", include_str!("../../demo/workloads/checkout.yaml")),
    ("payments", include_str!("../../demo/workloads/payments.yaml")),
    ("catalog", include_str!("../../demo/workloads/catalog.yaml")),
    ("identity", include_str!("../../demo/workloads/identity.yaml")),
    ("search", include_str!("../../demo/workloads/search.yaml")),
    ("analytics", include_str!("../../demo/workloads/analytics.yaml")),
    ("monitoring", include_str!("../../demo/workloads/monitoring.yaml")),
    ("edge", include_str!("../../demo/workloads/edge.yaml")),
];

/// A bundle's YAML.
pub(crate) fn workloads(name: &str) -> Option<&'static str> {
    WORKLOADS.iter().find(|(n, _)| *n == name).map(|(_, text)| *text)
}
