//! The scope: what is selected, and what every pane follows. Made of tree nodes (a selection, marks) or of path
//! globs (the command line); both are answered by the same three questions.

use globset::{GlobBuilder, GlobMatcher};

use super::environment::Environment;
use super::health::Health;
use super::id::ClusterId;
use super::kind::Kind;
use super::place::Place;
use super::text::SafeText;

mod glob;
pub use glob::{PathGlob, ScopeError};

/// A node of the tree, from the whole fleet down to one pod. Also the identity of a tree row. Those of one cluster stand in
/// every pivot; those above and between them are of one pivot each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TreeNode {
    /// Everything.
    Fleet,
    /// A cloud, by its tree word.
    Cloud(SafeText),
    /// Cloud, account.
    Account(SafeText, SafeText),
    /// Cloud, account, region.
    Region(SafeText, SafeText, SafeText),
    /// The clusters of an environment.
    Environment(Environment),
    /// The clusters of a group that the settings name.
    Group(SafeText),
    /// The clusters that are in this state. A scope is made of the clusters themselves, as they were when it was made: what
    /// heals does not leave it.
    Health(Health),
    /// The namespaces of that name, in every cluster.
    Namespaces(SafeText),
    /// An app, the workloads of that namespace, kind and name in every cluster.
    App(SafeText, Kind, SafeText),
    /// One cluster.
    Cluster(ClusterId),
    /// A namespace of a cluster.
    Namespace(ClusterId, SafeText),
    /// A workload: cluster, namespace, kind, name.
    Workload(ClusterId, SafeText, Kind, SafeText),
    /// A pod: cluster, namespace, name.
    Pod(ClusterId, SafeText, SafeText),
}

/// A cluster, as scopes see it.
#[derive(Clone, Copy, Debug)]
pub struct ClusterAt<'a> {
    /// Which.
    pub id: ClusterId,
    /// Where.
    pub place: &'a Place,
    /// The context it is reached by.
    pub context: &'a str,
    /// The environment it is of.
    pub environment: Environment,
    /// The groups it is in.
    pub groups: &'a [SafeText],
}

impl<'a> ClusterAt<'a> {
    /// A cluster of no environment and no group.
    pub const fn new(id: ClusterId, place: &'a Place, context: &'a str) -> Self {
        Self { id, place, context, environment: Environment::Unknown, groups: &[] }
    }
}

/// What is selected.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Union of these; empty means everything.
    items: Vec<Item>,
    /// Only these namespaces, when any.
    namespaces: Vec<SafeText>,
    /// Only these clusters, when any.
    clusters: Vec<ClusterId>,
    /// Only clusters of these places: every one has to match.
    places: Vec<PlaceFilter>,
}

/// A part of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlacePart {
    /// The cloud, by its tree word.
    Cloud,
    /// Account, project, subscription.
    Account,
    /// Region.
    Region,
    /// The cluster's own name.
    Cluster,
}

/// One part of a place, and globs of which one has to find it.
#[derive(Clone, Debug)]
pub struct PlaceFilter {
    part: PlacePart,
    texts: Vec<String>,
    globs: Vec<GlobMatcher>,
}

impl PlaceFilter {
    /// Reads globs; an error names the one that is none.
    pub fn new(part: PlacePart, texts: &[String]) -> Result<Self, String> {
        let read = |text: &String| match GlobBuilder::new(text).build() {
            Ok(glob) => Ok(glob.compile_matcher()),
            Err(e) => Err(format!("`{text}`: {}", e.kind())),
        };
        Ok(Self { part, texts: texts.to_vec(), globs: texts.iter().map(read).collect::<Result<_, _>>()? })
    }

    fn finds(&self, at: ClusterAt<'_>) -> bool {
        let value = match self.part {
            PlacePart::Cloud => at.place.provider.tree_word(),
            PlacePart::Account => at.place.account.as_str(),
            PlacePart::Region => at.place.region.as_str(),
            PlacePart::Cluster if at.place.cluster.is_empty() => at.context,
            PlacePart::Cluster => at.place.cluster.as_str(),
        };
        // A value that is no glob is compared as it is.
        self.texts.iter().any(|t| t == value) || self.globs.iter().any(|g| g.is_match(value))
    }
}

#[derive(Clone, Debug)]
enum Item {
    Node(TreeNode),
    Glob(Box<PathGlob>),
}

impl Scope {
    /// Everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// Exactly these nodes; none means everything.
    pub fn nodes(nodes: impl IntoIterator<Item = TreeNode>) -> Self {
        let items: Vec<Item> = nodes.into_iter().map(Item::Node).collect();
        if items.iter().any(|i| matches!(i, Item::Node(TreeNode::Fleet))) {
            return Self::default();
        }
        Self { items, ..Self::default() }
    }

    /// By path globs; none means everything.
    pub fn globs(globs: impl IntoIterator<Item = PathGlob>) -> Self {
        Self { items: globs.into_iter().map(|g| Item::Glob(Box::new(g))).collect(), ..Self::default() }
    }

    /// The same, in these namespaces only; none means all.
    #[must_use]
    pub fn in_namespaces(mut self, namespaces: Vec<SafeText>) -> Self {
        self.namespaces = namespaces;
        self
    }

    /// The same, in these clusters only; none means all.
    #[must_use]
    pub fn in_clusters(mut self, clusters: Vec<ClusterId>) -> Self {
        self.clusters = clusters;
        self
    }

    /// Whether this cluster is in scope as far as that does not depend on where it is.
    pub fn touches_but_for_places(&self, at: ClusterAt<'_>) -> bool {
        self.clusters.is_empty() || self.clusters.contains(&at.id)
    }

    /// The same, in clusters of these places only.
    #[must_use]
    pub fn in_places(mut self, places: Vec<PlaceFilter>) -> Self {
        self.places = places;
        self
    }

    /// The namespaces it is narrowed to, if any.
    pub fn namespaces(&self) -> &[SafeText] {
        &self.namespaces
    }

    /// Selects everything.
    pub fn is_all(&self) -> bool {
        self.items.is_empty()
            && self.namespaces.is_empty()
            && self.clusters.is_empty()
            && self.places.is_empty()
    }

    fn has_cluster(&self, at: ClusterAt<'_>) -> bool {
        (self.clusters.is_empty() || self.clusters.contains(&at.id))
            && self.places.iter().all(|p| p.finds(at))
    }

    /// All of it is in namespaces of one name.
    pub fn is_of_one_namespace(&self) -> bool {
        let of = |item: &Item| match item {
            Item::Node(node) => node.namespace().cloned(),
            Item::Glob(_) => None,
        };
        let first = self.items.first().and_then(of);
        self.namespaces.len() == 1 || (first.is_some() && self.items.iter().all(|item| of(item) == first))
    }

    /// The nodes it is made of (globs have none).
    pub fn tree_nodes(&self) -> impl Iterator<Item = &TreeNode> {
        self.items.iter().filter_map(|i| match i {
            Item::Node(n) => Some(n),
            Item::Glob(_) => None,
        })
    }

    /// It selects by whose a pod is, which changes while the pod stays.
    pub fn narrows_pods(&self) -> bool {
        self.items.iter().any(|i| match i {
            Item::Node(node) => {
                matches!(node, TreeNode::App(..) | TreeNode::Workload(..) | TreeNode::Pod(..))
            }
            Item::Glob(glob) => glob.workload.is_some(),
        })
    }

    /// It speaks of places, which may become known only when a cluster's nodes tell.
    pub fn asks_for_places(&self) -> bool {
        !self.places.is_empty() || self.items.iter().any(|i| matches!(i, Item::Glob(_)))
    }

    /// Whether anything of this cluster is in scope.
    pub fn touches(&self, at: ClusterAt<'_>) -> bool {
        self.touches_what(at, |_| true)
    }

    /// The same, where it is known which apps and which namespaces of all clusters it has.
    pub fn touches_what(&self, at: ClusterAt<'_>, has: impl Fn(&TreeNode) -> bool) -> bool {
        let is_there = |item: &Item| match item {
            Item::Node(node @ (TreeNode::Namespaces(_) | TreeNode::App(..))) => has(node),
            Item::Node(_) | Item::Glob(_) => true,
        };
        self.has_cluster(at)
            && (self.items.is_empty() || self.items.iter().any(|i| i.touches(at) && is_there(i)))
    }

    /// Whether objects without namespace (nodes, volumes) of this cluster are in scope: when it, or what it stands
    /// in, is selected whole.
    pub fn covers_cluster(&self, at: ClusterAt<'_>) -> bool {
        self.has_cluster(at)
            && self.namespaces.is_empty()
            && (self.items.is_empty()
                || self.items.iter().any(|i| match i {
                    Item::Node(n) => n.namespace().is_none() && i.touches(at),
                    Item::Glob(g) => g.namespace.is_none() && i.touches(at),
                }))
    }

    /// Whether anything of this namespace is in scope.
    pub fn touches_namespace(&self, at: ClusterAt<'_>, namespace: &str) -> bool {
        self.has_cluster(at)
            && (self.namespaces.is_empty() || self.namespaces.iter().any(|n| n == namespace))
            && (self.items.is_empty() || self.items.iter().any(|i| i.touches_namespace(at, namespace)))
    }

    /// Whether an object that belongs to the workload `(kind, name)` (itself, or one of its pods, then `pod` is its name)
    /// is in scope.
    pub fn covers(
        &self,
        at: ClusterAt<'_>,
        namespace: &str,
        workload: Option<(&str, &str)>,
        pod: Option<&str>,
    ) -> bool {
        self.has_cluster(at)
            && (self.namespaces.is_empty() || self.namespaces.iter().any(|n| n == namespace))
            && (self.items.is_empty() || self.items.iter().any(|i| i.covers(at, namespace, workload, pod)))
    }
}

impl TreeNode {
    /// The cluster it is in, when it is a cluster or below.
    pub fn cluster(&self) -> Option<ClusterId> {
        match self {
            Self::Cluster(c) | Self::Namespace(c, _) | Self::Workload(c, ..) | Self::Pod(c, ..) => Some(*c),
            _ => None,
        }
    }

    /// The namespace it is in, when it is a namespace or below.
    pub fn namespace(&self) -> Option<&SafeText> {
        match self {
            Self::Namespaces(n)
            | Self::App(n, ..)
            | Self::Namespace(_, n)
            | Self::Workload(_, n, ..)
            | Self::Pod(_, n, _) => Some(n),
            _ => None,
        }
    }

    /// How deep it stands: the fleet is 0, a pod 7.
    pub const fn depth(&self) -> u8 {
        match self {
            Self::Fleet => 0,
            Self::Cloud(_) | Self::Environment(_) | Self::Group(_) | Self::Health(_) => 1,
            Self::Account(..) => 2,
            Self::Region(..) => 3,
            Self::Cluster(_) => 4,
            Self::Namespaces(_) | Self::Namespace(..) => 5,
            Self::App(..) | Self::Workload(..) => 6,
            Self::Pod(..) => 7,
        }
    }
}

impl Item {
    fn touches(&self, at: ClusterAt<'_>) -> bool {
        match self {
            Self::Glob(g) => g.cluster.is_match(at.place.scope_path()) || g.cluster.is_match(at.context),
            Self::Node(TreeNode::Fleet) => true,
            Self::Node(TreeNode::Cloud(c)) => *c == at.place.provider.tree_word(),
            Self::Node(TreeNode::Account(c, a)) => {
                *c == at.place.provider.tree_word() && *a == at.place.account
            }
            Self::Node(TreeNode::Region(c, a, r)) => {
                *c == at.place.provider.tree_word() && *a == at.place.account && *r == at.place.region
            }
            Self::Node(TreeNode::Environment(environment)) => *environment == at.environment,
            Self::Node(TreeNode::Group(group)) => at.groups.contains(group),
            // Those of all clusters; which have them, the fleet knows.
            Self::Node(TreeNode::Namespaces(_) | TreeNode::App(..)) => true,
            Self::Node(n) => n.cluster() == Some(at.id),
        }
    }

    fn touches_namespace(&self, at: ClusterAt<'_>, namespace: &str) -> bool {
        self.touches(at)
            && match self {
                Self::Glob(g) => g.namespace.as_ref().is_none_or(|m| m.is_match(namespace)),
                Self::Node(n) => n.namespace().is_none_or(|n| n == namespace),
            }
    }

    fn covers(
        &self,
        at: ClusterAt<'_>,
        namespace: &str,
        workload: Option<(&str, &str)>,
        pod: Option<&str>,
    ) -> bool {
        self.touches_namespace(at, namespace)
            && match self {
                Self::Glob(g) => g.workload.as_ref().is_none_or(|m| {
                    workload.is_some_and(|(_, name)| m.is_match(name)) || pod.is_some_and(|p| m.is_match(p))
                }),
                Self::Node(TreeNode::App(_, kind, name) | TreeNode::Workload(_, _, kind, name)) => {
                    workload.is_some_and(|(k, n)| k == kind.info().name && n == &**name)
                }
                Self::Node(TreeNode::Pod(_, _, name)) => pod.is_some_and(|p| p == &**name),
                Self::Node(_) => true,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::place::Provider;

    fn place() -> Place {
        Place {
            provider: Provider::Aws,
            account: "222233334444".into(),
            region: "eu-west-1".into(),
            cluster: "prod-a".into(),
            ..Place::default()
        }
    }

    fn at(place: &Place) -> ClusterAt<'_> {
        ClusterAt {
            environment: Environment::Prod,
            ..ClusterAt::new(ClusterId(3), place, "arn:aws:eks:eu-west-1:222233334444:cluster/prod-a")
        }
    }

    #[test]
    fn globs_on_the_path() {
        let p = place();
        for (glob, hit) in [
            ("aws/*/eu-*/prod-*", true),
            ("aws", true),
            ("aws/**", true),
            ("gcp", false),
            ("**/prod-a", true),
            ("**/prod-b", false),
            ("*/222233334444", true),
            ("aws/*/us-*", false),
            ("**", true),
        ] {
            let scope = Scope::globs([PathGlob::parse(glob).unwrap()]);
            assert_eq!(scope.touches(at(&p)), hit, "{glob}");
        }
        assert!(PathGlob::parse("a/b/c/d/e/f/g").is_err());
        assert!(PathGlob::parse("[").is_err());
        assert!(PathGlob::parse(" ").is_err());
    }

    #[test]
    fn globs_below_the_cluster() {
        let p = place();
        let scope = Scope::globs([PathGlob::parse("**/prod-a/checkout/we*").unwrap()]);
        assert!(scope.covers(at(&p), "checkout", Some(("Deployment", "web")), None));
        assert!(!scope.covers(at(&p), "checkout", Some(("Deployment", "api")), None));
        assert!(!scope.touches_namespace(at(&p), "payments"));
        assert!(!scope.covers_cluster(at(&p)));
    }

    #[test]
    fn nodes_cover_what_is_below() {
        let p = place();
        let cloud = Scope::nodes([TreeNode::Cloud("aws".into())]);
        assert!(cloud.covers_cluster(at(&p)) && cloud.covers(at(&p), "x", None, Some("p")));
        let workload =
            Scope::nodes([TreeNode::Workload(ClusterId(3), "shop".into(), Kind::Deployment, "web".into())]);
        assert!(workload.covers(at(&p), "shop", Some(("Deployment", "web")), Some("web-1")));
        assert!(!workload.covers(at(&p), "shop", Some(("StatefulSet", "web")), Some("web-1")));
        assert!(!workload.covers_cluster(at(&p)));
        assert!(Scope::nodes([TreeNode::Fleet]).is_all());
        let narrowed = Scope::all().in_namespaces(vec!["a".into()]);
        assert!(narrowed.touches_namespace(at(&p), "a") && !narrowed.touches_namespace(at(&p), "b"));
        assert!(!narrowed.covers_cluster(at(&p)));
    }
    #[test]
    fn nodes_of_all_clusters() {
        let p = place();
        let groups = ["shops".into()];
        let at = ClusterAt { groups: &groups, ..at(&p) };
        let of = |node| Scope::nodes([node]);
        for (node, hit) in [
            (TreeNode::Environment(Environment::Prod), true),
            (TreeNode::Environment(Environment::Dev), false),
            (TreeNode::Group("shops".into()), true),
            (TreeNode::Group("x".into()), false),
        ] {
            let scope = of(node.clone());
            let all = (scope.touches(at), scope.covers_cluster(at), scope.covers(at, "x", None, None));
            assert_eq!(all, (hit, hit, hit), "{node:?}");
        }
        let namespaces = of(TreeNode::Namespaces("shop".into()));
        assert!(namespaces.touches_namespace(at, "shop") && !namespaces.touches_namespace(at, "x"));
        assert!(!namespaces.covers_cluster(at));
        let app = of(TreeNode::App("shop".into(), Kind::Deployment, "web".into()));
        assert!(app.covers(at, "shop", Some(("Deployment", "web")), Some("web-1")) && app.narrows_pods());
        assert!(!app.covers(at, "x", Some(("Deployment", "web")), None) && !app.covers_cluster(at));
        assert!(
            app.touches(at) && !app.touches_what(at, |_| false),
            "which clusters have it, the fleet knows"
        );
    }

    #[test]
    fn of_one_namespace_or_of_several() {
        let ns = |id, name| TreeNode::Namespace(ClusterId(id), SafeText::new(name));
        for (nodes, is) in [
            (vec![], false),
            (vec![ns(0, "a")], true),
            (vec![ns(0, "a"), ns(1, "a")], true),
            (vec![ns(0, "a"), ns(1, "b")], false),
            (vec![ns(0, "a"), TreeNode::Cluster(ClusterId(1))], false),
            (vec![TreeNode::Namespaces(SafeText::new("a"))], true),
        ] {
            assert_eq!(Scope::nodes(nodes.clone()).is_of_one_namespace(), is, "{nodes:?}");
        }
        assert!(Scope::all().in_namespaces(vec![SafeText::new("a")]).is_of_one_namespace());
    }
}
