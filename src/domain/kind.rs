//! Kinds: one row for each that is built in, with its group, names and short names as `kubectl api-resources` prints them;
//! those that servers have beside them are in `custom`.

mod custom;

pub use self::custom::{Custom, Kinds, Served};

/// A kind: built in, or one that servers were found to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each variant is the kind of that name")]
pub enum Kind {
    Namespace,
    Node,
    Pod,
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    ReplicaSet,
    HorizontalPodAutoscaler,
    PodDisruptionBudget,
    Service,
    Endpoints,
    EndpointSlice,
    Ingress,
    NetworkPolicy,
    ConfigMap,
    Secret,
    ServiceAccount,
    PersistentVolume,
    PersistentVolumeClaim,
    StorageClass,
    ResourceQuota,
    LimitRange,
    Event,
    Lease,
    Role,
    RoleBinding,
    ClusterRole,
    ClusterRoleBinding,
    CustomResourceDefinition,
    /// A kind that servers were found to have: of a CRD, or of an API server beside the cluster's own.
    Custom(Custom),
}

impl serde::Serialize for Kind {
    /// As its name.
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.info().name)
    }
}

/// What is known of a kind without asking a server.
#[derive(Clone, Copy, Debug)]
pub struct KindInfo {
    /// The kind.
    pub kind: Kind,
    /// `Deployment`.
    pub name: &'static str,
    /// `apps`; empty for the core group.
    pub group: &'static str,
    /// `v1`.
    pub version: &'static str,
    /// `deployments`: the path of its resource.
    pub plural: &'static str,
    /// `deploy`, or the plain singular first where kubectl has no short name.
    pub shorts: &'static [&'static str],
    /// Lives in a namespace.
    pub namespaced: bool,
}

macro_rules! kinds {
    ($($kind:ident $group:literal $version:literal $plural:literal [$($short:literal),*] $namespaced:literal;)*) => {
        /// All that are built in, in the order of the enum.
        pub static KINDS: &[KindInfo] = &[$(KindInfo {
            kind: Kind::$kind, name: stringify!($kind), group: $group, version: $version,
            plural: $plural, shorts: &[$($short),*], namespaced: $namespaced,
        }),*];
        impl Kind {
            /// Its row of the table.
            pub const fn info(self) -> KindInfo {
                match self {
                    $(Self::$kind => KindInfo {
                        kind: Kind::$kind, name: stringify!($kind), group: $group, version: $version,
                        plural: $plural, shorts: &[$($short),*], namespaced: $namespaced,
                    },)*
                    Self::Custom(custom) => custom.info(),
                }
            }
        }
    };
}

kinds! {
    Namespace "" "v1" "namespaces" ["ns"] false;
    Node "" "v1" "nodes" ["no"] false;
    Pod "" "v1" "pods" ["po"] true;
    Deployment "apps" "v1" "deployments" ["deploy", "dp"] true;
    StatefulSet "apps" "v1" "statefulsets" ["sts"] true;
    DaemonSet "apps" "v1" "daemonsets" ["ds"] true;
    Job "batch" "v1" "jobs" ["job"] true;
    CronJob "batch" "v1" "cronjobs" ["cj"] true;
    ReplicaSet "apps" "v1" "replicasets" ["rs"] true;
    HorizontalPodAutoscaler "autoscaling" "v2" "horizontalpodautoscalers" ["hpa"] true;
    PodDisruptionBudget "policy" "v1" "poddisruptionbudgets" ["pdb"] true;
    Service "" "v1" "services" ["svc"] true;
    Endpoints "" "v1" "endpoints" ["ep"] true;
    EndpointSlice "discovery.k8s.io" "v1" "endpointslices" ["eps"] true;
    Ingress "networking.k8s.io" "v1" "ingresses" ["ing"] true;
    NetworkPolicy "networking.k8s.io" "v1" "networkpolicies" ["netpol"] true;
    ConfigMap "" "v1" "configmaps" ["cm"] true;
    Secret "" "v1" "secrets" ["secret"] true;
    ServiceAccount "" "v1" "serviceaccounts" ["sa"] true;
    PersistentVolume "" "v1" "persistentvolumes" ["pv"] false;
    PersistentVolumeClaim "" "v1" "persistentvolumeclaims" ["pvc"] true;
    StorageClass "storage.k8s.io" "v1" "storageclasses" ["sc"] false;
    ResourceQuota "" "v1" "resourcequotas" ["quota"] true;
    LimitRange "" "v1" "limitranges" ["limits"] true;
    Event "" "v1" "events" ["ev"] true;
    Lease "coordination.k8s.io" "v1" "leases" ["lease"] true;
    Role "rbac.authorization.k8s.io" "v1" "roles" ["role"] true;
    RoleBinding "rbac.authorization.k8s.io" "v1" "rolebindings" ["rolebinding"] true;
    ClusterRole "rbac.authorization.k8s.io" "v1" "clusterroles" ["clusterrole"] false;
    ClusterRoleBinding "rbac.authorization.k8s.io" "v1" "clusterrolebindings" ["clusterrolebinding"] false;
    CustomResourceDefinition "apiextensions.k8s.io" "v1" "customresourcedefinitions" ["crd"] false;
}

impl KindInfo {
    /// The short name commands are written with: `deploy`.
    pub fn short(&self) -> &'static str {
        self.shorts.first().copied().unwrap_or(self.plural)
    }

    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }
}

impl Kind {
    /// The kinds every live cluster is watched for.
    pub const WATCHED: [Self; 8] = [
        Self::Namespace,
        Self::Node,
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::Job,
        Self::CronJob,
        Self::Pod,
    ];

    /// The kinds that make pods and have a [`super::workload::WorkloadRow`].
    pub const fn is_workload(self) -> bool {
        matches!(self, Self::Deployment | Self::StatefulSet | Self::DaemonSet | Self::Job | Self::CronJob)
    }

    /// Has a scale subresource.
    pub const fn is_scalable(self) -> bool {
        matches!(self, Self::Deployment | Self::StatefulSet | Self::ReplicaSet)
    }

    /// What names it and no other: its plural, with its group where it is not built in.
    pub fn full(self) -> String {
        match self {
            Self::Custom(custom) => custom.full(),
            kind => kind.info().plural.to_owned(),
        }
    }

    /// Finds a built-in kind by any of its names, in any case: `po`, `pod`, `pods`, `Deployment`, `deployments.apps`.
    pub fn parse(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_lowercase();
        let (word, group) = word.split_once('.').map_or((word.as_str(), None), |(w, g)| (w, Some(g)));
        KINDS
            .iter()
            .find(|k| {
                (k.plural == word || k.name.eq_ignore_ascii_case(word) || k.shorts.contains(&word))
                    && group.is_none_or(|g| k.group == g || k.group.starts_with(g))
            })
            .map(|k| k.kind)
    }

    /// Finds a built-in kind by `kind` and `apiVersion` of a manifest (any version of the group).
    pub fn of_manifest(kind: &str, api_version: &str) -> Option<Self> {
        let group = api_version.split_once('/').map_or("", |(g, _)| g);
        KINDS.iter().find(|k| k.name == kind && k.group == group).map(|k| k.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_by_each_name() {
        for (word, kind) in [
            ("po", Kind::Pod),
            ("pods", Kind::Pod),
            ("Pod", Kind::Pod),
            ("deploy", Kind::Deployment),
            ("dp", Kind::Deployment),
            ("deployments.apps", Kind::Deployment),
            ("hpa", Kind::HorizontalPodAutoscaler),
            ("ev", Kind::Event),
        ] {
            assert_eq!(Kind::parse(word), Some(kind), "{word}");
        }
        assert_eq!(Kind::parse("widgets"), None);
        assert_eq!(Kind::parse("deployments.extensions"), None);
    }

    #[test]
    fn no_name_stands_for_two_kinds() {
        let mut seen = std::collections::BTreeMap::new();
        for k in KINDS {
            let mut names = vec![k.plural.to_owned(), k.name.to_lowercase()];
            names.extend(k.shorts.iter().map(|s| (*s).to_owned()));
            names.sort();
            names.dedup();
            for name in names {
                assert_eq!(seen.insert(name.clone(), k.name), None, "{name}");
            }
        }
    }
}
