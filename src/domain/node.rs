//! The slim row of a node.

use super::health::Health;
use super::interner::Interner;
use super::object::Meta;
use super::resources::Amount;
use super::text::SafeText;

/// One node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeRow {
    /// Name and identity.
    pub meta: Meta,
    /// The condition Ready: `Some(true)`, `Some(false)`, or `None` when the kubelet is silent (Unknown).
    pub ready: Option<bool>,
    /// Since when Ready has its value.
    pub ready_since: Option<jiff::Timestamp>,
    /// Conditions that should be False and are not: `MemoryPressure`, `DiskPressure` …; and Ready's reason when not ready.
    pub troubles: Vec<Trouble>,
    /// Cordoned.
    pub unschedulable: bool,
    /// Taints as `key=value:Effect`.
    pub taints: Vec<SafeText>,
    /// From `node-role.kubernetes.io/*`.
    pub roles: SafeText,
    /// Kubelet version.
    pub version: SafeText,
    /// `spec.providerID`.
    pub provider_id: SafeText,
    /// `node.kubernetes.io/instance-type`; empty when the cloud does not say.
    pub instance_type: SafeText,
    /// `topology.kubernetes.io/region`.
    pub region: SafeText,
    /// `topology.kubernetes.io/zone`.
    pub zone: SafeText,
    /// The node pool or group by the clouds' labels.
    pub pool: SafeText,
    /// The labels that tell of a cloud, of `domain::cloud::labels`, with their values.
    pub cloud_labels: Vec<(&'static str, SafeText)>,
    /// Spot or preemptible.
    pub spot: bool,
    /// `kubernetes.io/arch`.
    pub arch: SafeText,
    /// `kubernetes.io/os`.
    pub os: SafeText,
    /// Internal address.
    pub ip: SafeText,
    /// The whole machine.
    pub capacity: Amount,
    /// What pods may use.
    pub allocatable: Amount,
    /// How many pods it takes.
    pub pods_max: u32,
}

/// A condition that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// `DiskPressure`, or `Ready`.
    pub condition: SafeText,
    /// The condition's reason.
    pub reason: SafeText,
    /// The condition's message.
    pub message: SafeText,
}

impl NodeRow {
    /// Makes what many nodes say the same piece of memory in all of them.
    pub fn share(&mut self, interner: &mut Interner) {
        let words = [
            &mut self.roles,
            &mut self.version,
            &mut self.instance_type,
            &mut self.region,
            &mut self.zone,
            &mut self.pool,
            &mut self.arch,
            &mut self.os,
        ];
        let of_labels = self.cloud_labels.iter_mut().map(|(_, value)| value);
        for text in words.into_iter().chain(&mut self.taints).chain(of_labels) {
            interner.share(text);
        }
    }

    /// How it is.
    pub fn health(&self) -> Health {
        match self.ready {
            Some(true) if self.troubles.is_empty() => Health::Ok,
            Some(true) => Health::Degraded,
            Some(false) | None => Health::Down,
        }
    }

    /// The STATUS cell as kubectl prints it (`Ready`, `NotReady,SchedulingDisabled`; printers.go, `printNode`), and
    /// conditions of pressure with it.
    pub fn status(&self) -> String {
        let mut out = match self.ready {
            Some(true) => "Ready",
            // A silent kubelet's Ready is Unknown: that is not ready. Only without the condition nobody knows.
            Some(false) => "NotReady",
            None if self.ready_since.is_some() => "NotReady",
            None => "Unknown",
        }
        .to_owned();
        for t in self.troubles.iter().filter(|t| t.condition != "Ready") {
            out.push(',');
            out.push_str(&t.condition);
        }
        if self.unschedulable {
            out.push_str(",SchedulingDisabled");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_as_kubectl_prints_it() {
        let since = jiff::Timestamp::from_second(1).ok();
        let node = |ready, ready_since, unschedulable| NodeRow {
            ready,
            ready_since,
            unschedulable,
            ..NodeRow::default()
        };
        for (row, words) in [
            (node(Some(true), since, false), "Ready"),
            (node(Some(false), since, true), "NotReady,SchedulingDisabled"),
            (node(None, since, false), "NotReady"),
            (node(None, None, false), "Unknown"),
        ] {
            assert_eq!(row.status(), words);
        }
    }
}
