//! Who a cluster is entered as, and what has to be done before it can be entered at all.

use super::{View, World};
use crate::domain::cells;
use crate::domain::id::ClusterId;
use crate::domain::quantity::count;
use crate::domain::scope::TreeNode;
use crate::domain::sign_in::quote;
use crate::domain::text::SafeText;
use crate::fleet::cluster::Cluster;
use crate::fleet::phase::{By, Need, Phase};
use crate::ops::sign_in::{Lasting, again, trust_file};
use crate::ui::effect::{Effect, Job, Toast};
use crate::ui::modal::choice::Choice;

impl View {
    /// What Enter on a cluster that needs something first does, in the place of making it the scope.
    pub(super) fn wakes(&self, world: World<'_>) -> Option<Vec<Effect>> {
        if !self.tree.marks.is_empty() {
            return None;
        }
        let Some(TreeNode::Cluster(id)) = self.tree.selected() else { return None };
        needs(world.fleet.cluster(*id)?).map(|_| vec![Effect::Retry(vec![*id])])
    }

    /// Who opens a cluster that is not connected connects it.
    pub(super) fn idle(&self, world: World<'_>) -> Option<Effect> {
        let Some(TreeNode::Cluster(id)) = self.tree.selected() else { return None };
        let idle = world.fleet.cluster(*id)?.phase == Phase::Idle;
        idle.then(|| Effect::Retry(vec![*id]))
    }

    /// Enter on clusters that are not there: one that waits for a person is given what it waits for.
    pub(super) fn retry(&mut self, world: World<'_>, clusters: &[ClusterId]) -> Vec<Effect> {
        let found: Vec<&Cluster> = clusters.iter().filter_map(|id| world.fleet.cluster(*id)).collect();
        if let [one] = found.as_slice()
            && let Phase::SignedOut { need, cause, .. } = &one.phase
        {
            match need.by {
                By::Command | By::Plugin => return vec![Effect::SignIn(one.id())],
                By::Consent => {
                    let file = trust_file(world.session);
                    self.ask_consent(one, cause, &file.display().to_string());
                }
                By::Person => self.say_what_is_missing(one, need, cause),
            }
            return Vec::new();
        }
        self.dial(world, clusters);
        Vec::new()
    }

    /// Tries clusters again, whatever they wait for.
    pub(super) fn dial(&mut self, world: World<'_>, clusters: &[ClusterId]) {
        // What failed just now is not kept.
        again(world.session);
        let found: Vec<&Cluster> = clusters.iter().filter_map(|id| world.fleet.cluster(*id)).collect();
        for cluster in &found {
            *self.retries.entry(cluster.id()).or_default() += 1;
        }
        let idle = found.iter().filter(|c| c.phase == Phase::Idle).count();
        let waiting = found.iter().filter(|c| needs(c).is_some_and(|n| n.by != By::Person)).count();
        let words = match found.as_slice() {
            [] => "no cluster is selected".to_owned(),
            [one] if idle == 1 => format!("connecting {}", one.info.name()),
            all if idle == all.len() => format!("connecting {}", count(idle, "cluster")),
            all => format!("trying {} again", count(all.len(), "cluster")),
        };
        self.toast(Toast { words, error: false }, world.now);
        if waiting > 0 && found.len() > 1 {
            let words = format!("{waiting} of them need a person: Enter on each signs in");
            self.toast(Toast { words, error: false }, world.now);
        }
    }

    /// What was asked about clusters that are others now is not asked any more.
    pub fn forget_questions(&mut self, world: World<'_>) {
        self.choice = None;
        if self.confirm.take().is_some() {
            let words = "the clusters are others now: nothing was done; plan again".to_owned();
            self.toast(Toast { words, error: true }, world.now);
        }
    }

    /// Somebody signed in: what waits for that is tried again.
    pub fn retry_signed_out(&mut self, world: World<'_>) {
        for cluster in world.fleet.clusters() {
            if needs(cluster).is_some_and(|n| n.by != By::Consent) {
                *self.retries.entry(cluster.id()).or_default() += 1;
            }
        }
    }

    /// What skyfleet cannot do in a person's place.
    fn say_what_is_missing(&mut self, cluster: &Cluster, need: &Need, cause: &SafeText) {
        let mut words = vec![cause.to_string(), String::new()];
        if !need.next.is_empty() {
            words.extend([need.next.to_string(), String::new()]);
        }
        let options = vec![
            ("close".to_owned(), Vec::new()),
            ("try again: that is put right".to_owned(), vec![Effect::Dial(vec![cluster.id()])]),
        ];
        let title = format!("{}: {}", cluster.info.name(), need.state.word());
        self.choice = Some(Choice::new(title, words, options, 0));
    }

    fn ask_consent(&mut self, cluster: &Cluster, cause: &SafeText, file: &str) {
        let words = vec![
            cause.to_string(),
            String::new(),
            format!("It would sign in to {} (context {}).", cluster.info.place.path(), cluster.info.context),
            "A kubeconfig is code: say yes only if you know where this file is from. What looks like a secret is shown as •••."
                .to_owned(),
            format!("To take every yes back later: rm {}, and start skyfleet anew.", quote(file)),
            String::new(),
        ];
        let yes =
            |lasting| vec![Effect::Job(Job::Trust { cluster: cluster.id(), shown: cause.clone(), lasting })];
        let options = vec![
            ("do not run it".to_owned(), Vec::new()),
            ("run it, until skyfleet ends".to_owned(), yes(Lasting::ForNow)),
            ("run it, now and from now on".to_owned(), yes(Lasting::ForGood)),
        ];
        self.choice = Some(Choice::new("Run this program to sign in?".to_owned(), words, options, 0));
    }

    pub(super) fn choose_identity(&mut self, world: World<'_>, id: ClusterId) {
        let Some(cluster) = world.fleet.cluster(id) else { return };
        let info = &cluster.info;
        if info.other_contexts.is_empty() {
            let words = format!("{} is reached by one context only: {}", info.name(), info.context);
            self.toast(Toast { words, error: false }, world.now);
            return;
        }
        let mut names: Vec<&SafeText> = std::iter::once(&info.context).chain(&info.other_contexts).collect();
        names.sort();
        let at = names.iter().position(|n| **n == info.context).unwrap_or(0);
        let entries: Vec<_> = names
            .into_iter()
            .map(|name| (name, world.session.contexts.iter().find(|c| SafeText::new(&c.name) == *name)))
            .collect();
        // Names and users one below the other; who acts now is marked in front, where nothing cuts it off.
        let width = |texts: Vec<String>| texts.iter().map(|t| cells::width(t)).max().unwrap_or(0).min(36);
        let of_name = width(entries.iter().map(|(name, _)| name.to_string()).collect());
        let of_user =
            width(entries.iter().filter_map(|(_, c)| c.as_ref()).map(|c| c.acts_as.clone()).collect());
        let fit = |text: &str, width: u16| {
            let text = cells::middle(text, width);
            let room = usize::from(width.saturating_sub(cells::width(&text)));
            format!("{text}{}", " ".repeat(room))
        };
        let options = entries.iter().map(|(name, entry)| {
            let acts = if **name == info.context { '*' } else { ' ' };
            let who = entry.map_or_else(String::new, |c| {
                let why =
                    c.unusable.as_ref().map_or_else(String::new, |why| format!("  cannot be used: {why}"));
                let user = fit(&SafeText::new(&c.acts_as), of_user);
                format!("  {user}  {}{why}", SafeText::new(&c.auth.to_string()))
            });
            (format!("{acts} {}{who}", fit(name, of_name)), vec![Effect::ActAs(id, (*name).clone())])
        });
        let words =
            vec![format!("{} is reached by several contexts; * acts now.", info.place.path()), String::new()];
        self.choice = Some(Choice::new("Who acts here?".to_owned(), words, options.collect(), at));
    }
}

/// What a cluster waits for.
fn needs(cluster: &Cluster) -> Option<&Need> {
    match &cluster.phase {
        Phase::SignedOut { need, .. } => Some(need),
        Phase::Idle
        | Phase::Connecting { .. }
        | Phase::Syncing { .. }
        | Phase::Live
        | Phase::Stale { .. }
        | Phase::Denied { .. }
        | Phase::Unreadable { .. }
        | Phase::Unusable { .. }
        | Phase::Failed { .. } => None,
    }
}
