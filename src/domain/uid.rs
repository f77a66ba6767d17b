//! An object's uid: what the server made to tell it from another of its name. Sixteen bytes for what is a UUID, which is
//! what servers give; whatever else one gives is kept word for word.
//!
//! Called by rows, of which there may be a hundred thousand.

use std::fmt;
use std::sync::Arc;

/// A uid. The default is none.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(Inner);

#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Inner {
    #[default]
    None,
    Uuid([u8; 16]),
    Other(Arc<str>),
}

impl Uid {
    /// Nothing is known.
    pub fn is_empty(&self) -> bool {
        self.0 == Inner::None
    }
}

/// Where the dashes of a UUID are.
const DASHES: [usize; 4] = [8, 13, 18, 23];

/// The bytes of a UUID as Kubernetes writes it: lower case, dashes in their places.
fn uuid(text: &str) -> Option<[u8; 16]> {
    let mut out = [0; 16];
    let mut digits = 0;
    if text.len() != 36 {
        return None;
    }
    for (at, byte) in text.bytes().enumerate() {
        let value = match byte {
            b'-' if DASHES.contains(&at) => continue,
            _ if DASHES.contains(&at) => return None,
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        let place = out.get_mut(digits / 2)?;
        *place = *place << 4 | value;
        digits += 1;
    }
    Some(out)
}

impl From<&str> for Uid {
    fn from(text: &str) -> Self {
        Self(match uuid(text) {
            _ if text.is_empty() => Inner::None,
            Some(bytes) => Inner::Uuid(bytes),
            None => Inner::Other(text.into()),
        })
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Inner::None => Ok(()),
            Inner::Other(text) => f.write_str(text),
            Inner::Uuid(bytes) => {
                for (byte, at) in bytes.iter().zip(0..) {
                    if matches!(at, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_uuid_is_small_and_anything_else_is_kept() {
        let uid = Uid::from("0f3c1a2b-4d5e-6f70-8192-a3b4c5d6e7f8");
        assert!(matches!(uid.0, Inner::Uuid(_)));
        assert!(size_of::<Uid>() <= 24);
        assert!(Uid::from("").is_empty() && !uid.is_empty());
        assert_ne!(uid, Uid::from("0f3c1a2b-4d5e-6f70-8192-a3b4c5d6e7f9"));
    }

    proptest! {
        #[test]
        fn it_is_what_it_was(text in "[0-9a-fA-F-]{0,40}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|.{0,40}") {
            prop_assert_eq!(Uid::from(text.as_str()).to_string(), text);
        }
    }
}
