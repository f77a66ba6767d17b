//! Fleets of any size, generated: clusters over the clouds, app bundles repeated until the pods are enough.
//! Called through `FleetSpec::sized`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::seed;
use super::spec::{Bundle, ClusterSpec, FleetSpec, Pool, Size, WorkloadSpec};

/// provider, account, region, version, machine, vCPU, GiB
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str, i64, i64);

const ROWS: [Row; 10] = [
    ("eks", "222233334444", "eu-west-1", "v1.35.2-eks-3025e55", "m6i.2xlarge", 8, 32),
    ("eks", "333344445555", "us-east-1", "v1.34.5-eks-b4d2e71", "m6i.2xlarge", 8, 32),
    ("eks", "333344445555", "ap-southeast-1", "v1.34.5-eks-b4d2e71", "m6i.xlarge", 4, 16),
    ("gke", "acme-shop", "europe-west1", "v1.35.3-gke.1157000", "n2-standard-8", 8, 32),
    ("gke", "acme-data", "us-central1", "v1.35.3-gke.1157000", "e2-standard-8", 8, 32),
    ("gke", "acme-shop", "asia-northeast1", "v1.34.6-gke.1068000", "e2-standard-4", 4, 16),
    ("aks", "rg-shop-prod", "westeurope", "v1.35.1", "Standard_D8s_v5", 8, 32),
    ("aks", "rg-shop-prod", "eastus", "v1.35.1", "Standard_D4s_v5", 4, 16),
    ("doks", "", "fra1", "v1.34.2", "s-8vcpu-16gb", 8, 16),
    ("ack", "", "eu-central-1", "v1.34.1-aliyun.1", "ecs.g7.2xlarge", 8, 32),
];

const APPS: [&str; 8] =
    ["checkout", "payments", "catalog", "identity", "search", "analytics", "monitoring", "edge"];

impl FleetSpec {
    /// A generated fleet of so many pods in all, shared evenly by the clusters; no incidents.
    pub fn sized(clusters: usize, pods: usize) -> Self {
        let mut fleet = Self {
            name: format!("sized-{clusters}-{pods}"),
            clusters: Vec::with_capacity(clusters),
            incidents: Vec::new(),
            bundles: BTreeMap::new(),
            scripts: BTreeMap::new(),
        };
        for index in 0..clusters.max(1) {
            let Some((provider, account, region, version, machine, cpu, memory)) =
                ROWS.get(index % ROWS.len())
            else {
                continue;
            };
            let environment = match index % 5 {
                0..=2 => "prod",
                3 => "staging",
                _ => "dev",
            };
            fleet.clusters.push(ClusterSpec {
                name: format!("{environment}-{:03}", index + 1),
                provider: (*provider).into(),
                account: (*account).into(),
                region: (*region).into(),
                version: (*version).into(),
                environment: environment.into(),
                pools: vec![Pool {
                    name: "general".into(),
                    machine: (*machine).into(),
                    cpu: *cpu,
                    memory: *memory,
                    weight: 1,
                    spot: index % 4 == 3,
                }],
                apps: APPS.iter().map(|a| (*a).to_string()).collect(),
                size: Size::Large,
                drift: BTreeMap::new(),
                unreachable: false,
            });
        }
        // The embedded bundles always load.
        if fleet.load().is_err() {
            return fleet;
        }
        fleet.fit(pods);
        fleet
    }

    /// Chooses apps and replicas so that every cluster has its share of the pods: those of its system first, the rest
    /// shared out among apps. Clusters on the same machines are alike.
    fn fit(&mut self, pods: usize) {
        let clusters = self.clusters.len().max(1);
        let per = |index: usize| {
            let share = pods / clusters + usize::from(index < pods % clusters);
            i64::try_from(share).unwrap_or(i64::MAX)
        };
        self.slim(per(0));
        let mut plans: BTreeMap<(usize, i64), Vec<String>> = BTreeMap::new();
        for index in 0..self.clusters.len() {
            let kind = (index % ROWS.len(), per(index));
            let apps = match plans.get(&kind) {
                Some(apps) => apps.clone(),
                None => {
                    let Some(spec) = self.clusters.get(index).cloned() else { continue };
                    let apps = self.plan(spec, kind);
                    plans.insert(kind, apps.clone());
                    apps
                }
            };
            if let Some(spec) = self.clusters.get_mut(index) {
                spec.apps = apps;
            }
        }
    }

    /// Takes from the system what is too much for clusters of so many pods.
    fn slim(&mut self, wanted: i64) {
        let names: Vec<String> = self.clusters.iter().map(|c| c.provider.clone()).collect();
        for name in names.iter().map(String::as_str).chain(["common"]) {
            let Some(bundle) = self.bundles.get_mut(name).map(Arc::make_mut) else { continue };
            for workload in &mut bundle.workloads {
                if wanted < 60 {
                    workload.replicas = vec![1];
                }
                if workload.kind != "DaemonSet" && wanted < 20 {
                    workload.replicas = vec![0];
                }
            }
            // Each daemon runs on two nodes at least.
            bundle.workloads.retain(|w| match w.kind.as_str() {
                "DaemonSet" => wanted >= 40 || w.name == "kube-proxy" && wanted >= 4,
                _ => w.replicas.first().is_none_or(|n| *n > 0),
            });
        }
    }

    /// The apps of a cluster, as bundles of its own kind, with replicas that make the pods right.
    fn plan(&mut self, mut spec: ClusterSpec, (row, wanted): (usize, i64)) -> Vec<String> {
        spec.apps = Vec::new();
        let few = wanted - self.pods_of(&spec) < 60;
        let names: &[&str] = if few { &["checkout"] } else { &APPS };
        spec.apps = names.iter().map(|name| format!("{name}@{row}@{wanted}")).collect();
        let originals: Vec<Arc<Bundle>> =
            names.iter().filter_map(|name| self.bundles.get(*name).cloned()).collect();
        let weight = |bundle: &Bundle| -> i64 { bundle.workloads.iter().map(asked).sum() };
        let total: i64 = originals.iter().map(|b| weight(b)).sum::<i64>().max(1);
        let mut apps = wanted - self.pods_of(&spec);
        let mut best = i64::MAX;
        let mut kept = Vec::new();
        // More pods need more nodes, which bring more daemons: a few rounds settle it.
        for _ in 0..24 {
            let scaled = share_out(&originals, apps.max(0), total, wanted);
            for (name, bundle) in spec.apps.iter().zip(&scaled) {
                self.bundles.insert(name.clone(), Arc::new(bundle.clone()));
            }
            let off = wanted - self.pods_of(&spec);
            if off.abs() < best {
                best = off.abs();
                kept = scaled;
            }
            if off == 0 || apps <= 0 && off < 0 {
                break;
            }
            apps += off;
        }
        for (name, bundle) in spec.apps.iter().zip(kept) {
            self.bundles.insert(name.clone(), Arc::new(bundle));
        }
        spec.apps
    }

    fn pods_of(&self, spec: &ClusterSpec) -> i64 {
        seed::pods(spec, &seed::bundles(self, spec))
    }
}

/// The pods a workload has in a large cluster.
fn asked(workload: &WorkloadSpec) -> i64 {
    match workload.kind.as_str() {
        "CronJob" | "DaemonSet" => 0,
        _ => workload.replicas.first().copied().unwrap_or(1),
    }
}

/// The bundles with exactly so many pods, shared out as in a large cluster.
fn share_out(originals: &[Arc<Bundle>], apps: i64, total: i64, wanted: i64) -> Vec<Bundle> {
    let (mut given, mut before) = (0, 0);
    originals
        .iter()
        .map(|original| {
            let mut bundle = (**original).clone();
            for workload in &mut bundle.workloads {
                // Rounding is carried on, so that the sum is right.
                before += asked(workload);
                if asked(workload) > 0 {
                    let share = before * apps / total - given;
                    given += share;
                    workload.replicas = vec![share];
                }
                // Small requests: many pods on few nodes.
                if wanted < 200 {
                    workload.cpu = "50m".into();
                    workload.memory = "96Mi".into();
                }
            }
            bundle.workloads.retain(|w| w.kind != "DaemonSet" || wanted >= 200);
            bundle.workloads.retain(|w| asked(w) > 0 || matches!(w.kind.as_str(), "CronJob" | "DaemonSet"));
            bundle
        })
        .collect()
}
