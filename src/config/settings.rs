//! The settings themselves, each with its origin.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::cluster::ClusterSetting;
use super::place;
use crate::domain::connect::Connect;
use crate::domain::table_view::TableView;
use crate::domain::text::nearest;

/// Where a value is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Preset,
    /// `config.yaml`.
    File,
    /// An environment variable.
    Env,
    /// A flag.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Preset => "preset",
            Self::File => "config.yaml",
            Self::Env => "environment",
            Self::Flag => "flag",
        })
    }
}

/// A value and where it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set<T> {
    /// The value.
    pub value: T,
    /// Its origin.
    pub origin: Origin,
}

impl<T> Set<T> {
    const fn preset(value: T) -> Self {
        Self { value, origin: Origin::Preset }
    }

    /// Takes a later value, when there is one.
    pub fn then(&mut self, value: Option<T>, origin: Origin) {
        if let Some(value) = value {
            *self = Self { value, origin };
        }
    }
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A theme's name.
    pub theme: Set<String>,
    /// A key map's name.
    pub keymap: Set<String>,
    /// No writes at all.
    pub read_only: Set<bool>,
    /// No writes to clusters these path globs find.
    pub read_only_clusters: Set<Vec<String>>,
    /// Clusters that count as production, by path globs.
    pub protected: Set<Vec<String>>,
    /// Larger plans are refused.
    pub max_targets: Set<usize>,
    /// Draw with ASCII alone.
    pub ascii: Set<bool>,
    /// The terminal shows letters of ambiguous width two cells wide.
    pub wide: Set<bool>,
    /// When clusters are connected.
    pub connect: Set<Connect>,
    /// Which credential plugins run: allow, ask, deny.
    pub exec_policy: Set<String>,
    /// What is known of the fleet is kept for the next start.
    pub remember_fleet: Set<bool>,
    /// So many pods are watched at once, over all clusters; of clusters beyond that they are counted.
    pub watch_pods: Set<usize>,
    /// What is said of single clusters.
    pub clusters: Vec<ClusterSetting>,
    /// Groups of clusters: a name, and path globs of which one has to find a cluster.
    pub groups: Set<BTreeMap<String, Vec<String>>>,
    /// What clusters are called, by the names of their contexts.
    pub names: Set<BTreeMap<String, String>>,
    /// Command lines by words of one's own.
    pub aliases: Set<BTreeMap<String, String>>,
    /// The mouse is heard, and the terminal's own selecting is not.
    pub mouse: Set<bool>,
    /// Queries, each a command line, as tabs.
    pub queries: Set<BTreeMap<String, String>>,
    /// The namespaces of the keys 1 to 9.
    pub favourites: Set<Vec<String>>,
    /// Tables by words of kinds: their columns, and what they are sorted by.
    pub views: Set<BTreeMap<String, TableView>>,
    /// The file as it was read, for the lines of what is found wrong later.
    text: String,
    /// Something that guards writes could not be read: nothing is written, whatever else says otherwise.
    pub guard_lost: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: Set::preset("default".to_owned()),
            keymap: Set::preset("default".to_owned()),
            read_only: Set::preset(false),
            read_only_clusters: Set::preset(Vec::new()),
            protected: Set::preset(Vec::new()),
            max_targets: Set::preset(50),
            ascii: Set::preset(false),
            wide: Set::preset(false),
            connect: Set::preset(Connect::Auto),
            exec_policy: Set::preset("ask".to_owned()),
            remember_fleet: Set::preset(true),
            watch_pods: Set::preset(150_000),
            clusters: Vec::new(),
            groups: Set::preset(BTreeMap::new()),
            names: Set::preset(BTreeMap::new()),
            aliases: Set::preset(BTreeMap::new()),
            mouse: Set::preset(false),
            queries: Set::preset(BTreeMap::new()),
            favourites: Set::preset(Vec::new()),
            views: Set::preset(BTreeMap::new()),
            text: String::new(),
            guard_lost: false,
        }
    }
}

/// The keys of the file.
const KEYS: [&str; 20] = [
    "theme",
    "keymap",
    "read_only",
    "read_only_clusters",
    "protected",
    "max_targets",
    "ascii",
    "ambiguous",
    "connect",
    "exec_policy",
    "remember_fleet",
    "watch_pods",
    "clusters",
    "groups",
    "names",
    "aliases",
    "mouse",
    "queries",
    "favourites",
    "views",
];

/// How wide letters may be whose width Unicode leaves open.
const WIDTH_WORDS: &str = "narrow or wide";
/// The words of `connect`.
const CONNECT_WORDS: &str = "auto, visible or manual";
/// The words of `exec_policy`.
const POLICIES: [&str; 3] = ["allow", "ask", "deny"];
const POLICY_WORDS: &str = "allow, ask or deny";

/// A file as it is read: each key by itself, so that one that is wrong does not take the others with it.
struct File<'a> {
    path: &'a Path,
    text: &'a str,
    values: serde_json::Map<String, Value>,
    warnings: Vec<String>,
    /// The keys that are taken now guard writes.
    guards: bool,
    /// One of those could not be read.
    lost: bool,
}

/// Keys that guard writes.
const GUARDS: [&str; 5] = ["exec_policy", "read_only", "read_only_clusters", "protected", "max_targets"];

/// What is said where something that guards writes cannot be read: without it nothing is written.
const GUARD_LOST: &str = "read-only until it is mended";

impl File<'_> {
    /// The value of a key, or a warning with its line.
    fn take<T: DeserializeOwned>(&mut self, key: &str, wanted: &str) -> Option<T> {
        let value = self.values.remove(key).filter(|v| !v.is_null())?;
        let read = serde_json::from_value(value);
        if read.is_err() {
            self.warn(
                key,
                &format!(
                    "`{key}` wants {wanted}; {}",
                    if self.guards { GUARD_LOST } else { "it is not used" }
                ),
            );
            self.lost |= self.guards;
        }
        read.ok()
    }

    /// The list `clusters`, each entry by itself.
    fn take_clusters(&mut self) -> Vec<ClusterSetting> {
        let list: Vec<Value> =
            self.take("clusters", "a list of `match` and what is said of it").unwrap_or_default();
        let mut out = Vec::new();
        for (value, n) in list.into_iter().zip(1..) {
            // What serde says may quote a value.
            match serde_json::from_value::<ClusterSetting>(value) {
                Ok(one) => out.push(one),
                Err(_) => self.warn(
                    "clusters",
                    &format!(
                        "entry {n} of `clusters` wants `match`, and `proxy`, `tls_server_name` or `env`; it is not used"
                    ),
                ),
            }
        }
        out
    }

    /// The map `views`, each by itself.
    fn take_views(&mut self) -> Option<BTreeMap<String, TableView>> {
        let all: BTreeMap<String, Value> =
            self.take("views", "kinds, each with `columns` (a list) and perhaps `sort`")?;
        let mut out = BTreeMap::new();
        for (kind, value) in all {
            match serde_json::from_value::<TableView>(value) {
                Ok(view) if view.columns.iter().any(|c| c.trim().is_empty()) => {
                    self.warn_in(
                        "views",
                        &kind,
                        &format!("view `{kind}` has a column without a name; it is not used"),
                    );
                }
                Ok(view) => {
                    out.insert(kind, view);
                }
                Err(_) => self.warn_in(
                    "views",
                    &kind,
                    &format!("view `{kind}` wants `columns` (a list) and perhaps `sort`; it is not used"),
                ),
            }
        }
        Some(out)
    }

    /// The map `names`: no two clusters may be called the same.
    fn take_names(&mut self) -> Option<BTreeMap<String, String>> {
        let mut names: BTreeMap<String, String> = self.take("names", "contexts, each with a name")?;
        let all: Vec<String> = names.values().cloned().collect();
        let is_twice = |name: &String| name.is_empty() || all.iter().filter(|n| *n == name).count() > 1;
        let twice: BTreeSet<String> = all.iter().filter(|n| is_twice(n)).cloned().collect();
        names.retain(|_, name| !is_twice(name));
        for name in twice {
            self.warn("names", &format!("`names` calls several contexts {name:?}; that one is not used"));
        }
        Some(names)
    }

    fn warn(&mut self, key: &str, words: &str) {
        self.warn_at(place::of_key(self.text, key), words);
    }

    /// The same of an entry of a map.
    fn warn_in(&mut self, map: &str, key: &str, words: &str) {
        self.warn_at(place::of_entry(self.text, map, key), words);
    }

    fn warn_at(&mut self, line: Option<usize>, words: &str) {
        let place = line.map_or_else(String::new, |n| format!(":{}", n + 1));
        // Its folder is said by `doctor`; here it would leave no room for the words.
        let name = self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy();
        self.warnings.push(format!("{name}{place}: {words}"));
    }

    /// Keys that nobody took.
    fn unknown(&mut self) {
        for key in self.values.keys().cloned().collect::<Vec<_>>() {
            let near = nearest(&key, KEYS.into_iter());
            let meant = near.map_or_else(String::new, |k| format!("; did you mean `{k}`?"));
            // Who mistypes what guards writes believes in a guard that is not there.
            let guard = near.is_some_and(|k| GUARDS.contains(&k));
            let lost = if guard { format!("; {GUARD_LOST}") } else { String::new() };
            self.lost |= guard;
            self.warn(&key, &format!("there is no setting `{key}`{meant}{lost}"));
        }
    }
}

impl Settings {
    /// `config.yaml:12`, where an entry of a map stands.
    pub fn place(&self, map: &str, key: &str) -> String {
        let line = place::of_entry(&self.text, map, key);
        line.map_or_else(|| "config.yaml".to_owned(), |n| format!("config.yaml:{}", n + 1))
    }

    /// Reads the file's text over the presets. What is wrong with a key is a warning that names its line, and that key
    /// is not used. Where what guards writes cannot be read, the session is read-only.
    pub fn with_file(mut self, path: &Path, text: &str) -> (Self, Vec<String>) {
        // An empty file is no mapping, and no mistake.
        if text.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#')) {
            return (self, Vec::new());
        }
        let values = match serde_saphyr::from_str::<serde_json::Map<String, Value>>(text) {
            Ok(values) => values,
            Err(error) => {
                let words = error.to_string();
                let first = words.lines().next().unwrap_or("").to_owned();
                // It may have held what guards writes.
                self.guard_lost = true;
                return (self, vec![format!("{}: {first}; {GUARD_LOST}", path.display())]);
            }
        };
        text.clone_into(&mut self.text);
        let mut file = File { path, text, values, warnings: Vec::new(), guards: false, lost: false };
        self.theme.then(file.take("theme", "a name"), Origin::File);
        self.keymap.then(file.take("keymap", "a name"), Origin::File);
        self.ascii.then(file.take("ascii", "true or false"), Origin::File);
        if let Some(word) = file.take::<String>("ambiguous", WIDTH_WORDS) {
            match word.as_str() {
                "wide" | "narrow" => self.wide.then(Some(word == "wide"), Origin::File),
                _ => file.warn("ambiguous", &format!("`ambiguous` wants {WIDTH_WORDS}; it is not used")),
            }
        }
        if let Some(word) = file.take::<String>("connect", CONNECT_WORDS) {
            match Connect::parse(&word) {
                Some(connect) => self.connect.then(Some(connect), Origin::File),
                None => file.warn("connect", &format!("`connect` wants {CONNECT_WORDS}; it is not used")),
            }
        }
        if file.values.get("remember_fleet").is_some_and(|v| !v.is_null()) {
            // Who wanted to say something of it more likely wants nothing kept.
            let keeps = file.take("remember_fleet", "true or false").unwrap_or(false);
            self.remember_fleet.then(Some(keeps), Origin::File);
        }
        self.watch_pods.then(file.take("watch_pods", "a whole number"), Origin::File);
        self.clusters = file.take_clusters();
        self.groups.then(file.take("groups", "names, each with a list of path globs"), Origin::File);
        self.names.then(file.take_names(), Origin::File);
        self.aliases.then(file.take("aliases", "words, each with a command line"), Origin::File);
        self.mouse.then(file.take("mouse", "true or false"), Origin::File);
        self.queries.then(file.take("queries", "names, each with a command line"), Origin::File);
        self.favourites
            .then(file.take("favourites", "a list of namespaces, for the keys 1 to 9"), Origin::File);
        self.views.then(file.take_views(), Origin::File);
        file.guards = true;
        if file.values.get("exec_policy").is_some_and(|v| !v.is_null()) {
            // What cannot be read must not allow anything.
            let policy = file.take::<String>("exec_policy", POLICY_WORDS);
            let known = policy.filter(|p| POLICIES.contains(&p.as_str()));
            if known.is_none() && !file.lost {
                file.warn("exec_policy", &format!("`exec_policy` wants {POLICY_WORDS}; no plugin is run"));
            }
            self.exec_policy.then(Some(known.unwrap_or_else(|| "deny".to_owned())), Origin::File);
        }
        self.read_only.then(file.take("read_only", "true or false"), Origin::File);
        self.read_only_clusters.then(file.take("read_only_clusters", "a list of path globs"), Origin::File);
        self.protected.then(file.take("protected", "a list of path globs"), Origin::File);
        self.max_targets.then(file.take("max_targets", "a whole number"), Origin::File);
        file.unknown();
        self.guard_lost = file.lost;
        (self, file.warnings)
    }

    /// Nothing may be written.
    pub fn is_read_only(&self) -> bool {
        self.read_only.value || self.guard_lost
    }

    /// Takes what the environment says. A word for read-only that cannot be read means yes.
    #[must_use]
    pub fn with_env(mut self, get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| get(name).filter(|v| !v.is_empty());
        let said = |name: &str| {
            text(name).map(|v| match v.to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" | "on" => Some(true),
                "0" | "false" | "no" | "off" => Some(false),
                _ => None,
            })
        };
        self.theme.then(text("SKYFLEET_THEME"), Origin::Env);
        self.keymap.then(text("SKYFLEET_KEYMAP"), Origin::Env);
        self.read_only.then(said("SKYFLEET_READONLY").map(|v| v.unwrap_or(true)), Origin::Env);
        self.ascii.then(said("SKYFLEET_ASCII").flatten(), Origin::Env);
        let keeps = said("SKYFLEET_REMEMBER_FLEET").map(|v| v.unwrap_or(false));
        self.remember_fleet.then(keeps, Origin::Env);
        self.watch_pods.then(text("SKYFLEET_WATCH_PODS").and_then(|v| v.parse().ok()), Origin::Env);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_origins_win() {
        let (s, warnings) =
            Settings::default().with_file(Path::new("config.yaml"), "theme: light\nmax_targets: 7\n");
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!((s.theme.value.as_str(), s.theme.origin), ("light", Origin::File));
        assert_eq!(s.max_targets.value, 7);
        let s = s.with_env(|n| (n == "SKYFLEET_THEME").then(|| "mono".to_owned()));
        assert_eq!((s.theme.value.as_str(), s.theme.origin), ("mono", Origin::Env));
        assert_eq!(s.keymap.origin, Origin::Preset);
    }

    #[test]
    fn read_only_by_the_environment() {
        let (file, _) = Settings::default().with_file(Path::new("c"), "read_only: true\n");
        for (word, read_only) in [("TRUE", true), ("on", true), ("ja", true), ("0", false), ("Off", false)] {
            let env = |n: &str| (n == "SKYFLEET_READONLY").then(|| word.to_owned());
            assert_eq!(file.clone().with_env(env).is_read_only(), read_only, "{word}");
        }
    }

    #[test]
    fn a_bad_file_is_a_warning() {
        let read = |text: &str| Settings::default().with_file(Path::new("config.yaml"), text);
        for text in ["theme: [", "- a\n- b\n"] {
            let (s, warnings) = read(text);
            assert_eq!((&s.theme, s.is_read_only()), (&Settings::default().theme, true), "{text}");
            let env = |n: &str| (n == "SKYFLEET_READONLY").then(|| "false".to_owned());
            assert!(s.with_env(env).is_read_only(), "a lost guard cannot be talked away");
            assert!(warnings[0].starts_with("config.yaml: "), "{warnings:?}");
        }
        assert!(read("# nothing\n\n").1.is_empty());
    }

    #[test]
    fn a_mistyped_guard_is_a_guard_that_is_not_there() {
        let read = |text: &str| Settings::default().with_file(Path::new("config.yaml"), text);
        let (s, warnings) = read("read_only_cluster: ['**/prod-a']\n");
        assert_eq!(
            warnings,
            [
                "config.yaml:1: there is no setting `read_only_cluster`; did you mean `read_only_clusters`?; read-only until it is mended"
            ]
        );
        assert!(s.is_read_only());
        assert!(!read("themee: light\n").0.is_read_only());
    }

    #[test]
    fn a_bad_view_leaves_the_others_alone() {
        let text = "pods: 1\nviews:\n  deploy: {columns: name}\n  pods:\n    columns: [name]\n  svc: {columns: [\"\"]}\n";
        let (s, warnings) = Settings::default().with_file(Path::new("/etc/config.yaml"), text);
        let begins: Vec<&str> =
            warnings.iter().filter_map(|w| w.split(" wants").next()?.split(" has").next()).collect();
        assert_eq!(
            begins[..2],
            ["config.yaml:3: view `deploy`", "config.yaml:6: view `svc`"],
            "{warnings:?}"
        );
        assert_eq!(s.views.value.keys().collect::<Vec<_>>(), ["pods"]);
    }

    #[test]
    fn a_bad_key_is_a_warning_with_its_line_and_the_others_count() {
        let text = "# mine\nthemee: light\nascii: perhaps\nmax_targets: many\nkeymap: vim\n";
        let (s, warnings) = Settings::default().with_file(Path::new("config.yaml"), text);
        assert_eq!(
            warnings,
            [
                "config.yaml:3: `ascii` wants true or false; it is not used",
                "config.yaml:4: `max_targets` wants a whole number; read-only until it is mended",
                "config.yaml:2: there is no setting `themee`; did you mean `theme`?",
            ]
        );
        assert!(s.is_read_only());
        assert_eq!((s.keymap.value.as_str(), s.max_targets.value), ("vim", 50));
    }

    #[test]
    fn groups_names_aliases_and_favourites() {
        let text = "groups:\n  shops: ['**/shop-*']\nnames:\n  arn:a: a\n  arn:b: b\n  arn:c: b\naliases: {dp: deployments, ill: 'pods /restarts>5'}\nfavourites: [shop, pay]\n";
        let (s, warnings) = Settings::default().with_file(Path::new("config.yaml"), text);
        assert_eq!(
            warnings,
            ["config.yaml:3: `names` calls several contexts \"b\"; that one is not used"],
            "two clusters are never called the same"
        );
        assert_eq!(s.groups.value["shops"], ["**/shop-*"]);
        assert_eq!(s.names.value, [("arn:a".to_owned(), "a".to_owned())].into());
        assert_eq!(s.aliases.value["ill"], "pods /restarts>5");
        assert_eq!(s.favourites.value, ["shop", "pay"]);
    }
}
