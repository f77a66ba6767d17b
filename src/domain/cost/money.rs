//! Money as whole nano-dollars per hour: reading list prices, sharing without losing any, and writing for
//! people. Must never touch a float. Called by the rest of `cost`, the tree and the Costs pane.

use crate::domain::quantity::show_count;

/// Hours of a month, as cloud price lists and OpenCost count them.
pub const HOURS_PER_MONTH: i128 = 730;

/// Nano-dollars of a dollar.
pub const NANO_PER_USD: i64 = 1_000_000_000;

/// What stands where a price is not known. Never `$0.00`: that reads as "free".
pub const NOT_KNOWN: &str = "n/a";

const NANO_PER_CENT: i128 = 10_000_000;

/// Reads dollars written as a plain decimal (`0.192`, `41`) as nano-dollars, rounded half up at the tenth
/// decimal. `None` for signs, exponents, blanks and what does not fit.
pub fn parse_usd(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut nano: i64 = 0;
    for digit in whole.bytes() {
        nano = nano.checked_mul(10)?.checked_add(decimal(digit)?)?;
    }
    nano = nano.checked_mul(NANO_PER_USD)?;
    let mut unit = NANO_PER_USD / 10;
    for (place, digit) in fraction.bytes().enumerate() {
        let value = decimal(digit)?;
        if place == 9 {
            nano = nano.checked_add(i64::from(value >= 5))?;
        }
        nano = nano.checked_add(value.checked_mul(unit)?)?;
        unit /= 10;
    }
    Some(nano)
}

fn decimal(byte: u8) -> Option<i64> {
    byte.is_ascii_digit().then(|| i64::from(byte - b'0'))
}

/// Shares `total` by `weights` so that the shares add up to it exactly: rounded down, then one more for the
/// largest remainders, the earlier first. With no weight at all nothing is shared, and every share is zero;
/// so it is for a negative total.
pub fn split(total: i64, weights: &[u64]) -> Vec<i64> {
    let sum: u128 = weights.iter().copied().map(u128::from).sum();
    let whole = u128::try_from(total).unwrap_or(0);
    if sum == 0 || whole == 0 {
        return vec![0; weights.len()];
    }
    let mut left = whole;
    let mut remainders = Vec::with_capacity(weights.len());
    let mut shares = Vec::with_capacity(weights.len());
    for (at, weight) in weights.iter().enumerate() {
        // 63 bits times 64 bits: fits.
        let product = whole * u128::from(*weight);
        let share = product / sum;
        left -= share;
        remainders.push((product % sum, at));
        shares.push(i64::try_from(share).unwrap_or(i64::MAX));
    }
    // `left` is the sum of the remainders over `sum`: less than there are weights with a remainder.
    remainders.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, at) in remainders.into_iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
        if let Some(share) = shares.get_mut(at) {
            *share = share.saturating_add(1);
        }
    }
    shares
}

/// A rate as dollars a month, three digits and a unit, for the tree and the header: `$41.3k`, `$634`,
/// `$4.63`. Zero is [`NOT_KNOWN`].
pub fn show_month(nano_usd_hour: i128) -> String {
    let (sign, cents) = month_cents(nano_usd_hour);
    let dollars = rounded(cents, 100);
    if nano_usd_hour == 0 {
        NOT_KNOWN.to_owned()
    } else if cents == 0 {
        format!("{sign}<$0.01")
    } else if cents < 1000 {
        format!("{sign}${}", decimals(cents))
    } else if dollars < 1000 {
        format!("{sign}${dollars}")
    } else if rounded(cents, 10_000) < 1000 {
        format!("{sign}${}k", tenths(rounded(cents, 10_000)))
    } else if rounded(cents, 100_000) < 1000 {
        format!("{sign}${}k", rounded(cents, 100_000))
    } else if rounded(cents, 10_000_000) < 1000 {
        format!("{sign}${}M", tenths(rounded(cents, 10_000_000)))
    } else {
        format!("{sign}${}M", grouped(rounded(cents, 100_000_000)))
    }
}

/// A rate as dollars a month for a column headed with the unit: `4,634`, and with cents below ten dollars:
/// `4.63`. Zero is [`NOT_KNOWN`].
pub fn show_month_exact(nano_usd_hour: i128) -> String {
    let (sign, cents) = month_cents(nano_usd_hour);
    if nano_usd_hour == 0 {
        NOT_KNOWN.to_owned()
    } else if cents == 0 {
        format!("{sign}<0.01")
    } else if cents < 1000 {
        format!("{sign}{}", decimals(cents))
    } else {
        format!("{sign}{}", grouped(rounded(cents, 100)))
    }
}

/// The sign, and the cents of a month.
fn month_cents(nano_usd_hour: i128) -> (&'static str, i128) {
    let month = nano_usd_hour.saturating_abs().saturating_mul(HOURS_PER_MONTH);
    (if nano_usd_hour < 0 { "-" } else { "" }, rounded(month, NANO_PER_CENT))
}

/// Divides, half up. Neither is negative.
fn rounded(value: i128, by: i128) -> i128 {
    value / by + i128::from(value % by * 2 >= by)
}

fn decimals(cents: i128) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn tenths(tenths: i128) -> String {
    if tenths % 10 == 0 { format!("{}", tenths / 10) } else { format!("{}.{}", tenths / 10, tenths % 10) }
}

fn grouped(n: i128) -> String {
    show_count(usize::try_from(n).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Nano-dollars per hour of so many cents a month, rounded up so that reading them back gives those
    /// cents.
    fn of_month(cents: i128) -> i128 {
        (cents * NANO_PER_CENT + HOURS_PER_MONTH - 1) / HOURS_PER_MONTH
    }

    #[test]
    fn dollars_are_read_exactly() {
        for (text, nano) in [
            ("0.192", 192_000_000),
            ("41", 41_000_000_000),
            ("0.0015", 1_500_000),
            ("623.376", 623_376_000_000),
            (".5", 500_000_000),
            ("1.", 1_000_000_000),
            ("0.0000000014", 1),
            ("0.0000000015", 2),
            ("0.99999999959", 1_000_000_000),
            ("0", 0),
        ] {
            assert_eq!(parse_usd(text), Some(nano), "{text}");
        }
        for bad in
            ["", ".", "-1", "+1", "1e3", "1,5", " 1", "1.2.3", "nan", "99999999999999999999", "12345678901"]
        {
            assert_eq!(parse_usd(bad), None, "{bad}");
        }
    }

    #[test]
    fn months_for_people() {
        for (cents, tree, column) in [
            (1, "$0.01", "0.01"),
            (463, "$4.63", "4.63"),
            (999, "$9.99", "9.99"),
            (1000, "$10", "10"),
            (63_449, "$634", "634"),
            (99_949, "$999", "999"),
            (99_950, "$1k", "1,000"),
            (463_400, "$4.6k", "4,634"),
            (1_900_000, "$19k", "19,000"),
            (4_130_000, "$41.3k", "41,300"),
            (9_996_000, "$100k", "99,960"),
            (41_300_000, "$413k", "413,000"),
            (99_960_000, "$1M", "999,600"),
            (123_400_000, "$1.2M", "1,234,000"),
            (1_234_000_000_000, "$12,340M", "12,340,000,000"),
        ] {
            assert_eq!(show_month(of_month(cents)), tree, "{cents}");
            assert_eq!(show_month_exact(of_month(cents)), column, "{cents}");
        }
    }

    #[test]
    fn nothing_is_not_free() {
        assert_eq!((show_month(0), show_month_exact(0)), ("n/a".into(), "n/a".into()));
        assert_eq!((show_month(1), show_month_exact(1)), ("<$0.01".into(), "<0.01".into()));
    }

    #[test]
    fn savings_have_a_sign() {
        assert_eq!(show_month(-of_month(21_200)), "-$212");
        assert_eq!(show_month_exact(-of_month(463_400)), "-4,634");
    }

    #[test]
    fn extremes_do_not_overflow() {
        for nano in [i128::MAX, i128::MIN, i128::from(i64::MAX)] {
            assert!(!(show_month(nano) + &show_month_exact(nano)).is_empty());
        }
    }

    #[test]
    fn the_largest_remainder_gets_the_rest() {
        assert_eq!(split(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(split(10, &[1, 5, 0]), [2, 8, 0]);
        assert_eq!(split(7, &[0, 0]), [0, 0]);
        assert_eq!(split(0, &[1, 2]), [0, 0]);
        assert_eq!(split(-5, &[1, 2]), [0, 0]);
        assert!(split(5, &[]).is_empty());
        assert_eq!(split(i64::MAX, &[u64::MAX, u64::MAX]).iter().sum::<i64>(), i64::MAX);
    }

    proptest! {
        #[test]
        fn a_split_loses_nothing(total in 0..=i64::MAX, weights in proptest::collection::vec(any::<u64>(), 1..40)) {
            let shares = split(total, &weights);
            let sum: i128 = shares.iter().copied().map(i128::from).sum();
            let expected = if weights.iter().all(|w| *w == 0) { 0 } else { i128::from(total) };
            prop_assert_eq!(sum, expected);
            for (share, weight) in shares.iter().zip(&weights) {
                prop_assert!(*share >= 0 && (*weight > 0 || *share == 0), "{} for {}", share, weight);
            }
        }

        #[test]
        fn reading_never_panics(text in any::<String>()) {
            let _ = parse_usd(&text);
        }
    }
}
