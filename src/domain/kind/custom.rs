//! Kinds that are not built in: what servers say of those they serve, and the kinds that are made of it.
//!
//! A kind is small and is copied everywhere, so its words are kept until the program ends: each once, however many clusters
//! have it, and of no more kinds than there is a reason for.

use std::collections::BTreeSet;

use super::{Kind, KindInfo};

/// So many kinds are known at most, beside those that are built in. The largest clusters there are have some hundreds.
const MOST: usize = 5_000;
/// The longest name: that of a domain.
const LONGEST: usize = 253;

/// What a server says of a kind that it serves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// `example.com`; empty for the core group.
    pub group: String,
    /// The version the server prefers, `v1`.
    pub version: String,
    /// `Widget`.
    pub name: String,
    /// `widgets`: the path of its resource.
    pub plural: String,
    /// `widget`.
    pub singular: String,
    /// `wd`.
    pub shorts: Vec<String>,
    /// Lives in a namespace.
    pub namespaced: bool,
}

impl Served {
    /// Whether a word names it: plural, singular, kind or a short name, in any case, also as `plural.group`.
    pub fn is_named(&self, word: &str) -> bool {
        let words = self.shorts.iter().chain([&self.plural, &self.singular, &self.name]);
        is_named(word, &self.group, words.map(String::as_str))
    }

    /// The built-in kind that it is.
    pub fn built_in(&self) -> Option<Kind> {
        super::KINDS.iter().find(|k| k.group == self.group && k.plural == self.plural).map(|k| k.kind)
    }

    /// Its words are of the letters that names of the API are made of; others would be no part of a path.
    fn is_sound(&self) -> bool {
        let names = [&self.group, &self.version, &self.name, &self.plural, &self.singular];
        let is_name = |name: &String| {
            name.len() <= LONGEST && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
        };
        names.into_iter().chain(&self.shorts).all(is_name)
            && !self.name.is_empty()
            && !self.plural.is_empty()
            && self.shorts.len() <= 16
    }
}

fn is_named<'a>(word: &str, group: &str, mut names: impl Iterator<Item = &'a str>) -> bool {
    let (word, of) = word.trim().split_once('.').map_or((word.trim(), None), |(word, of)| (word, Some(of)));
    let is_of = |of: &str| {
        let start = group.get(..of.len()).unwrap_or("");
        start.eq_ignore_ascii_case(of)
            && group.get(of.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    of.is_none_or(is_of) && names.any(|name| name.eq_ignore_ascii_case(word))
}

/// A kind that is not built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Custom(&'static Words);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Words {
    plural: &'static str,
    group: &'static str,
    namespaced: bool,
    name: &'static str,
    version: &'static str,
    singular: &'static str,
    shorts: &'static [&'static str],
}

impl Custom {
    /// Its row of the table of kinds; the version is the one that the first server preferred.
    pub const fn info(self) -> KindInfo {
        KindInfo {
            kind: Kind::Custom(self),
            name: self.0.name,
            group: self.0.group,
            version: self.0.version,
            plural: self.0.plural,
            shorts: &[],
            namespaced: self.0.namespaced,
        }
    }

    /// Whether a word names it, as of [`Served::is_named`].
    pub fn is_named(self, word: &str) -> bool {
        is_named(word, self.0.group, self.names())
    }

    /// All its names: plural, singular, kind, short ones.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [self.0.plural, self.0.singular, self.0.name].into_iter().chain(self.0.shorts.iter().copied())
    }

    /// `widgets.example.com`: that and no other.
    pub fn full(self) -> String {
        if self.0.group.is_empty() {
            self.0.plural.to_owned()
        } else {
            format!("{}.{}", self.0.plural, self.0.group)
        }
    }
}

/// The kinds that servers were found to have.
#[derive(Clone, Debug, Default)]
pub struct Kinds(BTreeSet<Custom>);

impl Kinds {
    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = Custom> {
        self.0.iter().copied()
    }

    /// The kind of what a server serves: the built-in one, or one that is the same for all servers, whatever version they
    /// prefer. `None` where its names are none, and where there are too many kinds.
    pub fn kind(&mut self, served: &Served) -> Option<Kind> {
        if let Some(kind) = served.built_in() {
            return Some(kind);
        }
        let is_same = |known: &&Custom| {
            known.0.plural == served.plural
                && known.0.group == served.group
                && known.0.namespaced == served.namespaced
                && known.0.name == served.name
        };
        if let Some(known) = self.0.iter().find(is_same) {
            return Some(Kind::Custom(*known));
        }
        if !served.is_sound() || self.0.len() >= MOST {
            return None;
        }
        let shorts: Vec<&'static str> = served.shorts.iter().map(|short| kept(short)).collect();
        let custom = Custom(Box::leak(Box::new(Words {
            plural: kept(&served.plural),
            group: kept(&served.group),
            namespaced: served.namespaced,
            name: kept(&served.name),
            version: kept(&served.version),
            singular: kept(&served.singular),
            shorts: Vec::leak(shorts),
        })));
        self.0.insert(custom);
        Some(Kind::Custom(custom))
    }
}

fn kept(text: &str) -> &'static str {
    String::leak(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(plural: &str, group: &str) -> Served {
        Served {
            group: group.into(),
            version: "v1".into(),
            name: "Widget".into(),
            plural: plural.into(),
            singular: "widget".into(),
            shorts: vec!["wd".into()],
            namespaced: true,
        }
    }

    #[test]
    fn one_kind_whatever_the_version() {
        let mut kinds = Kinds::default();
        let one = kinds.kind(&served("widgets", "example.com")).unwrap();
        let newer = Served { version: "v2".into(), ..served("widgets", "example.com") };
        assert_eq!(kinds.kind(&newer), Some(one));
        let other = kinds.kind(&served("widgets", "example.org")).unwrap();
        assert_ne!(one, other);
        assert_eq!(kinds.0.len(), 2);
        assert_eq!((one.info().name, one.info().version, one.info().plural), ("Widget", "v1", "widgets"));
        let deployments = Served { plural: "deployments".into(), ..served("", "apps") };
        assert_eq!(kinds.kind(&deployments), Some(Kind::Deployment));
        assert_eq!(serde_json::to_string(&one).unwrap(), r#""Widget""#);
    }

    #[test]
    fn named_in_many_ways() {
        let mut kinds = Kinds::default();
        let Some(Kind::Custom(one)) = kinds.kind(&served("widgets", "shop.example.com")) else { panic!() };
        for word in
            ["widgets", "Widget", "wd", "WD", "widgets.shop", "widget.shop.example", "wd.shop.example.com"]
        {
            assert!(one.is_named(word) && served("widgets", "shop.example.com").is_named(word), "{word}");
        }
        for word in ["", "widg", "widgets.example", "widgets.sho", "widgets.shop.example.com.x", "w."] {
            assert!(!one.is_named(word), "{word}");
        }
        assert_eq!(one.full(), "widgets.shop.example.com");
    }

    #[test]
    fn names_from_outside_are_names() {
        let mut kinds = Kinds::default();
        for bad in ["", "wid gets", "wid/gets", "../../secrets", "wid\u{1b}[31m", &"w".repeat(254)] {
            assert_eq!(kinds.kind(&served(bad, "example.com")), None, "{bad}");
        }
        for n in 0..MOST + 10 {
            kinds.kind(&served(&format!("w{n}"), "example.com"));
        }
        assert_eq!(kinds.0.len(), MOST);
    }
}
