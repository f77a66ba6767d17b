//! Stories as scripts: a text file each under `scripts/`, a step a line. `#` begins a comment; the first says what the story is
//! about. In every step `{ns}` is the story's namespace and `{0}` to `{2}` are the names of the first clusters.
//!
//! | step | does |
//! |---|---|
//! | `real` | it is played on real control planes too |
//! | `size 80x24` | the terminal's; 120x40 if nothing is said |
//! | `view JSON` | tables as settings want them, `{"pods": {"columns": ["name"]}}` |
//! | `web N IMAGE REPLICAS` | cluster N has the story's namespace, and a deployment `web` in it |
//! | `apply N JSON` | cluster N has that object |
//! | `freeze N`, `thaw N` | cluster N stops answering, and goes on |
//! | `keys g p enter` | presses keys as key maps write them |
//! | `text WORDS` | types them |
//! | `: LINE`, `/ FILTER` | a command, a filter |
//! | `scope CLUSTER`, `confirm` | the scope by the tree; yes to the dialog, with the word it wants |
//! | `see TEXT`, `unsee TEXT` | waits until it is on the screen, or gone |
//! | `line A \| B` | waits for a line with all of these |
//! | `lines N A \| B` | waits until so many lines have all of these |
//! | `resize 80x24` | the terminal becomes that large |
//! | `run COMMAND` | a command of the command line; `out TEXT` then wants that text in what it printed |
//! | `follow COMMAND` | one that does not end: it goes on beside the steps, and `out TEXT` waits for it |

use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use skyfleet::domain::table_view::{TableView, TableViews};

use super::{PATIENCE, Play, Printed, Term, World, with_terminal};

/// Gives the names of all scripts to a macro.
macro_rules! with_each_script {
    ($macro:ident) => {
        $macro! {
            a_broken_pattern_is_plain_text
            a_cluster_of_a_narrow_scope
            a_command_is_completed_with_tab
            a_filter_is_completed_with_tab
            a_fuzzy_filter
            a_kind_in_one_cluster
            a_kind_with_a_filter
            a_lost_cluster_is_one_row
            a_namespace_by_command_and_back
            a_namespace_that_is_not_there
            a_pane_at_forty_columns
            a_path_is_a_column
            a_problem_with_its_evidence
            a_query_is_a_tab
            a_range_of_marks
            a_term_that_is_wrong_names_the_problem
            a_text_follows_its_object
            a_tree_filter_that_finds_nothing_says_so
            a_typed_kind_is_of_the_namespace
            a_verb_on_a_tree_row
            a_way_to_complete_is_chosen
            a_wrong_command_names_the_nearest
            a_wrong_number_of_replicas
            aliases_are_listed
            an_action_that_means_nothing_here_says_so
            an_environment_is_a_scope
            another_theme_at_once
            by_health_the_worst_come_first
            cli_follows_what_changes
            cli_lists_any_kind
            cluster_wide_kinds_have_no_namespace
            clusters_are_marked_and_sorted
            clusters_are_scrolled
            clusters_filter_and_copy
            columns_are_scrolled
            copy_a_name
            costs_by_another_group
            decode_a_secret
            delete_asks_and_names_the_place
            describe_a_node
            describe_a_pod
            drill_down_and_back
            drill_through_the_overview
            each_kind_keeps_its_sorting
            esc_leads_to_the_tree_and_out
            events_of_a_namespace
            every_tab_by_its_keys
            faults_only
            filter_by_labels
            find_in_the_tree_what_is_closed
            fold_and_unfold_the_tree
            group_the_tree_by_app
            help_is_searched
            inverse_and_several_words
            kinds_of_one_namespace
            labels_and_fuzzy_in_a_command
            list_autoscalers
            list_budgets
            list_claims
            list_cluster_roles
            list_config_maps
            list_cronjobs
            list_daemonsets
            list_deployments
            list_endpoint_slices
            list_events
            list_ingresses
            list_jobs
            list_leases
            list_limits
            list_namespaces
            list_network_policies
            list_nodes
            list_pods
            list_priority_classes
            list_quotas
            list_replica_sets
            list_roles
            list_secrets
            list_service_accounts
            list_services
            list_statefulsets
            list_storage_classes
            list_volumes
            logs_are_filtered
            logs_of_an_app_over_clusters
            logs_since
            logs_with_and_without_times
            marks_are_targets
            marks_are_the_scope
            namespaces_have_keys
            narrow_screens_show_one_pane
            nothing_is_done_that_is_not_seen
            nothing_is_written_when_read_only_by_cluster
            resized_while_it_runs
            restart_a_workload
            scale_an_app_from_the_tree
            scale_by_a_relative_number
            secrets_are_masked
            sort_by_age_both_ways
            tab_goes_round
            the_app_pivot_finds_by_name
            the_clusters_as_a_table
            the_cursor_previews_and_enter_makes_the_scope
            the_keys_that_may_follow_are_shown
            the_palette_leads_anywhere
            to_and_fro
            too_small_a_terminal
            typed_terms
            what_k9s_has_elsewhere
            what_runs_beside_is_listed
            what_was_said_can_be_read_again
            who_uses_a_config_map
            wide_and_back
            yaml_is_searched
        }
    };
}

macro_rules! read {
    ($($name:ident)*) => {
        /// The scripts, each with its name.
        pub(crate) const SCRIPTS: &[(&str, &str)] =
            &[$((stringify!($name), include_str!(concat!("scripts/", stringify!($name), ".txt")))),*];
    };
}

with_each_script!(read);

/// Whether it is played on real control planes.
pub(crate) fn is_real(script: &str) -> bool {
    script.lines().any(|line| line.trim() == "real")
}

/// Plays one.
pub(crate) fn play(script: &'static str, mut world: World) -> Play {
    Box::pin(async move {
        let steps: Vec<(usize, String)> = script
            .lines()
            .zip(1..)
            .filter(|(line, _)| !line.trim().is_empty() && !line.starts_with('#') && line.trim() != "real")
            .map(|(line, n)| (n, filled(line.trim(), &world)))
            .collect();
        let size =
            steps.iter().find_map(|(_, step)| step.strip_prefix("size ")).map_or((120, 40), dimensions);
        if let Some(views) = steps.iter().find_map(|(_, step)| step.strip_prefix("view ")) {
            let views: BTreeMap<String, TableView> = serde_json::from_str(views).unwrap();
            Arc::get_mut(&mut world.session).unwrap().views = Arc::new(TableViews::new(&views));
        }
        let of_world = |step: &str| ["web ", "apply "].iter().any(|word| step.starts_with(word));
        // What is there before anybody looks.
        let before = steps.iter().take_while(|(_, s)| of_world(s) || is_said_before(s)).count();
        for (n, step) in steps.iter().take(before) {
            arrange(&world, step).await.map_err(|why| format!("line {n}: {step}: {why}"))?;
        }
        with_terminal(world, size, |term, world| async move {
            // Nobody asks before anything is there.
            let all = world.session.infos.len();
            term.until("all clusters", |s| s.contains(&format!("{all}/{all} live")) || size.0 < 60).await?;
            let printed = Printed::default();
            let mut beside: Option<Pin<Box<dyn Future<Output = ()> + '_>>> = None;
            for (n, step) in steps.iter().skip(before) {
                if let Some(line) = step.strip_prefix("follow ") {
                    beside = Some(Box::pin(world.follow(line, printed.clone())));
                    continue;
                }
                let done = async {
                    if of_world(step) {
                        arrange(&world, step).await
                    } else {
                        act(&term, &world, step, &printed).await
                    }
                };
                let mut done = pin!(done);
                let done = loop {
                    tokio::select! {
                        done = &mut done => break done,
                        () = async { beside.as_mut().unwrap().await }, if beside.is_some() => beside = None,
                    }
                };
                done.map_err(|why| format!("line {n}: {step}: {why}"))?;
            }
            Ok(())
        })
        .await
    })
}

/// It is of the whole story.
fn is_said_before(step: &str) -> bool {
    ["size ", "view "].iter().any(|word| step.starts_with(word))
}

fn filled(line: &str, world: &World) -> String {
    let mut out = line.replace("{ns}", &world.namespace);
    for n in 0..3 {
        out = out.replace(&format!("{{{n}}}"), &world.name(n));
    }
    out
}

fn dimensions(text: &str) -> (u16, u16) {
    let (columns, rows) = text.split_once('x').unwrap();
    (columns.parse().unwrap(), rows.parse().unwrap())
}

/// Makes the world as it should be.
async fn arrange(world: &World, step: &str) -> Result<(), String> {
    let (word, rest) = step.split_once(' ').unwrap();
    match word {
        "web" => {
            let words: Vec<&str> = rest.split(' ').collect();
            let [n, image, replicas] = words.as_slice() else { panic!("{step}") };
            let n: usize = n.parse().unwrap();
            world.make_namespace(&[n]).await?;
            world.apply(n, world.web(image, replicas.parse().unwrap())).await
        }
        "apply" => {
            let (n, object) = rest.split_once(' ').unwrap();
            let n: usize = n.parse().unwrap();
            world.make_namespace(&[n]).await?;
            world.apply(n, serde_json::from_str(object).unwrap()).await
        }
        "size" | "view" => Ok(()),
        other => panic!("no step {other}"),
    }
}

/// Does something at the terminal, or waits for something there.
async fn act(term: &Term, world: &World, step: &str, printed: &Printed) -> Result<(), String> {
    let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
    let parts = |text: &str| -> Vec<String> { text.split(" | ").map(|p| p.trim().to_owned()).collect() };
    match word {
        "keys" => term.press(rest),
        "text" => term.text(rest),
        ":" => term.command(rest),
        "/" => term.filter(rest),
        "see" => drop(term.see(rest).await?),
        "unsee" => drop(term.unsee(rest).await?),
        "line" => {
            let parts = parts(rest);
            term.line(&parts.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        }
        "lines" => {
            let (wanted, text) = rest.split_once(' ').unwrap();
            let (wanted, parts): (usize, _) = (wanted.parse().unwrap(), parts(text));
            let count = |s: &str| s.lines().filter(|l| parts.iter().all(|p| l.contains(p))).count();
            term.until(&format!("{wanted} lines with {parts:?}"), |s| count(s) == wanted).await?;
        }
        "scope" => term.scope(rest).await?,
        "confirm" => term.confirm().await?,
        "resize" => term.resize(dimensions(rest)),
        "freeze" | "thaw" => {
            let n: usize = rest.parse().unwrap();
            (world.freeze)(&world.cluster(n).context, word == "freeze");
        }
        "run" => printed.set(world.run(rest).await.0),
        "out" => {
            let started = Instant::now();
            while !printed.text().lines().any(|line| parts(rest).iter().all(|part| line.contains(part))) {
                if started.elapsed() > PATIENCE {
                    return Err(format!("it printed\n{}", printed.text()));
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        other => panic!("no step {other}"),
    }
    Ok(())
}
