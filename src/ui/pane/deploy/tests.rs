//! The matrix over more clusters than have room, and the runs before.

use super::*;
use crate::domain::environment::Environment;
use crate::domain::plan::{Step, StepAction, Verb, Verdict};
use crate::domain::scope::Scope;
use crate::fleet::Fleet;
use crate::ui::term::snapshot;
use crate::ui::theme::depth::Depth;

fn step(n: u32, name: &str, verdict: Verdict) -> Step {
    let environment = if n < 6 { Environment::Prod } else { Environment::Dev };
    Step {
        uid: String::new(),
        action: StepAction::Apply { object: serde_json::Value::Null, force: false },
        verdict,
        ..Step::sample(n, &format!("cluster-{n:02}"), environment, name)
    }
}

/// Two objects in twelve clusters, of which one refuses.
fn plan() -> Plan {
    let verdict = |n| if n == 7 { Verdict::Refused("exceeded quota".into()) } else { Verdict::Create };
    let steps = (0..12).flat_map(|n| [step(n, "web", verdict(n)), step(n, "api", Verdict::Create)]);
    Plan {
        id: "r1".into(),
        verb: Verb::Apply,
        subject: "web".into(),
        steps: steps.collect(),
        command: String::new(),
    }
}

struct Stage {
    pane: Deploy,
    fleet: Fleet,
    scope: Scope,
    tables: crate::domain::table_view::TableViews,
}

impl Stage {
    fn new() -> Self {
        let tables = crate::domain::table_view::TableViews::default();
        Self { pane: Deploy::default(), fleet: Fleet::default(), scope: Scope::all(), tables }
    }

    fn seen(&self) -> Seen<'_> {
        Seen {
            fleet: &self.fleet,
            scope: &self.scope,
            preview: &self.scope,
            now: now(),
            read_only: false,
            wide: false,
            tables: &self.tables,
        }
    }

    fn act(&mut self, action: Action) -> Vec<Effect> {
        let mut pane = std::mem::take(&mut self.pane);
        let effects = pane.act(self.seen(), action);
        self.pane = pane;
        effects
    }

    /// The heading and the pane.
    fn screen(&mut self, width: u16, height: u16) -> String {
        let (theme, _) = Theme::embedded("default", Depth::Rgb, crate::ui::theme::Letters::All);
        let area = Rect::new(0, 0, width, height);
        let mut buf = Buffer::empty(area);
        let mut pane = std::mem::take(&mut self.pane);
        pane.prepare(self.seen(), (height, width));
        pane.draw(self.seen(), &theme, true, area, &mut buf);
        let heading = pane.heading(self.seen());
        self.pane = pane;
        format!("{heading}\n{}", snapshot::text(&buf))
    }
}

fn now() -> Timestamp {
    "2026-11-24T14:00:00Z".parse().unwrap()
}

#[test]
fn clusters_that_are_treated_alike_share_a_column_and_the_others_are_scrolled_to() {
    let mut stage = Stage::new();
    stage.pane.plan = Some(plan());
    // Production is never folded into anything else.
    let folded = stage.screen(80, 20);
    for words in ["12 clusters", "cluster-00 +5", "cluster-06 +4", "cluster-07", "exceeded quota"] {
        assert!(folded.contains(words), "{words}: {folded}");
    }
    assert!(!folded.contains("columns"), "{folded}");
    stage.act(Action::Toggle);
    let split = stage.screen(80, 20);
    assert!(split.contains("columns 1-5 of 12") && split.contains('›') && !split.contains('‹'), "{split}");
    for _ in 0..20 {
        stage.act(Action::Right);
        stage.screen(80, 20);
    }
    let end = stage.screen(80, 20);
    assert!(end.contains("columns 8-12 of 12") && end.contains("cluster-11"), "{end}");
    assert!(end.contains('‹') && !end.contains('›'), "{end}");
    assert!(stage.pane.takes_left());
    // All side by side where there is room, and none is folded then.
    stage.act(Action::Toggle);
    let wide = stage.screen(200, 20);
    assert!((0..12).all(|n| wide.contains(&format!("cluster-{n:02} "))) && !wide.contains('+'), "{wide}");
}

#[test]
fn what_is_under_way_stays_in_sight() {
    let mut stage = Stage::new();
    let plan = plan();
    stage.pane.begin(&plan, now());
    for step in 0..20 {
        stage.pane.hear(&Said::Run(RunEvent::Done { step, words: "ready".into() }), now());
    }
    stage.pane.hear(&Said::Run(RunEvent::Waiting { step: 20, words: "1 of 2".into() }), now());
    let text = stage.screen(80, 12);
    assert!(text.contains("1 of 2") && text.contains("cluster-10"), "{text}");
    let failed = RunEvent::Failed { step: 20, words: "the image is not there ".repeat(8) + "at all" };
    stage.pane.hear(&Said::Run(failed), now());
    assert!(stage.screen(80, 14).contains("at all"), "why it failed is not cut: {}", stage.screen(80, 14));
}

#[test]
fn what_was_run_is_seen_later() {
    let mut stage = Stage::new();
    let plan = plan();
    stage.pane.begin(&plan, now());
    let failed = RunEvent::Failed { step: 0, words: "409 Conflict".into() };
    stage.pane.hear(&Said::Run(failed), now());
    let outcome = Outcome { failed: 1, not_started: 23, words: "failed: web".into(), ..Outcome::default() };
    stage.pane.hear(&Said::Run(RunEvent::Finished(outcome)), now());
    assert!(stage.screen(100, 30).contains("409 Conflict"));
    // Looked at and put back.
    stage.act(Action::Runs);
    assert!(stage.screen(100, 30).contains("Runs before") && stage.pane.is_holding());
    stage.act(Action::Back);
    assert!(!stage.screen(100, 30).contains("Runs before"));
    stage.act(Action::Back);
    let older = Past {
        run: "r0".into(),
        began: "2026-11-24T13:00:00Z".parse().unwrap(),
        title: "Scale 1 deployment in 1 cluster".into(),
        done: Some(true),
        words: "done: Scale".into(),
        steps: vec!["prod-a  apps/v1 Deployment shop/web  replicas 3 → 6  done: ready".into()],
    };
    // The journal tells of the same run too; it is there once.
    let same = Past { run: "r1".into(), steps: Vec::new(), ..older.clone() };
    stage.pane.hear(&Said::Past(vec![same, older]), now());
    let text = stage.screen(100, 30);
    assert!(text.contains("Runs before") && text.contains("Apply 24 deployments in 12 clusters"), "{text}");
    assert!(text.contains("failed: 409 Conflict"), "{text}");
    stage.act(Action::Down);
    let text = stage.screen(100, 30);
    assert!(text.contains("replicas 3 → 6  done: ready") && !text.contains("409"), "{text}");
}
