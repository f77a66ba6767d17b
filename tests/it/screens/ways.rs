//! Where keys lead: in and out, through the tree, by filters, marks and commands.

use skyfleet::domain::id::ClusterId;
use skyfleet::domain::kind::Kind;
use skyfleet::domain::object::Meta;
use skyfleet::domain::pod::PodRow;
use skyfleet::domain::scope::TreeNode;
use skyfleet::fleet::delta::{Batch, Delta, NamespaceRow, Row, Update};
use skyfleet::ui::pane::PaneId;
use skyfleet::ui::view::Focus;

use super::{Stage, now, pod};

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
fn what_never_ran_before_has_no_previous_log_and_that_is_said() {
    let mut stage = Stage::new((80, 24), &[], false);
    stage.press("g r / 8 v b n enter p");
    assert_eq!(stage.view.pane, PaneId::Logs);
    assert!(stage.screen().contains("none of these ran before"), "{}", stage.screen());
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
fn whom_one_acts_as_is_in_the_header() {
    for size in [(80, 24), (200, 60)] {
        let mut stage = Stage::new(size, &[], false);
        let header = |stage: &mut Stage| stage.screen().lines().next().unwrap_or("").to_owned();
        assert!(!header(&mut stage).contains("as jane"));
        let mut as_users = |users: [&str; 2]| {
            let renamed = users.iter().zip(stage.fleet.clusters()).map(|(user, c)| {
                let acting_as = (*user).into();
                skyfleet::fleet::cluster::ClusterInfo { acting_as, ..c.info.clone() }
            });
            let roster = skyfleet::fleet::delta::Roster { renamed: renamed.collect(), ..Default::default() };
            stage.fleet.apply(Update::Roster(roster), now());
            header(&mut stage)
        };
        let told = as_users(["jane@example.com", ""]);
        assert!(told.contains("as jane@example.com"), "{told}");
        let told = as_users(["jane@example.com", "root"]);
        assert!(told.contains("as 2 users"), "{told}");
        let told = as_users([&"x".repeat(10_000), ""]);
        assert!(told.contains("as xxx") && told.chars().count() <= usize::from(size.0), "{told}");
    }
}

#[test]
fn how_a_cluster_is_entered_and_what_it_answers_stands_above_its_overview() {
    let mut stage = Stage::new((200, 60), &[], false);
    stage.press("down down");
    let traffic = skyfleet::fleet::delta::Traffic { requests_per_minute: 12, bytes_per_second: 3_600 };
    let ends = "2026-12-24T10:00:00Z".parse().unwrap();
    let deltas = vec![
        Delta::Expires(Some(("certificate", ends))),
        Delta::Latency { millis: 40 },
        Delta::Traffic(traffic),
    ];
    stage.fleet.apply(Update::Cluster(Batch { cluster: ClusterId(0), deltas }), now());
    let screen = stage.screen();
    for words in ["40 ms", "certificate until 2026-12-24", "12 requests/min"] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    // What hardly changes is not drawn anew.
    let near = skyfleet::fleet::delta::Traffic { requests_per_minute: 13, bytes_per_second: 3_700 };
    let deltas = vec![Delta::Latency { millis: 43 }, Delta::Traffic(near)];
    stage.fleet.apply(Update::Cluster(Batch { cluster: ClusterId(0), deltas }), now());
    assert_eq!(stage.screen(), screen);
    let deltas = vec![Delta::Latency { millis: 900 }, Delta::Expires(Some(("certificate", now())))];
    stage.fleet.apply(Update::Cluster(Batch { cluster: ClusterId(0), deltas }), now());
    let screen = stage.screen();
    assert!(screen.contains("900 ms") && screen.contains("certificate expired 2026-11-23"), "{screen}");
}

#[test]
fn a_view_chooses_columns_their_order_and_what_is_first() {
    use skyfleet::domain::table_view::{TableView, TableViews};
    let mut stage = Stage::new((160, 40), &[], false);
    let columns = ["restarts", "name", "TEAM=label:team", "cluster"].map(str::to_owned).to_vec();
    let view = TableView { columns, sort: Some("-restarts".to_owned()) };
    let views = TableViews::new([(&"po".to_owned(), &view)]);
    stage.view.options.tables = std::sync::Arc::new(views);
    stage.press(": p o enter");
    let text = stage.screen();
    let heading = text.lines().find(|l| l.contains("RESTARTS")).unwrap_or_default();
    let places =
        ["RESTARTS▼", "NAME", "TEAM", "CLUSTER"].map(|title| heading.split_once('│').unwrap().1.find(title));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
    assert!(!heading.contains("READY"), "{text}");
    let first = text.lines().skip_while(|l| !l.contains("RESTARTS")).nth(1).unwrap_or_default();
    assert!(first.contains("14"), "{text}");
    // The others when wide.
    stage.press("ctrl-w");
    let text = stage.screen();
    assert!(text.contains("READY") && text.contains("NAMESPACE"), "{text}");
}

/// A terminal that takes nothing.
struct Stuck;

impl std::io::Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl skyfleet::ui::term::behind::Out for Stuck {
    fn is_free(&self) -> bool {
        false
    }
}

/// Over a link that stands still keys are typed ahead: each acts on what those before it led to, drawn or not.
#[test]
fn keys_that_are_typed_ahead_act_on_the_right_row() {
    use crossterm::event::{Event, KeyEvent};
    use skyfleet::ui::looks::Looks;
    use skyfleet::ui::run::{Loop, Ui};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _inside = runtime.enter();
    let (theme, keymap) = ("default".to_owned(), "default".to_owned());
    let looks = Looks {
        folder: None,
        theme,
        keymap,
        depth: skyfleet::ui::theme::depth::Depth::None,
        letters: skyfleet::ui::theme::Letters::All,
    };
    let session = crate::simulated::session(&crate::simulated::small(1));
    let options = skyfleet::ui::view::ViewOptions::default();
    let ui = Ui { session, looks, options, notices: Vec::new(), logged: None };
    let mut main = Loop::start(ui, Stuck, (120, 40)).unwrap();
    for word in "/ b e t a enter enter".split(' ') {
        let key = skyfleet::ui::key::Key::parse(word).unwrap();
        main.event(Event::Key(KeyEvent::new(key.code(), key.modifiers()))).unwrap();
    }
    let nodes: Vec<TreeNode> = main.view.scope.tree_nodes().cloned().collect();
    assert_eq!(nodes, [TreeNode::Cluster(ClusterId(1))]);
}

/// What one run says of where one is leads another run there.
#[test]
fn where_one_is_can_be_said_and_found_again() {
    use skyfleet::ui::view::World;
    let mut start = None;
    for keys in [
        "",
        "g t / a l p h a enter enter : p o enter",
        ": d p space c h e c k o u t enter / w e b enter space",
        "g t space j j space b : p r o b l e m s enter",
        ": n s space c h e c k o u t enter ctrl-z",
        "g c ctrl-w",
        ": n o enter enter",
        "g t / w e b enter",
        ": b y space e n v enter j enter g s",
    ] {
        let mut stage = Stage::new((120, 40), &[], false);
        stage.screen();
        stage.press(keys);
        let before = stage.screen();
        let world = World { fleet: &stage.fleet, session: &stage.session, now: now() };
        let left = stage.view.left_off(world);
        let written = serde_json::to_string(&left).unwrap();
        // What was pressed is told, whatever it was.
        let beginning = start.get_or_insert_with(|| left.clone());
        assert_eq!(left == *beginning, keys.is_empty(), "{keys}: {written}");
        let mut other = Stage::new((120, 40), &[], false);
        other.screen();
        let read = serde_json::from_str(&written).unwrap();
        let world = World { fleet: &other.fleet, session: &other.session, now: now() };
        other.view.go_on(world, &read);
        other.screen();
        let world = World { fleet: &other.fleet, session: &other.session, now: now() };
        let again = other.view.left_off(world);
        assert_eq!(again, left, "{keys}: {written}\n{before}");
    }
}
