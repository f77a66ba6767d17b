//! Themes: roles to styles, from YAML files in `themes/`, embedded, read by the same code as a person's own.
//!
//! Code names roles, never colours. Colours are brought down to what the terminal has once, when a theme is loaded.

pub mod depth;
mod style;

use std::collections::BTreeMap;

use ratatui::style::Style;
use serde::Deserialize;

use crate::domain::environment::Environment;
use crate::domain::health::Health;
use depth::Depth;

/// The themes in the binary.
pub static EMBEDDED: &[(&str, &str)] = &[
    ("default", include_str!("../../../themes/default.yaml")),
    ("light", include_str!("../../../themes/light.yaml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.yaml")),
    ("mono", include_str!("../../../themes/mono.yaml")),
];

macro_rules! roles {
    ($($role:ident $name:literal;)*) => {
        /// What something is, for the eye.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "each role's word is its meaning")]
        pub enum Role { $($role),* }
        /// Every role and its word in theme files.
        pub static ROLES: &[(Role, &str)] = &[$((Role::$role, $name)),*];
    };
}

roles! {
    Text "text"; Muted "muted"; Accent "accent"; Title "title"; TitleFocused "title.focused"; Rule "rule";
    Header "header"; HeaderText "header.text"; Keys "keys"; KeysKey "keys.key"; Selection "selection"; Cursor "cursor";
    Mark "mark"; Ok "ok"; Progressing "progressing"; Degraded "degraded"; Down "down"; Unknown "unknown";
    Warn "warn"; Error "error"; Match "match"; EnvProd "env.prod"; EnvStaging "env.staging"; EnvDev "env.dev";
    Dialog "dialog"; DialogTitle "dialog.title"; DialogLocked "dialog.locked"; ToastOk "toast.ok"; ToastError "toast.error";
    Graph "graph"; DiffAdd "diff.add"; DiffRemove "diff.remove"; YamlKey "yaml.key"; YamlString "yaml.string";
    YamlNumber "yaml.number"; YamlComment "yaml.comment"; LogDebug "log.debug"; LogInfo "log.info"; LogWarn "log.warn";
    LogError "log.error"; Source1 "source1"; Source2 "source2"; Source3 "source3"; Source4 "source4"; Source5 "source5";
    Source6 "source6"; Source7 "source7"; Source8 "source8";
}

/// A theme, ready for one terminal.
#[derive(Clone, Debug)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: BTreeMap<Role, Style>,
    /// Draw with ASCII alone.
    pub ascii: bool,
}

/// A line of a theme that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("theme {theme}: {why}")]
pub struct ThemeWarning {
    theme: String,
    why: String,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    roles: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Plain(String),
    Two { rgb: String, ansi16: String },
}

impl Theme {
    /// The names of those in the binary.
    pub fn names() -> Vec<&'static str> {
        EMBEDDED.iter().map(|(name, _)| *name).collect()
    }

    /// An embedded theme by name.
    pub fn embedded(name: &str, depth: Depth, ascii: bool) -> (Self, Vec<ThemeWarning>) {
        match EMBEDDED.iter().find(|(n, _)| *n == name) {
            Some((name, text)) => Self::parse(name, text, depth, ascii),
            None => {
                let (theme, mut warnings) = Self::embedded("default", depth, ascii);
                warnings.push(ThemeWarning {
                    theme: name.to_owned(),
                    why: "no such theme; the default is used".to_owned(),
                });
                (theme, warnings)
            }
        }
    }

    /// Reads a theme for a terminal of that depth. A bad entry is a warning, the rest is used.
    pub fn parse(name: &str, text: &str, depth: Depth, ascii: bool) -> (Self, Vec<ThemeWarning>) {
        let mut theme = Self { name: name.to_owned(), styles: BTreeMap::new(), ascii };
        let warning = |why: String| ThemeWarning { theme: name.to_owned(), why };
        let file: File = match serde_saphyr::from_str(text) {
            Ok(file) => file,
            Err(error) => return (theme, vec![warning(error.to_string())]),
        };
        let mut warnings = Vec::new();
        // Without colour what an entry meant by one is lost: the theme that was made for that stands in, where the row
        // under the cursor is the one that stands out.
        let plain = if depth == Depth::None && name != "mono" {
            Self::embedded("mono", depth, ascii).0.styles
        } else {
            BTreeMap::new()
        };
        for (word, entry) in file.roles {
            let Some((role, _)) = ROLES.iter().find(|(_, w)| *w == word) else {
                warnings.push(warning(format!("there is no role `{word}`")));
                continue;
            };
            let (text, exact) = match &entry {
                Entry::Two { ansi16, .. } if depth == Depth::Ansi16 => (ansi16, true),
                Entry::Two { rgb, .. } => (rgb, false),
                Entry::Plain(text) => (text, false),
            };
            match style::parse(text) {
                Ok(style) => {
                    let coloured = style.fg.or(style.bg).is_some();
                    let style = match plain.get(role) {
                        Some(plain) if coloured => *plain,
                        _ if exact => style,
                        _ => depth.bring_down(style),
                    };
                    theme.styles.insert(*role, style);
                }
                Err(why) => warnings.push(warning(format!("{word}: {why}"))),
            }
        }
        (theme, warnings)
    }

    /// The style of a role; a role the theme leaves out has none.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(&role).copied().unwrap_or_default()
    }

    /// The style of a health.
    pub fn health(&self, health: Health) -> Style {
        self.style(health_role(health))
    }

    /// The tint of an environment, for a cluster's name.
    pub fn environment(&self, environment: Environment) -> Style {
        match environment {
            Environment::Prod => self.style(Role::EnvProd),
            Environment::Staging => self.style(Role::EnvStaging),
            Environment::Dev => self.style(Role::EnvDev),
            Environment::Unknown => self.style(Role::Text),
        }
    }

    /// A colour for the n-th source of a log, the same for the same n.
    pub fn source(&self, n: u32) -> Style {
        let role = match n % 8 {
            0 => Role::Source1,
            1 => Role::Source2,
            2 => Role::Source3,
            3 => Role::Source4,
            4 => Role::Source5,
            5 => Role::Source6,
            6 => Role::Source7,
            _ => Role::Source8,
        };
        self.style(role)
    }
}

/// The role of a health.
pub const fn health_role(health: Health) -> Role {
    match health {
        Health::Ok => Role::Ok,
        Health::Progressing => Role::Progressing,
        Health::Unknown => Role::Unknown,
        Health::Degraded => Role::Degraded,
        Health::Down => Role::Down,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Modifier;

    #[test]
    fn the_embedded_themes_have_every_role_and_no_fault() {
        for (name, _) in EMBEDDED {
            for depth in [Depth::Rgb, Depth::Ansi256, Depth::Ansi16, Depth::None] {
                let (theme, warnings) = Theme::embedded(name, depth, false);
                assert!(warnings.is_empty(), "{warnings:?}");
                let missing: Vec<_> =
                    ROLES.iter().filter(|(r, _)| !theme.styles.contains_key(r)).map(|(_, w)| *w).collect();
                assert!(missing.is_empty(), "{name}: {missing:?}");
            }
        }
    }

    #[test]
    fn without_colour_the_cursor_is_still_seen() {
        for (name, _) in EMBEDDED {
            let (theme, _) = Theme::embedded(name, Depth::None, false);
            let cursor = theme.style(Role::Cursor);
            assert!(cursor.fg.is_none() && cursor.bg.is_none(), "{name}");
            assert!(cursor.add_modifier.contains(Modifier::REVERSED), "{name}");
            // Nothing else in a table is: above all not the names of what is in production.
            for role in
                [Role::Text, Role::EnvProd, Role::EnvStaging, Role::EnvDev, Role::Selection, Role::Mark]
            {
                let style = theme.style(role);
                assert!(!style.add_modifier.contains(Modifier::REVERSED), "{name} {role:?}");
            }
            assert!(
                !theme.style(Role::EnvProd).add_modifier.is_empty(),
                "{name}: prod is told from the rest"
            );
        }
    }

    #[test]
    fn a_bad_line_is_a_warning() {
        let (theme, warnings) = Theme::parse(
            "x",
            "roles:\n  text: fg=#ffffff\n  nonsense: bold\n  muted: fg=purpleish\n",
            Depth::Rgb,
            false,
        );
        assert_eq!(warnings.len(), 2);
        assert_ne!(theme.style(Role::Text), Style::default());
    }
}
