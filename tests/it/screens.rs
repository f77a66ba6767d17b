//! Screens: no size and no text panics, and each pane is what it was at the sizes that matter.

use jiff::Timestamp;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use skyfleet::domain::id::ClusterId;
use skyfleet::domain::kind::Kind;
use skyfleet::domain::object::{Meta, Owner};
use skyfleet::domain::pod::{ContainerRow, ContainerState, PodRow};
use skyfleet::fleet::Fleet;
use skyfleet::fleet::cluster::{Lack, Phase, Why};
use skyfleet::fleet::delta::{Batch, Delta, Row, Update};
use skyfleet::ops::session::Shared;
use skyfleet::ui::action::{ACTIONS, Action};
use skyfleet::ui::keymap::Keymap;
use skyfleet::ui::render::render;
use skyfleet::ui::term::snapshot;
use skyfleet::ui::theme::Theme;
use skyfleet::ui::theme::depth::Depth;
use skyfleet::ui::view::{View, ViewOptions, World};

use crate::simulated;

fn now() -> Timestamp {
    "2026-11-23T14:00:00Z".parse().unwrap()
}

fn pod(ns: &str, name: &str, image: &str, reason: &str) -> Row {
    let state = if reason.is_empty() {
        ContainerState::Running { since: Some(now()) }
    } else {
        ContainerState::Waiting {
            reason: reason.into(),
            message: "back-off 5m0s restarting failed container".into(),
        }
    };
    Row::Pod(Box::new(PodRow {
        meta: Meta {
            namespace: ns.into(),
            name: name.into(),
            created: Some("2026-11-23T13:50:00Z".parse().unwrap()),
            ..Meta::default()
        },
        node: "node-1".into(),
        phase: "Running".into(),
        status: if reason.is_empty() { "Running".into() } else { reason.into() },
        ready: u16::from(reason.is_empty()),
        total: 1,
        is_ready: reason.is_empty(),
        restarts: if reason.is_empty() { 0 } else { 14 },
        workload: Some(Owner { kind: "Deployment".into(), name: "web".into() }),
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
        // The session's clients want a runtime to be made in; nothing is asked of them.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let session = {
            let _inside = runtime.enter();
            simulated::session(&simulated::small(1))
        };
        let fleet = fleet(&session, texts);
        let (keymap, _) = Keymap::embedded("default");
        let options = ViewOptions { read_only: false, demo: true, max_targets: 50 };
        let depth = if ascii { Depth::None } else { Depth::Rgb };
        let (theme, _) = Theme::embedded("default", depth, ascii);
        Self { _runtime: runtime, session, fleet, view: View::new(options, keymap, size), theme }
    }

    fn act(&mut self, action: Action) {
        let world = World { fleet: &self.fleet, session: &self.session, now: now() };
        self.view.update(world, action);
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

#[test]
fn each_pane_at_each_size() {
    for (w, h) in [(40, 12), (80, 24), (120, 40), (200, 60)] {
        let mut all = String::new();
        for action in [
            Action::GotoOverview,
            Action::GotoResources,
            Action::GotoProblems,
            Action::GotoDeploy,
            Action::GotoScale,
            Action::GotoCosts,
        ] {
            let mut stage = Stage::new((w, h), &[], false);
            stage.draw();
            stage.act(action);
            let text = snapshot::text(&stage.draw());
            all.push_str(&format!("== {}\n{text}", action.info().name));
        }
        insta::assert_snapshot!(format!("panes_{w}x{h}"), all);
    }
}

#[test]
fn without_unicode_and_colour() {
    let mut stage = Stage::new((80, 24), &[], true);
    let buf = stage.draw();
    let text = snapshot::text(&buf);
    assert!(text.is_ascii(), "{text}");
    assert!(!snapshot::ansi(&buf).contains("38;2"), "no colour");
    assert!(snapshot::ansi(&buf).contains(";7"), "the cursor is reversed");
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
