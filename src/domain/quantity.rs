//! Kubernetes quantities: `250m`, `1.5`, `64Mi`, `1e3`, and how amounts are written for people.
//!
//! Source of the grammar: apimachinery `resource.Quantity` (decimal SI, binary SI and exponent suffixes).

/// Reads a CPU quantity as thousandths of a core, rounded up as the scheduler does. `None` when it is no quantity.
pub fn cpu_milli(text: &str) -> Option<u64> {
    scaled(text, 1000.0)
}

/// Reads a quantity of bytes (or a plain count), rounded up. `None` when it is no quantity.
pub fn bytes(text: &str) -> Option<u64> {
    scaled(text, 1.0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range of u64 just before"
)]
fn scaled(text: &str, factor: f64) -> Option<u64> {
    let value = parse(text)? * factor;
    // The tiny term keeps 0.1 * 1000 from becoming 101 by a rounding error of the product.
    let up = (value - 1e-6).ceil().max(0.0);
    if up >= 1.8e19 { None } else { Some(up as u64) }
}

fn parse(text: &str) -> Option<f64> {
    let text = text.trim();
    let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | '+' | '-')).unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let number: f64 = number.parse().ok()?;
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    let factor = match suffix {
        "" => 1.0,
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1024f64.powi(2),
        "Gi" => 1024f64.powi(3),
        "Ti" => 1024f64.powi(4),
        "Pi" => 1024f64.powi(5),
        "Ei" => 1024f64.powi(6),
        _ => 10f64.powi(suffix.strip_prefix(['e', 'E'])?.parse().ok()?),
    };
    Some(number * factor)
}

/// Thousandths of a core for people: `250m`, `1.5`, `48`.
pub fn show_cpu(milli: u64) -> String {
    match milli {
        0 => "0".to_owned(),
        m if m < 1000 => format!("{m}m"),
        m if m.is_multiple_of(1000) => format!("{}", m / 1000),
        m if m < 10_000 => format!("{}.{}", m / 1000, m % 1000 / 100),
        m => format!("{}", m / 1000),
    }
}

/// Bytes for people, in binary units: `512Mi`, `1.5Gi`, `96Gi`.
pub fn show_bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["", "Ki", "Mi", "Gi", "Ti", "Pi"];
    let mut value = bytes;
    let mut tenth = 0;
    let mut unit = 0;
    while value >= 1024 && unit + 1 < UNITS.len() {
        tenth = (value % 1024) * 10 / 1024;
        value /= 1024;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or("");
    if tenth > 0 && value < 10 { format!("{value}.{tenth}{name}") } else { format!("{value}{name}") }
}

/// Bytes as a quantity, in the largest binary unit they are a whole number of: `1152Mi`.
pub fn binary(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["", "Ki", "Mi", "Gi", "Ti", "Pi"];
    let (mut value, mut unit) = (bytes, 0);
    while value > 0 && value.is_multiple_of(1024) && unit + 1 < UNITS.len() {
        value /= 1024;
        unit += 1;
    }
    format!("{value}{}", UNITS.get(unit).copied().unwrap_or(""))
}

/// A count with thousands parted by commas: `4,204`.
pub fn show_count(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1 cluster`, `2 clusters`, `1,200 identities`.
pub fn count(n: usize, noun: &str) -> String {
    let noun = match (n, noun.strip_suffix('y')) {
        (1, _) => noun.to_owned(),
        (_, Some(stem)) => format!("{stem}ies"),
        (_, None) => format!("{noun}s"),
    };
    format!("{} {noun}", show_count(n))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantities() {
        for (text, milli) in
            [("250m", 250), ("0.1", 100), ("1", 1000), ("2.5", 2500), ("1e1", 10_000), ("100u", 1), ("0", 0)]
        {
            assert_eq!(cpu_milli(text), Some(milli), "{text}");
        }
        for (text, b) in [
            ("64Mi", 67_108_864),
            ("1Gi", 1 << 30),
            ("128M", 128_000_000),
            ("1e3", 1000),
            ("123", 123),
            ("1.5Ki", 1536),
        ] {
            assert_eq!(bytes(text), Some(b), "{text}");
        }
        for bad in ["", "abc", "1Xi", "-1", "--", "1..2", "NaN", "1e999", "é"] {
            assert_eq!(bytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn for_people() {
        assert_eq!(show_cpu(1500), "1.5");
        assert_eq!(show_cpu(12_345), "12");
        assert_eq!(show_bytes(1536 * 1024 * 1024), "1.5Gi");
        assert_eq!(show_bytes(900), "900");
        assert_eq!([0, 900, 1536 << 20, 2 << 30].map(binary), ["0", "900", "1536Mi", "2Gi"]);
        assert_eq!(show_count(4204), "4,204");
        assert_eq!(show_count(1_000_000), "1,000,000");
        assert_eq!(show_count(12), "12");
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = (cpu_milli(&text), bytes(&text));
        }
    }

    #[test]
    fn one_and_many() {
        assert_eq!(count(1, "cluster"), "1 cluster");
        assert_eq!(count(0, "cluster"), "0 clusters");
        assert_eq!(count(1_200, "identity"), "1,200 identities");
    }
}
