//! Platforms for machines that private clouds run on, and some public ones: OpenStack, vSphere, Harvester, Nutanix,
//! Proxmox. Their nodes alone tell (2.3 of the rule table). Never here: services, which they have none of.
//! Called through `CLOUD`.

use super::evidence::{groups, pattern};
use super::{Cloud, Machine};
use crate::domain::place::Provider;

pub(super) const CLOUD: Cloud = Cloud {
    schemes: &[
        ("vsphere", Provider::VSphere),
        ("harvester", Provider::Harvester),
        ("nutanix", Provider::Nutanix),
        ("proxmox", Provider::Proxmox),
    ],
    machine,
    ..Cloud::NOTHING
};

// The region is a word of whoever runs it; before two slashes there is none.
pattern!(OPENSTACK, r"openstack://([0-9A-Za-z._-]*)/.*");

fn machine(provider_id: &str, _: &str) -> Option<Machine> {
    provider_id.strip_prefix("openstack://")?;
    let [region] = groups(&OPENSTACK, provider_id).unwrap_or_default();
    Some(Machine::at(Provider::OpenStack, region))
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_compile() {
        assert!(super::OPENSTACK.is_some());
    }
}
