//! Key maps: which keys mean which action, where. YAML in `keymaps/`, embedded, and a person's own merged over.

use std::collections::BTreeMap;

use crossterm::event::KeyCode;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::action::Action;
use super::key::Key;

/// The maps in the binary.
pub static EMBEDDED: &[(&str, &str)] = &[
    ("default", include_str!("../../keymaps/default.yaml")),
    ("vim", include_str!("../../keymaps/vim.yaml")),
    ("emacs", include_str!("../../keymaps/emacs.yaml")),
];

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    inherits: Option<String>,
    #[serde(default)]
    bindings: BTreeMap<String, Vec<Line>>,
}

#[derive(Deserialize)]
struct Line {
    on: Spanned<String>,
    run: Spanned<String>,
}

/// A key map.
#[derive(Clone, Debug, Default)]
pub struct Keymap {
    /// Its name.
    pub name: String,
    /// By context: keys to action. An action of `None` unbinds an inherited key.
    contexts: BTreeMap<String, BTreeMap<Vec<Key>, Option<Action>>>,
}

/// What the keys so far mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// That.
    Action(Action),
    /// More keys are needed; what may follow.
    Pending,
    /// Nothing.
    Nothing,
}

/// A map that could not be read whole: what was wrong; the rest of it is used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("key map {map}{}: {why}", line.map_or_else(String::new, |line| format!(", line {line}")))]
pub struct KeymapWarning {
    map: String,
    line: Option<u64>,
    why: String,
}

impl Keymap {
    /// The names of those in the binary.
    pub fn names() -> Vec<&'static str> {
        EMBEDDED.iter().map(|(name, _)| *name).collect()
    }

    /// An embedded map by name.
    pub fn embedded(name: &str) -> (Self, Vec<KeymapWarning>) {
        match EMBEDDED.iter().find(|(n, _)| *n == name) {
            Some((name, text)) => Self::parse(name, text),
            None => {
                let (map, mut warnings) = Self::embedded("default");
                warnings.push(KeymapWarning {
                    map: name.to_owned(),
                    line: None,
                    why: "no such key map; the default is used".to_owned(),
                });
                (map, warnings)
            }
        }
    }

    /// Reads a map over what it inherits. A bad line is a warning, the rest is used.
    pub fn parse(name: &str, text: &str) -> (Self, Vec<KeymapWarning>) {
        let warning = |line, why: String| KeymapWarning { map: name.to_owned(), line, why };
        let file: File = match serde_saphyr::from_str(text) {
            Ok(file) => file,
            Err(error) => {
                let base = if name == "default" { Self::default() } else { Self::embedded("default").0 };
                let line = error.location().map(|at| at.line());
                let words = error.to_string();
                let first = words.lines().next().unwrap_or("it cannot be read").to_owned();
                return (base, vec![warning(line, first)]);
            }
        };
        let (mut map, mut warnings) = match file.inherits.as_deref() {
            Some(base) if base != name => Self::embedded(base),
            _ => (Self::default(), Vec::new()),
        };
        for (context, lines) in file.bindings {
            let bindings = map.contexts.entry(context.clone()).or_default();
            for line in lines {
                let Some(keys) = Key::parse_all(&line.on.value) else {
                    let how = "write `a`, `ctrl-d`, `shift-tab`, or several: `g p`";
                    let why = format!("{context}: `{}` is no key; {how}", line.on.value);
                    warnings.push(warning(Some(line.on.defined.line()), why));
                    continue;
                };
                match (Action::parse(&line.run.value), line.run.value.as_str()) {
                    (Some(action), _) => {
                        bindings.insert(keys, Some(action));
                    }
                    (None, "none") => {
                        bindings.insert(keys, None);
                    }
                    (None, other) => {
                        let near = Action::near(other)
                            .map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
                        let why = format!("{context}: there is no action `{other}`{near}");
                        warnings.push(warning(Some(line.run.defined.line()), why));
                    }
                }
            }
        }
        name.clone_into(&mut map.name);
        (map, warnings)
    }

    /// What `keys` mean in the first of `contexts` that knows them.
    pub fn find(&self, contexts: &[&str], keys: &[Key]) -> Found {
        let mut pending = false;
        for context in contexts {
            let Some(bindings) = self.contexts.get(*context) else { continue };
            match bindings.get(keys) {
                Some(Some(action)) => return Found::Action(*action),
                Some(None) => return Found::Nothing,
                None => pending |= bindings.keys().any(|k| k.len() > keys.len() && k.starts_with(keys)),
            }
        }
        if pending { Found::Pending } else { Found::Nothing }
    }

    /// The key, or Enter for ctrl-j where that has no meaning of its own: what was typed before the terminal was raw has such line
    /// ends.
    pub fn settled(&self, key: Key) -> Key {
        let is_bound = || self.contexts.values().flat_map(BTreeMap::keys).any(|keys| keys.contains(&key));
        if key.is_ctrl('j') && !is_bound() {
            return Key::plain(KeyCode::Enter);
        }
        key
    }

    /// What may follow `keys`: the rest of the keys and the action, for the which-key line.
    pub fn following(&self, contexts: &[&str], keys: &[Key]) -> Vec<(String, Action)> {
        let mut out: Vec<(String, Action)> = Vec::new();
        for context in contexts {
            for (bound, action) in self.contexts.get(*context).into_iter().flatten() {
                if let (Some(rest), Some(action)) = (bound.strip_prefix(keys), action)
                    && !rest.is_empty()
                    && !out.iter().any(|(_, a)| a == action)
                {
                    out.push((show(rest), *action));
                }
            }
        }
        out
    }

    /// The keys of an action in the first of `contexts` that has it: the shortest, for the key line.
    pub fn keys_of(&self, contexts: &[&str], action: Action) -> Option<String> {
        contexts.iter().find_map(|context| {
            self.contexts
                .get(*context)?
                .iter()
                .filter(|(_, a)| **a == Some(action))
                .map(|(keys, _)| show(keys))
                .min_by_key(String::len)
        })
    }

    /// Every binding of a context, for the help.
    pub fn bindings(&self, context: &str) -> Vec<(String, Action)> {
        let mut out: Vec<(String, Action)> = self
            .contexts
            .get(context)
            .into_iter()
            .flatten()
            .filter_map(|(keys, action)| Some((show(keys), (*action)?)))
            .collect();
        out.sort_by_key(|(_, action)| *action);
        out
    }
}

fn show(keys: &[Key]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}
