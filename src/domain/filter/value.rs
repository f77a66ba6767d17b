//! What the field of a row is worth, as typed terms compare it; and how what is typed is read.
//!
//! Called by `term`, and by `fleet::field`, which makes values.

use std::borrow::Cow;

use super::field::Sort;
use crate::domain::{age, quantity};

/// What the field of one row is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Words; none at all is a value too.
    Text(Cow<'a, str>),
    /// The images of its containers, as they were asked for.
    Images(Vec<&'a str>),
    /// A count.
    Count(u64),
    /// So many of so many.
    Part(u64, u64),
    /// Seconds.
    Seconds(u64),
    /// Thousandths of a core.
    CpuMilli(u64),
    /// Bytes.
    Bytes(u64),
    /// Hundredths.
    Percent(u64),
}

impl<'a> Value<'a> {
    /// Of words.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// Reads what stands in a cell as a value of that kind; `None` when it is none.
    pub fn read(sort: Sort, text: &'a str) -> Option<Self> {
        match sort {
            Sort::Text | Sort::Version => Some(Self::text(text)),
            Sort::Count => match text.split_once('/') {
                Some((part, whole)) => Some(Self::Part(part.parse().ok()?, whole.parse().ok()?)),
                None => text.parse().ok().map(Self::Count),
            },
            Sort::Duration => age::read_seconds(text).map(Self::Seconds),
            Sort::Cpu => quantity::cpu_milli(text).map(Self::CpuMilli),
            // Thousandths of a byte are nobody's wish: who types `500m` means `500Mi`.
            Sort::Memory if text.ends_with(['m', 'u', 'n']) => None,
            Sort::Memory => quantity::bytes(text).map(Self::Bytes),
            Sort::Percent => text.strip_suffix('%').unwrap_or(text).parse().ok().map(Self::Percent),
        }
    }

    /// As tables show it.
    pub fn show(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Images(images) => images.join(" ").into(),
            Self::Count(n) => n.to_string().into(),
            Self::Part(part, whole) => format!("{part}/{whole}").into(),
            Self::Seconds(s) => age::show_seconds(*s).into(),
            Self::CpuMilli(n) => quantity::show_cpu(*n).into(),
            Self::Bytes(n) => quantity::show_bytes(*n).into(),
            Self::Percent(n) => format!("{n}%").into(),
        }
    }

    /// The number it is compared by, unless it is words.
    pub const fn number(&self) -> Option<u64> {
        match self {
            Self::Text(_) | Self::Images(_) => None,
            Self::Count(n)
            | Self::Part(n, _)
            | Self::Seconds(n)
            | Self::CpuMilli(n)
            | Self::Bytes(n)
            | Self::Percent(n) => Some(*n),
        }
    }
}

/// The numbers at the head of a version: of `v1.31.2-eks-7` 1, 31 and 2. None when it begins with none.
pub(super) fn version(text: &str) -> Option<Vec<u64>> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let numbers = text.get(..end)?.trim_end_matches('.');
    numbers.split('.').map(|n| n.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(version("v1.31.2-eks-7c"), Some(vec![1, 31, 2]));
        assert_eq!(version("1.31."), Some(vec![1, 31]));
        for none in ["", "v", "x1", "1..2", ".1"] {
            assert_eq!(version(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_read_is_shown_again() {
        for (sort, text) in [
            (Sort::Text, "Running"),
            (Sort::Count, "7"),
            (Sort::Count, "1/3"),
            (Sort::Duration, "3h"),
            (Sort::Cpu, "250m"),
            (Sort::Memory, "1.5Gi"),
            (Sort::Percent, "80%"),
        ] {
            assert_eq!(Value::read(sort, text).unwrap().show(), text);
        }
        assert_eq!(Value::read(Sort::Memory, "500m"), None);
        assert_eq!(Value::read(Sort::Percent, "80"), Some(Value::Percent(80)));
    }
}
