//! A moment as objects tell it: to the second (`metav1.Time` is RFC 3339 without fractions). Four bytes, with or without a
//! value, for a hundred thousand pods have half a dozen each.
//!
//! Called by rows; whoever reckons with one turns it into a [`Timestamp`] first.

use std::fmt;
use std::num::NonZeroU32;

use jiff::Timestamp;

/// A second of the years 1970 to 2106. What is told of before or after is the first or the last of them: no cluster is that
/// old, and a moment to come is no age.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(NonZeroU32);

impl Stamp {
    /// Seconds since 1970.
    pub fn as_second(self) -> i64 {
        i64::from(self.0.get()) - 1
    }

    /// That many seconds since 1970.
    pub fn from_second(seconds: i64) -> Self {
        let seconds = u32::try_from(seconds.clamp(0, i64::from(u32::MAX) - 1)).unwrap_or(0);
        Self(NonZeroU32::MIN.saturating_add(seconds))
    }
}

impl From<Timestamp> for Stamp {
    fn from(at: Timestamp) -> Self {
        Self::from_second(at.as_second())
    }
}

impl From<Stamp> for Timestamp {
    fn from(stamp: Stamp) -> Self {
        Self::from_second(stamp.as_second()).unwrap_or_default()
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Timestamp::from(*self), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_is_small_and_has_its_ends() {
        assert_eq!(size_of::<Option<Stamp>>(), 4);
        assert_eq!(Stamp::from(Timestamp::MIN).as_second(), 0);
        assert_eq!(Stamp::from(Timestamp::MAX).as_second(), i64::from(u32::MAX) - 1);
    }

    proptest! {
        #[test]
        fn a_second_is_that_second(seconds in 0..i64::from(u32::MAX)) {
            let at = Timestamp::from_second(seconds).unwrap();
            prop_assert_eq!(Timestamp::from(Stamp::from(at)), at);
        }
    }
}
