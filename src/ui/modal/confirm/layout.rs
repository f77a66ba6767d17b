//! What stands where in the dialog: nothing that tells one cluster, object or word from another is ever cut.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use crate::domain::cells;
use crate::domain::cost::money;
use crate::domain::environment::Environment;
use crate::domain::plan::{Plan, Step};
use crate::ui::theme::Role;

/// So many who act are named; fleets have hundreds.
const NAMED: usize = 8;
/// The dialog does not get narrower than this where there is room.
const NARROWEST: u16 = 64;

/// A line of the dialog.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) text: String,
    pub(super) role: Role,
    /// The cluster's name in it wears its environment.
    pub(super) tint: Option<Tint>,
    /// Which target it belongs to.
    pub(super) target: Option<usize>,
}

/// Bytes of a row that wear an environment.
#[derive(Clone, Debug)]
pub(super) struct Tint {
    pub(super) at: usize,
    pub(super) cells: usize,
    pub(super) environment: Environment,
}

/// The dialog's rows and place.
pub(super) struct Layout {
    /// With its border.
    pub(super) area: Rect,
    /// What up and down move: the targets, and where there is little room all that is known of them.
    pub(super) scrolled: Vec<Row>,
    /// So many of those are shown.
    pub(super) page: usize,
    /// What stands below them.
    pub(super) pinned: Vec<Row>,
    /// The word to type, and what was typed.
    pub(super) asked: Vec<Row>,
    targets: usize,
}

impl Layout {
    pub(super) fn of(plan: &Plan, typed: Option<&str>, screen: Rect) -> Self {
        let mut targets: Vec<&Step> = plan.targets().collect();
        // What is refused is what one has to see.
        targets.sort_by_key(|s| s.verdict.blocks().is_none());
        let details = details(plan, &targets);
        // As wide as its longest line, as far as the screen goes.
        let margin = if screen.width >= 60 { 2 } else { 0 };
        let most = screen.width.saturating_sub(margin).max(1);
        let lines = targets.iter().map(|s| cells::width(&s.cluster.path) + 2 + cells::width(&tail(s)));
        let columns = Columns::of(&targets, &full_paths(&targets)).width();
        let longest = lines.chain(details.iter().map(|(t, _)| cells::width(t))).max().unwrap_or(0);
        let width = longest.max(columns).max(NARROWEST).saturating_add(4).min(most);
        let inner = width.saturating_sub(4).max(1);
        let mut rows = target_rows(&targets, inner);
        let details: Vec<Row> = details.iter().flat_map(|(text, role)| wrapped(text, *role, inner)).collect();
        let asked = typed.map_or_else(Vec::new, |typed| asked(plan, typed, inner));
        let below = asked.len() + 1;
        let room = usize::from(screen.height.saturating_sub(2)).saturating_sub(below).max(1);
        let clusters: BTreeSet<&str> = targets.iter().map(|s| s.cluster.path.as_str()).collect();
        if rows.len() > targets.len() && clusters.len() < targets.len() {
            // A cluster is said once, as long as no target is scrolled away from it.
            let once = below_clusters(&targets, inner);
            if once.len() + details.len() <= room {
                rows = once;
            }
        }
        let all = rows.len() + details.len();
        // Where not all fits, warnings stay in sight as long as they leave the targets half of the room.
        let (scrolled, pinned) = if all <= room || details.len() * 2 <= room {
            (rows, details)
        } else {
            (rows.into_iter().chain(details).collect(), Vec::new())
        };
        let page = room.saturating_sub(pinned.len()).max(1);
        let page = if scrolled.len() > page { page.saturating_sub(1).max(1) } else { scrolled.len().max(1) };
        let counted = usize::from(scrolled.len() > page);
        let height = 2 + below + page.min(scrolled.len()) + counted + pinned.len();
        let height = u16::try_from(height).unwrap_or(u16::MAX).min(screen.height);
        let area = Rect {
            x: screen.x + (screen.width - width.min(screen.width)) / 2,
            y: screen.y + (screen.height - height) / 2,
            width: width.min(screen.width),
            height,
        };
        Self { area, scrolled, page, pinned, asked, targets: targets.len() }
    }

    /// The area within the border, with a blank at each side.
    pub(super) fn inner(&self) -> Rect {
        Rect {
            x: self.area.x + 2,
            y: self.area.y + 1,
            width: self.area.width.saturating_sub(4),
            height: self.area.height.saturating_sub(2),
        }
    }

    /// How many targets are not, or not wholly, in sight.
    pub(super) fn hidden_words(&self, from: usize) -> Row {
        let of = |rows: &mut dyn Iterator<Item = &Row>| -> BTreeSet<usize> {
            rows.filter_map(|r| r.target).collect()
        };
        let above = of(&mut self.scrolled.iter().take(from)).len();
        let below = of(&mut self.scrolled.iter().skip(from + self.page)).len();
        let text = match (above, below) {
            (0, 0) => "more: up and down".to_owned(),
            (above, 0) => format!("{above} of {} targets above: up and down", self.targets),
            (0, below) => format!("{below} of {} targets below: up and down", self.targets),
            (above, below) => format!("{above} above, {below} below of {}: up and down", self.targets),
        };
        Row { text, role: Role::Accent, tint: None, target: None }
    }
}

/// Everything but the place.
fn tail(step: &Step) -> String {
    format!("{}  {}", step.cluster.environment.word(), deed(step))
}

/// What is done to which object.
fn deed(step: &Step) -> String {
    let why = step.verdict.blocks().map_or_else(String::new, |why| format!("  {why}"));
    format!("{}  {}{why}", step.object_words(), step.action_words())
}

fn full_paths(targets: &[&Step]) -> Vec<String> {
    targets.iter().map(|s| s.cluster.path.clone()).collect()
}

/// The paths with each part but the cluster's own name in at most `most` cells; none when two clusters would then read
/// the same.
fn short_paths(targets: &[&Step], most: u16) -> Option<Vec<String>> {
    let short = |step: &&Step| {
        let path = &step.cluster.path;
        match path.rsplit_once(" / ") {
            Some((place, name)) => {
                let parts: Vec<String> = place.split(" / ").map(|p| cells::middle(p, most)).collect();
                format!("{} / {name}", parts.join(" / "))
            }
            None => path.clone(),
        }
    };
    let paths: Vec<String> = targets.iter().map(short).collect();
    let full: BTreeSet<&str> = targets.iter().map(|s| s.cluster.path.as_str()).collect();
    let told_apart = paths.iter().collect::<BTreeSet<_>>().len() == full.len();
    told_apart.then_some(paths)
}

/// The widths of the four columns of a target on one line.
struct Columns([u16; 4]);

impl Columns {
    fn of(targets: &[&Step], paths: &[String]) -> Self {
        let most = |widths: &mut dyn Iterator<Item = u16>| widths.max().unwrap_or(0);
        Self([
            most(&mut paths.iter().map(|p| cells::width(p))),
            most(&mut targets.iter().map(|s| cells::width(s.cluster.environment.word()))),
            most(&mut targets.iter().map(|s| cells::width(&s.object_words()))),
            most(&mut targets.iter().map(|s| {
                let why = s.verdict.blocks().map_or(0, |why| cells::width(why) + 2);
                cells::width(&s.action_words()) + why
            })),
        ])
    }

    fn width(&self) -> u16 {
        self.0.iter().fold(6, |sum: u16, w| sum.saturating_add(*w))
    }
}

/// Account parts as long as they may be, then shorter.
const PARTS: [u16; 4] = [u16::MAX, 20, 14, 9];

fn target_rows(targets: &[&Step], width: u16) -> Vec<Row> {
    let paths = PARTS.iter().filter_map(|most| short_paths(targets, *most));
    for paths in paths.clone() {
        let columns = Columns::of(targets, &paths);
        if columns.width() <= width {
            return one_line(targets, &paths, &columns);
        }
    }
    let fits = |paths: &Vec<String>| paths.iter().all(|p| cells::width(p) <= width);
    let shortest = || paths.clone().next_back().unwrap_or_else(|| full_paths(targets));
    let paths = paths.clone().find(fits).unwrap_or_else(shortest);
    two_lines(targets, &paths, width)
}

fn one_line(targets: &[&Step], paths: &[String], columns: &Columns) -> Vec<Row> {
    let [path_width, env_width, object_width, _] = columns.0;
    let padded = |text: &str, width: u16| {
        let blanks = usize::from(width.saturating_sub(cells::width(text)));
        format!("{text}{}", " ".repeat(blanks))
    };
    let row = |(n, (step, path)): (usize, (&&Step, &String))| {
        let why = step.verdict.blocks().map_or_else(String::new, |why| format!("  {why}"));
        let text = format!(
            "{}  {}  {}  {}{why}",
            padded(path, path_width),
            padded(step.cluster.environment.word(), env_width),
            padded(&step.object_words(), object_width),
            step.action_words()
        );
        Row { text, role: role_of(step), tint: tint(step, path), target: Some(n) }
    };
    targets.iter().zip(paths).enumerate().map(row).collect()
}

/// Each cluster once, and below it what is done there.
fn below_clusters(targets: &[&Step], width: u16) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut before = None;
    for (n, step) in targets.iter().enumerate() {
        let path = &step.cluster.path;
        if before.replace(path) != Some(path) {
            let environment = step.cluster.environment.word();
            for text in cells::wrap(&format!("{path}  {environment}"), width, 2) {
                let of_path = text.trim_end_matches(environment).trim_end();
                let tint = tint(step, of_path);
                rows.push(Row { text, role: Role::Text, tint, target: Some(n) });
            }
        }
        for text in cells::wrap(&format!("  {}", deed(step)), width, 4) {
            rows.push(Row { text, role: role_of(step), tint: None, target: Some(n) });
        }
    }
    rows
}

fn two_lines(targets: &[&Step], paths: &[String], width: u16) -> Vec<Row> {
    let mut rows = Vec::new();
    for (n, (step, path)) in targets.iter().zip(paths).enumerate() {
        for text in cells::wrap(path, width, 2) {
            // A name that did not fit into a line is not found in one; then the place alone is plain.
            let tint = tint(step, &text);
            rows.push(Row { text, role: Role::Text, tint, target: Some(n) });
        }
        for text in cells::wrap(&format!("  {}", tail(step)), width, 4) {
            rows.push(Row { text, role: role_of(step), tint: None, target: Some(n) });
        }
    }
    rows
}

fn role_of(step: &Step) -> Role {
    if step.verdict.blocks().is_some() { Role::Error } else { Role::Text }
}

/// The cluster's name at the end of a path.
fn tint(step: &Step, path: &str) -> Option<Tint> {
    let name = &step.cluster.name;
    let at = path.len().checked_sub(name.len())?;
    (path.get(at..) == Some(name)).then_some(Tint {
        at,
        cells: name.len(),
        environment: step.cluster.environment,
    })
}

/// What a person should know beside the targets: notes, the cost, who acts, the command.
fn details(plan: &Plan, targets: &[&Step]) -> Vec<(String, Role)> {
    let mut out: Vec<(String, Role)> = Vec::new();
    for note in targets.iter().flat_map(|s| &s.notes) {
        if !out.iter().any(|(known, _)| known == note) {
            out.push((note.clone(), Role::Warn));
        }
    }
    if let Some(cost) = plan.cost_nano_hour().filter(|c| *c != 0) {
        let sign = if cost > 0 { "+" } else { "-" };
        let month = money::show_month(i128::from(cost.abs()));
        out.push((format!("cost {sign}{month}/mo at list prices"), Role::Text));
    }
    let who = |s: &&Step| {
        let (user, context) = (&s.cluster.acts_as, &s.cluster.context);
        if user == context { format!("{user} (its context)") } else { format!("{user} (context {context})") }
    };
    let who: BTreeSet<String> = targets.iter().map(who).collect();
    let more = if who.len() > NAMED { format!(" and {} more", who.len() - NAMED) } else { String::new() };
    let named = who.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    out.push((format!("as: {named}{more}"), Role::Muted));
    out.push((format!("same on the command line: {}", plan.command), Role::Muted));
    out
}

fn wrapped(text: &str, role: Role, width: u16) -> Vec<Row> {
    let row = |text| Row { text, role, tint: None, target: None };
    cells::wrap(text, width, 2).into_iter().map(row).collect()
}

/// The word that has to be typed, and what was typed so far: on one line, or as many as the word needs.
fn asked(plan: &Plan, typed: &str, width: u16) -> Vec<Row> {
    let Some(word) = plan.word_wanted() else { return Vec::new() };
    let prompt = format!("protected scope: type  {word}  to go on:");
    let typed = format!("{typed}▏");
    let row = |text| Row { text, role: Role::DialogLocked, tint: None, target: None };
    let one = format!("{prompt} {typed}");
    // Room for the word to be typed too, or the dialog would grow under a person's fingers.
    if cells::width(&prompt) + cells::width(&word) + 3 <= width && cells::width(&one) <= width {
        return vec![row(one)];
    }
    // In little room the word has a line of its own.
    let mut lines = vec!["protected scope, to go on type".to_owned()];
    lines.extend(cells::wrap(&word, width.saturating_sub(2).max(1), 0).into_iter().map(|w| format!("  {w}")));
    let skip = (cells::width(&typed) + 2).saturating_sub(width);
    lines.push(format!("> {}", cells::skip_cells(&typed, skip)));
    lines.into_iter().map(row).collect()
}
