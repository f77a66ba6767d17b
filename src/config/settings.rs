//! The settings themselves, each with its origin.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

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
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    theme: Option<String>,
    keymap: Option<String>,
    read_only: Option<bool>,
    read_only_clusters: Option<Vec<String>>,
    protected: Option<Vec<String>>,
    max_targets: Option<usize>,
    ascii: Option<bool>,
}

impl Settings {
    /// Reads the file's text over the presets. What is wrong with it is a warning; then nothing of it is used.
    pub fn with_file(mut self, path: &Path, text: &str) -> (Self, Vec<String>) {
        let file: File = match serde_saphyr::from_str(text) {
            Ok(file) => file,
            // An empty file is no mapping, and no mistake.
            Err(_) if text.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#')) => {
                File::default()
            }
            Err(error) => {
                let words = error.to_string();
                let first = words.lines().next().unwrap_or("").to_owned();
                return (self, vec![format!("{}: {first}; the presets are used", path.display())]);
            }
        };
        self.theme.then(file.theme, Origin::File);
        self.keymap.then(file.keymap, Origin::File);
        self.read_only.then(file.read_only, Origin::File);
        self.read_only_clusters.then(file.read_only_clusters, Origin::File);
        self.protected.then(file.protected, Origin::File);
        self.max_targets.then(file.max_targets, Origin::File);
        self.ascii.then(file.ascii, Origin::File);
        (self, Vec::new())
    }

    /// Takes what the environment says.
    #[must_use]
    pub fn with_env(mut self, get: impl Fn(&str) -> Option<String>) -> Self {
        let text = |name: &str| get(name).filter(|v| !v.is_empty());
        let yes = |name: &str| text(name).map(|v| matches!(v.as_str(), "1" | "true" | "yes"));
        self.theme.then(text("SKYFLEET_THEME"), Origin::Env);
        self.keymap.then(text("SKYFLEET_KEYMAP"), Origin::Env);
        self.read_only.then(yes("SKYFLEET_READONLY"), Origin::Env);
        self.ascii.then(yes("SKYFLEET_ASCII"), Origin::Env);
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
    fn a_bad_file_is_a_warning() {
        for text in ["theme: [", "themee: light\n", "max_targets: many\n"] {
            let (s, warnings) = Settings::default().with_file(Path::new("config.yaml"), text);
            assert_eq!(s, Settings::default(), "{text}");
            assert!(warnings[0].starts_with("config.yaml: "), "{warnings:?}");
        }
        let (_, warnings) = Settings::default().with_file(Path::new("c"), "# nothing\n\n");
        assert!(warnings.is_empty());
    }
}
