//! Commands whose kind nobody knows yet: the clusters in scope are asked which kinds they serve, and when they have answered
//! the command is run, or said to be wrong.

use jiff::{SignedDuration, Timestamp};

use crate::domain::quantity::count;
use crate::fleet::cluster::Cluster;
use crate::fleet::phase::Phase;
use crate::ui::effect::Effect;

use super::command::{self, Wrong};
use super::{View, World};

/// In a scope of so few clusters they are asked as soon as a command is typed, so that their kinds can be completed; in a
/// large one, perhaps behind a slow link, when one of them was meant.
const FEW: usize = 10;
/// Who has not answered after that is not waited for.
const WAIT: SignedDuration = SignedDuration::from_secs(5);
/// Within that a cluster connects that does so by itself.
const BEGIN: SignedDuration = SignedDuration::from_secs(1);

/// Others that are as near have answered by then.
const SETTLE: SignedDuration = SignedDuration::from_millis(300);

/// A command that waits.
pub(super) struct Awaited {
    text: String,
    wrong: Wrong,
    since: Timestamp,
}

impl View {
    /// A command will be typed.
    pub(super) fn prepare_command(&mut self, world: World<'_>) {
        if world.fleet.in_scope(&self.scope).count() <= FEW {
            self.ask_for_kinds(world, false);
        }
    }

    /// Asks the clusters in scope which kinds they serve: those that were never asked, or all of them anew.
    fn ask_for_kinds(&mut self, world: World<'_>, anew: bool) {
        for cluster in world.fleet.in_scope(&self.scope) {
            let asked = self.discovery.entry(cluster.id()).or_default();
            if anew || *asked == 0 {
                *asked += 1;
            }
        }
    }

    /// A command names a kind that is not known: perhaps the clusters know it.
    pub(super) fn wait_for_kind(&mut self, world: World<'_>, text: String, wrong: Wrong) -> Vec<Effect> {
        let may_answer =
            world.fleet.in_scope(&self.scope).filter(|c| answers(c) || c.phase == Phase::Idle).count();
        self.ask_for_kinds(world, true);
        let words = format!("asking {} for `{}` …", count(may_answer, "cluster"), wrong.word());
        self.awaited = Some(Awaited { text, wrong, since: world.now });
        vec![Effect::say(words)]
    }

    /// Runs the command that waits, once its kind is known, or says what is wrong with it.
    pub(super) fn follow_awaited(&mut self, world: World<'_>) -> Vec<Effect> {
        let Some(awaited) = self.awaited.take() else { return Vec::new() };
        let found = world.fleet.served_as(awaited.wrong.word(), &self.scope);
        let is_waiting = |c: &&Cluster| {
            answers(c) && self.discovery.get(&c.id()).is_some_and(|asked| c.served.asked < *asked)
        };
        let waiting = world.fleet.in_scope(&self.scope).filter(is_waiting).count();
        let is_idle = world.fleet.in_scope(&self.scope).any(|c| c.phase == Phase::Idle);
        let took = world.now.duration_since(awaited.since);
        let is_over = took >= WAIT || (waiting == 0 && (!is_idle || took >= BEGIN));
        // A name that others may give to another kind is not taken from the first who answers.
        let is_known = found.len() == 1 && took >= SETTLE;
        if !is_known && !is_over {
            self.awaited = Some(awaited);
            return Vec::new();
        }
        self.toasts.clear();
        match command::parse(&awaited.text, &|word| world.fleet.served_as(word, &self.scope).first().copied())
        {
            Ok(command) => self.command(world, command),
            Err(wrong) if waiting > 0 => {
                let clusters = count(waiting, "cluster");
                vec![Effect::complain(format!("{wrong}; {clusters} did not say which kinds they have"))]
            }
            Err(wrong) => vec![Effect::complain(wrong.to_string())],
        }
    }
}

/// It answers, or is about to.
fn answers(cluster: &Cluster) -> bool {
    matches!(cluster.phase, Phase::Live | Phase::Syncing { .. } | Phase::Connecting { .. })
}
