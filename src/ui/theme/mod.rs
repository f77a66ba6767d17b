//! Themes: roles to styles, from YAML files in `themes/`, embedded, read by the same code as a person's own.
//!
//! Code names roles, never colours. Colours are brought down to what the terminal has once, when a theme is loaded.

pub mod depth;
mod style;

use std::collections::BTreeMap;

use ratatui::style::{Color, Style};
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::domain::environment::Environment;
use crate::domain::health::Health;
use depth::Depth;

/// The themes in the binary.
pub static EMBEDDED: &[(&str, &str)] = &[
    ("default", include_str!("../../../themes/default.yaml")),
    ("light", include_str!("../../../themes/light.yaml")),
    ("high-contrast", include_str!("../../../themes/high-contrast.yaml")),
    ("mono", include_str!("../../../themes/mono.yaml")),
    ("colour-blind", include_str!("../../../themes/colour-blind.yaml")),
    ("sixteen", include_str!("../../../themes/sixteen.yaml")),
    ("nord", include_str!("../../../themes/nord.yaml")),
    ("solarized", include_str!("../../../themes/solarized.yaml")),
    ("gruvbox", include_str!("../../../themes/gruvbox.yaml")),
    ("catppuccin", include_str!("../../../themes/catppuccin.yaml")),
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

/// Which letters a terminal shows as wide as they are counted here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Letters {
    /// All.
    #[default]
    All,
    /// All but those whose width Unicode leaves to the reader (UAX 11, "ambiguous"): this terminal, as many in East Asia,
    /// shows them two cells wide. Lines and signs of ours are among them; the nearest ASCII sign stands for each.
    Unambiguous,
    /// ASCII alone.
    Ascii,
}

impl Letters {
    /// Of what settings say: `ascii`, and that ambiguous letters are `wide`.
    pub const fn of(ascii: bool, wide: bool) -> Self {
        match (ascii, wide) {
            (true, _) => Self::Ascii,
            (false, true) => Self::Unambiguous,
            (false, false) => Self::All,
        }
    }
}

/// A theme, ready for one terminal.
#[derive(Clone, Debug)]
pub struct Theme {
    /// Its name.
    pub name: String,
    styles: BTreeMap<Role, Style>,
    /// Signs of ours are ASCII.
    pub ascii: bool,
    /// What may be drawn.
    pub letters: Letters,
    /// The background it is made for: pictures have it, a terminal has its own.
    pub background: Option<Color>,
}

/// A line of a theme that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("theme {theme}{}: {why}", line.map_or_else(String::new, |line| format!(", line {line}")))]
pub struct ThemeWarning {
    theme: String,
    line: Option<u64>,
    why: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    inherits: Option<String>,
    /// `16`: only the terminal's own colours, however many it has.
    colors: Option<u32>,
    palette: BTreeMap<String, Spanned<String>>,
    /// What it is made for, and its contrast is checked against.
    background: Vec<String>,
    roles: BTreeMap<String, Spanned<Entry>>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Entry {
    Plain(String),
    Two { rgb: String, ansi16: String },
}

/// What a theme says, with what it inherits.
#[derive(Clone, Default)]
struct Source {
    palette: BTreeMap<String, Color>,
    roles: BTreeMap<Role, Entry>,
    background: Vec<String>,
    is_of_16: bool,
}

impl Source {
    /// Reads a theme over what it inherits. A bad entry is a warning, the rest is used.
    fn read(name: &str, text: &str) -> (Self, Vec<ThemeWarning>) {
        let warning = |line, why: String| ThemeWarning { theme: name.to_owned(), line, why };
        let file: File = match serde_saphyr::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                let line = error.location().map(|at| at.line());
                let words = error.to_string();
                let first = words.lines().next().unwrap_or("it cannot be read").to_owned();
                return (Self::default(), vec![warning(line, first)]);
            }
        };
        let mut warnings = Vec::new();
        let mut source = Self::default();
        if let Some(base) = file.inherits.as_deref().filter(|base| *base != name) {
            match EMBEDDED.iter().find(|(known, _)| *known == base) {
                Some((base, text)) => source = Self::read(base, text).0,
                None => warnings.push(warning(None, format!("there is no theme `{base}` to inherit"))),
            }
        }
        for (word, colour) in file.palette {
            match style::colour(&colour.value, &BTreeMap::new()) {
                Ok(known) => {
                    source.palette.insert(word, known);
                }
                Err(why) => {
                    warnings.push(warning(Some(colour.defined.line()), format!("palette {word}: {why}")))
                }
            }
        }
        for (word, entry) in file.roles {
            match ROLES.iter().find(|(_, known)| *known == word) {
                Some((role, _)) => match entry.value.check(&source.palette) {
                    Ok(()) => {
                        source.roles.insert(*role, entry.value);
                    }
                    Err(why) => warnings.push(warning(Some(entry.defined.line()), format!("{word}: {why}"))),
                },
                None => {
                    warnings.push(warning(Some(entry.defined.line()), format!("there is no role `{word}`")))
                }
            }
        }
        source.is_of_16 |= file.colors == Some(16);
        if !file.background.is_empty() {
            source.background = file.background;
        }
        (source, warnings)
    }
}

impl Entry {
    fn check(&self, palette: &BTreeMap<String, Color>) -> Result<(), String> {
        match self {
            Self::Plain(text) => style::parse(text, palette).map(drop),
            Self::Two { rgb, ansi16 } => {
                style::parse(rgb, palette)?;
                style::parse(ansi16, palette).map(drop)
            }
        }
    }
}

impl Theme {
    /// The names of those in the binary.
    pub fn names() -> Vec<&'static str> {
        EMBEDDED.iter().map(|(name, _)| *name).collect()
    }

    /// An embedded theme by name.
    pub fn embedded(name: &str, depth: Depth, letters: Letters) -> (Self, Vec<ThemeWarning>) {
        match EMBEDDED.iter().find(|(n, _)| *n == name) {
            Some((name, text)) => Self::parse(name, text, depth, letters),
            None => {
                let (theme, mut warnings) = Self::embedded("default", depth, letters);
                warnings.push(ThemeWarning {
                    theme: name.to_owned(),
                    line: None,
                    why: "no such theme; the default is used".to_owned(),
                });
                (theme, warnings)
            }
        }
    }

    /// Reads a theme for a terminal of that depth. A bad entry is a warning, the rest is used.
    pub fn parse(name: &str, text: &str, depth: Depth, letters: Letters) -> (Self, Vec<ThemeWarning>) {
        let (source, warnings) = Source::read(name, text);
        let made_for = source.background.first();
        let background = made_for.and_then(|b| style::colour(b, &source.palette).ok());
        let ascii = letters != Letters::All;
        let mut theme = Self { name: name.to_owned(), styles: BTreeMap::new(), ascii, letters, background };
        let depth = if source.is_of_16 && depth != Depth::None { Depth::Ansi16 } else { depth };
        // Without colour what an entry meant by one is lost: the theme that was made for that stands in, where the row
        // under the cursor is the one that stands out.
        let plain = if depth == Depth::None && name != "mono" {
            Self::embedded("mono", depth, letters).0.styles
        } else {
            BTreeMap::new()
        };
        for (role, entry) in &source.roles {
            let (text, exact) = match entry {
                Entry::Two { ansi16, .. } if depth == Depth::Ansi16 => (ansi16, true),
                Entry::Two { rgb, .. } => (rgb, false),
                Entry::Plain(text) => (text, false),
            };
            // It was checked when it was read.
            let style = style::parse(text, &source.palette).unwrap_or_default();
            let coloured = style.fg.or(style.bg).is_some();
            let style = match plain.get(role) {
                Some(plain) if coloured => *plain,
                _ if exact => style,
                _ => depth.bring_down(style),
            };
            theme.styles.insert(*role, style);
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
                let (theme, warnings) = Theme::embedded(name, depth, Letters::All);
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
            let (theme, _) = Theme::embedded(name, Depth::None, Letters::All);
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
            Letters::All,
        );
        let said: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "theme x, line 4: muted: `purpleish` is no colour; write #rrggbb, one of the 16 names or one of the palette",
                "theme x, line 3: there is no role `nonsense`",
            ]
        );
        assert_ne!(theme.style(Role::Text), Style::default());
        let (_, warnings) = Theme::parse("x", "roles: [\n", Depth::Rgb, Letters::All);
        assert!(warnings[0].to_string().starts_with("theme x, line "), "{}", warnings[0]);
        let (_, warnings) =
            Theme::parse("x", "inherits: nothing\npalette: {a: 7}\n", Depth::Rgb, Letters::All);
        assert_eq!(warnings.len(), 2, "{warnings:?}");
    }

    /// A theme of a person's that is another palette, and one role of its own.
    #[test]
    fn a_theme_is_what_it_inherits_but_for_what_it_says() {
        let text = "inherits: default\npalette:\n  good: \"#00ff00\"\n  mine: \"#123456\"\nroles:\n  match: fg=mine bold\n";
        let (theme, warnings) = Theme::parse("x", text, Depth::Rgb, Letters::All);
        assert!(warnings.is_empty(), "{warnings:?}");
        assert_eq!(theme.style(Role::Ok).fg, Some(Color::Rgb(0, 255, 0)));
        assert_eq!(theme.style(Role::Match).fg, Some(Color::Rgb(0x12, 0x34, 0x56)));
        let (default, _) = Theme::embedded("default", Depth::Rgb, Letters::All);
        assert_eq!(theme.style(Role::Down), default.style(Role::Down));
        // The 16 colours are the terminal's: a palette says nothing of them.
        let of_16 = |name| Theme::embedded(name, Depth::Ansi16, Letters::All).0.styles;
        assert_eq!(of_16("nord"), of_16("default"));
        assert_eq!(Theme::embedded("sixteen", Depth::Rgb, Letters::All).0.styles, of_16("default"));
    }

    /// Relative luminance and contrast as of WCAG 2.2 (w3.org/TR/WCAG22, 1.4.3).
    fn contrast(a: Color, b: Color) -> f64 {
        let luminance = |colour| {
            let Color::Rgb(r, g, b) = colour else { panic!("{colour}: no RGB") };
            let part = |c: u8| {
                let c = f64::from(c) / 255.0;
                if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
        };
        let (x, y) = (luminance(a), luminance(b));
        (x.max(y) + 0.05) / (x.min(y) + 0.05)
    }

    /// Every text is read at 4.5:1 on what the theme is made for; lines and graphs, which are no text, may be fainter.
    #[test]
    fn what_is_written_can_be_read() {
        let mut checked = 0;
        for (name, text) in EMBEDDED {
            let (source, _) = Source::read(name, text);
            let (theme, _) = Theme::embedded(name, Depth::Rgb, Letters::All);
            if source.is_of_16 || *name == "mono" {
                continue;
            }
            let made_for = source.background.iter().map(|b| style::colour(b, &BTreeMap::new()).unwrap());
            let own = theme.style(Role::Text).bg;
            let screens: Vec<Color> = own.map_or_else(|| made_for.collect(), |own| vec![own]);
            assert!(!screens.is_empty(), "{name} does not say what it is made for");
            for (role, word) in ROLES.iter().filter(|(role, _)| !matches!(role, Role::Rule | Role::Graph)) {
                let style = theme.style(*role);
                let Some(fg) = style.fg else { continue };
                // A row under the cursor is in the colours of the cursor.
                let on = style.bg.map_or_else(|| screens.clone(), |own| vec![own]);
                for bg in on {
                    let found = contrast(fg, bg);
                    assert!(found >= 4.5, "{name}: {word} {fg} on {bg}: {found:.2}");
                    checked += 1;
                }
            }
        }
        assert!(checked > 400, "{checked}");
    }
}
