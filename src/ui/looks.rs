//! How it looks and which keys it hears: the theme and the key map, those of the binary or a person's own files, which are
//! merged over what they inherit and read again when they change.
//!
//! Called by main, and by the loop.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};

use super::effect::Said;
use super::keymap::Keymap;
use super::theme::depth::Depth;
use super::theme::{Letters, Theme};

/// How often a person's files are looked at.
const EVERY: Duration = Duration::from_secs(2);
/// No theme or key map is as large.
const MOST_BYTES: u64 = 1 << 20;

/// Which theme and which key map.
#[derive(Clone, Debug)]
pub struct Looks {
    /// Where a person's own are: `themes/` and `keymaps/` in it.
    pub folder: Option<PathBuf>,
    /// The theme's name.
    pub theme: String,
    /// The key map's name.
    pub keymap: String,
    /// How many colours the terminal has.
    pub depth: Depth,
    /// Which letters it shows as wide as they are counted.
    pub letters: Letters,
}

/// A theme and a key map, ready.
#[derive(Clone, Debug)]
pub struct Worn {
    /// The theme.
    pub theme: Theme,
    /// The keys.
    pub keymap: Keymap,
    /// What of them could not be used.
    pub warnings: Vec<String>,
}

/// When a file was written, and how long it is.
type Stamp = Option<(SystemTime, u64)>;

impl Looks {
    fn file(&self, folder: &str, name: &str) -> Option<PathBuf> {
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let own = self.folder.as_ref().filter(|_| is_plain)?;
        Some(own.join(folder).join(format!("{name}.yaml")))
    }

    fn text(&self, folder: &str, name: &str) -> Option<String> {
        let path = self.file(folder, name)?;
        let size = std::fs::metadata(&path).ok()?.len();
        if size > MOST_BYTES { None } else { std::fs::read_to_string(path).ok() }
    }

    /// Reads both; a person's own come before those in the binary.
    pub fn read(&self) -> Worn {
        let (theme, of_theme) = match self.text("themes", &self.theme) {
            Some(text) => Theme::parse(&self.theme, &text, self.depth, self.letters),
            None => Theme::embedded(&self.theme, self.depth, self.letters),
        };
        let (keymap, of_keymap) = match self.text("keymaps", &self.keymap) {
            Some(text) => Keymap::parse(&self.keymap, &text),
            None => Keymap::embedded(&self.keymap),
        };
        let of_theme = of_theme.iter().map(ToString::to_string);
        let warnings = of_theme.chain(of_keymap.iter().map(ToString::to_string)).collect();
        Worn { theme, keymap, warnings }
    }

    fn stamps(&self) -> [Stamp; 2] {
        [("themes", &self.theme), ("keymaps", &self.keymap)].map(|(folder, name)| {
            let meta = std::fs::metadata(self.file(folder, name)?).ok()?;
            Some((meta.modified().ok()?, meta.len()))
        })
    }

    /// Reads both beside the loop: a home folder may be far away.
    async fn read_beside(&self) -> Option<(Worn, [Stamp; 2])> {
        let looks = self.clone();
        tokio::task::spawn_blocking(move || {
            // What is written meanwhile is noticed the next time.
            let stamps = looks.stamps();
            (looks.read(), stamps)
        })
        .await
        .ok()
    }
}

/// Tells theme and key map whenever others are chosen, or a file of them is another; until nobody listens or chooses.
pub async fn follow(mut chosen: watch::Receiver<Looks>, out: mpsc::Sender<Said>) {
    let first = chosen.borrow().clone();
    let Some((_, mut seen)) = first.read_beside().await else { return };
    loop {
        let is_chosen = tokio::select! {
            changed = chosen.changed() => {
                if changed.is_err() {
                    return;
                }
                true
            }
            () = tokio::time::sleep(EVERY) => false,
            () = out.closed() => return,
        };
        let looks = chosen.borrow_and_update().clone();
        let Some((worn, now)) = looks.read_beside().await else { return };
        if (is_chosen || now != seen) && out.send(Said::Worn(Box::new(worn))).await.is_err() {
            return;
        }
        seen = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::action::Action;
    use crate::ui::key::Key;
    use crate::ui::keymap::Found;
    use crate::ui::theme::Role;
    use ratatui::style::Color;

    #[tokio::test]
    async fn a_persons_own_files_are_merged_over_and_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("themes/mine.yaml", "inherits: nord\npalette: { good: \"#010203\" }\n");
        write("keymaps/mine.yaml", "inherits: vim\nbindings:\n  table:\n    - { on: \"x\", run: delete }\n");
        let looks = Looks {
            folder: Some(dir.path().to_owned()),
            theme: "mine".into(),
            keymap: "mine".into(),
            depth: Depth::Rgb,
            letters: Letters::All,
        };
        let worn = looks.read();
        assert_eq!(worn.warnings, Vec::<String>::new());
        assert_eq!(worn.theme.style(Role::Ok).fg, Some(Color::Rgb(1, 2, 3)));
        let keys = |worn: &Worn, on: &str| worn.keymap.find(&["table"], &Key::parse_all(on).unwrap());
        assert_eq!(keys(&worn, "x"), Found::Action(Action::Delete));
        assert_eq!(keys(&worn, "d"), Found::Action(Action::Describe));
        let (said, mut heard) = mpsc::channel(1);
        let (choose, chosen) = watch::channel(looks.clone());
        tokio::spawn(follow(chosen, said));
        choose.send_modify(|looks| looks.theme = "gruvbox".into());
        let Some(Said::Worn(worn)) = heard.recv().await else { panic!("not worn") };
        assert_eq!(worn.theme.name, "gruvbox");
        write(
            "keymaps/mine.yaml",
            "inherits: vim\nbindings:\n  table:\n    - { on: \"x\", run: scal }\n    - { on: \"xx\", run: scale }\n",
        );
        let Some(Said::Worn(worn)) = heard.recv().await else { panic!("not read again") };
        assert_eq!(keys(&worn, "x"), Found::Nothing);
        assert_eq!(
            worn.warnings,
            [
                "key map mine, line 4: table: there is no action `scal`; did you mean `scale`?",
                "key map mine, line 5: table: `xx` is no key; write `a`, `ctrl-d`, `shift-tab`, or several: `g p`",
            ]
        );
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let looks = Looks {
            folder: Some("/somewhere".into()),
            theme: "../../etc/x".into(),
            keymap: "default".into(),
            depth: Depth::None,
            letters: Letters::Ascii,
        };
        assert_eq!(looks.file("themes", &looks.theme), None);
        assert_eq!(looks.read().warnings, ["theme ../../etc/x: no such theme; the default is used"]);
    }
}
