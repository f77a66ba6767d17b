//! What guards clusters against writes by where they are, and what their names and places say of their environment.
//!
//! Places become known late: a kubeconfig may tell nothing and the nodes everything. So guards are asked again whenever
//! a place has become clearer, and then only ever add.

use super::cluster::ClusterInfo;
use crate::domain::context::environment_of;
use crate::domain::environment::Environment;
use crate::domain::scope::Scope;

/// A person's own rules.
#[derive(Clone, Debug, Default)]
pub struct Guards {
    /// Nothing may be written to these.
    pub read_only: Option<Scope>,
    /// These count as production, whatever their names say.
    pub protected: Option<Scope>,
}

impl Guards {
    /// Adds what these rules and the names say of a cluster.
    pub fn guard(&self, info: &mut ClusterInfo) {
        let touches = |scope: &Option<Scope>| scope.as_ref().is_some_and(|s| s.touches(info.at()));
        let (read_only, protected) = (touches(&self.read_only), touches(&self.protected));
        info.read_only |= read_only;
        info.environment = info.environment.or(environment_of(&info.place, &info.context));
        if protected {
            info.environment = Environment::Prod;
        }
    }
}
