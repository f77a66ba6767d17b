//! Reading a style: `fg=#d0d7de bg=bright-black bold underline reverse dim italic`. A colour can also be one of the theme's palette.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};

/// Reads a style as theme files write it.
pub(super) fn parse(text: &str, palette: &BTreeMap<String, Color>) -> Result<Style, String> {
    let mut style = Style::default();
    for word in text.split_whitespace() {
        style = match word.split_once('=') {
            Some(("fg", word)) => style.fg(colour(word, palette)?),
            Some(("bg", word)) => style.bg(colour(word, palette)?),
            Some((other, _)) => return Err(format!("`{other}=` is neither fg nor bg")),
            None => style.add_modifier(match word {
                "bold" => Modifier::BOLD,
                "dim" => Modifier::DIM,
                "italic" => Modifier::ITALIC,
                "underline" => Modifier::UNDERLINED,
                "reverse" => Modifier::REVERSED,
                "none" => Modifier::empty(),
                other => return Err(format!("`{other}` is no modifier")),
            }),
        };
    }
    Ok(style)
}

/// Reads a colour: of the palette, `#rrggbb`, or one of the 16 names.
pub(super) fn colour(text: &str, palette: &BTreeMap<String, Color>) -> Result<Color, String> {
    if let Some(known) = palette.get(text) {
        return Ok(*known);
    }
    if let Some(hex) = text.strip_prefix('#') {
        let value = (hex.len() == 6).then(|| u32::from_str_radix(hex, 16).ok()).flatten();
        let [_, r, g, b] =
            value.ok_or_else(|| format!("`{text}` is no colour; write #rrggbb"))?.to_be_bytes();
        return Ok(Color::Rgb(r, g, b));
    }
    Ok(match text {
        "default" | "reset" => Color::Reset,
        "black" => Color::Black,
        "red" => Color::Red,
        "green" => Color::Green,
        "yellow" => Color::Yellow,
        "blue" => Color::Blue,
        "magenta" => Color::Magenta,
        "cyan" => Color::Cyan,
        "white" => Color::Gray,
        "bright-black" => Color::DarkGray,
        "bright-red" => Color::LightRed,
        "bright-green" => Color::LightGreen,
        "bright-yellow" => Color::LightYellow,
        "bright-blue" => Color::LightBlue,
        "bright-magenta" => Color::LightMagenta,
        "bright-cyan" => Color::LightCyan,
        "bright-white" => Color::White,
        other => {
            let words = "write #rrggbb, one of the 16 names or one of the palette";
            return Err(format!("`{other}` is no colour; {words}"));
        }
    })
}
