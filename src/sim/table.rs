//! The one table of resource types the simulated API servers know: group, version, kind, names, scope, verbs.
//! To add a built-in type: one line here. CRDs add to a cluster's own copy at run time.
//! Never: behaviour of a type. Called by discovery, routing, the store and the controllers.

use std::borrow::Cow;
use std::sync::Arc;

/// A resource type's place in the table (built-in types first, then a cluster's CRDs).
pub(crate) type KindId = usize;

/// One resource type.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    pub(crate) group: Cow<'static, str>,
    pub(crate) version: Cow<'static, str>,
    pub(crate) kind: Cow<'static, str>,
    pub(crate) plural: Cow<'static, str>,
    pub(crate) singular: Cow<'static, str>,
    pub(crate) short: Vec<Cow<'static, str>>,
    pub(crate) namespaced: bool,
    pub(crate) categories: Vec<Cow<'static, str>>,
    /// Subresources that exist: `status`, `scale`, ...
    pub(crate) subs: Vec<Cow<'static, str>>,
    /// Spec changes count `metadata.generation` up.
    pub(crate) generations: bool,
    /// Made from a CustomResourceDefinition.
    pub(crate) custom: bool,
}

impl Resource {
    /// `apps/v1`, or `v1` for the core group.
    pub(crate) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `deployments.apps`, or `pods`: how errors name the type.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_string()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// `Deployment.apps`, or `Pod`: how validation errors name the kind.
    pub(crate) fn qualified_kind(&self) -> String {
        if self.group.is_empty() { self.kind.to_string() } else { format!("{}.{}", self.kind, self.group) }
    }

    /// The opening of a whole object: stored bodies leave these two fields out, as lists of built-in types do.
    pub(crate) fn opening(&self) -> String {
        format!("{{\"apiVersion\":\"{}\",\"kind\":\"{}\",", self.api_version(), self.kind)
    }
}

/// A built-in type, which stands at its own number.
fn numbered(id: KindId, resource: Resource) -> Arc<Resource> {
    debug_assert!(id < 64, "{} is no built-in type", resource.kind);
    Arc::new(resource)
}

macro_rules! kinds {
    ($( $id:ident $group:literal $version:literal $kind:literal $plural:literal $singular:literal
        [$($short:literal)*] $scope:ident [$($category:literal)*] [$($sub:literal)*] $generations:literal; )*) => {
        #[expect(clippy::upper_case_acronyms, reason = "only counts the constants below")]
        enum Order { $( $id, )* }
        $(
            #[doc = $kind]
            pub(crate) const $id: KindId = Order::$id as KindId;
        )*

        /// The built-in types, in the order of the constants.
        pub(crate) fn builtin() -> Vec<Arc<Resource>> {
            vec![ $( numbered($id, Resource {
                group: Cow::Borrowed($group), version: Cow::Borrowed($version), kind: Cow::Borrowed($kind),
                plural: Cow::Borrowed($plural), singular: Cow::Borrowed($singular),
                short: vec![$(Cow::Borrowed($short)),*], namespaced: kinds!(@ $scope),
                categories: vec![$(Cow::Borrowed($category)),*], subs: vec![$(Cow::Borrowed($sub)),*],
                generations: $generations, custom: false,
            }), )* ]
        }
    };
    (@ namespaced) => { true };
    (@ cluster) => { false };
}

kinds! {
    NAMESPACE "" "v1" "Namespace" "namespaces" "namespace" ["ns"] cluster [] ["status" "finalize"] false;
    NODE "" "v1" "Node" "nodes" "node" ["no"] cluster [] ["status"] false;
    POD "" "v1" "Pod" "pods" "pod" ["po"] namespaced ["all"] ["status" "log" "eviction" "binding" "exec" "attach" "portforward" "ephemeralcontainers" "resize"] true;
    SERVICE "" "v1" "Service" "services" "service" ["svc"] namespaced ["all"] ["status"] false;
    CONFIGMAP "" "v1" "ConfigMap" "configmaps" "configmap" ["cm"] namespaced [] [] false;
    SECRET "" "v1" "Secret" "secrets" "secret" [] namespaced [] [] false;
    SERVICEACCOUNT "" "v1" "ServiceAccount" "serviceaccounts" "serviceaccount" ["sa"] namespaced [] [] false;
    PV "" "v1" "PersistentVolume" "persistentvolumes" "persistentvolume" ["pv"] cluster [] ["status"] false;
    PVC "" "v1" "PersistentVolumeClaim" "persistentvolumeclaims" "persistentvolumeclaim" ["pvc"] namespaced [] ["status"] false;
    EVENT "" "v1" "Event" "events" "event" ["ev"] namespaced [] [] false;
    RESOURCEQUOTA "" "v1" "ResourceQuota" "resourcequotas" "resourcequota" ["quota"] namespaced [] ["status"] false;
    LIMITRANGE "" "v1" "LimitRange" "limitranges" "limitrange" ["limits"] namespaced [] [] false;
    ENDPOINTS "" "v1" "Endpoints" "endpoints" "endpoints" ["ep"] namespaced [] [] false;
    REPLICATIONCONTROLLER "" "v1" "ReplicationController" "replicationcontrollers" "replicationcontroller" ["rc"] namespaced ["all"] ["status"] true;
    DEPLOYMENT "apps" "v1" "Deployment" "deployments" "deployment" ["deploy"] namespaced ["all"] ["status" "scale"] true;
    REPLICASET "apps" "v1" "ReplicaSet" "replicasets" "replicaset" ["rs"] namespaced ["all"] ["status" "scale"] true;
    STATEFULSET "apps" "v1" "StatefulSet" "statefulsets" "statefulset" ["sts"] namespaced ["all"] ["status" "scale"] true;
    DAEMONSET "apps" "v1" "DaemonSet" "daemonsets" "daemonset" ["ds"] namespaced ["all"] ["status"] true;
    CONTROLLERREVISION "apps" "v1" "ControllerRevision" "controllerrevisions" "controllerrevision" [] namespaced [] [] false;
    JOB "batch" "v1" "Job" "jobs" "job" [] namespaced ["all"] ["status"] true;
    CRONJOB "batch" "v1" "CronJob" "cronjobs" "cronjob" ["cj"] namespaced ["all"] ["status"] true;
    HPA "autoscaling" "v2" "HorizontalPodAutoscaler" "horizontalpodautoscalers" "horizontalpodautoscaler" ["hpa"] namespaced ["all"] ["status"] false;
    PDB "policy" "v1" "PodDisruptionBudget" "poddisruptionbudgets" "poddisruptionbudget" ["pdb"] namespaced [] ["status"] true;
    INGRESS "networking.k8s.io" "v1" "Ingress" "ingresses" "ingress" ["ing"] namespaced [] ["status"] true;
    INGRESSCLASS "networking.k8s.io" "v1" "IngressClass" "ingressclasses" "ingressclass" [] cluster [] [] true;
    NETWORKPOLICY "networking.k8s.io" "v1" "NetworkPolicy" "networkpolicies" "networkpolicy" ["netpol"] namespaced [] [] true;
    STORAGECLASS "storage.k8s.io" "v1" "StorageClass" "storageclasses" "storageclass" ["sc"] cluster [] [] false;
    VOLUMEATTACHMENT "storage.k8s.io" "v1" "VolumeAttachment" "volumeattachments" "volumeattachment" [] cluster [] ["status"] false;
    LEASE "coordination.k8s.io" "v1" "Lease" "leases" "lease" [] namespaced [] [] false;
    ENDPOINTSLICE "discovery.k8s.io" "v1" "EndpointSlice" "endpointslices" "endpointslice" [] namespaced [] [] true;
    ROLE "rbac.authorization.k8s.io" "v1" "Role" "roles" "role" [] namespaced [] [] false;
    ROLEBINDING "rbac.authorization.k8s.io" "v1" "RoleBinding" "rolebindings" "rolebinding" [] namespaced [] [] false;
    CLUSTERROLE "rbac.authorization.k8s.io" "v1" "ClusterRole" "clusterroles" "clusterrole" [] cluster [] [] false;
    CLUSTERROLEBINDING "rbac.authorization.k8s.io" "v1" "ClusterRoleBinding" "clusterrolebindings" "clusterrolebinding" [] cluster [] [] false;
    PRIORITYCLASS "scheduling.k8s.io" "v1" "PriorityClass" "priorityclasses" "priorityclass" ["pc"] cluster [] [] true;
    CRD "apiextensions.k8s.io" "v1" "CustomResourceDefinition" "customresourcedefinitions" "customresourcedefinition" ["crd" "crds"] cluster ["api-extensions"] ["status"] true;
    APISERVICE "apiregistration.k8s.io" "v1" "APIService" "apiservices" "apiservice" [] cluster ["api-extensions"] ["status"] false;
    MUTATINGWEBHOOK "admissionregistration.k8s.io" "v1" "MutatingWebhookConfiguration" "mutatingwebhookconfigurations" "mutatingwebhookconfiguration" [] cluster ["api-extensions"] [] true;
    VALIDATINGWEBHOOK "admissionregistration.k8s.io" "v1" "ValidatingWebhookConfiguration" "validatingwebhookconfigurations" "validatingwebhookconfiguration" [] cluster ["api-extensions"] [] true;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_match_their_rows() {
        let rows = builtin();
        assert_eq!(rows[POD].kind, "Pod");
        assert_eq!(rows[DEPLOYMENT].qualified(), "deployments.apps");
        assert_eq!(rows[VALIDATINGWEBHOOK].plural, "validatingwebhookconfigurations");
    }
}
