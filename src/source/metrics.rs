//! `metrics.k8s.io`: what nodes and pods use now.

use kube::Client;
use serde::Deserialize;
use std::collections::BTreeMap;

use super::api;
use super::fault::Fault;
use super::slim::node::amount;
use crate::domain::resources::Amount;
use crate::domain::text::SafeText;
use crate::fleet::delta::Usage;

#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Vec::new")]
    items: Vec<T>,
}

#[derive(Deserialize)]
struct Name {
    name: String,
    #[serde(default)]
    namespace: String,
}

#[derive(Deserialize)]
struct NodeMetrics {
    metadata: Name,
    #[serde(default)]
    usage: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct PodMetrics {
    metadata: Name,
    #[serde(default)]
    containers: Vec<ContainerMetrics>,
}

#[derive(Deserialize)]
struct ContainerMetrics {
    #[serde(default)]
    usage: BTreeMap<String, String>,
}

/// Reads both lists; that of pods only where they are wanted.
pub async fn read(client: &Client, with_pods: bool) -> Result<Usage, Fault> {
    let nodes: List<NodeMetrics> = api::read(client, "/apis/metrics.k8s.io/v1beta1/nodes").await?;
    let pods: List<PodMetrics> = if with_pods {
        api::read(client, "/apis/metrics.k8s.io/v1beta1/pods").await?
    } else {
        List { items: Vec::new() }
    };
    Ok(Usage {
        nodes: nodes.items.into_iter().map(|n| (SafeText::new(&n.metadata.name), amount(&n.usage))).collect(),
        pods: pods
            .items
            .into_iter()
            .map(|p| {
                let used: Amount = p.containers.iter().map(|c| amount(&c.usage)).sum();
                (SafeText::new(&p.metadata.namespace), SafeText::new(&p.metadata.name), used)
            })
            .collect(),
    })
}
