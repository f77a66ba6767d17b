//! The `:` command line: a kind (`:deploy payments`), a pane (`:logs`), `:ns NAME`, `:q`.

use std::fmt;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

use crate::domain::filter::complete::ways_on;
use crate::domain::kind::{KINDS, Kind};
use crate::fleet::tree::Pivot;
use crate::ui::pane::{PANES, PaneId};

/// What a command line means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Resources of a kind.
    Kind(Table),
    /// A pane; deploy takes a path.
    Pane(PaneId, Option<String>),
    /// One namespace, or all.
    Namespace(Option<String>),
    /// The list of clusters, or those of a name.
    Clusters(Option<String>),
    /// The tree, grouped by that.
    By(Pivot),
    /// What was run before.
    Runs,
    /// Every word that stands for a kind or for a line.
    Aliases,
    /// The rows that are shown, kept as a query of that name.
    Save(String),
    /// A query that was kept, forgotten.
    Forget(String),
    /// Help.
    Help,
    /// Into the background.
    Suspend,
    /// Leave.
    Quit,
}

/// The rows that a line such as `po shop @prod-a app=web /crash` wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Of this kind.
    pub kind: Kind,
    /// Of this namespace.
    pub namespace: Option<String>,
    /// Of the clusters of these names; none: of the scope.
    pub within: Vec<String>,
    /// Those that this filter finds: labels, words, a fuzzy text.
    pub filter: Option<String>,
}

const WORDS: &[&str] = &[
    "q", "quit", "apply", "runs", "history", "ns", "by", "aliases", "ctx", "help", "suspend", "clouds",
    "save", "forget",
];

/// Commands of k9s that have no pane of their own, and where what they show is.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (&["xray", "x"], "the tree and `used by` show what belongs together"),
    (&["pulses", "pulse", "pu", "hz"], "`:overview` and `:problems` show how all is"),
    (&["popeye", "pop"], "`:problems` shows what is wrong and why"),
    (&["screendump", "screendumps", "sd"], "`save` writes a text or table where you say"),
    (&["portforwards", "pf", "portforward"], "forwards are kubectl's for now"),
    (&["benchmarks", "be", "bench"], "skyfleet measures no load"),
    (&["dir", "dirs"], "`:deploy PATH` plans the manifests of a folder"),
    (&["skins", "skin"], "themes are in the palette"),
];

/// What is wrong with a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// It is empty.
    Nothing,
    /// That is no kind and no pane; what was perhaps meant.
    Unknown(String, Option<&'static str>),
    /// k9s has it; here there is something else for it.
    Elsewhere(String, &'static str),
    /// A word too many behind a kind.
    TooMany(String),
    /// The tree cannot be grouped by that.
    Pivot(String),
}

impl Wrong {
    /// The word that nobody knows.
    pub fn word(&self) -> &str {
        match self {
            Self::Nothing => "",
            Self::Unknown(word, _) | Self::Elsewhere(word, _) | Self::TooMany(word) | Self::Pivot(word) => {
                word
            }
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
            Self::Elsewhere(word, instead) => write!(f, "there is no `{word}`: {instead}"),
            Self::TooMany(word) => write!(
                f,
                "`{word}` is too much: a kind takes one namespace, @CLUSTER, labels (app=web), -f TEXT and /FILTER"
            ),
            Self::Pivot(word) => {
                let all = Pivot::ALL.map(Pivot::word).join(", ");
                write!(f, "the tree cannot be grouped by `{word}`, but by {all}")
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
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if word.is_empty() {
        return Err(Wrong::Nothing);
    }
    let argument = rest.split_whitespace().next().map(str::to_owned);
    match word {
        "q" | "quit" | "q!" | "exit" => return Ok(Command::Quit),
        "help" | "h" | "?" => return Ok(Command::Help),
        "suspend" => return Ok(Command::Suspend),
        "ctx" | "context" | "contexts" | "cluster" | "clusters" => return Ok(Command::Clusters(argument)),
        "ns" | "namespace" if argument.is_some() => {
            return Ok(Command::Namespace(argument.filter(|a| a != "all" && a != "-")));
        }
        "by" | "tree" => {
            let word = argument.unwrap_or_else(|| Pivot::default().word().to_owned());
            return Pivot::parse(&word).map(Command::By).ok_or(Wrong::Pivot(word));
        }
        "alias" | "aliases" | "a" => return Ok(Command::Aliases),
        "save" => return Ok(Command::Save(rest.trim().to_owned())),
        "forget" => return Ok(Command::Forget(argument.unwrap_or_default())),
        "runs" | "history" | "rollouts" => return Ok(Command::Runs),
        "apply" => return Ok(Command::Pane(PaneId::Deploy, None)),
        _ => {}
    }
    if let Some(kind) = Kind::parse(word) {
        return table(kind, rest).map(Command::Kind);
    }
    if let Some(pane) = PaneId::parse(word) {
        return Ok(Command::Pane(pane, argument));
    }
    match served(word) {
        Some(kind) => table(kind, rest).map(Command::Kind),
        None => Err(match ELSEWHERE.iter().find(|(words, _)| words.contains(&word)) {
            Some((_, instead)) => Wrong::Elsewhere(word.to_owned(), instead),
            None => Wrong::Unknown(word.to_owned(), suggest(word)),
        }),
    }
}

/// What stands behind a kind, as k9s reads it: a namespace, `@CLUSTER`, labels, `-f TEXT`, `/FILTER`, of which the last two go to
/// the end.
fn table(kind: Kind, rest: &str) -> Result<Table, Wrong> {
    let mut out = Table { kind, namespace: None, within: Vec::new(), filter: None };
    let mut filters: Vec<String> = Vec::new();
    let mut rest = rest.trim();
    while !rest.is_empty() {
        if let Some(filter) = rest.strip_prefix('/') {
            filters.push(filter.trim().to_owned());
            break;
        }
        if rest == "-f" {
            // Still to be typed.
            break;
        }
        if rest.starts_with("-f ") {
            filters.push(rest.to_owned());
            break;
        }
        let (word, behind) = match rest.strip_prefix('\'').and_then(|quoted| quoted.split_once('\'')) {
            Some((labels, behind)) => {
                filters.push(format!("-l {labels}"));
                rest = behind.trim_start();
                continue;
            }
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        if let Some(cluster) = word.strip_prefix('@') {
            out.within.extend(Some(cluster.to_owned()).filter(|c| !c.is_empty()));
        } else if word == "-l" {
            // The word behind it is the selector.
        } else if word.contains('=') {
            filters.push(format!("-l {word}"));
        } else if out.namespace.is_some() {
            return Err(Wrong::TooMany(word.to_owned()));
        } else {
            // `-` is all in k9s.
            out.namespace = Some(if word == "-" { "all" } else { word }.to_owned());
        }
        rest = behind.trim_start();
    }
    // Labels are one selector.
    let (labels, others): (Vec<String>, Vec<String>) =
        filters.into_iter().partition(|f| f.starts_with("-l "));
    let selector = labels.iter().filter_map(|l| l.strip_prefix("-l ")).collect::<Vec<_>>().join(",");
    let parts = (!selector.is_empty()).then(|| format!("-l {selector}")).into_iter().chain(others);
    let filter = parts.filter(|f| !f.is_empty()).collect::<Vec<_>>().join(" ");
    out.filter = Some(filter).filter(|f| !f.is_empty());
    Ok(out)
}

fn is_path(text: &str) -> bool {
    let lower = text.to_lowercase();
    [".yaml", ".yml", ".json"].iter().any(|e| lower.ends_with(e))
        || ["./", "../", "~/"].iter().any(|start| text.starts_with(start))
}

/// What a line can be completed with beside what is built in.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Names of kinds that are not built in, and aliases.
    pub words: Vec<String>,
    /// Namespaces in scope.
    pub namespaces: Vec<String>,
    /// Clusters.
    pub clusters: Vec<String>,
}

/// The completions of what was typed so far, the shortest first: of its first word, of a namespace behind a kind or `ns`, of a cluster behind `@`
/// or `ctx`.
pub fn complete(text: &str, known: &Known) -> Vec<String> {
    let of = |list: &[String], word: &str| ways_on(&word.to_lowercase(), list.iter().map(String::as_str));
    let Some((before, last)) = text.rsplit_once(' ') else {
        let own = known.words.iter().map(String::as_str);
        let all = names().into_iter().chain(own);
        return if text.is_empty() { Vec::new() } else { ways_on(&text.to_lowercase(), all) };
    };
    let head = before.split_whitespace().next().unwrap_or("");
    let behind = before.contains(" /") || before.contains(" -f");
    if behind || last.is_empty() {
        return Vec::new();
    }
    let words = match (last.strip_prefix('@'), head) {
        (Some(cluster), _) => of(&known.clusters, cluster).iter().map(|c| format!("@{c}")).collect(),
        (None, "by") => ways_on(&last.to_lowercase(), Pivot::ALL.iter().map(|p| p.word())),
        (None, "ctx" | "context" | "contexts" | "cluster" | "clusters") => of(&known.clusters, last),
        (None, _) => of(&known.namespaces, last),
    };
    words.iter().map(|word| format!("{before} {word}")).collect()
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
        ("ctx", "All clusters as a table: who one is there, version, latency, age. `:ctx NAME` is a scope."),
        ("by PIVOT", "The tree by cloud, app, env, health or group; cluster: the clusters alone."),
        ("apply PATH", "Plan manifests over the scope; `:deploy PATH` too."),
        ("runs", "What was run before, and what came of it; `:history` too."),
        ("aliases", "Every word that stands for a kind, or for a line of yours (`aliases` in config.yaml)."),
        ("save NAME", "Keeps the rows that are shown, with their filter, as a tab and a word of yours."),
        ("forget NAME", "Removes it."),
        ("help", "This."),
        ("suspend", "Into the background; `fg` brings it back."),
    ]
    .map(|(words, help)| (words.to_owned(), help.to_owned()))
    .into();
    out.extend(PANES.iter().map(|(id, title, _)| (id.word().to_owned(), format!("The {title} pane."))));
    for kind in KINDS {
        let words: Vec<&str> = std::iter::once(kind.plural).chain(kind.shorts.iter().copied()).collect();
        out.push((
            words.join(" "),
            format!(
                "{} of the scope; NAMESPACE, @CLUSTER, app=web, -f TEXT and /FILTER may follow.",
                kind.name
            ),
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
    out.extend(PANES.iter().map(|(id, ..)| id.word()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(kind: Kind, namespace: &str, within: &str, filter: &str) -> Command {
        let said = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        let (namespace, within, filter) = (said(namespace), said(within).into_iter().collect(), said(filter));
        Command::Kind(Table { kind, namespace, within, filter })
    }

    #[test]
    fn commands() {
        for (text, command) in [
            ("po", rows(Kind::Pod, "", "", "")),
            ("deploy", rows(Kind::Deployment, "", "", "")),
            ("pods checkout /web", rows(Kind::Pod, "checkout", "", "web")),
            ("pods checkout /web -1 x", rows(Kind::Pod, "checkout", "", "web -1 x")),
            ("po app=web,env=prod", rows(Kind::Pod, "", "", "-l app=web,env=prod")),
            ("po app=web tier!=db shop", rows(Kind::Pod, "shop", "", "-l app=web,tier!=db")),
            ("po 'env in (a, b)' shop", rows(Kind::Pod, "shop", "", "-l env in (a, b)")),
            ("po -l app=web", rows(Kind::Pod, "", "", "-l app=web")),
            ("po -f chk out", rows(Kind::Pod, "", "", "-f chk out")),
            ("po app=web -f chk", rows(Kind::Pod, "", "", "-l app=web -f chk")),
            ("po @prod-a", rows(Kind::Pod, "", "prod-a", "")),
            ("po shop @prod-a app=web /crash !x", rows(Kind::Pod, "shop", "prod-a", "-l app=web crash !x")),
            ("logs", Command::Pane(PaneId::Logs, None)),
            ("deploy ./web.yaml", Command::Pane(PaneId::Deploy, Some("./web.yaml".into()))),
            ("apply /tmp/dir", Command::Pane(PaneId::Deploy, Some("/tmp/dir".into()))),
            ("deploy /tmp/web.yaml", Command::Pane(PaneId::Deploy, Some("/tmp/web.yaml".into()))),
            ("deploy /web", rows(Kind::Deployment, "", "", "web")),
            ("clouds", Command::Pane(PaneId::Clouds, None)),
            ("history", Command::Runs),
            ("ns payments", Command::Namespace(Some("payments".into()))),
            ("ns all", Command::Namespace(None)),
            ("ns", rows(Kind::Namespace, "", "", "")),
            ("q", Command::Quit),
        ] {
            assert_eq!(parse(text, &|_| None), Ok(command), "{text}");
        }
        let near = |text| parse(text, &|_| None).unwrap_err().to_string();
        assert!(near("depoly").contains("deploy") || near("deplo").contains("deploy"));
        assert_eq!(parse("", &|_| None), Err(Wrong::Nothing));
        let widgets = |word: &str| (word == "widgets").then_some(Kind::Lease);
        assert_eq!(parse("widgets shop /red", &widgets), Ok(rows(Kind::Lease, "shop", "", "red")));
        assert_eq!(parse("po shop web", &|_| None), Err(Wrong::TooMany("web".into())));
    }

    #[test]
    fn completion() {
        let said = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
        let known = Known {
            words: said(&["widgets"]),
            namespaces: said(&["payments", "shop"]),
            clusters: said(&["prod-a", "prod-us"]),
        };
        for (text, completed) in [
            ("dep", Some("deploy")),
            ("wid", Some("widgets")),
            ("prob", Some("problems")),
            ("zzz", None),
            ("", None),
            ("po pay", Some("po payments")),
            ("ns sh", Some("ns shop")),
            ("po @pr", Some("po @prod-a")),
            ("po shop @prod-u", Some("po shop @prod-us")),
            ("ctx prod-u", Some("ctx prod-us")),
            ("po shop", None),
            ("po ", None),
            ("po /sh", None),
            ("po -f sh", None),
        ] {
            assert_eq!(complete(text, &known).first().map(String::as_str), completed, "{text}");
        }
    }
}
