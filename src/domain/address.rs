//! The address of a pod. Sixteen bytes and nothing beside them for an IPv4 address; whatever else a server gives is kept word
//! for word.
//!
//! Called by rows, of which there may be a hundred thousand.

use core::net::Ipv4Addr;
use std::fmt;

use super::text::SafeText;

/// An address. The default is none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Address(Inner);

#[derive(Clone, PartialEq, Eq)]
enum Inner {
    V4(Option<Ipv4Addr>),
    Other(SafeText),
}

impl Default for Inner {
    fn default() -> Self {
        Self::V4(None)
    }
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        Self(match text.parse() {
            _ if text.is_empty() => Inner::V4(None),
            Ok(address) => Inner::V4(Some(address)),
            Err(_) => Inner::Other(SafeText::new(text)),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::V4(None) => Ok(()),
            Inner::V4(Some(address)) => fmt::Display::fmt(address, f),
            Inner::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn small() {
        assert!(size_of::<Address>() <= 16, "{}", size_of::<Address>());
        assert_eq!(Address::from(""), Address::default());
        assert!(matches!(Address::from("10.0.3.17").0, Inner::V4(Some(_))));
        assert!(matches!(Address::from("010.0.3.17").0, Inner::Other(_)));
    }

    proptest! {
        #[test]
        fn it_is_what_it_was(text in "[0-9.]{0,16}|[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-f:]{0,40}|[a-z ]{0,40}") {
            prop_assert_eq!(Address::from(text.as_str()).to_string(), text);
        }
    }
}
