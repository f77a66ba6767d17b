//! How a row of the tree looks: the style of its name, and its state in a glyph and a word.

use jiff::Timestamp;

use crate::domain::age;
use crate::domain::environment::Environment;
use crate::domain::health::Health;
use crate::domain::scope::TreeNode;
use crate::domain::triage::LOST_AFTER;
use crate::fleet::Fleet;
use crate::fleet::phase::Phase;
use crate::fleet::tree::TreeRow;
use crate::ui::theme::{Role, Theme};

/// A cluster's name wears its environment; everything else is plain.
pub(super) fn label_style(fleet: &Fleet, row: &TreeRow, theme: &Theme) -> ratatui::style::Style {
    match &row.node {
        TreeNode::Cluster(id) => {
            let env = fleet.cluster(*id).map_or(Environment::Unknown, |c| c.info.environment);
            theme.environment(env)
        }
        TreeNode::Environment(environment) => theme.environment(*environment),
        TreeNode::Fleet
        | TreeNode::Cloud(_)
        | TreeNode::Account(..)
        | TreeNode::Region(..)
        | TreeNode::Group(_)
        | TreeNode::Health(_) => theme.style(Role::Text),
        TreeNode::Namespaces(_)
        | TreeNode::App(..)
        | TreeNode::Namespace(..)
        | TreeNode::Workload(..)
        | TreeNode::Pod(..) => {
            if row.health == Health::Ok {
                theme.style(Role::Text)
            } else {
                theme.health(row.health)
            }
        }
    }
}

/// The glyph with a count or an age: `▲ 3`, `✖ 4m`, `◐`, or nothing when all is well.
pub(super) fn state_words(row: &TreeRow, ascii: bool, now: Timestamp) -> (String, Health) {
    match &row.phase {
        Some(Phase::Failed { since, .. }) => {
            return (format!("{} {}", Health::Down.glyph(ascii), age::show(*since, now)), Health::Down);
        }
        Some(Phase::Stale { since, .. }) => {
            let is_lost = now.as_second() - since.as_second() >= LOST_AFTER;
            let health = if is_lost { Health::Down } else { Health::Degraded };
            return (format!("{} {}", health.glyph(ascii), age::show(*since, now)), health);
        }
        Some(Phase::Unreadable { since, .. }) => {
            let words = format!("{} {}", Health::Degraded.glyph(ascii), age::show(*since, now));
            return (words, Health::Degraded);
        }
        Some(Phase::Denied { .. }) => return ("denied".to_owned(), Health::Degraded),
        Some(Phase::Unusable { .. }) => return ("unusable".to_owned(), Health::Degraded),
        Some(Phase::SignedOut { need, .. }) => {
            return (need.state.short().to_owned(), Health::Degraded);
        }
        Some(Phase::Idle) => return ("idle".to_owned(), Health::Unknown),
        Some(Phase::Connecting { .. } | Phase::Syncing { .. }) => {
            return (Health::Progressing.glyph(ascii).to_owned(), Health::Progressing);
        }
        Some(Phase::Live) | None => {}
    }
    let (degraded, down) = row.bad;
    let health = row.health;
    let (words, health) = match (down, degraded, health) {
        (0, 0, Health::Ok) => (String::new(), Health::Ok),
        (0, 0, h) => (h.glyph(ascii).to_owned(), h),
        (0, n, _) => (format!("{} {n}", Health::Degraded.glyph(ascii)), Health::Degraded),
        (n, _, _) => (format!("{} {n}", Health::Down.glyph(ascii)), Health::Down),
    };
    match (row.slow, words.is_empty()) {
        (false, _) => (words, health),
        (true, true) => ("slow".to_owned(), Health::Degraded),
        (true, false) => (format!("slow {words}"), health),
    }
}
