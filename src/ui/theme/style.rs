//! Reading a style: `fg=#d0d7de bg=bright-black bold underline reverse dim italic`.

use ratatui::style::{Color, Modifier, Style};

/// Reads a style as theme files write it.
pub(super) fn parse(text: &str) -> Result<Style, String> {
    let mut style = Style::default();
    for word in text.split_whitespace() {
        style = match word.split_once('=') {
            Some(("fg", colour)) => style.fg(parse_colour(colour)?),
            Some(("bg", colour)) => style.bg(parse_colour(colour)?),
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

fn parse_colour(text: &str) -> Result<Color, String> {
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
        other => return Err(format!("`{other}` is no colour; write #rrggbb or one of the 16 names")),
    })
}
