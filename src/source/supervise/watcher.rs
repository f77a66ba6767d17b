//! The watch of one kind of one cluster: list it, then watch it, and turn what comes into deltas.
//!
//! A list is kept back until it is whole: half a cluster is never shown. Not kube's watcher, because it says neither that
//! a watch was taken on after trouble, nor lets an answer be waited for within a limit. Called by `watch`, `tabled`, `counted`.

use std::time::Duration;

use kube::api::{Api, ListParams, WatchEvent, WatchParams};
use kube::{Client, ResourceExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout, timeout_at};

use super::budget::Held;
use super::gate::Waiting;
use super::reading::{Reading, Rows, with};
use super::tabled;
use super::watch::{Heard, Said};
use crate::domain::columns::own::Paths;
use crate::domain::columns::served::Definition;
use crate::domain::interner::Interner;
use crate::domain::kind::Kind;
use crate::domain::text::SafeText;
use crate::fleet::delta::{Delta, Row};
use crate::source::answer::{NoEvent, Turns, events};
use crate::source::api::{ANSWER_LIMIT, Pages};
use crate::source::fault::{Fault, FaultClass};

/// Rows asked for at once.
const PAGE: u32 = 500;
/// The first and the longest pause after trouble.
const WAIT_FIRST: Duration = Duration::from_millis(500);
const WAIT_MOST: Duration = Duration::from_secs(20);
/// One namespace that has had trouble until its pause is that long is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(4);
/// When a kind that was refused is asked for again: rights change, and a server that is starting refuses much.
const REFUSED_WAIT: Duration = Duration::from_mins(1);
/// A server ends a watch after 290 s, as asked; one that is silent for longer is asked anew.
const WATCH_LIMIT: Duration = Duration::from_mins(5);
/// How old an age may be that a server printed.
const AGES_LIMIT: Duration = Duration::from_mins(1);

/// Why a watch ended. Most go on for ever, until nobody hears them.
pub(super) enum Over {
    /// There are more rows than there is room for: so many. Only where room is asked for.
    NoRoom(usize),
    /// The server does not have that version of the kind any more. Only in the Table form.
    Gone,
}

/// What ended a list or a watch.
enum Ended {
    /// Ask for the list.
    List,
    /// Go on from this version.
    From(String),
    /// Trouble; afterwards the list, or the watch from this version.
    Trouble(Fault, Option<String>),
    /// There is no room for so many rows.
    NoRoom(usize),
}

/// The watch of one kind.
pub struct Watcher {
    pub(super) client: Client,
    /// At reading lists.
    turns: Turns,
    pub(super) kind: Kind,
    /// The namespace that is tried where all may not be listed.
    pub(super) own: Option<String>,
    /// Only that one is read.
    pub(super) within: bool,
    /// It watches one namespace of a cluster whose pods are not all watched.
    pub(super) part: Option<SafeText>,
    /// Room for its rows, where that is asked for.
    pub(super) held: Option<Held>,
    out: mpsc::Sender<Heard>,
    pub(super) gate: Waiting,
    /// The turn of the gate it is in.
    pub(super) turn: u32,
    /// The next pause after trouble.
    wait: Duration,
    /// How many rows a list brought at most since the last that was whole.
    furthest: usize,
    /// What many rows say.
    interner: Interner,
    /// What is read of each object for a person's own columns.
    pub(super) paths: Paths,
    /// It asks for the server's Table, and these are its columns as of the last list.
    pub(super) tabled: bool,
    columns: Vec<Definition>,
}

fn shared(mut row: Row, interner: &mut Interner) -> Row {
    row.share(interner);
    row
}

impl Watcher {
    /// One that has not begun.
    pub fn new(
        client: Client,
        kind: Kind,
        own: Option<String>,
        gate: Waiting,
        turns: Turns,
        out: mpsc::Sender<Heard>,
    ) -> Self {
        Self {
            client,
            turns,
            kind,
            own: own.filter(|_| kind.info().namespaced),
            within: false,
            part: None,
            held: None,
            out,
            gate,
            turn: 0,
            wait: WAIT_FIRST,
            furthest: 0,
            interner: Interner::default(),
            paths: Paths::default(),
            tabled: false,
            columns: Vec::new(),
        }
    }

    /// One of a single namespace, beside this one.
    pub(super) fn part(&self, namespace: &SafeText) -> Self {
        let (client, gate, turns) = (self.client.clone(), self.gate.clone(), self.turns.clone());
        let whole = Self::new(client, self.kind, None, gate, turns, self.out.clone());
        let held = self.held.as_ref().map(Held::for_namespace);
        Self { part: Some(namespace.clone()), held, paths: self.paths.clone(), ..whole }
    }

    /// Watches until nobody hears it, or there are more rows than there is room for.
    pub(super) async fn run<K>(
        &mut self,
        all: Api<K>,
        own: Option<Api<K>>,
        rows: impl Rows<K>,
    ) -> Option<Over>
    where
        K: kube::Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + 'static,
    {
        self.gate.open().await?;
        if self.part.is_none() {
            let loading = Delta::Loading { kind: self.kind, done: 0, total: None };
            self.say(Said::Delta(loading)).await?;
        }
        let mut next = Ended::List;
        loop {
            self.gate.open().await?;
            let turn = self.gate.turn();
            if std::mem::replace(&mut self.turn, turn) != turn {
                self.wait = WAIT_FIRST;
            }
            let api = own.as_ref().filter(|_| self.within).unwrap_or(&all);
            next = match next {
                Ended::List => {
                    let before = self.held.as_ref().map_or(0, Held::held);
                    let next = self.list(api, &rows).await?;
                    // A list that never comes whole takes no room from others.
                    if let (Ended::Trouble(..), Some(held)) = (&next, &mut self.held) {
                        held.just(before);
                    }
                    next
                }
                Ended::From(version) => self.follow(api, &rows, version).await?,
                // All may not be listed; the own namespace perhaps.
                Ended::Trouble(fault, None)
                    if fault.class == FaultClass::Forbidden && own.is_some() && !self.within =>
                {
                    self.within = true;
                    Ended::List
                }
                Ended::Trouble(fault, version) => {
                    // Rights change: the next try is for all again.
                    self.within &= fault.class != FaultClass::Forbidden;
                    // Who may not watch may still list: its rows are then as of the last list.
                    let refused = matches!(fault.class, FaultClass::Forbidden | FaultClass::NotFound);
                    // One namespace has no word of its own for trouble: after a while it is not known any more.
                    let forgets = self.part.is_some() && (refused || self.wait >= FORGET_AFTER);
                    if forgets {
                        self.forget_part().await?;
                    }
                    let is_gone = self.tabled && fault.class == FaultClass::NotFound;
                    self.trouble(fault).await?;
                    if is_gone {
                        return Some(Over::Gone);
                    }
                    version.filter(|_| !refused && !forgets).map_or(Ended::List, Ended::From)
                }
                Ended::NoRoom(total) => return Some(Over::NoRoom(total)),
            };
        }
    }

    /// The rows of its one namespace are not current, and go.
    pub(super) async fn forget_part(&self) -> Option<()> {
        match self.part.clone() {
            Some(namespace) => self.say(Said::Delta(Delta::PodsIn { namespace, rows: None })).await,
            None => Some(()),
        }
    }

    /// Tells the supervisor; `None` when it is gone. How the kind stands is not for one namespace to say.
    pub(super) async fn say(&self, said: Said) -> Option<()> {
        if self.part.is_some() && !matches!(said, Said::Delta(_)) {
            return Some(());
        }
        self.out.send(Heard { turn: self.turn, said }).await.ok()
    }

    /// Says what is wrong, and waits until it is worth another try.
    pub(super) async fn trouble(&mut self, fault: Fault) -> Option<()> {
        let kind = self.kind;
        let wait = match fault.class {
            FaultClass::Forbidden | FaultClass::NotFound => {
                self.say(Said::Refused(kind, fault)).await?;
                REFUSED_WAIT
            }
            FaultClass::Unreachable
            | FaultClass::Timeout
            | FaultClass::Tls
            | FaultClass::Unauthorized
            | FaultClass::Conflict
            | FaultClass::Gone
            | FaultClass::Invalid
            | FaultClass::TooMany
            | FaultClass::Server
            | FaultClass::Credentials
            | FaultClass::Other => {
                self.say(Said::Trouble(kind, fault)).await?;
                let wait = self.wait;
                self.wait = (wait * 2).min(WAIT_MOST);
                wait
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            asked = self.gate.asked() => asked?,
        }
        Some(())
    }

    fn in_form(&self, mut asked: http::Request<Vec<u8>>) -> http::Request<Vec<u8>> {
        if self.tabled {
            tabled::in_this_form(&mut asked, !self.paths.is_empty());
        }
        asked
    }

    /// Brings the whole list, page by page.
    async fn list<K>(&mut self, api: &Api<K>, make: &impl Rows<K>) -> Option<Ended>
    where
        K: kube::Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned,
    {
        let kind = self.kind;
        let mut rows: Vec<Row> = Vec::new();
        let mut pages = Pages::default();
        let reading = Reading { kind, make, paths: self.paths.clone() };
        let mut asked = ListParams { limit: Some(PAGE), ..ListParams::default() };
        loop {
            let request = match kube::core::Request::new(api.resource_url()).list(&asked) {
                Ok(request) => self.in_form(request),
                Err(error) => return Some(Ended::Trouble(Fault::of_chain(&error), None)),
            };
            // Boxed: thousands of watches would each have room for what only a list needs.
            let interner = &mut self.interner;
            let keep = |row| rows.push(shared(row, interner));
            let page = Box::pin(reading.page(&self.client, request, &self.turns, keep));
            let page = match self.gate.unless_shut(self.turn, timeout(ANSWER_LIMIT, page)).await {
                None => return Some(Ended::List),
                Some(Ok(Ok(page))) => page,
                Some(Ok(Err(fault))) => return Some(Ended::Trouble(fault, None)),
                Some(Err(_)) => {
                    let what = format!("list of {}", kind.info().plural);
                    return Some(Ended::Trouble(Fault::timeout(&what, ANSWER_LIMIT.as_secs()), None));
                }
            };
            let meta = page.metadata;
            if !page.columns.is_empty() && page.columns != self.columns {
                self.columns.clone_from(&page.columns);
                self.say(Said::Delta(Delta::Columns { kind, columns: page.columns })).await?;
            }
            let left = meta.remaining_item_count.and_then(|n| usize::try_from(n).ok());
            let total = left.map(|left| rows.len() + left);
            if let Some(held) = &mut self.held {
                let known = total.unwrap_or(rows.len());
                if !held.at_least(known) {
                    held.let_go();
                    return Some(Ended::NoRoom(known));
                }
            }
            match pages.next(rows.len(), meta.continue_.as_deref()) {
                Ok(Some(token)) => asked.continue_token = Some(token),
                Ok(None) => {
                    let Some(version) = meta.resource_version.filter(|v| !v.is_empty()) else {
                        let words = "the server's list has no resourceVersion; it cannot be watched";
                        return Some(Ended::Trouble(Fault::new(FaultClass::Other, words), None));
                    };
                    self.furthest = 0;
                    if let Some(held) = &mut self.held {
                        held.just(rows.len());
                    }
                    if let Some(namespace) = self.part.clone() {
                        self.say(Said::Delta(Delta::PodsIn { namespace, rows: Some(rows) })).await?;
                    } else {
                        let namespace = self.own.as_deref().filter(|_| self.within).map(SafeText::new);
                        self.say(Said::Delta(Delta::Within { kind, namespace })).await?;
                        self.say(Said::Delta(Delta::Reset { kind, rows })).await?;
                    }
                    self.say(Said::Whole(kind)).await?;
                    return Some(Ended::From(version));
                }
                Err(fault) => return Some(Ended::Trouble(fault, None)),
            }
            // A list that breaks off at the same page again and again comes no further: that is no good word.
            if rows.len() > self.furthest {
                self.furthest = rows.len();
                self.say(Said::Page { kind, done: rows.len(), total }).await?;
            }
        }
    }

    /// Watches from a version on, until the server ends it.
    async fn follow<K>(&mut self, api: &Api<K>, make: &impl Rows<K>, mut version: String) -> Option<Ended>
    where
        K: kube::Resource + Clone + std::fmt::Debug + serde::de::DeserializeOwned + Send + 'static,
    {
        let kind = self.kind;
        let started = Instant::now();
        let reading = Reading { kind, make, paths: self.paths.clone() };
        let url = kube::core::Request::new(api.resource_url());
        let request = match url.watch(&WatchParams::default(), &version) {
            Ok(request) => self.in_form(request),
            Err(error) => return Some(Ended::Trouble(Fault::of_chain(&error), None)),
        };
        let answer = timeout(ANSWER_LIMIT, events(&self.client, request));
        let mut events = match self.gate.unless_shut(self.turn, answer).await {
            None => return Some(Ended::From(version)),
            Some(Ok(Ok(events))) => events,
            Some(Ok(Err(fault))) => {
                let version = (fault.class != FaultClass::Gone).then_some(version);
                return Some(Ended::Trouble(fault, version));
            }
            Some(Err(_)) => {
                let what = format!("watch of {}", kind.info().plural);
                let fault = Fault::timeout(&what, ANSWER_LIMIT.as_secs());
                return Some(Ended::Trouble(fault, Some(version)));
            }
        };
        self.say(Said::Well(kind)).await?;
        let mut told = false;
        // Ages that the server prints are as of then: they are printed anew.
        let ages = self.columns.iter().any(Definition::is_time).then(|| started + AGES_LIMIT);
        loop {
            if ages.is_some_and(|until| until <= Instant::now()) {
                return Some(Ended::List);
            }
            let silent = Instant::now() + WATCH_LIMIT;
            let until = ages.map_or(silent, |until| until.min(silent));
            let event = timeout_at(until, reading.event::<K>(&mut events));
            let (event, own) = match self.gate.unless_shut(self.turn, event).await {
                None => return Some(Ended::From(version)),
                Some(Ok(Ok(event))) => event,
                Some(Err(_)) if ages.is_some() => continue,
                Some(Ok(Err(NoEvent::End)) | Err(_)) => break,
                Some(Ok(Err(NoEvent::Garbage(fault)))) => return Some(Ended::Trouble(fault, None)),
                Some(Ok(Err(NoEvent::Broken(fault)))) => return Some(Ended::Trouble(fault, Some(version))),
            };
            let (delta, at) = match event {
                // The kind has other columns now, and the rows that are there other cells.
                WatchEvent::Added(object) | WatchEvent::Modified(object)
                    if ![&[], self.columns.as_slice()].contains(&make.columns(&object)) =>
                {
                    if !told && started.elapsed() < WAIT_FIRST {
                        // Two servers of one cluster may print it in two ways while it is upgraded.
                        tokio::time::sleep(self.wait).await;
                        self.wait = (self.wait * 2).min(WAIT_MOST);
                    }
                    return Some(Ended::List);
                }
                WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                    let at = object.resource_version().unwrap_or_default();
                    let row = shared(with(make.row(object), own), &mut self.interner);
                    (Some(Delta::Upsert(row)), at)
                }
                WatchEvent::Deleted(object) => {
                    let namespace = SafeText::new(object.namespace().as_deref().unwrap_or(""));
                    let name = SafeText::new(&object.name_any());
                    let at = object.resource_version().unwrap_or_default();
                    (Some(Delta::Remove { kind, namespace, name }), at)
                }
                WatchEvent::Bookmark(mark) => (None, mark.metadata.resource_version),
                // What was missed is not known: the list says it.
                WatchEvent::Error(status) => {
                    let fault = Fault::of(&kube::Error::Api(status));
                    let expired = told && fault.class == FaultClass::Gone;
                    return Some(if expired { Ended::List } else { Ended::Trouble(fault, None) });
                }
            };
            if at.is_empty() {
                let words = "an event of the watch has no resourceVersion";
                return Some(Ended::Trouble(Fault::new(FaultClass::Other, words), None));
            }
            version = at;
            told = true;
            self.wait = WAIT_FIRST;
            if let Some(delta) = delta {
                self.say(Said::Delta(delta)).await?;
            }
        }
        if !told && started.elapsed() < WAIT_FIRST {
            // A server that ends each watch at once is not asked in a circle.
            tokio::time::sleep(self.wait).await;
            self.wait = (self.wait * 2).min(WAIT_MOST);
        }
        Some(Ended::From(version))
    }
}
