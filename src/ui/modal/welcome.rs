//! Welcome: what stands where the tree would be while no cluster is known: where was looked, and what can be done now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::text::SafeText;
use crate::ui::action::Action;
use crate::ui::keymap::Keymap;
use crate::ui::theme::{Role, Theme};
use crate::ui::widget::draw;

/// What it tells.
pub struct Welcome {
    /// Each file that was looked at, and why nothing came of it.
    looked: Vec<(SafeText, SafeText)>,
}

/// Ways to a kubeconfig, by cloud.
const WAYS: [(&str, &str); 4] = [
    ("EKS", "aws eks update-kubeconfig --name NAME --region REGION"),
    ("GKE", "gcloud container clusters get-credentials NAME --region REGION"),
    ("AKS", "az aks get-credentials --name NAME --resource-group GROUP"),
    ("a file", "skyfleet --kubeconfig FILE, or KUBECONFIG=FILE:FILE skyfleet"),
];

impl Welcome {
    /// Over the files that were looked at.
    pub fn new<'a>(files: impl Iterator<Item = (&'a std::path::Path, Option<&'a str>)>) -> Self {
        let words = |error: Option<&str>| SafeText::new(error.unwrap_or("it names no context"));
        let looked =
            files.map(|(path, error)| (SafeText::new(&path.to_string_lossy()), words(error))).collect();
        Self { looked }
    }

    /// Draws it.
    pub fn draw(&self, keymap: &Keymap, theme: &Theme, area: Rect, buf: &mut Buffer) {
        let (text, muted) = (theme.style(Role::Text), theme.style(Role::Muted));
        let (strong, key_style) = (theme.style(Role::TitleFocused), theme.style(Role::KeysKey));
        let keys = |action| keymap.keys_of(&["welcome", "global"], action).unwrap_or_default();
        let mut y = area.y;
        let left = area.x + 2.min(area.width);
        let mut line = |indent: u16, first: (&str, u16, _), rest: (&str, _)| {
            if y < area.bottom() {
                let x = left + indent;
                draw::text(buf, x, y, first.0, area.right().saturating_sub(x), first.2);
                let x = x + first.1;
                draw::text(buf, x, y, rest.0, area.right().saturating_sub(x), rest.1);
            }
            y += 1;
        };
        line(0, ("No cluster is known yet.", 0, strong), ("", text));
        line(0, ("", 0, text), ("", text));
        let (demo, command, quit) = (keys(Action::Demo), keys(Action::Command), keys(Action::Quit));
        let clouds = format!("{command}clouds");
        for (key, words) in [
            (demo.as_str(), "try it now: the demo, a simulated fleet of many clouds"),
            (clouds.as_str(), "the cloud profiles and accounts that local files speak of"),
            (quit.as_str(), "leave"),
        ] {
            line(0, (key, 9, key_style), (words, text));
        }
        line(0, ("", 0, text), ("", text));
        line(0, ("Looked for contexts in", 0, text), ("", text));
        if self.looked.is_empty() {
            line(2, ("no file: KUBECONFIG is not set and there is no home folder", 0, muted), ("", text));
        }
        for (path, why) in self.looked.iter().take(8) {
            let words = format!("{path}: {why}");
            line(2, (&words, 0, muted), ("", text));
        }
        line(0, ("", 0, text), ("", text));
        line(0, ("Ways to a kubeconfig", 0, text), ("", text));
        for (cloud, way) in WAYS {
            line(2, (cloud, 8, muted), (way, text));
        }
        line(0, ("", 0, text), ("", text));
        line(
            0,
            ("skyfleet contexts and skyfleet doctor say what was found and what is wrong.", 0, muted),
            ("", text),
        );
    }
}
