//! What a person's settings say of clusters by where they are: what guards them against writes, which groups they are in, what
//! they are called; and what their names and places say of their environment.
//!
//! Places become known late: a kubeconfig may tell nothing and the nodes everything. So rules are asked again whenever
//! a place has become clearer, and then only ever add.

use std::collections::BTreeMap;

use super::cluster::ClusterInfo;
use crate::domain::context::environment_of;
use crate::domain::environment::Environment;
use crate::domain::place::Place;
use crate::domain::scope::{ClusterAt, Scope};
use crate::domain::text::SafeText;

/// A person's own rules.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Nothing may be written to these.
    pub read_only: Option<Scope>,
    /// These count as production, whatever their names say.
    pub protected: Option<Scope>,
    /// Groups of clusters, each by its name.
    pub groups: Vec<(SafeText, Scope)>,
    /// What clusters are called, by the name of a context that leads to them.
    pub names: BTreeMap<SafeText, SafeText>,
}

impl Rules {
    /// Adds what these rules and the names say of a cluster. A rule that finds it by any of its contexts' names holds,
    /// whoever acts: a cluster that nothing else names is called after the context that acts, and must not lose its guard
    /// with that name.
    pub fn apply(&self, info: &mut ClusterInfo) {
        let names: Vec<_> = std::iter::once(&info.context).chain(&info.other_contexts).cloned().collect();
        let (mut read_only, mut protected) = (false, false);
        for context in &names {
            for cluster in [&info.place.cluster, context] {
                let place = Place { cluster: cluster.clone(), ..info.place.clone() };
                let at = ClusterAt::new(info.id, &place, context);
                let touches = |scope: &Option<Scope>| scope.as_ref().is_some_and(|s| s.touches(at));
                read_only |= touches(&self.read_only);
                protected |= touches(&self.protected);
                for (group, scope) in &self.groups {
                    if scope.touches(at) && !info.groups.contains(group) {
                        info.groups.push(group.clone());
                    }
                }
            }
            info.environment = info.environment.or(environment_of(&info.place, context));
        }
        if let Some(name) = names.iter().find_map(|context| self.names.get(context)) {
            info.called = name.clone();
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
        let rules = Rules { read_only: scope(), protected: scope(), ..Rules::default() };
        for (acting, other, guarded) in [
            ("local-admin", "local-jane", true),
            ("local-jane", "local-admin", true),
            ("local-jane", "x", false),
        ] {
            let place = Place { cluster: acting.into(), ..Place::default() };
            let mut info =
                ClusterInfo { other_contexts: vec![other.into()], ..ClusterInfo::sample(acting, place) };
            rules.apply(&mut info);
            assert_eq!((info.read_only, info.is_protected()), (guarded, guarded), "{acting} {other}");
        }
    }

    #[test]
    fn groups_and_names() {
        let scope = |glob: &str| Scope::globs([PathGlob::parse(glob).unwrap()]);
        let rules = Rules {
            groups: vec![("all".into(), scope("**")), ("shops".into(), scope("**/shop-*"))],
            names: [("arn:shop-1".into(), "berlin".into())].into(),
            ..Rules::default()
        };
        for (cluster, context, groups, name) in [
            ("shop-1", "arn:shop-1", &["all", "shops"][..], "berlin"),
            ("bank-1", "arn:bank-1", &["all"], "bank-1"),
        ] {
            let place = Place { cluster: cluster.into(), ..Place::default() };
            let mut info = ClusterInfo::sample(context, place);
            // Again, as when a place has become clearer.
            for _ in 0..2 {
                rules.apply(&mut info);
            }
            assert_eq!(info.groups.iter().map(|g| g.as_str()).collect::<Vec<_>>(), groups);
            assert_eq!(info.name().as_str(), name);
        }
    }
}
