//! What this terminal can do: colours, characters, room, and what is between it and the person. A function of the
//! environment and the size. Called by [`super::check`].

use super::{Check, Level};

/// With less, parts of the screen have no room.
const COMFORTABLE: (u16, u16) = (80, 24);
/// With less, nothing is drawn.
const LEAST: (u16, u16) = (40, 12);

/// Columns and rows of the terminal that any of the standard streams is.
#[cfg(unix)]
pub(super) fn size() -> Option<(u16, u16)> {
    use rustix::termios::tcgetwinsize;
    let sizes = [
        tcgetwinsize(rustix::stdio::stdout()),
        tcgetwinsize(rustix::stdio::stderr()),
        tcgetwinsize(rustix::stdio::stdin()),
    ];
    sizes.into_iter().flatten().map(|s| (s.ws_col, s.ws_row)).find(|(w, h)| *w > 0 && *h > 0)
}

#[cfg(not(unix))]
pub(super) fn size() -> Option<(u16, u16)> {
    None
}

/// What is to be said of it. `get` reads a variable that is set and not empty.
pub(super) fn checks(get: impl Fn(&str) -> Option<String>, size: Option<(u16, u16)>) -> Vec<Check> {
    let mut out = Vec::new();
    let mut push = |level, subject: &str, words: &str, fix: &str| {
        out.push(Check::new(level, "terminal", subject, words, fix));
    };
    let term = get("TERM").unwrap_or_default();
    match term.as_str() {
        "" => push(Level::Warn, "TERM", "not set", "run in a terminal, or export TERM=xterm-256color"),
        "dumb" => push(
            Level::Warn,
            "TERM",
            "dumb: no full screen here",
            "the commands work; for the screen use another terminal",
        ),
        term => push(Level::Ok, "TERM", term, ""),
    }
    let (colours, fix) = colours(&term, &get);
    push(Level::Ok, "colours", colours, fix);
    let locale = get("LC_ALL").or_else(|| get("LC_CTYPE")).or_else(|| get("LANG")).unwrap_or_default();
    let lower = locale.to_lowercase();
    if lower.contains("utf-8") || lower.contains("utf8") {
        push(Level::Ok, "locale", &format!("{locale}: Unicode"), "");
    } else {
        let words = if locale.is_empty() { "not set: ASCII" } else { locale.as_str() };
        push(Level::Warn, "locale", words, "export LANG=C.UTF-8, or set `ascii: true` in config.yaml");
    }
    match size {
        None => push(Level::Ok, "size", "no terminal here; the commands need none", ""),
        Some((w, h)) if w < LEAST.0 || h < LEAST.1 => {
            let fix = format!("make the window at least {}x{}; the commands work in any", LEAST.0, LEAST.1);
            push(Level::Warn, "size", &format!("{w}x{h}: too small for the screen"), &fix);
        }
        Some((w, h)) if w < COMFORTABLE.0 || h < COMFORTABLE.1 => {
            let words = format!(
                "{w}x{h}: parts of the screen are left out below {}x{}",
                COMFORTABLE.0, COMFORTABLE.1
            );
            push(Level::Ok, "size", &words, "");
        }
        Some((w, h)) => push(Level::Ok, "size", &format!("{w}x{h}"), ""),
    }
    if get("TMUX").is_some() {
        let fix = "for copying over SSH: set -g set-clipboard on; for all colours: set -as terminal-features ',*:RGB'";
        push(Level::Ok, "tmux", "inside tmux", fix);
    } else if get("STY").is_some() {
        push(Level::Ok, "screen", "inside GNU screen: nothing can be copied to the clipboard from here", "");
    }
    if get("SSH_CONNECTION").or_else(|| get("SSH_TTY")).is_some() {
        let words = if get("DISPLAY").is_some() {
            "over SSH, with a display: a sign-in may open a browser there"
        } else {
            "over SSH: a sign-in shows a code in place of a browser; copying goes by OSC 52"
        };
        push(Level::Ok, "SSH", words, "");
    }
    out
}

/// As the screen finds it out, and how to have more.
fn colours(term: &str, get: &impl Fn(&str) -> Option<String>) -> (&'static str, &'static str) {
    const KNOWN: [&str; 6] = ["kitty", "ghostty", "wezterm", "foot", "alacritty", "-direct"];
    if get("NO_COLOR").is_some() {
        ("none: NO_COLOR is set", "")
    } else if term == "dumb" {
        ("none", "")
    } else if matches!(get("COLORTERM").as_deref(), Some("truecolor" | "24bit"))
        || KNOWN.iter().any(|k| term.contains(k))
    {
        ("24 bit", "")
    } else if term.contains("256color") {
        ("256", "if the terminal has more: export COLORTERM=truecolor")
    } else {
        ("16", "if the terminal has more: export TERM=xterm-256color")
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    fn look(pairs: &[(&str, &str)], size: Option<(u16, u16)>) -> Vec<Check> {
        checks(|name| pairs.iter().find(|(k, _)| *k == name).map(|(_, v)| (*v).to_owned()), size)
    }

    #[test]
    fn what_is_wrong_with_it() {
        let wrong = |pairs: &[(&str, &str)], size| {
            let checks = look(pairs, size);
            checks.iter().filter(|c| c.level != Level::Ok).map(|c| c.subject.to_string()).collect::<Vec<_>>()
        };
        let good = [("TERM", "xterm-256color"), ("LANG", "en_US.UTF-8")];
        assert_eq!(wrong(&good, None), [""; 0]);
        assert_eq!(wrong(&good, Some((79, 24))), [""; 0]);
        assert_eq!(wrong(&good, Some((39, 24))), ["size"]);
        assert_eq!(wrong(&[], None), ["TERM", "locale"]);
        assert_eq!(wrong(&[("TERM", "dumb"), ("LANG", "C")], None), ["TERM", "locale"]);
    }

    #[test]
    fn what_it_can_do() {
        for (pairs, subject, words) in [
            (&[("TERM", "xterm-256color")][..], "colours", "256"),
            (&[("TERM", "xterm-kitty")], "colours", "24 bit"),
            (&[("TERM", "xterm"), ("COLORTERM", "truecolor")], "colours", "24 bit"),
            (
                &[("TERM", "xterm"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")],
                "colours",
                "none: NO_COLOR is set",
            ),
            (&[("TERM", "linux")], "colours", "16"),
            (&[("TMUX", "/tmp/t")], "tmux", "inside tmux"),
            (
                &[("SSH_TTY", "/dev/pts/1")],
                "SSH",
                "over SSH: a sign-in shows a code in place of a browser; copying goes by OSC 52",
            ),
        ] {
            let checks = look(pairs, Some((120, 40)));
            let found = checks.iter().find(|c| c.subject == subject).unwrap();
            assert_eq!(found.words, words);
        }
    }
}
