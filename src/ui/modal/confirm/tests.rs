//! What the dialog shows at the sizes that matter.

use super::*;
use crate::domain::environment::Environment;
use crate::domain::plan::{Step, StepCluster, Verb, Verdict};
use crate::ui::term::snapshot;
use crate::ui::theme::depth::Depth;

const SUBSCRIPTIONS: [&str; 2] =
    ["8b1f6c52-7d40-4f0e-9f0a-1c2d3e4f5a6b", "8b1f6c52-7d40-4f0e-9f0a-1c2d3e4f5a6c"];

fn step(n: u32, cluster: &str, name: &str) -> Step {
    let account = SUBSCRIPTIONS[n as usize % 2];
    let sample = Step::sample(n, cluster, Environment::Prod, name);
    Step {
        cluster: StepCluster {
            path: format!("azure / {account} / westeurope / {cluster}"),
            context: format!("{cluster}-admin"),
            acts_as: "clusterAdmin_rg-production-westeurope".into(),
            ..sample.cluster
        },
        namespace: "checkout".into(),
        notes: vec!["an autoscaler holds 3 to 9 replicas and may undo this".into()],
        ..sample
    }
}

fn plan(steps: Vec<Step>) -> Plan {
    let command = format!(
        "skyfleet scale deploy/web -n checkout --replicas 6{}",
        steps.iter().map(|s| format!(" --context {}", s.cluster.context)).collect::<String>()
    );
    Plan { id: "r1".into(), verb: Verb::Scale, subject: "checkout-web".into(), steps, command }
}

fn screen(confirm: &mut Confirm, w: u16, h: u16) -> String {
    let area = Rect::new(0, 0, w, h);
    let (theme, _) = Theme::embedded("default", Depth::Rgb, crate::ui::theme::Letters::All);
    let mut buf = Buffer::empty(area);
    confirm.prepare(area);
    confirm.draw(&theme, area, &mut buf);
    snapshot::text(&buf)
}

/// The screen's signs without the border and the blanks: what is wrapped can be found in it.
fn flat(screen: &str) -> String {
    screen.chars().filter(|c| !c.is_whitespace() && *c != '│').collect()
}

#[test]
fn the_smallest_screen_shows_cluster_object_and_word() {
    let name = "checkout-web-canary-blue-eu-west-1";
    let mut confirm = Confirm::new(plan(vec![step(0, "aks-production-westeurope-01", name)]), 50);
    let text = screen(&mut confirm, 40, 12);
    for wanted in ["aks-production-westeurope-01", &format!("deploy/{name}")] {
        assert!(flat(&text).contains(wanted), "{wanted}:\n{text}");
    }
    assert_eq!(flat(&text).matches(name).count(), 2, "the object and the word:\n{text}");
    assert!(text.contains("Esc cancel"), "{text}");
    // What did not fit is below.
    let seen: String = (0..20)
        .map(|_| {
            confirm.key(Key::parse("down").unwrap());
            screen(&mut confirm, 40, 12)
        })
        .collect();
    assert!(flat(&seen).contains("--context") && seen.contains("as: "), "{seen}");
}

#[test]
fn two_clusters_never_read_the_same() {
    // The accounts differ in their last sign, the clusters' names do not.
    let mut confirm = Confirm::new(plan(vec![step(0, "prod", "web"), step(1, "prod", "web")]), 50);
    for (w, h) in [(40, 24), (60, 24), (80, 24), (120, 40), (200, 60)] {
        let text = screen(&mut confirm, w, h);
        let told: Vec<usize> = ["5a6b", "5a6c"].iter().map(|end| flat(&text).matches(end).count()).collect();
        assert_eq!(told, [1, 1], "{w}x{h}:\n{text}");
    }
}

#[test]
fn all_of_the_width_is_used_where_it_is_needed() {
    let mut confirm = Confirm::new(plan(vec![step(0, "prod-weu", "web"), step(1, "prod-neu", "web")]), 50);
    let text = screen(&mut confirm, 200, 60);
    let row = format!("azure / {} / westeurope / prod-weu  prod  checkout / deploy/web", SUBSCRIPTIONS[0]);
    assert!(text.contains(&row), "{text}");
    let at_80 = screen(&mut confirm, 80, 24);
    assert!(flat(&at_80).contains("--contextprod-neu-admin"), "the whole command:\n{at_80}");
    assert!(!at_80.contains("f5a6b / westeurope / prod-weu  prod"), "{at_80}");
}

#[test]
fn a_cluster_is_said_once_where_all_is_in_sight() {
    let several =
        |n: usize| -> Vec<Step> { (0..n).map(|i| step(0, "prod-weu", &format!("web-{i}"))).collect() };
    let mut confirm = Confirm::new(plan(several(3)), 50);
    let text = screen(&mut confirm, 80, 30);
    assert_eq!(text.matches("/ prod-weu  prod").count(), 1, "{text}");
    assert!((0..3).all(|i| text.contains(&format!("checkout / deploy/web-{i}"))), "{text}");
    // Scrolled away from its cluster a target would stand alone.
    let mut confirm = Confirm::new(plan(several(20)), 50);
    let text = screen(&mut confirm, 80, 24);
    assert!(text.matches("/ prod-weu").count() > 1, "{text}");
}

#[test]
fn what_is_out_of_sight_is_counted() {
    let steps = (0..12).map(|n| step(n, &format!("prod-{n}"), "web")).collect();
    let mut confirm = Confirm::new(plan(steps), 50);
    assert!(screen(&mut confirm, 80, 24).contains("of 12 targets below: up and down"));
    for _ in 0..2 {
        confirm.key(Key::parse("down").unwrap());
    }
    let text = screen(&mut confirm, 80, 24);
    assert!(text.contains(" above, ") && text.contains(" below of 12"), "{text}");
    // However often a key was pressed, the way back is as long as what is hidden.
    for _ in 0..500 {
        confirm.key(Key::parse("down").unwrap());
    }
    let end = screen(&mut confirm, 80, 24);
    assert!(end.contains("prod-11"), "{end}");
    confirm.key(Key::parse("up").unwrap());
    assert_ne!(screen(&mut confirm, 80, 24), end);
}

#[test]
fn what_is_refused_can_be_left_out_and_a_wrong_word_is_said() {
    let mut refused = step(1, "prod-neu", "web");
    refused.verdict = Verdict::Refused("403 Forbidden".into());
    let mut confirm = Confirm::new(plan(vec![step(0, "prod-weu", "web"), refused]), 50);
    let text = screen(&mut confirm, 140, 30);
    assert!(text.contains("ctrl-x leaves them out") && text.contains("replicas 3 → 6  refused"), "{text}");
    assert!(!text.contains("protected scope"), "no word helps: {text}");
    assert!(matches!(confirm.key(Key::parse("ctrl-x").unwrap()), Answer::LeaveOut(_)));
    let mut confirm = Confirm::new(plan(vec![step(0, "prod-weu", "web")]), 50);
    confirm.key(Key::parse("x").unwrap());
    confirm.key(Key::parse("enter").unwrap());
    assert!(screen(&mut confirm, 120, 30).contains("that is not `web` (locked)"));
}

#[test]
fn nothing_is_run_before_the_servers_have_answered() {
    let mut asked = plan(vec![step(0, "prod-weu", "web")]);
    let mut confirm = Confirm::new(asked.clone(), 50).asking();
    for c in "web".chars() {
        confirm.key(Key::parse(&c.to_string()).unwrap());
    }
    assert!(screen(&mut confirm, 120, 30).contains("asking 1 cluster by dry run … (locked)"));
    assert!(matches!(confirm.key(Key::parse("enter").unwrap()), Answer::Open));
    // An answer to another plan is not one to this.
    confirm.hear(&Plan { id: "r0".into(), ..asked.clone() });
    assert!(matches!(confirm.key(Key::parse("enter").unwrap()), Answer::Open));
    confirm.hear(&asked);
    assert!(screen(&mut confirm, 120, 30).contains("Enter scale"));
    if let Some(step) = asked.steps.first_mut() {
        step.verdict = Verdict::Refused("403 Forbidden: alice may not".into());
    }
    confirm.hear(&asked);
    let refused = screen(&mut confirm, 120, 30);
    assert!(refused.contains("alice may not") && refused.contains("1 of these cannot be done"), "{refused}");
    assert!(matches!(confirm.key(Key::parse("enter").unwrap()), Answer::Open));
    confirm.hear(&plan(vec![step(0, "prod-weu", "web")]));
    assert!(matches!(confirm.key(Key::parse("enter").unwrap()), Answer::Run(..)));
}
