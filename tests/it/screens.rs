//! Screens: no size and no text panics, and each pane is what it was at the sizes that matter.

use jiff::Timestamp;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use skyfleet::domain::id::ClusterId;
use skyfleet::domain::kind::Kind;
use skyfleet::domain::object::{Meta, Owner};
use skyfleet::domain::pod::{ContainerRow, ContainerState, PodRow};
use skyfleet::domain::scope::TreeNode;
use skyfleet::fleet::Fleet;
use skyfleet::fleet::cluster::{Lack, Phase, Why};
use skyfleet::fleet::delta::{Batch, Delta, NamespaceRow, Row, Update};
use skyfleet::ops::session::Shared;
use skyfleet::ui::action::{ACTIONS, Action};
use skyfleet::ui::key::Key;
use skyfleet::ui::keymap::Keymap;
use skyfleet::ui::pane::PaneId;
use skyfleet::ui::render::render;
use skyfleet::ui::term::snapshot;
use skyfleet::ui::theme::Theme;
use skyfleet::ui::theme::depth::Depth;
use skyfleet::ui::view::{Focus, View, ViewOptions, World};

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
    let panes = ["g o", "g r", "g p", "g p right", "g d", "g s", "g l", "g c", ": c l o u d s enter"];
    let dialogs = ["g r down ctrl-d", "?", "g r d", ":", "g r N N", "c", "g o g r space l", "/ x x x enter"];
    for (w, h) in [(40, 12), (80, 24), (120, 40)] {
        for keys in panes.iter().chain(&dialogs) {
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
fn back_leads_to_where_one_came_from() {
    for from in ["g r down down", "g p / w e b enter right down"] {
        for size in [(80, 24), (120, 40)] {
            for to in ["l", "p", "d", "y"] {
                let mut stage = Stage::new(size, &[], false);
                stage.press(from);
                let (before, pane) = (stage.screen(), stage.view.pane);
                stage.press(to);
                let there = stage.view.pane == PaneId::Logs || stage.view.text.is_some();
                assert!(there, "{from} {to}");
                stage.press("esc");
                assert_eq!(stage.view.pane, pane, "{from} {to}");
                assert_eq!(stage.screen(), before, "{from} {to}");
            }
        }
    }
    // Out of the tree, too: focus, scope and cursor.
    for to in ["l", "p"] {
        let mut stage = Stage::new((80, 24), &[], false);
        let ns = TreeNode::Pod(ClusterId(0), "checkout".into(), "web-7c9d8f6b5-2xkqz".into());
        stage.view.tree.reveal(&stage.fleet, &ns);
        let before = stage.screen();
        stage.press(to);
        assert_ne!(stage.screen(), before);
        stage.press("esc");
        assert_eq!(stage.view.focus, Focus::Tree, "{to}");
        assert_eq!(stage.screen(), before, "{to}");
    }
}

#[test]
fn back_clears_a_filter_or_marks_and_stays() {
    let mut stage = Stage::new((80, 24), &[], false);
    stage.press("g r");
    let before = stage.screen();
    stage.press("/ 2 x k enter");
    assert_ne!(stage.screen(), before);
    stage.press("esc");
    assert_eq!((stage.view.focus, stage.screen()), (Focus::Pane, before));
    stage.press("space esc");
    assert_eq!(stage.view.focus, Focus::Pane);
    stage.press("esc");
    assert_eq!(stage.view.focus, Focus::Tree);
}

#[test]
fn left_on_a_closed_problem_leads_to_the_tree_and_opens_nothing() {
    let mut stage = Stage::new((120, 40), &[], false);
    stage.press("g p");
    let closed = stage.screen();
    stage.press("right");
    assert_ne!(stage.screen(), closed);
    stage.press("down left");
    assert_eq!((stage.view.focus, stage.screen()), (Focus::Pane, closed), "closed from below");
    stage.press("left");
    assert_eq!(stage.view.focus, Focus::Tree);
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
fn in_the_tree_right_goes_down_and_a_filter_keeps_the_way() {
    let mut stage = Stage::new((120, 40), &[], false);
    stage.press("right right right right right right right");
    assert_eq!(stage.view.focus, Focus::Tree);
    assert!(stage.view.tree.selected().is_some_and(|n| n.depth() > 3), "{:?}", stage.view.tree.selected());
    let name = stage.fleet.clusters()[0].info.name().to_string();
    let cloud = stage.fleet.clusters()[0].info.place.provider.tree_word();
    let typed: Vec<String> = name.chars().map(String::from).collect();
    stage.press(&format!("/ {} enter", typed.join(" ")));
    let text = stage.screen();
    let left: Vec<&str> = text.lines().map(|l| l.split('│').next().unwrap_or("")).collect();
    assert!(left.iter().any(|l| l.contains(&name)) && left.iter().any(|l| l.contains(cloud)), "{text}");
    assert_eq!(stage.view.tree.selected(), Some(&TreeNode::Cluster(stage.fleet.clusters()[0].id())));
    // Tab leads to the pane that stands beside it.
    stage.press("tab");
    assert_eq!((stage.view.focus, stage.view.pane), (Focus::Pane, PaneId::Overview));
}

/// The left of the screen: the tree.
fn left(screen: &str) -> Vec<&str> {
    screen.lines().map(|l| l.split('│').next().unwrap_or("").trim_end()).collect()
}

#[test]
fn a_filter_of_the_tree_finds_what_is_closed() {
    let mut stage = Stage::new((120, 40), &[], false);
    assert!(!stage.screen().contains("8vbn4"));
    stage.press("/ 8 v b n 4 enter");
    let found = stage.screen();
    assert_eq!(left(&found).iter().filter(|l| l.contains("web-7c9d8f6b5-8vbn4")).count(), 2, "{found}");
    let name = TreeNode::Pod(ClusterId(0), "checkout".into(), "web-7c9d8f6b5-8vbn4".into());
    assert_eq!(stage.view.tree.selected(), Some(&name));
    // What stands around it can be gone to, closed and opened, while the filter holds.
    stage.press("left");
    assert_ne!(stage.view.tree.selected(), Some(&name));
    stage.press("left");
    let closed = stage.screen();
    assert_eq!(left(&closed).iter().filter(|l| l.contains("-8vbn4")).count(), 1, "{closed}");
    stage.press("right");
    assert_eq!(left(&stage.screen()).iter().filter(|l| l.contains("-8vbn4")).count(), 2);
    // Opened by hand, it shows also what does not match.
    stage.press("left right");
    assert!(left(&stage.screen()).iter().any(|l| l.contains("2xkqz")), "{}", stage.screen());
    // Without the filter the cursor's row stays in sight, and nothing else was opened for good.
    stage.press("esc / 8 v b n 4 enter esc");
    let after = stage.screen();
    assert_eq!(stage.view.tree.selected(), Some(&name), "{after}");
    assert_eq!(left(&after).iter().filter(|l| l.contains("-8vbn4")).count(), 1, "{after}");
    stage.press("/ n o s u c h enter");
    assert!(stage.screen().contains("nothing matches"));
}

#[test]
fn enter_leads_in_and_back_leads_out() {
    for size in [(80, 24), (120, 40)] {
        let mut stage = Stage::new(size, &[], false);
        stage.press("g o down");
        // The tree beside it stays open where one was.
        let pane = |s: String| -> Vec<String> {
            s.lines().map(|l| l.rsplit('│').next().unwrap_or("").to_owned()).collect()
        };
        let mut ways = vec![pane(stage.screen())];
        for _ in 0..2 {
            stage.press("enter");
            ways.push(pane(stage.screen()));
        }
        assert!(ways.iter().any(|w| w.iter().any(|l| l.contains("NAMESPACE"))), "{ways:?}");
        while let Some(was) = ways.pop() {
            assert_eq!(pane(stage.screen()), was);
            assert_eq!(stage.view.focus, Focus::Pane);
            if !ways.is_empty() {
                stage.press("esc");
            }
        }
        // A kind, its filter and its row are there again too.
        let namespace = |name: &str| {
            let meta = Meta { name: name.into(), ..Meta::default() };
            Row::Namespace(NamespaceRow { meta, phase: "Active".into() })
        };
        let rows = ["checkout", "payments", "payroll"].map(namespace).into();
        let deltas = vec![Delta::Reset { kind: Kind::Namespace, rows }];
        stage.fleet.apply(Update::Cluster(Batch { cluster: ClusterId(0), deltas }), now());
        stage.press(": n s enter");
        stage.press("/ p a y enter down");
        let before = pane(stage.screen());
        stage.press("enter");
        assert!(stage.screen().contains("pods"), "{}", stage.screen());
        stage.press("esc");
        assert_eq!(pane(stage.screen()), before);
        stage.press("esc esc");
        assert_eq!(stage.view.focus, Focus::Tree);
    }
}

#[test]
fn marks_that_are_cleared_are_not_the_scope_any_more() {
    for clear in ["ctrl-\\", "esc"] {
        let mut stage = Stage::new((120, 40), &[], false);
        stage.press("down down space down down space g r");
        assert!(
            stage.screen().lines().next().is_some_and(|l| l.contains("2 selected")),
            "{}",
            stage.screen()
        );
        stage.press("g t");
        stage.press(clear);
        let text = stage.screen();
        assert!(text.lines().next().is_some_and(|l| l.contains("all clouds")), "{clear}: {text}");
        assert!(stage.view.scope.is_all());
    }
}

#[test]
fn a_mark_under_a_filter_takes_what_is_seen() {
    let mut stage = Stage::new((120, 40), &[], false);
    stage.press("/ a l p h a enter g g space");
    let marks: Vec<_> = stage.view.tree.marks.iter().cloned().collect();
    assert_eq!(marks, [TreeNode::Cluster(ClusterId(0))], "the place above it was marked");
    stage.press("space");
    assert!(stage.view.tree.marks.is_empty());
    // Without a filter a place is all that is in it.
    stage.press("esc g g space");
    assert_eq!(stage.view.tree.marks.iter().next(), Some(&TreeNode::Fleet));
}

#[test]
fn a_namespace_is_the_scope_of_every_pane() {
    let mut stage = Stage::new((120, 40), &[], false);
    stage.press("g p : n s space c h e c k o u t enter");
    let text = stage.screen();
    assert_eq!(stage.view.pane, PaneId::Problems);
    assert!(text.contains("checkout/web") && !text.contains("web/web"), "{text}");
    let header = text.lines().next().unwrap_or("");
    // What is counted is what is in it: two pods of each of the two clusters, not all eight.
    assert!(header.contains("ns checkout in 2 clusters") && header.contains("4 pods"), "{text}");
    stage.press(": n s space n o p e enter");
    assert!(stage.screen().contains("no cluster in scope has a namespace nope"));
    stage.press(": n s space p a y m e n t s enter");
    assert!(stage.screen().contains("ns payments in 2 clusters"), "{}", stage.screen());
    stage.press(": n s space a l l enter");
    assert!(stage.view.scope.is_all(), "{}", stage.screen());
}

#[test]
fn what_follows_the_cursor_and_not_the_scope_says_so() {
    let mut stage = Stage::new((120, 40), &[], false);
    assert!(!stage.screen().contains("under the cursor"));
    stage.press("down down");
    assert!(stage.screen().contains("under the cursor: alpha"), "{}", stage.screen());
    stage.press("enter");
    assert!(!stage.screen().contains("under the cursor"), "{}", stage.screen());
}

#[test]
fn esc_leads_back_from_what_was_opened_by_a_command() {
    let mut stage = Stage::new((120, 40), &[], false);
    // In a table with a filter, a plan is asked for and given up.
    stage.press("g r / 2 x k enter");
    let before = stage.screen();
    stage.press(": a p p l y space . / x . y a m l enter");
    assert_eq!(stage.view.pane, PaneId::Deploy);
    stage.press("esc");
    assert_eq!((stage.view.pane, stage.screen()), (PaneId::Resources, before));
    stage.press(": r u n s enter");
    assert!(stage.screen().contains("Nothing was run yet"), "{}", stage.screen());
}

#[test]
fn a_filter_that_is_given_up_leaves_the_tree_as_it_was() {
    let mut stage = Stage::new((120, 40), &[], false);
    stage.press("down down down");
    let before = stage.screen();
    for typed in ["/ 8 v b n 4 esc", "/ n o s u c h esc"] {
        stage.press(typed);
        assert_eq!(stage.screen(), before, "{typed}");
    }
}

#[test]
fn a_node_leads_to_its_own_pods_only() {
    let mut stage = Stage::new((120, 40), &[], false);
    let node = |name: &str| {
        let meta = Meta { name: name.into(), ..Meta::default() };
        Row::Node(Box::new(skyfleet::domain::node::NodeRow { meta, ..Default::default() }))
    };
    let on = |name: &str, node: &str| match pod("checkout", name, "x", "") {
        Row::Pod(row) => Row::Pod(Box::new(PodRow { node: node.into(), ..*row })),
        row => row,
    };
    let deltas = vec![
        Delta::Reset { kind: Kind::Node, rows: vec![node("worker-1"), node("worker-10")] },
        Delta::Reset { kind: Kind::Pod, rows: vec![on("here", "worker-1"), on("elsewhere", "worker-10")] },
    ];
    stage.fleet.apply(Update::Cluster(Batch { cluster: ClusterId(0), deltas }), now());
    stage.press(": n o d e s enter enter");
    let text = stage.screen();
    assert!(text.contains("on worker-1") && text.contains("here"), "{text}");
    assert!(!text.contains("elsewhere"), "{text}");
    stage.press("esc");
    assert!(stage.screen().contains("worker-10"));
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
