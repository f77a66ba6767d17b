//! The `:` command line: a kind (`:deploy payments`), a pane (`:logs`), `:ns NAME`, `:q`.

use std::fmt;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

use crate::domain::kind::{KINDS, Kind};
use crate::ui::pane::{PANES, PaneId};

/// What a command line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Resources of a kind, with a namespace and a filter when given.
    Kind(Kind, Option<String>, Option<String>),
    /// A pane; deploy takes a path.
    Pane(PaneId, Option<String>),
    /// One namespace, or all.
    Namespace(Option<String>),
    /// The list of clusters, or those of a name.
    Clusters(Option<String>),
    /// What was run before.
    Runs,
    /// Help.
    Help,
    /// Into the background.
    Suspend,
    /// Leave.
    Quit,
}

const WORDS: &[&str] = &["q", "quit", "apply", "runs", "history", "ns", "ctx", "help", "suspend", "clouds"];

/// What is wrong with a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is empty.
    Nothing,
    /// That is no kind and no pane; what was perhaps meant.
    Unknown(String, Option<&'static str>),
}

impl Wrong {
    /// The word that nobody knows.
    pub fn word(&self) -> &str {
        match self {
            Self::Nothing => "",
            Self::Unknown(word, _) => word,
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("type a kind, a pane, or q"),
            Self::Unknown(word, Some(near)) => {
                write!(f, "`{word}` is no kind or pane; did you mean `{near}`?")
            }
            Self::Unknown(word, None) => write!(f, "`{word}` is no kind or pane; ? lists what there is"),
        }
    }
}

/// Reads a command line; `served` finds kinds that are not built in.
pub fn parse(text: &str, served: &dyn Fn(&str) -> Option<Kind>) -> Result<Command, Wrong> {
    let text = text.trim();
    // `:apply PATH`; `:deploy PATH` too, when it is a path and not a namespace or filter of k9s's grammar.
    if let Some((word @ ("apply" | "deploy"), path)) = text.split_once(' ')
        && (word == "apply" || is_path(path.trim()))
    {
        return Ok(Command::Pane(PaneId::Deploy, Some(path.trim().to_owned())));
    }
    let (head, filter) = match text.split_once(" /") {
        Some((head, filter)) => (head.trim(), Some(filter.trim().to_owned()).filter(|f| !f.is_empty())),
        None => (text, None),
    };
    let mut words = head.split_whitespace();
    let Some(word) = words.next() else { return Err(Wrong::Nothing) };
    let rest: Vec<&str> = words.collect();
    let argument = rest.first().map(|a| (*a).to_owned());
    match word {
        "q" | "quit" | "q!" | "exit" => return Ok(Command::Quit),
        "help" | "h" | "?" => return Ok(Command::Help),
        "suspend" => return Ok(Command::Suspend),
        "ctx" | "context" | "contexts" | "cluster" | "clusters" => return Ok(Command::Clusters(argument)),
        "ns" | "namespace" if argument.is_some() => {
            return Ok(Command::Namespace(argument.filter(|a| a != "all" && a != "-")));
        }
        "runs" | "history" | "rollouts" => return Ok(Command::Runs),
        "apply" => return Ok(Command::Pane(PaneId::Deploy, None)),
        _ => {}
    }
    if let Some(kind) = Kind::parse(word) {
        return Ok(Command::Kind(kind, argument, filter));
    }
    if let Some(pane) = PaneId::parse(word) {
        return Ok(Command::Pane(pane, argument));
    }
    match served(word) {
        Some(kind) => Ok(Command::Kind(kind, argument, filter)),
        None => Err(Wrong::Unknown(word.to_owned(), suggest(word))),
    }
}

fn is_path(text: &str) -> bool {
    let lower = text.to_lowercase();
    [".yaml", ".yml", ".json"].iter().any(|e| lower.ends_with(e))
        || ["./", "../", "~/"].iter().any(|start| text.starts_with(start))
}

/// The best completion of what was typed so far, among what is built in and these names.
pub fn complete(text: &str, served: impl Iterator<Item = &'static str>) -> Option<String> {
    if text.is_empty() || text.contains(' ') {
        return None;
    }
    let lower = text.to_lowercase();
    names()
        .into_iter()
        .chain(served)
        .filter(|n| n.starts_with(&lower) && *n != lower)
        .min_by_key(|n| n.len())
        .map(str::to_owned)
}

/// The nearest known word.
fn suggest(word: &str) -> Option<&'static str> {
    let mut matcher = Matcher::new(Config::DEFAULT);
    let pattern = Pattern::parse(word, CaseMatching::Ignore, Normalization::Smart);
    pattern.match_list(names(), &mut matcher).into_iter().next().map(|(name, _)| name)
}

/// What can be typed behind `:`, for the help: the words, and what they do.
pub fn words() -> Vec<(String, String)> {
    let mut out: Vec<(String, String)> = [
        ("q quit", "Leave skyfleet."),
        ("ns NAME", "Only this namespace, in every cluster in scope; `:ns all` for all."),
        ("ctx", "All clusters, in the overview."),
        ("apply PATH", "Plan manifests over the scope; `:deploy PATH` too."),
        ("runs", "What was run before, and what came of it; `:history` too."),
        ("help", "This."),
        ("suspend", "Into the background; `fg` brings it back."),
    ]
    .map(|(words, help)| (words.to_owned(), help.to_owned()))
    .into();
    out.extend(PANES.iter().map(|(_, title, _)| (title.to_lowercase(), format!("The {title} pane."))));
    for kind in KINDS {
        let words: Vec<&str> = std::iter::once(kind.plural).chain(kind.shorts.iter().copied()).collect();
        out.push((
            words.join(" "),
            format!("{} of the scope; a namespace and /filter may follow.", kind.name),
        ));
    }
    out
}

fn names() -> Vec<&'static str> {
    let mut out: Vec<&'static str> = WORDS.to_vec();
    for kind in KINDS {
        out.push(kind.plural);
        out.extend(kind.shorts);
    }
    out.extend(PANES.iter().map(|(_, title, _)| match *title {
        "Overview" => "overview",
        "Resources" => "resources",
        "Problems" => "problems",
        "Deploy" => "deploy",
        "Scale" => "scale",
        "Logs" => "logs",
        "Costs" => "costs",
        _ => "clouds",
    }));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands() {
        for (text, command) in [
            ("po", Command::Kind(Kind::Pod, None, None)),
            ("deploy", Command::Kind(Kind::Deployment, None, None)),
            ("pods checkout /web", Command::Kind(Kind::Pod, Some("checkout".into()), Some("web".into()))),
            ("logs", Command::Pane(PaneId::Logs, None)),
            ("deploy ./web.yaml", Command::Pane(PaneId::Deploy, Some("./web.yaml".into()))),
            ("apply /tmp/dir", Command::Pane(PaneId::Deploy, Some("/tmp/dir".into()))),
            ("deploy /tmp/web.yaml", Command::Pane(PaneId::Deploy, Some("/tmp/web.yaml".into()))),
            ("deploy /web", Command::Kind(Kind::Deployment, None, Some("web".into()))),
            ("clouds", Command::Pane(PaneId::Clouds, None)),
            ("history", Command::Runs),
            ("ns payments", Command::Namespace(Some("payments".into()))),
            ("ns all", Command::Namespace(None)),
            ("ns", Command::Kind(Kind::Namespace, None, None)),
            ("q", Command::Quit),
        ] {
            assert_eq!(parse(text, &|_| None), Ok(command), "{text}");
        }
        let near = |text| parse(text, &|_| None).unwrap_err().to_string();
        assert!(near("depoly").contains("deploy") || near("deplo").contains("deploy"));
        assert_eq!(parse("", &|_| None), Err(Wrong::Nothing));
        let widgets = |word: &str| (word == "widgets").then_some(Kind::Lease);
        let command = Command::Kind(Kind::Lease, Some("shop".into()), Some("red".into()));
        assert_eq!(parse("widgets shop /red", &widgets), Ok(command));
    }

    #[test]
    fn completion() {
        let complete = |text| complete(text, ["widgets"].into_iter());
        assert_eq!(complete("dep").as_deref(), Some("deploy"));
        assert_eq!(complete("wid").as_deref(), Some("widgets"));
        assert_eq!(complete("prob").as_deref(), Some("problems"));
        assert_eq!(complete("zzz"), None);
    }
}
