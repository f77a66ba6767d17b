//! The loop: the only owner of the fleet and the view.
//!
//! It waits for keys, deltas, task results and time; applies them; and draws when something changed: a key at once, data
//! at most thirty times a second. A still fleet draws nothing and sends nothing.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyEventKind};
use futures::{Stream, StreamExt};
use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::domain::id::ClusterId;
use crate::fleet::Fleet;
use crate::fleet::delta::{Roster, Update};
use crate::fleet::demand::Demand;
use crate::ops;
use crate::ops::last_known::{self, Keeper};
use crate::ops::reload::{self, Noticed};
use crate::ops::session::{Session, Shared};
use crate::ops::supervision::Supervision;

use super::effect::{Effect, Job, Said, Toast};
use super::key::Key;
use super::looks::{self, Looks};
use super::modal::welcome::Welcome;
use super::pane::PaneId;
use super::render::render;
use super::tasks::Tasks;
use super::term::behind::Out;
use super::term::out::Screen;
use super::theme::Theme;
use super::view::{View, ViewOptions, World};

/// Data is drawn at most this often.
const FRAME: Duration = Duration::from_millis(33);
/// While the terminal takes a frame it is looked so often whether it has it.
const BUSY: Duration = Duration::from_millis(4);
/// The loop applies deltas for at most this long before it looks at keys again.
const APPLY_MOST: Duration = Duration::from_millis(4);

/// What a session of the terminal is made of.
pub struct Ui {
    /// Who and where.
    pub session: Shared,
    /// The theme and the keys.
    pub looks: Looks,
    /// What is fixed.
    pub options: ViewOptions,
    /// Words to say at the start: warnings of settings.
    pub notices: Vec<String>,
    /// What the program logs of itself.
    pub logged: Option<mpsc::Receiver<String>>,
}

/// What the loop is asked to do to the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// The program ends.
    Quit,
    /// It ends, for the terminal is gone.
    Lost,
    /// Into the background, then on.
    Suspend,
    /// The program goes on with the demo.
    Demo,
    /// A sign-in wants the terminal.
    SignIn(ClusterId),
}

/// The loop's state; `turn` and `frame` are its two halves, so that snapshots and benches drive the same code.
pub struct Loop<W: Out> {
    /// The model.
    pub fleet: Fleet,
    /// The view.
    pub view: View,
    /// The screen.
    pub screen: Screen<W>,
    session: Shared,
    theme: Theme,
    looks: watch::Sender<Looks>,
    tasks: Tasks,
    updates: mpsc::Receiver<Update>,
    said: mpsc::Receiver<Said>,
    demand: watch::Sender<Demand>,
    /// The supervisors, once they have begun.
    supervision: Option<Supervision>,
    /// Keeps what is known for the next run.
    keeper: Option<Keeper>,
    cancel: CancellationToken,
    logged: Option<mpsc::Receiver<String>>,
    /// What the sources need; taken when they begin.
    sources: Option<(mpsc::Sender<Update>, mpsc::Sender<Said>, watch::Receiver<Demand>)>,
    dirty: bool,
    urgent: bool,
    drawn: Option<Instant>,
}

impl<W: Out> Loop<W> {
    /// A loop on which nothing is drawn yet and nobody has been asked.
    pub fn start(ui: Ui, out: W, size: (u16, u16)) -> io::Result<Self> {
        let cancel = CancellationToken::new();
        let (updates_in, updates) = mpsc::channel(256);
        let (said_in, said) = mpsc::channel(256);
        let (demand, demanded) = watch::channel(Demand::default());
        let worn = ui.looks.read();
        let mut view = View::new(ui.options, worn.keymap, size);
        let fleet = ui.session.fleet();
        let tasks = Tasks::new(ui.session.clone(), said_in.clone(), cancel.clone());
        if ui.session.infos.is_empty() {
            let files = ui.session.files.iter();
            view.welcome = Some(Welcome::new(files.map(|f| (f.path.as_path(), f.error.as_deref()))));
        }
        let now = ui.session.clock.now();
        for words in ui.notices.into_iter().chain(worn.warnings) {
            let world = World { fleet: &fleet, session: &ui.session, now };
            view.hear(world, &Said::Toast(Toast { words, error: true }));
        }
        Ok(Self {
            fleet,
            view,
            screen: Screen::new(out, size)?,
            session: ui.session,
            theme: worn.theme,
            looks: watch::Sender::new(ui.looks),
            tasks,
            updates,
            said,
            demand,
            supervision: None,
            keeper: None,
            cancel,
            logged: ui.logged,
            sources: Some((updates_in, said_in, demanded)),
            dirty: true,
            urgent: true,
            drawn: None,
        })
    }

    /// Starts supervisors and the reading of prices: once, and after the first frame, so that a person sees the tree
    /// before hundreds of connections want the processor.
    pub fn begin(&mut self) {
        let Some((updates, said, demand)) = self.sources.take() else { return };
        self.keeper = Keeper::new(&self.session);
        self.supervision = Some(self.session.supervise(updates.clone(), demand, self.cancel.clone()));
        if let Some(reader) = self.session.reader.clone() {
            let (notice, mut noticed) = mpsc::channel(1);
            tokio::spawn(reload::watch(reader, notice));
            let (said, cancel) = (said.clone(), self.cancel.clone());
            tokio::spawn(async move {
                while let Some(Some(what)) = cancel.run_until_cancelled(noticed.recv()).await {
                    if said.send(Said::Noticed(what)).await.is_err() {
                        return;
                    }
                }
            });
        }
        tokio::spawn(looks::follow(self.looks.subscribe(), said.clone()));
        tokio::spawn(async move {
            match crate::ops::catalogue::load().await {
                Ok(catalogue) => {
                    let _ = updates.send(Update::Catalogue(catalogue)).await;
                }
                Err(why) => {
                    let words = format!("prices cannot be read: {why}");
                    let _ = said.send(Said::Toast(Toast { words, error: true })).await;
                }
            }
        });
    }

    /// Runs until a person leaves, the input ends, or `stop` is cancelled (a signal).
    pub async fn run(
        &mut self,
        events: &mut (impl Stream<Item = io::Result<Event>> + Unpin),
        stop: &CancellationToken,
    ) -> io::Result<Leave> {
        if self.sources.is_some() {
            self.frame()?;
            self.begin();
        }
        let mut warming = true;
        loop {
            if self.frame_due() {
                self.follow()?;
                self.frame()?;
                warming = true;
            }
            self.keep();
            let wake = self.wake_at();
            tokio::select! {
                biased;
                () = stop.cancelled() => return Ok(Leave::Quit),
                event = events.next() => match event {
                    Some(Ok(event)) => {
                        if let Some(leave) = self.event(event)? {
                            return Ok(leave);
                        }
                    }
                    // The terminal is gone.
                    Some(Err(_)) | None => return Ok(Leave::Lost),
                },
                Some(said) = self.said.recv() => {
                    if let Some(leave) = self.hear(&said)? {
                        return Ok(leave);
                    }
                    // A flood of log lines must not keep the clusters' changes waiting.
                    if let Ok(update) = self.updates.try_recv() {
                        self.apply(update);
                    }
                }
                Some(update) = self.updates.recv() => self.apply(update),
                () = std::future::ready(()), if warming => warming = self.warm(),
                () = sleep_until(wake) => self.dirty = true,
            }
        }
    }

    /// Works out what is not needed at once, for a moment; false when there is nothing of that kind.
    pub fn warm(&mut self) -> bool {
        let before = self.view.problems();
        let more = self.view.warm(&self.fleet, self.session.clock.now());
        self.dirty |= self.view.problems() != before;
        more
    }

    /// Writes a cluster whose turn it is, beside the loop.
    fn keep(&mut self) {
        let now = self.session.clock.now();
        let keeper = self.keeper.as_mut();
        if let Some((path, bytes)) = keeper.and_then(|k| k.due(&self.session, &self.fleet, now)) {
            tokio::task::spawn_blocking(move || last_known::write(&path, &bytes));
        }
    }

    /// Ends everything that runs beside the loop.
    pub fn stop(&self) {
        self.cancel.cancel();
    }

    /// Stops the plan that runs, if one does, and gives it the time to end its write and its journal; keeps what is known.
    pub async fn finish(&mut self) {
        self.tasks.finish().await;
        if let Some(keeper) = self.keeper.take() {
            keeper.finish(&self.session, &self.fleet, self.session.clock.now());
        }
    }

    /// The theme it is drawn in.
    pub const fn theme(&self) -> &Theme {
        &self.theme
    }

    /// Takes in the next delta or task result, whichever comes first.
    pub async fn take_one(&mut self) {
        tokio::select! {
            Some(said) = self.said.recv() => {
                let _ = self.hear(&said);
            }
            Some(update) = self.updates.recv() => self.apply(update),
        }
    }

    /// What time it is for this session.
    pub fn now(&self) -> Timestamp {
        self.session.clock.now()
    }

    /// Applies an update and those that wait behind it, for a few milliseconds at most.
    fn apply(&mut self, first: Update) {
        let until = Instant::now() + APPLY_MOST;
        let now = self.now();
        self.fleet.apply(first, now);
        while Instant::now() < until {
            match self.updates.try_recv() {
                Ok(update) => self.fleet.apply(update, now),
                Err(_) => break,
            }
        }
        self.dirty = true;
    }

    /// Takes one terminal event.
    pub fn event(&mut self, event: Event) -> io::Result<Option<Leave>> {
        let now = self.now();
        // Over a slow link no frame was drawn since the key before.
        if self.urgent {
            self.ready(now);
        }
        let session = self.session.clone();
        let world = World { fleet: &self.fleet, session: &session, now };
        let effects = match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.view.key(world, Key::of(&key)),
            Event::Paste(text) => self.view.paste(world, &text),
            Event::Mouse(mouse) => self.view.mouse(world, mouse),
            Event::Resize(columns, rows) => {
                self.view.size = (columns, rows);
                self.screen.resize((columns, rows))?;
                Vec::new()
            }
            _ => return Ok(None),
        };
        self.dirty = true;
        self.urgent = true;
        self.perform(effects)
    }

    /// Lets the view ask for what the fleet's changes call for.
    fn follow(&mut self) -> io::Result<()> {
        let session = self.session.clone();
        let world = World { fleet: &self.fleet, session: &session, now: self.now() };
        let effects = self.view.follow(world);
        if !effects.is_empty() {
            self.perform(effects)?;
        }
        Ok(())
    }

    /// Takes what a task says.
    fn hear(&mut self, said: &Said) -> io::Result<Option<Leave>> {
        let now = self.now();
        let session = self.session.clone();
        let world = World { fleet: &self.fleet, session: &session, now };
        let effects = self.view.hear(world, said);
        self.dirty = true;
        // A person waits for it.
        self.urgent |= matches!(said, Said::Ranked { .. });
        match said {
            Said::Noticed(Noticed::Kubeconfig(loaded)) => {
                let (session, roster) = session.follow((**loaded).clone());
                let world = World { fleet: &self.fleet, session: &session, now };
                for (words, error) in reload::words(&session, &roster) {
                    self.view.hear(world, &Said::Toast(Toast { words, error }));
                }
                self.adopt(session, roster);
            }
            Said::Noticed(Noticed::SignIns) => ops::sign_in::again(&session),
            Said::Worn(worn) => {
                self.theme = worn.theme.clone();
                self.view.keymap = worn.keymap.clone();
            }
            _ => {}
        }
        self.perform(effects)
    }

    /// Does what the view leaves to the loop.
    pub(super) fn perform(&mut self, effects: Vec<Effect>) -> io::Result<Option<Leave>> {
        let mut leave = None;
        for effect in effects {
            match effect {
                Effect::Job(job) => self.tasks.start(job),
                Effect::Quit => leave = Some(Leave::Quit),
                Effect::Suspend => leave = Some(Leave::Suspend),
                Effect::Demo => leave = Some(Leave::Demo),
                Effect::Redraw => self.screen.clear()?,
                Effect::SignIn(id) => leave = Some(Leave::SignIn(id)),
                Effect::ActAs(id, context) => {
                    let (session, roster) = self.session.acting(id, &context);
                    self.tasks.start(Job::Remember(session.remembered().to_vec()));
                    self.adopt(session, roster);
                }
                Effect::Copy(text) => self.screen.copy(&text)?,
                Effect::Theme(name) => self.looks.send_modify(|looks| looks.theme = name),
                // The view has performed the others; a retry reaches the supervisors by the demand below.
                Effect::Dial(_)
                | Effect::Retry(_)
                | Effect::Identities(_)
                | Effect::Show(_)
                | Effect::Scope(_)
                | Effect::Drill(_)
                | Effect::Command(_)
                | Effect::Act(_)
                | Effect::Toast(_)
                | Effect::Confirm(_)
                | Effect::Prompt(_)
                | Effect::Logs { .. }
                | Effect::Text { .. }
                | Effect::Look(..) => {}
            }
        }
        self.demand();
        Ok(leave)
    }

    /// Tells the supervisors what is wanted now.
    fn demand(&self) {
        let wanted = self.view.demand(&self.fleet);
        self.demand.send_if_modified(|now| {
            let changed = *now != wanted;
            if changed {
                *now = wanted;
            }
            changed
        });
    }

    /// Goes on with a session that follows another kubeconfig, or another choice of who acts.
    fn adopt(&mut self, session: Session, roster: Roster) {
        self.session = Arc::new(session);
        self.tasks.follow(self.session.clone());
        if !self.session.infos.is_empty() {
            self.view.welcome = None;
        }
        if !roster.is_empty() {
            let world = World { fleet: &self.fleet, session: &self.session, now: self.session.clock.now() };
            self.view.forget_questions(world);
        }
        if let Some(supervision) = self.supervision.as_mut().filter(|_| !roster.is_empty()) {
            supervision.follow(&self.session, roster);
        }
        self.dirty = true;
    }

    /// The terminal has that size now, and shows something else.
    pub fn resized(&mut self, size: (u16, u16)) -> io::Result<()> {
        self.view.size = size;
        self.dirty = true;
        self.urgent = true;
        self.screen.resize(size)
    }

    /// After a sign-in with the terminal handed over.
    pub fn signed_in(&mut self, id: ClusterId, outcome: &Result<(), String>) {
        let session = self.session.clone();
        let world = World { fleet: &self.fleet, session: &session, now: self.now() };
        match outcome {
            Ok(()) => self.view.retry_signed_out(world),
            Err(why) => {
                let words =
                    format!("{}: {why}", session.info(id).map_or("the cluster", |i| i.name().as_str()));
                self.view.hear(world, &Said::Toast(Toast { words, error: true }));
            }
        }
        self.demand();
        self.dirty = true;
    }

    /// The session it is over.
    pub fn session(&self) -> Shared {
        self.session.clone()
    }

    fn frame_due(&self) -> bool {
        // Over a slow link frames are left out, not queued.
        self.dirty
            && self.screen.is_free()
            && (self.urgent || self.drawn.is_none_or(|at| at.elapsed() >= FRAME))
    }

    /// When the loop has to wake without anything happening: for a frame that waits, and for ages that change.
    fn wake_at(&self) -> Instant {
        match (self.dirty, self.drawn) {
            (true, _) if !self.screen.is_free() => Instant::now() + BUSY,
            (true, Some(at)) => at + FRAME,
            _ if self.view.is_in_sequence() => Instant::now() + Duration::from_millis(200),
            _ => Instant::now() + Duration::from_secs(1),
        }
    }

    /// Works out what a frame would show, drawn or not: a key acts on what the keys before it led to.
    fn ready(&mut self, now: Timestamp) {
        while let Some(line) = self.logged.as_mut().and_then(|logged| logged.try_recv().ok()) {
            self.view.panes.messages.log(&line, now);
        }
        if self.view.pane == PaneId::Tasks {
            self.view.panes.tasks.show(self.tasks.listed());
        }
        self.view.prepare(&self.fleet, now);
        if let Some(job) = self.view.job() {
            self.tasks.start(job);
        }
        // Other rows may be seen now.
        self.demand();
    }

    /// Draws a frame.
    pub fn frame(&mut self) -> io::Result<()> {
        let now = self.now();
        self.ready(now);
        let (fleet, view, theme) = (&self.fleet, &self.view, &self.theme);
        self.screen.draw(|buf| render(fleet, view, theme, now, buf))?;
        self.dirty = false;
        self.urgent = false;
        self.drawn = Some(Instant::now());
        Ok(())
    }
}

impl<W: Out> Drop for Loop<W> {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}
