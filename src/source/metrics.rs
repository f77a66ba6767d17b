//! `metrics.k8s.io`: what nodes and pods use now.

use std::collections::BTreeMap;

use http::Request;
use kube::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::answer::{Turns, page_in_turn};
use super::fault::{Fault, FaultClass};
use super::slim::node::amount;
use crate::domain::interner::Interner;
use crate::domain::kind::Kind;
use crate::domain::resources::Amount;
use crate::domain::text::SafeText;
use crate::fleet::usage::Usage;

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

/// Reads both lists, in their turns; that of pods only where they are wanted.
pub async fn read(client: &Client, with_pods: bool, turns: &Turns) -> Result<Usage, Fault> {
    let (mut nodes, mut pods) = (Vec::new(), Vec::new());
    list(client, Kind::Node, turns, |n: NodeMetrics| {
        nodes.push((SafeText::new(&n.metadata.name), amount(&n.usage)));
    })
    .await?;
    if with_pods {
        let mut interner = Interner::default();
        list(client, Kind::Pod, turns, |p: PodMetrics| {
            let used: Amount = p.containers.iter().map(|c| amount(&c.usage)).sum();
            let mut namespace = SafeText::new(&p.metadata.namespace);
            interner.share(&mut namespace);
            pods.push(((namespace, SafeText::new(&p.metadata.name)), used));
        })
        .await?;
    }
    Ok(Usage::new(nodes, pods))
}

async fn list<T: DeserializeOwned>(
    client: &Client,
    of: Kind,
    turns: &Turns,
    keep: impl FnMut(T),
) -> Result<(), Fault> {
    let asked = Request::get(format!("/apis/metrics.k8s.io/v1beta1/{}", of.info().plural)).body(Vec::new());
    let asked = asked.map_err(|e| Fault::new(FaultClass::Other, &e.to_string()))?;
    page_in_turn(client, asked, of, turns, keep).await.map(|_| ())
}
