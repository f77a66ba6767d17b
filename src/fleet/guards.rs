//! What guards clusters against writes by where they are, and what their names and places say of their environment.
//!
//! Places become known late: a kubeconfig may tell nothing and the nodes everything. So guards are asked again whenever
//! a place has become clearer, and then only ever add.

use super::cluster::ClusterInfo;
use crate::domain::context::environment_of;
use crate::domain::environment::Environment;
use crate::domain::place::Place;
use crate::domain::scope::{ClusterAt, Scope};

/// A person's own rules.
#[derive(Clone, Debug, Default)]
pub struct Guards {
    /// Nothing may be written to these.
    pub read_only: Option<Scope>,
    /// These count as production, whatever their names say.
    pub protected: Option<Scope>,
}

impl Guards {
    /// Adds what these rules and the names say of a cluster. A rule that finds it by any of its contexts' names holds,
    /// whoever acts: a cluster that nothing else names is called after the context that acts, and must not lose its guard
    /// with that name.
    pub fn guard(&self, info: &mut ClusterInfo) {
        let names: Vec<_> = std::iter::once(&info.context).chain(&info.other_contexts).cloned().collect();
        let (mut read_only, mut protected) = (false, false);
        for context in &names {
            for cluster in [&info.place.cluster, context] {
                let place = Place { cluster: cluster.clone(), ..info.place.clone() };
                let at = ClusterAt { id: info.id, place: &place, context };
                let touches = |scope: &Option<Scope>| scope.as_ref().is_some_and(|s| s.touches(at));
                read_only |= touches(&self.read_only);
                protected |= touches(&self.protected);
            }
            info.environment = info.environment.or(environment_of(&info.place, context));
        }
        info.read_only |= read_only;
        if protected {
            info.environment = Environment::Prod;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scope::PathGlob;

    /// Whoever acts, the rule for one of a cluster's names holds.
    #[test]
    fn a_guard_holds_whoever_acts() {
        let scope = || Some(Scope::globs([PathGlob::parse("**/local-admin").unwrap()]));
        let guards = Guards { read_only: scope(), protected: scope() };
        for (acting, other, guarded) in [
            ("local-admin", "local-jane", true),
            ("local-jane", "local-admin", true),
            ("local-jane", "x", false),
        ] {
            let place = Place { cluster: acting.into(), ..Place::default() };
            let mut info =
                ClusterInfo { other_contexts: vec![other.into()], ..ClusterInfo::sample(acting, place) };
            guards.guard(&mut info);
            assert_eq!((info.read_only, info.is_protected()), (guarded, guarded), "{acting} {other}");
        }
    }
}
