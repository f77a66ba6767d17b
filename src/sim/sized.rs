//! Fleets of any size, generated: clusters over the clouds, app bundles repeated until the pods are enough.
//! Called through `FleetSpec::sized`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rng::Rng;
use super::spec::{Bundle, ClusterSpec, FleetSpec, Pool, Size};

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
    /// A generated fleet of about so many pods; no incidents.
    pub fn sized(clusters: usize, pods: usize) -> Self {
        let mut rng = Rng::new(clusters as u64 ^ (pods as u64) << 20);
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
        fleet.fit(pods, &mut rng);
        fleet
    }

    /// Chooses apps and replicas so that the pods are about right: system pods first, the rest shared out.
    fn fit(&mut self, pods: usize, rng: &mut Rng) {
        let clusters = i64::try_from(self.clusters.len()).unwrap_or(1).max(1);
        let wanted = i64::try_from(pods).unwrap_or(i64::MAX) / clusters;
        let mut scaled: BTreeMap<String, Arc<Bundle>> = BTreeMap::new();
        let all: i64 = APPS
            .iter()
            .filter_map(|a| self.bundles.get(*a))
            .flat_map(|b| &b.workloads)
            .map(|w| w.replicas.first().copied().unwrap_or(1))
            .sum();
        // Two nodes and their daemons come with every cluster; large ones have about one node per 28 pods.
        let system = 24 + wanted / 28 * 6;
        let apps = (wanted - system).max(0);
        let few = apps < 60;
        let total = if few {
            self.bundles
                .get("checkout")
                .map_or(1, |b| b.workloads.iter().map(|w| w.replicas.first().copied().unwrap_or(1)).sum())
        } else {
            all
        };
        for name in APPS {
            if let Some(bundle) = self.bundles.get(name) {
                let mut bundle = (**bundle).clone();
                for workload in &mut bundle.workloads {
                    let large = workload.replicas.first().copied().unwrap_or(1);
                    let share = (large * apps + total / 2) / total.max(1);
                    workload.replicas = vec![share.max(i64::from(!few))];
                    if few && share == 0 {
                        workload.replicas = vec![0];
                    }
                    // Small requests: many pods on few nodes.
                    if wanted < 200 {
                        workload.cpu = "50m".into();
                        workload.memory = "96Mi".into();
                    }
                }
                bundle
                    .workloads
                    .retain(|w| w.kind == "CronJob" || w.replicas.first().is_some_and(|n| *n > 0));
                scaled.insert(name.into(), Arc::new(bundle));
            }
        }
        for (name, bundle) in scaled {
            self.bundles.insert(name, bundle);
        }
        if few {
            for cluster in &mut self.clusters {
                cluster.apps = vec!["checkout".into()];
            }
        }
        let _ = rng.next();
    }
}
