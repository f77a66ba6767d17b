//! Nodes: as many per pool as the workloads need, labelled and named as each cloud does; and where seeded pods go.
//! Called by `seed::world`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{base, replicas};
use crate::sim::clock::{self, DAY, Millis};
use crate::sim::controllers::healthy;
use crate::sim::json as j;
use crate::sim::quantity;
use crate::sim::rng::Rng;
use crate::sim::spec::{Bundle, ClusterSpec, Pool};
use crate::sim::store::World;
use crate::sim::table;

/// Share of a node that seeded workloads may fill, in percent.
const FILL: i64 = 72;

/// A node with room.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) name: String,
    pub(crate) ip: String,
    cpu: i64,
    memory: i64,
    pods: i64,
}

/// All nodes, and where the next pod is tried first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rooms {
    pub(crate) list: Vec<Room>,
    cursor: usize,
}

impl Rooms {
    /// A node with room for a pod; the emptiest of all when none has.
    pub(crate) fn take(&mut self, cpu: i64, memory: i64) -> Option<(String, String)> {
        let count = self.list.len();
        for step in 0..count {
            let index = (self.cursor + step) % count;
            if let Some(room) = self.list.get_mut(index)
                && room.cpu >= cpu
                && room.memory >= memory
                && room.pods > 0
            {
                self.cursor = index + 1;
                room.cpu -= cpu;
                room.memory -= memory;
                room.pods -= 1;
                return Some((room.name.clone(), room.ip.clone()));
            }
        }
        None
    }

    /// Room for a pod on every node (a DaemonSet's).
    pub(crate) fn take_all(&mut self, cpu: i64, memory: i64) -> Vec<(String, String)> {
        for room in &mut self.list {
            room.cpu -= cpu;
            room.memory -= memory;
            room.pods -= 1;
        }
        self.list.iter().map(|r| (r.name.clone(), r.ip.clone())).collect()
    }
}

/// Cpu (milli), memory (bytes) and pods that all workloads ask for; and what daemons ask per node.
fn demand(spec: &ClusterSpec, bundles: &[Arc<Bundle>]) -> ((i64, i64, i64), (i64, i64, i64)) {
    let (mut sum, mut each) = ((0, 0, 0), (0, 0, 0));
    for workload in bundles.iter().flat_map(|b| &b.workloads) {
        let cpu = quantity::cpu_milli(&Value::from(workload.cpu.as_str()));
        let memory = quantity::units(&Value::from(workload.memory.as_str()));
        let side = i64::from(!workload.sidecar.is_empty());
        let (cpu, memory) = (cpu + side * 20, memory + side * (32 << 20));
        let place = if workload.kind == "DaemonSet" { &mut each } else { &mut sum };
        let n = match workload.kind.as_str() {
            "DaemonSet" => 1,
            "CronJob" => 0,
            _ => replicas(&workload.replicas, spec.size),
        };
        place.0 += cpu * n;
        place.1 += memory * n;
        place.2 += n;
    }
    (sum, each)
}

/// How many nodes each pool gets.
fn counts(spec: &ClusterSpec, bundles: &[Arc<Bundle>]) -> Vec<i64> {
    let (sum, each) = demand(spec, bundles);
    let weights: i64 = spec.pools.iter().map(|p| p.weight).sum::<i64>().max(1);
    let of = |pool: &Pool| {
        let (cpu, memory, pods) = allocatable(pool);
        let room = (cpu * FILL / 100 - each.0, memory * FILL / 100 - each.1, pods - 8 - each.2);
        let need = |total: i64, one: i64| (total * pool.weight / weights + one.max(1) - 1) / one.max(1);
        need(sum.0, room.0).max(need(sum.1, room.1)).max(need(sum.2, room.2)).max(2)
    };
    spec.pools.iter().map(of).collect()
}

/// How many pods a cluster of these bundles will have: those of workloads, and of daemons on every node.
pub(crate) fn pods(spec: &ClusterSpec, bundles: &[Arc<Bundle>]) -> i64 {
    let (sum, each) = demand(spec, bundles);
    sum.2 + each.2 * counts(spec, bundles).iter().sum::<i64>()
}

/// Makes the nodes.
pub(super) fn fill(world: &mut World, spec: &ClusterSpec, bundles: &[Arc<Bundle>], age: Millis) -> Rooms {
    let mut rooms = Rooms::default();
    let mut number = 0;
    for (pool, count) in spec.pools.iter().zip(counts(spec, bundles)) {
        let (cpu, memory, pods) = allocatable(pool);
        for index in 0..count {
            let born = world.now - world.rng.between(1, age / DAY).min(60) * DAY;
            let ip = format!("10.0.{}.{}", 16 + number / 200, 10 + number % 200);
            let mut body = node(spec, pool, index, &ip, &mut world.rng);
            heartbeat(&mut body, world.now, born);
            let name = j::text(&body, "metadata.name").to_string();
            base::put(world, table::NODE, born, body);
            lease(world, &name, born);
            rooms.list.push(Room { name, ip, cpu: cpu * 92 / 100, memory: memory * 92 / 100, pods });
            number += 1;
        }
    }
    rooms
}

fn allocatable(pool: &Pool) -> (i64, i64, i64) {
    let pods = if pool.cpu >= 8 { 110 } else { 58 };
    (pool.cpu * 1000 - 80, (pool.memory << 30) - (1_200 << 20), pods)
}

fn heartbeat(body: &mut Value, now: Millis, born: Millis) {
    let list: Vec<Value> = healthy()
        .iter()
        .map(|(kind, status, reason, message)| {
            json!({"type": kind, "status": status, "reason": reason, "message": message,
                "lastHeartbeatTime": clock::rfc3339(now - 40_000), "lastTransitionTime": clock::rfc3339(born + 30_000)})
        })
        .collect();
    j::set(body, "status.conditions", list);
}

fn lease(world: &mut World, name: &str, born: Millis) {
    let renew = clock::micro(world.now);
    let body = json!({"metadata": {"name": name, "namespace": "kube-node-lease"},
        "spec": {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": renew}});
    base::put(world, table::LEASE, born, body);
}

fn node(spec: &ClusterSpec, pool: &Pool, index: i64, ip: &str, rng: &mut Rng) -> Value {
    let region = spec.region.clone();
    let letters = ["a", "b", "c"];
    let letter = usize::try_from(index % 3).ok().and_then(|i| letters.get(i)).copied().unwrap_or("a");
    let (zone, region) = match spec.provider.as_str() {
        "eks" => (format!("{region}{letter}"), region),
        "gke" => (format!("{region}-{}", if letter == "a" { "d" } else { letter }), region),
        "aks" => (format!("{region}-{}", index % 3 + 1), region),
        "ack" => (format!("{region}-{letter}"), region),
        _ => (String::new(), region),
    };
    let id = rng.hex(17);
    let (name, provider_id) = match spec.provider.as_str() {
        "eks" => (
            format!("ip-{}.{region}.compute.internal", ip.replace('.', "-")),
            format!("aws:///{zone}/i-0{}", id.get(..16).unwrap_or("")),
        ),
        "gke" => {
            let name = format!("gke-{}-{}-{}-{}", spec.name, pool.name, rng.hex(8), rng.suffix(4));
            (name.clone(), format!("gce://{}/{zone}/{name}", spec.account))
        }
        "aks" => {
            let set = format!(
                "aks-{}-{:08}-vmss",
                pool.name,
                10_000_000 + crate::sim::rng::hash(&spec.name) % 80_000_000
            );
            let name = format!("{set}{index:06}");
            (
                name,
                format!(
                    "azure:///subscriptions/8b1f6c52-7d40-4f0e-9f0a-6a2b8c1d3e4f/resourceGroups/mc_{}_{}_{region}/providers/Microsoft.Compute/virtualMachineScaleSets/{set}/virtualMachines/{index}",
                    spec.account, spec.name
                ),
            )
        }
        "ack" => (format!("{region}.{ip}"), format!("{region}.i-{id}")),
        "doks" => (
            format!("{}-{}", pool.name, rng.suffix(5)),
            format!("digitalocean://{}", 300_000_000 + rng.below(90_000_000)),
        ),
        "kind" => (
            format!("{}-worker{}", spec.name, index + 1),
            format!("kind://docker/{}/{}-worker{}", spec.name, spec.name, index + 1),
        ),
        _ => (format!("{}-node-{:02}", spec.name, index + 1), String::new()),
    };
    let labels = labels(spec, pool, &name, &region, &zone);
    let (cpu, memory, pods) = allocatable(pool);
    let mut body = json!({
        "metadata": {"name": name, "labels": labels, "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"}},
        "spec": {"podCIDR": format!("10.{}.{}.0/24", 40 + index / 250, index % 250)},
        "status": {
            "capacity": {"cpu": pool.cpu.to_string(), "memory": quantity::bytes_text(pool.memory << 30), "pods": pods.to_string(), "ephemeral-storage": "104845292Ki"},
            "allocatable": {"cpu": quantity::cpu_text(cpu), "memory": quantity::bytes_text(memory), "pods": pods.to_string(), "ephemeral-storage": "95551679124"},
            "addresses": [{"type": "InternalIP", "address": ip}, {"type": "Hostname", "address": name}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {"architecture": "amd64", "operatingSystem": "linux", "kernelVersion": "6.12.40", "osImage": os(&spec.provider),
                "containerRuntimeVersion": "containerd://2.1.4", "kubeletVersion": spec.version, "kubeProxyVersion": spec.version,
                "machineID": id, "systemUUID": rng.uid(), "bootID": rng.uid()}
        }
    });
    if !provider_id.is_empty() {
        j::set(&mut body, "spec.providerID", provider_id);
    }
    body
}

fn os(provider: &str) -> &'static str {
    match provider {
        "eks" => "Amazon Linux 2023.9.20250929",
        "gke" => "Container-Optimized OS from Google",
        "aks" => "Ubuntu 24.04.3 LTS",
        "ack" => "Alibaba Cloud Linux 3.2104 U12",
        _ => "Debian GNU/Linux 13 (trixie)",
    }
}

fn labels(spec: &ClusterSpec, pool: &Pool, name: &str, region: &str, zone: &str) -> Value {
    let mut out = json!({"kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": name,
        "node.kubernetes.io/instance-type": pool.machine});
    if !region.is_empty() && spec.provider != "onprem" && spec.provider != "kind" {
        *j::key(&mut out, "topology.kubernetes.io/region") = region.into();
    }
    if !zone.is_empty() {
        *j::key(&mut out, "topology.kubernetes.io/zone") = zone.into();
    }
    let mut add = |key: &str, value: &str| *j::key(&mut out, key) = value.into();
    match spec.provider.as_str() {
        "eks" => {
            add("eks.amazonaws.com/nodegroup", &pool.name);
            add("eks.amazonaws.com/capacityType", if pool.spot { "SPOT" } else { "ON_DEMAND" });
        }
        "gke" => {
            add("cloud.google.com/gke-nodepool", &pool.name);
            if pool.spot {
                add("cloud.google.com/gke-spot", "true");
            }
        }
        "aks" => {
            add("kubernetes.azure.com/agentpool", &pool.name);
            add("kubernetes.azure.com/cluster", &format!("MC_{}_{}_{region}", spec.account, spec.name));
            if pool.spot {
                add("kubernetes.azure.com/scalesetpriority", "spot");
            }
        }
        "ack" => add("alibabacloud.com/nodepool-id", &pool.name),
        "doks" => add("doks.digitalocean.com/node-pool", &pool.name),
        _ => {}
    }
    out
}
