//! Screens: no size and no text panics, and each pane is what it was at the sizes that matter.

mod filters;
mod ways;

use jiff::Timestamp;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use skyfleet::domain::id::ClusterId;
use skyfleet::domain::kind::Kind;
use skyfleet::domain::object::{Meta, Owner};
use skyfleet::domain::pod::{ContainerRow, ContainerState, PodRow, Waiting};
use skyfleet::fleet::Fleet;
use skyfleet::fleet::cluster::{Lack, Why};
use skyfleet::fleet::delta::{Batch, Delta, Row, Update};
use skyfleet::fleet::phase::Phase;
use skyfleet::ops::session::Shared;
use skyfleet::ui::action::{ACTIONS, Action};
use skyfleet::ui::key::Key;
use skyfleet::ui::keymap::Keymap;
use skyfleet::ui::pane::PaneId;
use skyfleet::ui::render::render;
use skyfleet::ui::term::snapshot;
use skyfleet::ui::theme::depth::Depth;
use skyfleet::ui::theme::{Letters, Theme};
use skyfleet::ui::view::{View, ViewOptions, World};
use unicode_width::UnicodeWidthStr;

use crate::simulated;

fn now() -> Timestamp {
    "2026-11-23T14:00:00Z".parse().unwrap()
}

fn pod(ns: &str, name: &str, image: &str, reason: &str) -> Row {
    let state = if reason.is_empty() {
        ContainerState::Running { since: Some(now().into()) }
    } else {
        ContainerState::Waiting(Box::new(Waiting {
            reason: reason.into(),
            message: "back-off 5m0s restarting failed container".into(),
        }))
    };
    Row::Pod(Box::new(PodRow {
        meta: Meta {
            namespace: ns.into(),
            name: name.into(),
            created: "2026-11-23T13:50:00Z".parse::<Timestamp>().ok().map(Into::into),
            ..Meta::default()
        },
        node: "node-1".into(),
        phase: "Running".into(),
        status: if reason.is_empty() { "Running".into() } else { reason.into() },
        ready: u16::from(reason.is_empty()),
        total: 1,
        is_ready: reason.is_empty(),
        restarts: if reason.is_empty() { 0 } else { 14 },
        workload: Some(std::sync::Arc::new(Owner { kind: "Deployment".into(), name: "web".into() })),
        containers: vec![ContainerRow {
            name: "web".into(),
            image: image.into(),
            state,
            ..ContainerRow::default()
        }],
        ..PodRow::default()
    }))
}

/// Three clusters with a few pods, one of them not reached.
fn fleet(session: &Shared, texts: &[String]) -> Fleet {
    let mut fleet = session.fleet();
    let text = |n: usize| texts.get(n % texts.len().max(1)).map_or("web", String::as_str);
    for id in [0u32, 1] {
        let rows = vec![
            pod("checkout", "web-7c9d8f6b5-2xkqz", "registry.example/web:2.41.0", "CrashLoopBackOff"),
            pod("checkout", "web-7c9d8f6b5-8vbn4", "registry.example/web:2.41.0", ""),
            pod("payments", text(0), text(1), ""),
            pod(text(2), "odd", "x", text(3)),
        ];
        let deltas = vec![
            Delta::Version("v1.36.2-eks-1a2b3c4".into()),
            Delta::Reset { kind: Kind::Pod, rows },
            Delta::Phase(Phase::Live),
        ];
        fleet.apply(Update::Cluster(Batch { cluster: ClusterId(id), deltas }), now());
    }
    let phase = Phase::Failed {
        since: "2026-11-23T13:56:00Z".parse().unwrap(),
        cause: "TLS: handshake timed out".into(),
    };
    fleet.apply(Update::Cluster(Batch { cluster: ClusterId(2), deltas: vec![Delta::Phase(phase)] }), now());
    fleet
}

struct Stage {
    _runtime: tokio::runtime::Runtime,
    session: Shared,
    fleet: Fleet,
    view: View,
    theme: Theme,
}

impl Stage {
    fn new(size: (u16, u16), texts: &[String], ascii: bool) -> Self {
        Self::with(size, texts, Letters::of(ascii, false))
    }

    fn with(size: (u16, u16), texts: &[String], letters: Letters) -> Self {
        // The session's clients want a runtime to be made in; nothing is asked of them.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let session = {
            let _inside = runtime.enter();
            simulated::session(&simulated::small(1))
        };
        let fleet = fleet(&session, texts);
        let (keymap, _) = Keymap::embedded("default");
        let options = ViewOptions { demo: true, ..ViewOptions::default() };
        let depth = if letters == Letters::Ascii { Depth::None } else { Depth::Rgb };
        let (theme, _) = Theme::embedded("default", depth, letters);
        Self { _runtime: runtime, session, fleet, view: View::new(options, keymap, size), theme }
    }

    fn act(&mut self, action: Action) {
        let world = World { fleet: &self.fleet, session: &self.session, now: now() };
        self.view.update(world, action);
    }

    /// Keys as a person types them, each after a frame.
    fn press(&mut self, keys: &str) {
        for word in keys.split_whitespace() {
            self.draw();
            let world = World { fleet: &self.fleet, session: &self.session, now: now() };
            self.view.key(world, Key::parse(word).unwrap());
        }
    }

    fn screen(&mut self) -> String {
        snapshot::text(&self.draw())
    }

    fn type_text(&mut self, text: &str) {
        let world = World { fleet: &self.fleet, session: &self.session, now: now() };
        self.view.paste(world, text);
    }

    fn draw(&mut self) -> Buffer {
        let (w, h) = self.view.size;
        self.view.prepare(&self.fleet, now());
        let mut buf = Buffer::empty(Rect::new(0, 0, w, h));
        render(&self.fleet, &self.view, &self.theme, now(), &mut buf);
        buf
    }
}

/// The keys to each pane, each grouping of the tree, and what stands over them.
const EACH: &[&str] = &[
    "g o",
    "g r",
    "g p",
    "g d",
    "g s",
    "g l",
    "g c",
    ": c l o u d s enter",
    ": c t x enter",
    ": t a s k s enter",
    ": n s space n o p e enter : m e s s a g e s enter",
    "b",
    "b down down right right",
    "b b",
    "b b b",
    "b b b b",
    "g",
    "?",
    "ctrl-p a l p",
    "g r g g ctrl-d",
    "ctrl-a",
];

#[test]
fn each_pane_at_each_size() {
    for (w, h) in [(40, 12), (80, 24), (120, 40), (200, 60)] {
        let mut all = String::new();
        for keys in EACH {
            let mut stage = Stage::new((w, h), &[], false);
            stage.press(keys);
            stage.view.rest();
            all.push_str(&format!("== {keys}\n{}", stage.screen()));
        }
        insta::assert_snapshot!(format!("panes_{w}x{h}"), all);
    }
}

#[test]
fn without_unicode_and_colour() {
    let more = ["g p right", "g r d", ":", "g r N N", "c", "g o g r space l", "/ x x x enter"];
    for (w, h) in [(40, 12), (80, 24), (120, 40)] {
        for keys in EACH.iter().chain(&more) {
            let odd = ["日本語のテキスト".to_owned(), "é…→".to_owned()];
            let mut stage = Stage::new((w, h), &odd, true);
            stage.press(keys);
            let buf = stage.draw();
            let text = snapshot::text(&buf);
            assert!(text.is_ascii(), "{keys}: {text}");
            assert!(!snapshot::ansi(&buf).contains("38;2"), "no colour");
        }
    }
    let mut stage = Stage::new((80, 24), &[], true);
    stage.press("g r ctrl-d");
    assert!(stage.view.confirm.is_some(), "the dialog was among them");
}

#[test]
fn letters_of_ambiguous_width_are_not_drawn_where_they_are_wide() {
    let odd = ["日本語のテキスト".to_owned(), "é…→ Привет ①".to_owned()];
    let mut cjk = 0;
    for keys in EACH {
        let mut stage = Stage::with((120, 40), &odd, Letters::Unambiguous);
        stage.press(keys);
        for cell in &stage.draw().content {
            let letter = cell.symbol();
            assert_eq!(letter.width_cjk(), letter.width(), "{keys}: {letter:?}");
            cjk += usize::from(letter == "日");
        }
    }
    assert!(cjk > 0, "what is two cells wide for all stays");
}

#[test]
fn without_colour_the_cursors_row_stands_out_and_nothing_else_in_its_table() {
    let mut stage = Stage::new((80, 24), &[], true);
    stage.press("g r down");
    let buf = stage.draw();
    let reversed = |y: u16| {
        (0..80).filter(|x| buf[(*x, y)].modifier.contains(ratatui::style::Modifier::REVERSED)).count()
    };
    let rows: Vec<u16> = (2..23).filter(|y| reversed(*y) > 0).collect();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(reversed(rows[0]), 80);
}

#[test]
fn a_cluster_has_no_logs_and_that_is_said() {
    let mut stage = Stage::new((120, 40), &[], false);
    stage.press("g p / u n r e a c h a b l e enter l");
    assert_eq!(stage.view.pane, PaneId::Problems);
    let text = stage.screen();
    assert!(text.contains("a cluster has no logs"), "{text}");
    // On a line of its own that covers no row, and gone with the pane it spoke of.
    assert!(text.lines().rev().nth(1).is_some_and(|l| l.starts_with(" a cluster has no logs")), "{text}");
    stage.press("g o");
    assert!(!stage.screen().contains("has no logs"));
}

#[test]
fn the_tab_counts_problems_before_their_pane_was_opened() {
    let mut stage = Stage::new((120, 40), &[], false);
    let tab = |text: &str| {
        let at = text.find("Problems ").unwrap();
        text[at..].split("  ").next().unwrap().to_owned()
    };
    let before = tab(&stage.screen());
    stage.press("g p");
    assert_eq!(tab(&stage.screen()), before);
    assert!(before.len() > "Problems ".len(), "{before}");
}

#[test]
fn an_empty_table_names_what_narrows_it() {
    let mut stage = Stage::new((120, 40), &[], false);
    stage.press("g r ctrl-z / 8 v b n enter");
    let text = stage.screen();
    assert!(text.contains("/8vbn: Esc clears it") && text.contains("ctrl-z shows all"), "{text}");
}

#[test]
fn the_help_cuts_nothing_and_knows_the_command_line() {
    for size in [(40, 12), (80, 24)] {
        let mut stage = Stage::new(size, &[], false);
        stage.press("g r ?");
        assert!(stage.screen().contains("up/down"), "it scrolls");
        let mut all = String::new();
        for _ in 0..60 {
            all.push_str(&stage.screen());
            stage.press("pgdn");
        }
        for words in [":q quit", "po pods", ":problems", ":ns NAME"] {
            let turned: String = words.split(' ').rev().collect::<Vec<_>>().join(" ");
            assert!(all.contains(words) || all.contains(&turned), "{words} {size:?}");
        }
        assert!(!all.lines().skip(1).any(|l| l.contains('…')), "{size:?}");
    }
}

#[test]
fn how_to_leave_and_what_is_sorted_are_seen() {
    let mut stage = Stage::new((80, 24), &[], false);
    assert!(stage.screen().contains(":q quit"));
    stage.press("g r G N");
    let text = stage.screen();
    assert!(text.contains("NAME▲"), "{text}");
    stage.press("N");
    assert!(stage.screen().contains("NAME▼"));
}

/// The first line that has these words.
fn line_with<'a>(text: &'a str, words: &str) -> &'a str {
    text.lines().find(|l| l.contains(words)).unwrap_or_else(|| panic!("no {words:?} in\n{text}"))
}

#[test]
fn nothing_is_counted_before_a_list_is_there() {
    for ascii in [false, true] {
        let mut stage = Stage::new((140, 40), &[], ascii);
        assert!(snapshot::text(&stage.draw()).contains("8 pods"));
        stage.fleet = stage.session.fleet();
        let connecting = Delta::Phase(Phase::Connecting { since: now() });
        let batch = Batch { cluster: ClusterId(0), deltas: vec![connecting] };
        stage.fleet.apply(Update::Cluster(batch), now());
        let text = snapshot::text(&stage.draw());
        let none = if ascii { "- workloads  - pods" } else { "– workloads  – pods" };
        assert_eq!(text.lines().next().map(|l| l.contains(none)), Some(true), "{text}");
        assert!(!text.contains("nothing is broken in this scope"), "{text}");
    }
}

#[test]
fn what_is_not_current_says_so() {
    let lack = |cluster, kind, why, cause: &str| {
        let since = now() - jiff::SignedDuration::from_mins(3);
        let lack = Lack { since, cause: cause.into(), why };
        Update::Cluster(Batch { cluster: ClusterId(cluster), deltas: vec![Delta::Lacks { kind, lack }] })
    };
    let mut stage = Stage::new((200, 40), &[], false);
    stage.fleet.apply(lack(0, Kind::Pod, Why::Trouble, "told 500"), now());
    stage.fleet.apply(lack(1, Kind::Deployment, Why::Refused, "told 403"), now());
    stage.draw();
    stage.act(Action::GotoResources);
    let text = snapshot::text(&stage.draw());
    // Rows stay, and the heading says that they are old.
    assert!(line_with(&text, "not current").contains("alpha: not current for 3m: told 500"), "{text}");
    assert!(text.contains("web-7c9d8f6b5-2xkqz"), "{text}");
    // An empty table is no absence where a cluster could not say.
    stage.view.panes.resources.show(Kind::Deployment);
    let text = snapshot::text(&stage.draw());
    assert!(text.contains("beta: not current for 3m: told 403"), "{text}");
    assert!(!text.contains("no deployments here"), "{text}");
    // The tree has a sign, the overview and the problems the cause.
    assert!(line_with(&text, "▸ beta").contains('▲'), "{text}");
    stage.act(Action::GotoOverview);
    assert!(snapshot::text(&stage.draw()).contains("deployments: told 403"));
    stage.act(Action::GotoProblems);
    let text = snapshot::text(&stage.draw());
    assert!(text.contains("may not list deployments"), "{text}");
    assert!(text.contains("ask for the right to list"), "{text}");
}

#[test]
fn drawing_twice_gives_the_same_cells() {
    let mut stage = Stage::new((120, 40), &[], false);
    let first = stage.draw();
    assert_eq!(first, stage.draw());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn no_size_and_no_text_panics(
        w in 1u16..300,
        h in 1u16..100,
        texts in proptest::collection::vec("\\PC{0,40}|[\\x00-\\x7f]{0,30}|日本語のテキスト|x{2000}", 4),
        steps in proptest::collection::vec(0usize..ACTIONS.len(), 1..25),
    ) {
        let mut stage = Stage::new((w, h), &texts, false);
        stage.draw();
        for (n, step) in steps.into_iter().enumerate() {
            let action = ACTIONS[step].action;
            stage.act(action);
            if n % 3 == 0 {
                stage.type_text(&texts[n % texts.len()]);
            }
            stage.draw();
        }
    }
}
