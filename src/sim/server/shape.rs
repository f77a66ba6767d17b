//! How the parts of an object merge, as the published schemas of its kind say: which lists are maps and by which keys
//! (`x-kubernetes-list-type`, `-list-map-keys`, and for strategic patches `-patch-strategy`, `-patch-merge-key`), and which maps are
//! replaced as a whole (`-map-type`). Of a kind that is not built in only the metadata is known: its lists are replaced.
//!
//! Called by `merge`, `apply` and `fields`, which follow it down an object as they go.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

use crate::sim::json as j;
use crate::sim::openapi;
use crate::sim::table::Resource;

/// A key that an item of a list is found by, and its value where the item does not say.
pub(crate) type Key = (&'static str, Option<&'static Value>);

/// How a list merges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ListKind {
    /// Items are found by these keys.
    Map(&'static [Key]),
    /// Items are unique scalars.
    Set,
    /// Replaced as a whole.
    Atomic,
}

/// Where in the schema of a kind a value is.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    node: &'static Node,
    is_atomic: bool,
}

/// A schema, or a part of one.
#[derive(Default)]
struct Node {
    fields: HashMap<&'static str, Link>,
    /// Of any other field, where the names are free.
    rest: Option<Link>,
    items: Option<Link>,
    list: List,
    patch: List,
    is_atomic: bool,
}

/// To another node; what it says there itself of the map counts more.
#[derive(Clone, Copy)]
struct Link {
    to: usize,
    is_atomic: Option<bool>,
}

#[derive(Default)]
enum List {
    Map(Box<[Key]>),
    Set,
    #[default]
    Atomic,
}

impl List {
    const fn kind(&'static self) -> ListKind {
        match self {
            Self::Map(keys) => ListKind::Map(keys),
            Self::Set => ListKind::Set,
            Self::Atomic => ListKind::Atomic,
        }
    }
}

/// The schemas as nodes. The first is that of what nothing is known of.
struct Nodes {
    all: Vec<Node>,
    by_name: HashMap<&'static str, usize>,
}

static NODES: LazyLock<Nodes> = LazyLock::new(Nodes::read);
const UNKNOWN: usize = 0;
/// An object of a kind that is not built in.
const CUSTOM: usize = 1;

impl Nodes {
    fn read() -> Self {
        let mut nodes = Self { all: vec![Node::default(), Node::default()], by_name: HashMap::new() };
        for (name, _) in openapi::all() {
            nodes.by_name.insert(name, nodes.all.len());
            nodes.all.push(Node::default());
        }
        for (name, schema) in openapi::all() {
            let node = nodes.node(schema);
            if let Some(place) = nodes.by_name.get(name.as_str()).and_then(|n| nodes.all.get_mut(*n)) {
                *place = node;
            }
        }
        let metadata = nodes.by_name.get("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
        let metadata = metadata.map(|to| ("metadata", Link { to: *to, is_atomic: None }));
        if let Some(custom) = nodes.all.get_mut(CUSTOM) {
            custom.fields.extend(metadata);
        }
        nodes
    }

    fn node(&mut self, schema: &'static Value) -> Node {
        let fields = schema.get("properties").and_then(Value::as_object);
        let fields = fields.into_iter().flatten().map(|(name, field)| (name.as_str(), self.link(field)));
        let fields = fields.collect();
        let mut below = |what: &str| schema.get(what).filter(|below| below.is_object()).map(|s| self.link(s));
        let (rest, items) = (below("additionalProperties"), below("items"));
        let of_items = schema.get("items").map(openapi::resolved);
        let key = |name: &'static str| -> Key {
            (name, of_items.and_then(|item| item.get("properties")?.get(name)?.get("default")))
        };
        let names = |field| j::list(schema, field).iter().filter_map(Value::as_str);
        let list = match j::text(schema, "x-kubernetes-list-type") {
            "map" => List::Map(names("x-kubernetes-list-map-keys").map(key).collect()),
            "set" => List::Set,
            _ => List::Atomic,
        };
        let merges = j::text(schema, "x-kubernetes-patch-strategy").split(',').any(|how| how == "merge");
        let patch = match schema.get("x-kubernetes-patch-merge-key").and_then(Value::as_str) {
            Some(name) if merges => List::Map([key(name)].into()),
            None if merges => List::Set,
            _ => List::Atomic,
        };
        Node { fields, rest, items, list, patch, is_atomic: is_atomic(schema).unwrap_or(false) }
    }

    fn link(&mut self, schema: &'static Value) -> Link {
        let named = openapi::referred(schema).and_then(|name| self.by_name.get(name));
        let to = match named {
            Some(to) => *to,
            None => {
                let node = self.node(schema);
                self.all.push(node);
                self.all.len() - 1
            }
        };
        Link { to, is_atomic: is_atomic(schema) }
    }
}

fn is_atomic(schema: &Value) -> Option<bool> {
    schema.get("x-kubernetes-map-type").map(|how| how == "atomic")
}

impl Shape {
    /// Of the whole object of a kind.
    pub(crate) fn of(res: &Resource) -> Self {
        let name = openapi::name_of(&res.group, &res.version, &res.kind);
        let to = name.and_then(|name| NODES.by_name.get(name)).copied().unwrap_or(CUSTOM);
        Self::at(Some(Link { to, is_atomic: None }))
    }

    fn at(link: Option<Link>) -> Self {
        static NOTHING: LazyLock<Node> = LazyLock::new(Node::default);
        let link = link.unwrap_or(Link { to: UNKNOWN, is_atomic: None });
        let node = NODES.all.get(link.to).unwrap_or(&NOTHING);
        Self { node, is_atomic: link.is_atomic.unwrap_or(node.is_atomic) }
    }

    /// Of one of its fields.
    pub(crate) fn field(self, name: &str) -> Self {
        Self::at(self.node.fields.get(name).copied().or(self.node.rest))
    }

    /// Of the items of a list.
    pub(crate) fn item(self) -> Self {
        Self::at(self.node.items)
    }

    /// How the list merges when it is applied.
    pub(crate) fn list(self) -> ListKind {
        self.node.list.kind()
    }

    /// How the list merges under a strategic patch.
    pub(crate) fn patched_list(self) -> ListKind {
        self.node.patch.kind()
    }

    /// The map is replaced as a whole.
    pub(crate) const fn is_atomic(self) -> bool {
        self.is_atomic
    }
}

/// The key values of an item; `None` when it lacks one that has no default.
pub(crate) fn item_key(item: &Value, keys: &[Key]) -> Option<Vec<Value>> {
    keys.iter().map(|(key, default)| item.get(*key).or(*default).cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::table;
    use serde_json::json;
    use std::sync::Arc;

    #[test]
    fn as_published() {
        let names = |list| match list {
            ListKind::Map(keys) => keys.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(","),
            ListKind::Set => "set".to_owned(),
            ListKind::Atomic => "atomic".to_owned(),
        };
        let of = |group: &str, kind: &str| {
            let of_kind = |r: &Arc<Resource>| r.group == group && r.kind == kind;
            Shape::of(&table::builtin().into_iter().find(of_kind).unwrap())
        };
        let widget = Shape::of(&Resource { kind: "Widget".into(), ..(*table::builtin()[0]).clone() });
        let pod = of("apps", "Deployment").field("spec").field("template").field("spec");
        let container = pod.field("containers").item();
        for (shape, applied, patched) in [
            (pod.field("containers"), "name", "name"),
            (container.field("ports"), "containerPort,protocol", "containerPort"),
            (container.field("env"), "name", "name"),
            (container.field("args"), "atomic", "atomic"),
            (pod.field("tolerations"), "atomic", "atomic"),
            (of("", "Service").field("spec").field("ports"), "port,protocol", "port"),
            (of("", "Pod").field("status").field("conditions"), "type", "type"),
            (of("", "Pod").field("metadata").field("finalizers"), "set", "set"),
            (of("networking.k8s.io", "NetworkPolicy").field("spec").field("ingress"), "atomic", "atomic"),
            (widget.field("spec").field("containers"), "atomic", "atomic"),
            (widget.field("metadata").field("ownerReferences"), "uid", "uid"),
        ] {
            assert_eq!((names(shape.list()), names(shape.patched_list())), (applied.into(), patched.into()));
        }
        let spec = of("", "Service").field("spec");
        assert!(spec.field("selector").is_atomic() && pod.field("nodeSelector").is_atomic());
        assert!(of("apps", "Deployment").field("spec").field("selector").is_atomic());
        // Said where it is used, against what the type itself says.
        assert!(!of("", "PersistentVolume").field("spec").field("claimRef").is_atomic());
        assert!(!spec.is_atomic() && !of("", "ConfigMap").field("data").is_atomic());
        let ListKind::Map(keys) = container.field("ports").list() else { panic!("no map") };
        assert_eq!(item_key(&json!({"containerPort": 80}), keys), Some(vec![json!(80), json!("TCP")]));
        assert_eq!(item_key(&json!({}), &[("name", None)]), None);
    }
}
