//! How many colours the terminal has, and the nearest of them to a theme's.

use ratatui::style::{Color, Modifier, Style};

/// How many colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// None: modifiers alone.
    None,
    /// The 16 of the terminal's own palette.
    Ansi16,
    /// The 256 of xterm.
    Ansi256,
    /// All.
    Rgb,
}

/// What a person asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColorChoice {
    /// As the environment says.
    #[default]
    Auto,
    /// Colours even where the environment says none.
    Always,
    /// No colours.
    Never,
}

impl Depth {
    /// By the choice, then `NO_COLOR`, `COLORTERM`, `TERM`. `get` reads an environment variable.
    pub fn detect(choice: ColorChoice, get: impl Fn(&str) -> Option<String>) -> Self {
        let term = get("TERM").unwrap_or_default();
        match choice {
            ColorChoice::Never => return Self::None,
            ColorChoice::Auto if get("NO_COLOR").is_some_and(|v| !v.is_empty()) || term == "dumb" => {
                return Self::None;
            }
            ColorChoice::Auto | ColorChoice::Always => {}
        }
        let known = ["kitty", "ghostty", "wezterm", "foot", "alacritty", "-direct"];
        if matches!(get("COLORTERM").as_deref(), Some("truecolor" | "24bit"))
            || known.iter().any(|k| term.contains(k))
        {
            Self::Rgb
        } else if term.contains("256color") {
            Self::Ansi256
        } else {
            Self::Ansi16
        }
    }

    /// The nearest style this terminal can show.
    pub(super) fn bring_down(self, style: Style) -> Style {
        let colour = |c: Option<Color>| c.map(|c| self.nearest(c));
        if self == Self::None {
            let mut plain = Style::default().add_modifier(style.add_modifier);
            // What stood out by its background alone has to stand out still.
            if style.bg.is_some_and(|b| b != Color::Reset) && style.add_modifier.is_empty() {
                plain = plain.add_modifier(Modifier::REVERSED);
            }
            return plain;
        }
        Style { fg: colour(style.fg), bg: colour(style.bg), ..style }
    }

    fn nearest(self, colour: Color) -> Color {
        let Color::Rgb(r, g, b) = colour else { return colour };
        match self {
            Self::Rgb | Self::None => colour,
            Self::Ansi256 => (16u8..=255)
                .min_by(|a, c| distance(xterm(*a), (r, g, b)).total_cmp(&distance(xterm(*c), (r, g, b))))
                .map_or(colour, Color::Indexed),
            Self::Ansi16 => ANSI16
                .iter()
                .min_by(|(_, a), (_, c)| distance(*a, (r, g, b)).total_cmp(&distance(*c, (r, g, b))))
                .map_or(colour, |(c, _)| *c),
        }
    }
}

type Rgb = (u8, u8, u8);

/// The 16 colours as most terminals show them.
const ANSI16: [(Color, Rgb); 16] = [
    (Color::Black, (0, 0, 0)),
    (Color::Red, (205, 49, 49)),
    (Color::Green, (13, 188, 121)),
    (Color::Yellow, (229, 229, 16)),
    (Color::Blue, (36, 114, 200)),
    (Color::Magenta, (188, 63, 188)),
    (Color::Cyan, (17, 168, 205)),
    (Color::Gray, (204, 204, 204)),
    (Color::DarkGray, (118, 118, 118)),
    (Color::LightRed, (241, 76, 76)),
    (Color::LightGreen, (35, 209, 139)),
    (Color::LightYellow, (245, 245, 67)),
    (Color::LightBlue, (59, 142, 234)),
    (Color::LightMagenta, (214, 112, 214)),
    (Color::LightCyan, (41, 184, 219)),
    (Color::White, (255, 255, 255)),
];

/// The colour of an xterm index from 16 on: the 6x6x6 cube, then the greys.
pub(in crate::ui) fn xterm(index: u8) -> Rgb {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |n: u8| STEPS.get(usize::from(n)).copied().unwrap_or(255);
    if index >= 232 {
        let grey = 8u8.saturating_add((index - 232).saturating_mul(10));
        return (grey, grey, grey);
    }
    let n = index.saturating_sub(16);
    (step(n / 36), step(n / 6 % 6), step(n % 6))
}

/// Distance as the eye sees it: in `OKLab` (Björn Ottosson, 2020).
fn distance(a: Rgb, b: Rgb) -> f32 {
    let (l1, a1, b1) = oklab(a);
    let (l2, a2, b2) = oklab(b);
    (l1 - l2).powi(2) + (a1 - a2).powi(2) + (b1 - b2).powi(2)
}

fn oklab((r, g, b): Rgb) -> (f32, f32, f32) {
    let lin = |c: u8| {
        let c = f32::from(c) / 255.0;
        if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    let (r, g, b) = (lin(r), lin(g), lin(b));
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    (
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_the_environment() {
        let with = |vars: &[(&str, &str)], choice| {
            let vars: Vec<(String, String)> =
                vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            Depth::detect(choice, move |name| vars.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()))
        };
        let auto = ColorChoice::Auto;
        assert_eq!(with(&[("TERM", "xterm-256color")], auto), Depth::Ansi256);
        assert_eq!(with(&[("TERM", "xterm"), ("COLORTERM", "truecolor")], auto), Depth::Rgb);
        assert_eq!(with(&[("TERM", "xterm-kitty")], auto), Depth::Rgb);
        assert_eq!(with(&[("TERM", "linux")], auto), Depth::Ansi16);
        assert_eq!(with(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")], auto), Depth::None);
        assert_eq!(with(&[("TERM", "xterm-256color"), ("NO_COLOR", "")], auto), Depth::Ansi256);
        assert_eq!(
            with(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")], ColorChoice::Always),
            Depth::Ansi256
        );
        assert_eq!(with(&[("COLORTERM", "truecolor")], ColorChoice::Never), Depth::None);
    }

    #[test]
    fn nearest_colours() {
        assert_eq!(Depth::Ansi16.nearest(Color::Rgb(250, 250, 250)), Color::White);
        assert_eq!(Depth::Ansi16.nearest(Color::Rgb(2, 2, 2)), Color::Black);
        assert_eq!(Depth::Ansi256.nearest(Color::Rgb(255, 0, 0)), Color::Indexed(196));
    }
}
