//! What comes of effects and of what tasks say: the view's own are performed here, the others are left for the loop.

use super::{View, World};
use crate::domain::quantity::count;
use crate::ops;
use crate::ops::reload::Noticed;
use crate::ui::effect::{Effect, Job, Look, Prompt, Said, Toast};
use crate::ui::modal::confirm::Confirm;
use crate::ui::pane::PaneId;
use crate::ui::pane::text::TextView;
use crate::ui::term::out::MOST_COPIED;
use crate::ui::view::Focus;

impl View {
    /// Performs the effects that are the view's own; what is left is the loop's.
    pub(super) fn absorb(&mut self, world: World<'_>, effects: Vec<Effect>) -> Vec<Effect> {
        let mut out = Vec::new();
        let mut queue: std::collections::VecDeque<Effect> = effects.into();
        while let Some(effect) = queue.pop_front() {
            match effect {
                Effect::Show(pane) => {
                    self.adopt_marks(world);
                    if pane != PaneId::Resources {
                        self.tab = None;
                    }
                    if pane != self.pane {
                        self.remember();
                        // They spoke of what was shown.
                        self.toasts.clear();
                        self.ways_in = 0;
                    }
                    self.pane = pane;
                    self.focus = Focus::Pane;
                    queue.extend(self.entered(world));
                }
                Effect::Scope(nodes) => {
                    self.remember();
                    self.ways_in = 0;
                    if let [one] = nodes.as_slice() {
                        self.tree.reveal(world.fleet, one);
                    }
                    self.set_scope(world, nodes);
                    if self.pane == PaneId::Logs {
                        queue.extend(self.panes.logs.open(world.fleet, &self.scope, None, false));
                    }
                }
                Effect::Drill(drill) => queue.extend(self.drill(world, drill)),
                Effect::Act(action) => queue.extend(self.act(world, action)),
                Effect::Command(text) => queue.extend(self.run_command(world, &text)),
                Effect::Toast(toast) => self.toast(toast, world.now),
                Effect::Confirm(plan) => {
                    if self.panes.deploy.is_running() {
                        self.toast(
                            Toast { words: "another plan is running; see it with g d".into(), error: true },
                            world.now,
                        );
                    } else {
                        let confirm = Confirm::new((*plan).clone(), self.options.max_targets);
                        self.confirm = Some(if ops::preflight::is_wanted(&plan, self.options.max_targets) {
                            out.push(Effect::Job(Job::Preflight { plan }));
                            confirm.asking()
                        } else {
                            confirm
                        });
                    }
                }
                Effect::Prompt(prompt) => self.ask(world, prompt),
                Effect::Logs { objects, previous } => {
                    self.remember();
                    self.toasts.clear();
                    queue.extend(self.panes.logs.open(world.fleet, &self.scope, Some(objects), previous));
                    self.pane = PaneId::Logs;
                    self.focus = Focus::Pane;
                    self.ways_in += 1;
                    self.text = None;
                }
                Effect::Look(look, object) => {
                    self.generation += 1;
                    let Some(cluster) = world.fleet.cluster(object.cluster) else { continue };
                    let place = cluster.info.place.path();
                    let title = if object.namespace.is_empty() {
                        format!("{place}  {}", object.target())
                    } else {
                        format!("{place}  {} / {}", object.namespace, object.target())
                    };
                    if self.text.is_none() {
                        self.text_from = self.focus;
                    }
                    let what = match look {
                        Look::Describe => "describe",
                        Look::Yaml | Look::Decoded => "yaml",
                        Look::UsedBy => "used-by",
                    };
                    let name = format!("{}-{what}", object.name);
                    let title = match look {
                        Look::Decoded => format!("{title}  decoded"),
                        Look::UsedBy => format!("{title}  used by"),
                        Look::Describe | Look::Yaml => title,
                    };
                    let mut view = TextView::new(name, self.generation, title);
                    view.of = Some((look, object.clone()));
                    view.ask(world.now);
                    self.text = Some(view);
                    self.focus = Focus::Pane;
                    let (generation, info) = (self.generation, Box::new(cluster.info.clone()));
                    out.push(Effect::Job(Job::Look { generation, look, object, info }));
                }
                Effect::Text { name, title, text, wrapped } => {
                    self.generation += 1;
                    if self.text.is_none() {
                        self.text_from = self.focus;
                    }
                    let mut view = TextView::new(name, self.generation, title);
                    view.set(Ok(&text));
                    if wrapped {
                        view.act(crate::ui::action::Action::LogWrap);
                    }
                    self.text = Some(view);
                    self.focus = Focus::Pane;
                }
                Effect::Dial(clusters) => self.dial(world, &clusters),
                Effect::Retry(clusters) => queue.extend(self.retry(world, &clusters)),
                Effect::Identities(id) => self.choose_identity(world, id),
                Effect::Copy(text) => {
                    let (lines, cut) = (count(text.lines().count().max(1), "line"), text.len() > MOST_COPIED);
                    let words = if cut {
                        format!(
                            "copied the first {} KB of {lines}: terminals take no more (OSC 52)",
                            MOST_COPIED / 1000
                        )
                    } else {
                        format!("copied {lines} (OSC 52)")
                    };
                    self.toast(Toast { words, error: cut }, world.now);
                    out.push(Effect::Copy(text));
                }
                other => out.push(other),
            }
        }
        out
    }

    /// What the fleet's changes ask for beyond being drawn: logs of what has started, a command that waited for its kind.
    pub fn follow(&mut self, world: World<'_>) -> Vec<Effect> {
        let mut effects = self.follow_awaited(world);
        effects.extend(self.ask_again(world, false));
        // Kinds that came meanwhile complete what is typed.
        if self.asking.as_ref().is_some_and(|asking| asking.prompt == Prompt::Command) {
            self.typed(world);
        }
        if self.pane == PaneId::Logs {
            effects.extend(self.panes.logs.grow(world.fleet, &self.scope, world.now));
        }
        self.absorb(world, effects)
    }

    /// Asks anew for what the text is of: at once, or where that was a while ago.
    pub(super) fn ask_again(&mut self, world: World<'_>, at_once: bool) -> Option<Effect> {
        let text = self.text.as_mut()?;
        let (look, object) = text.of.clone()?;
        // Who uses it takes several lists.
        if !at_once && (!text.is_due(world.now) || look == Look::UsedBy) {
            return None;
        }
        text.ask(world.now);
        let generation = text.generation;
        let info = Box::new(world.fleet.cluster(object.cluster)?.info.clone());
        Some(Effect::Job(Job::Look { generation, look, object, info }))
    }

    /// Hears what a task says.
    pub fn hear(&mut self, world: World<'_>, said: &Said) -> Vec<Effect> {
        let mut effects = Vec::new();
        match said {
            Said::Toast(toast) => self.toast(toast.clone(), world.now),
            Said::Worn(worn) => {
                for words in &worn.warnings {
                    self.toast(Toast { words: words.clone(), error: true }, world.now);
                }
                if worn.warnings.is_empty() {
                    let words = format!("theme {}; key map {}", worn.theme.name, worn.keymap.name);
                    self.toast(Toast { words, error: false }, world.now);
                }
            }
            Said::Preflight { plan } => {
                if let Some(confirm) = &mut self.confirm {
                    confirm.hear(plan);
                }
            }
            Said::Noticed(Noticed::SignIns) => self.retry_signed_out(world),
            Said::Trusted { cluster, outcome } => match outcome {
                Ok(()) => *self.retries.entry(*cluster).or_default() += 1,
                Err(words) => self.toast(Toast { words: words.clone(), error: true }, world.now),
            },
            Said::Look { generation, text } => {
                if let Some(view) = self.text.as_mut().filter(|v| v.generation == *generation) {
                    view.hear(text.as_deref().map_err(String::as_str), world.now);
                }
            }
            _ => {
                for (id, ..) in crate::ui::pane::PANES {
                    effects.extend(self.panes.get_mut(*id).hear(said, world.now));
                }
                // What came of a run is on its board, where that is looked at.
                if self.pane == PaneId::Deploy && matches!(said, Said::Run(_)) {
                    effects.retain(|e| !matches!(e, Effect::Toast(_)));
                }
            }
        }
        self.absorb(world, effects)
    }
}
