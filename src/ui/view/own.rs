//! What a person has of their own: namespaces on the keys 1 to 9, and words for command lines.

use crate::domain::kind::{KINDS, Kind};
use crate::domain::quantity::count;
use crate::domain::scope::{Scope, TreeNode};
use crate::domain::text::SafeText;
use crate::fleet::cluster::{Cluster, Load};
use crate::fleet::phase::Phase;
use crate::fleet::tree;
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::pane::PaneId;

use super::{Focus, View, World};

/// So many namespaces have a key.
const FAVOURITES: usize = 9;
/// An alias may stand for another, but not without end.
const MOST_ALIASES: usize = 8;

/// The short words that k9s adds to those of the servers.
const K9S: [(&str, &str); 8] = [
    ("dp", "deployments"),
    ("sec", "secrets"),
    ("jo", "jobs"),
    ("cr", "clusterroles"),
    ("crb", "clusterrolebindings"),
    ("ro", "roles"),
    ("rb", "rolebindings"),
    ("np", "networkpolicies"),
];

impl View {
    /// The namespaces of the keys 1 to 9: those of the settings, then those gone to in this session.
    pub fn favourites(&self) -> impl Iterator<Item = &str> {
        let own = self.options.favourites.iter().map(String::as_str);
        own.chain(self.gone_to.iter().map(String::as_str)).take(FAVOURITES)
    }

    /// The namespace of a key, wherever in scope there is one.
    pub(super) fn favourite(&mut self, world: World<'_>, action: Action) -> Option<Vec<Effect>> {
        let n = action.info().name.strip_prefix("favourite-")?.parse::<usize>().ok()?;
        let Some(name) = self.favourites().nth(n.saturating_sub(1)).map(str::to_owned) else {
            let all: Vec<String> =
                self.favourites().zip(1..).map(|(name, n)| format!("{n} {name}")).collect();
            let there = if all.is_empty() { String::new() } else { format!(" ({})", all.join(", ")) };
            return Some(vec![Effect::complain(format!(
                "no namespace has the key {n}{there}: `favourites` in config.yaml or :ns NAME give keys"
            ))]);
        };
        Some(self.narrow_to(world, Some(name)))
    }

    /// One namespace in every cluster in scope, or that scope again. Every pane follows.
    pub(super) fn narrow_to(&mut self, world: World<'_>, namespace: Option<String>) -> Vec<Effect> {
        self.adopt_marks(world);
        // A scope that another `:ns` made is widened first.
        let now = self.narrowed.clone().filter(|(made, _)| *made == self.scope_nodes);
        let of = now.map_or_else(|| self.scope_nodes.clone(), |(_, of)| of);
        let whole = if of.is_empty() { vec![TreeNode::Fleet] } else { of.clone() };
        let Some(name) = namespace else {
            self.panes.resources.in_namespace(None);
            return vec![Effect::Scope(whole)];
        };
        let scope = Scope::nodes(whole);
        let ns = SafeText::new(&name);
        let has = world.fleet.in_scope(&scope).filter(|c| tree::namespace_names(c).contains(&ns));
        let mut nodes: Vec<TreeNode> = has.map(|c| TreeNode::Namespace(c.id(), ns.clone())).collect();
        let is_loading = |c: &&Cluster| matches!(c.phase, Phase::Connecting { .. } | Phase::Syncing { .. });
        let loading = world.fleet.in_scope(&scope).filter(is_loading).count();
        if nodes.is_empty() && !(scope.is_all() && loading > 0) {
            if loading > 0 {
                let words = format!(
                    "no cluster in scope has a namespace {name} so far; {} may",
                    count(loading, "more cluster")
                );
                return vec![Effect::complain(words)];
            }
            return vec![Effect::complain(format!("no cluster in scope has a namespace {name}"))];
        }
        self.panes.resources.in_namespace(None);
        if scope.is_all() {
            // Also in clusters that have it later.
            nodes = vec![TreeNode::Namespaces(ns)];
        }
        self.gone_to(Some(&name));
        self.narrowed = Some((nodes.clone(), of));
        let mut effects = vec![Effect::Scope(nodes)];
        // From the overview and the tree to what is in it, as in k9s; other panes follow where they are.
        if self.focus == Focus::Tree || self.pane == PaneId::Overview {
            effects.push(Effect::Show(PaneId::Resources));
        }
        effects
    }

    /// A namespace somebody went to has a key.
    pub(super) fn gone_to(&mut self, name: Option<&str>) {
        if let Some(name) =
            name.filter(|name| *name != "all" && !self.favourites().any(|known| known == *name))
        {
            self.gone_to.push(name.to_owned());
        }
    }

    /// A command line with the first word's alias written out.
    pub(super) fn without_alias(&self, text: &str) -> String {
        let mut text = text.trim().to_owned();
        for _ in 0..MOST_ALIASES {
            let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((&text, ""));
            let own = self.options.aliases.get(word).map(String::as_str);
            let k9s = || K9S.iter().find(|(short, _)| *short == word).map(|(_, kind)| *kind);
            let Some(line) = own.or_else(k9s) else { break };
            let next = format!("{line} {rest}").trim().to_owned();
            // `po: po shop` is that line, and no alias again.
            let is_itself = next.split_whitespace().next() == Some(word);
            text = next;
            if is_itself {
                break;
            }
        }
        text
    }

    /// Every word that stands for a kind or for a line, as a text.
    pub(super) fn all_aliases(&self) -> Effect {
        let mut lines: Vec<String> = Vec::new();
        if !self.options.aliases.is_empty() {
            lines.push("YOUR OWN (config.yaml)".to_owned());
            lines.extend(self.options.aliases.iter().map(|(word, line)| format!("  :{word:<18} {line}")));
            lines.push(String::new());
        }
        lines.push("K9S'S OWN".to_owned());
        lines.extend(K9S.iter().map(|(word, kind)| format!("  :{word:<18} {kind}")));
        lines.push(String::new());
        lines.push("KINDS".to_owned());
        for kind in KINDS {
            let shorts = kind.shorts.join(", ");
            lines.push(format!("  :{:<32} {shorts:<14} {}", kind.plural, kind.name));
        }
        let (name, title) = ("aliases".to_owned(), "Aliases".to_owned());
        Effect::Text { name, title, text: lines.join("\n"), wrapped: false }
    }
}

/// No cluster of the scope has a namespace of that name, as far as those can tell that answer. Who does not say which it
/// has, or was not asked yet, may have it.
pub(super) fn is_nowhere(world: World<'_>, scope: &Scope, name: &str) -> bool {
    let ns = SafeText::new(name);
    let may_have = |c: &Cluster| match &c.phase {
        Phase::Live => !matches!(c.loads.get(&Kind::Namespace), Some(Load::Ready)),
        Phase::Idle | Phase::Connecting { .. } | Phase::Syncing { .. } => true,
        _ => false,
    };
    let mut clusters = world.fleet.in_scope(scope).peekable();
    clusters.peek().is_some() && clusters.all(|c| !tree::namespace_names(c).contains(&ns) && !may_have(c))
}
