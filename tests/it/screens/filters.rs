//! The filter of a table: typed terms, what is wrong with one, and the fuzzy search.

use skyfleet::domain::id::ClusterId;
use skyfleet::domain::kind::Kind;
use skyfleet::fleet::delta::{Batch, Delta, Row, Update};
use skyfleet::ui::effect::{Job, Said};
use skyfleet::ui::theme::Role;
use skyfleet::ui::view::World;

use super::{Stage, now, pod};

/// The pods of a stage with that filter typed.
fn typed(text: &str) -> Stage {
    let mut stage = Stage::new((160, 40), &[], false);
    stage.press("g r /");
    stage.type_text(text);
    stage
}

/// Takes what the search beside the loop says, if one was begun.
fn rank(stage: &mut Stage) -> bool {
    let Some(Job::Rank { generation, ranking }) = stage.view.job() else { return false };
    let said = Said::Ranked { generation, rows: ranking.run(|| true) };
    hear(stage, &said);
    true
}

fn hear(stage: &mut Stage, said: &Said) {
    let world = World { fleet: &stage.fleet, session: &stage.session, now: now() };
    stage.view.hear(world, said);
}

/// Pods of the first cluster by these names.
fn with_pods(stage: &mut Stage, names: impl Iterator<Item = String>) {
    let rows: Vec<Row> = names.map(|name| pod("ns", &name, "registry.example/app:1", "")).collect();
    let deltas = vec![Delta::Reset { kind: Kind::Pod, rows }];
    stage.fleet.apply(Update::Cluster(Batch { cluster: ClusterId(0), deltas }), now());
}

#[test]
fn typed_terms_choose_rows_and_a_half_typed_one_chooses_none() {
    for (text, some, none) in [
        ("restarts>5", "2xkqz", "8vbn4"),
        ("restarts<=5 web", "8vbn4", "2xkqz"),
        ("!restarts>5 web", "8vbn4", "2xkqz"),
        ("status~crash age<1h node=NODE-1", "2xkqz", "8vbn4"),
        ("ready<1", "2xkqz", "8vbn4"),
        ("ns=checkout image=web:2.41.0 ready=1/1", "8vbn4", "2xkqz"),
        ("image!~web", "odd", "8vbn4"),
    ] {
        let screen = typed(text).screen();
        assert!(screen.contains(some) && !screen.contains(none), "{text}\n{screen}");
    }
    for text in ["restarts>", "restarts>=", "restarts!", "-f ", "cpu<"] {
        let screen = typed(text).screen();
        assert!(screen.contains("2xkqz") && screen.contains("8vbn4"), "{text}\n{screen}");
    }
    for text in ["cpu>1m", "cpu<=1m", "cpu!=1m", "zone!=a"] {
        let screen = typed(text).screen();
        assert!(screen.contains("none of "), "what is not known passes neither way: {text}\n{screen}");
    }
}

#[test]
fn what_is_wrong_with_a_term_stands_in_the_prompt_and_the_rows_stay() {
    let mut stage = typed("restarts>5");
    let rows = |screen: &str| screen.lines().filter(|l| l.contains("web-7c9d8f6b5")).count();
    let before = rows(&stage.screen());
    stage.type_text("x");
    let screen = stage.screen();
    let prompt = screen.lines().last().unwrap_or_default();
    assert!(prompt.contains("restarts>5x: a number is wanted, as in restarts>5"), "{screen}");
    assert_eq!(rows(&screen), before, "{screen}");
    let screen = typed("colour>5").screen();
    assert!(screen.contains("no field is called `colour`; there are cluster cloud"), "{screen}");
    // A text people look for is none.
    assert!(typed("a=b").screen().contains("none of "));
}

#[test]
fn the_table_of_apps_has_the_same_terms() {
    let mut stage = Stage::new((160, 40), &[], false);
    stage.press("g s /");
    stage.type_text("restarts>x");
    assert!(stage.screen().contains("a number is wanted"));
}

#[test]
fn few_rows_are_searched_at_once_the_best_first() {
    let mut stage = typed("");
    with_pods(&mut stage, ["w-e-b", "other", "waeab", "web"].map(str::to_owned).into_iter());
    stage.type_text("-f web cluster~a");
    assert!(!rank(&mut stage), "there are few");
    let screen = stage.screen();
    let names: Vec<&str> = ["w-e-b", "other", "waeab"].into_iter().filter(|n| screen.contains(n)).collect();
    assert_eq!(names, ["w-e-b", "waeab"], "{screen}");
    let at = |name: &str| screen.lines().position(|l| l.contains(name));
    assert!(at("web-7c9d8f6b5") < at("w-e-b") && at("w-e-b") < at("waeab"), "{screen}");
    // Sorted by name on a person's word.
    stage.press("enter N");
    let screen = stage.screen();
    let at = |name: &str| screen.lines().position(|l| l.contains(name));
    assert!(at("w-e-b") < at("waeab") && at("waeab") < at("web-7c9d8f6b5"), "{screen}");
}

#[test]
fn many_rows_are_searched_beside_the_loop_and_a_late_answer_is_dropped() {
    let mut stage = typed("");
    let names = (0..6_000).map(|n| format!("app-{n:04}-{}", if n == 4_321 { "web" } else { "x" }));
    with_pods(&mut stage, names);
    let before = stage.screen();
    assert!(before.contains("app-0000-x"));
    stage.type_text("-f we");
    let screen = stage.screen();
    assert!(screen.contains("looking …") && screen.contains("app-0000-x"), "the old rows stay:\n{screen}");
    let Some(Job::Rank { generation: late, ranking }) = stage.view.job() else { panic!("it was not begun") };
    let late = Said::Ranked { generation: late, rows: ranking.run(|| true) };
    stage.type_text("b");
    stage.draw();
    hear(&mut stage, &late);
    assert!(stage.screen().contains("looking …"), "a late answer counts for nothing");
    assert!(rank(&mut stage));
    let screen = stage.screen();
    assert!(screen.contains("app-4321-web") && !screen.contains("app-0000-x"), "{screen}");
    assert!(!screen.contains("looking …"), "{screen}");
    // Cleared while a search is under way: it is ended, and what it says counts for nothing.
    stage.type_text("-");
    stage.draw();
    let Some(Job::Rank { generation, .. }) = stage.view.job() else { panic!("it was not begun") };
    stage.press("esc");
    let screen = stage.screen();
    assert!(matches!(stage.view.job(), Some(Job::EndRank)));
    hear(&mut stage, &Said::Ranked { generation, rows: Vec::new() });
    assert_eq!(stage.screen(), screen);
    assert!(
        screen.contains("app-5999-x") && !screen.contains("/-f"),
        "all are there, the cursor on its row:\n{screen}"
    );
}

#[test]
fn letters_that_were_found_are_marked() {
    for text in ["web-7c9", "-f w7c9"] {
        let mut stage = typed(text);
        let screen = stage.screen();
        let buf = stage.draw();
        let y = screen.lines().position(|l| l.contains("8vbn4")).unwrap();
        let line = screen.lines().nth(y).unwrap();
        let x = line.split("web-7c9").next().unwrap().chars().count();
        let style = |x: usize| buf[(u16::try_from(x).unwrap(), u16::try_from(y).unwrap())].style();
        let marked = stage.theme.style(Role::Match);
        for (letter, is_marked) in [(0, true), (1, !text.starts_with('-')), (6, true), (8, false)] {
            let is = style(x + letter).patch(marked) == style(x + letter);
            assert_eq!(is, is_marked, "{text} {letter}\n{screen}");
        }
    }
}
