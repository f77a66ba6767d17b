//! Labels of an object, and selectors over them, as kubectl's `-l` takes them
//! (k8s.io/apimachinery `labels.Parse`): `app=web,env in (prod,live),tier!=db,!canary,rank>3`.
//!
//! Never: listing by them (the server does that for commands). Called by the slim types for rows, and by the filter of tables.

use std::collections::BTreeMap;

use super::interner::Interner;
use super::text::SafeText;

/// The labels of an object, as one text, `app=web env=prod`: no key and no value holds a blank. Eight bytes in a row, and one piece
/// of memory for all rows that say the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(SafeText);

impl Labels {
    /// Of keys and values; where a key comes twice, the last counts.
    pub fn new<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let labels: BTreeMap<&str, &str> = labels.into_iter().collect();
        let mut text = String::new();
        for (key, value) in labels {
            text.extend([key, "=", value, " "]);
        }
        Self(SafeText::new(text.trim_end()))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        let of_key = |label: &'_ str| label.strip_prefix(key).is_some_and(|rest| rest.starts_with('='));
        self.0.split(' ').find(|label| of_key(label)).and_then(|label| label.get(key.len() + 1..))
    }

    /// All of them, `key=value`.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|label| !label.is_empty())
    }

    /// Makes them the same piece of memory as all that say the same.
    pub fn share(&mut self, interner: &mut Interner) {
        interner.share(&mut self.0);
    }
}

/// What is wrong with a selector, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("-l {at}: {wanted}")]
pub struct SelectorError {
    at: String,
    wanted: &'static str,
}

/// One requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Need {
    /// The key has one of these values.
    In(Vec<String>),
    /// It has none of them, or is not there.
    NotIn(Vec<String>),
    /// It is there.
    There,
    /// It is not.
    NotThere,
    /// Its value is a larger number.
    Over(i64),
    /// A smaller one.
    Under(i64),
}

/// A selector: all of it has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<(String, Need)>);

impl Selector {
    /// Reads a selector at the beginning of a text; what stands behind it is given back. `app=` without a value yet only wants the
    /// key.
    ///
    /// # Errors
    /// What stands in the place of a key, a value or a list.
    pub fn parse(text: &str) -> Result<(Self, &str), SelectorError> {
        let mut needs = Vec::new();
        let mut rest = text.trim_start();
        loop {
            let (need, behind) = requirement(rest)?;
            needs.push(need);
            rest = behind.trim_start();
            match rest.strip_prefix(',') {
                Some(next) if !next.trim_start().is_empty() => rest = next.trim_start(),
                // A comma that something is still to be typed behind.
                Some(_) => return Ok((Self(needs), "")),
                None => return Ok((Self(needs), rest)),
            }
        }
    }

    /// Whether labels are as wanted.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|(key, need)| {
            let value = labels.get(key);
            let number = || value.and_then(|v| v.parse::<i64>().ok());
            match need {
                Need::In(wanted) => value.is_some_and(|v| wanted.iter().any(|w| w == v)),
                Need::NotIn(unwanted) => value.is_none_or(|v| unwanted.iter().all(|w| w != v)),
                Need::There => value.is_some(),
                Need::NotThere => value.is_none(),
                Need::Over(n) => number().is_some_and(|v| v > *n),
                Need::Under(n) => number().is_some_and(|v| v < *n),
            }
        })
    }
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/')
}

/// A word of letters that names are made of, and what stands behind it.
fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c| !is_of_name(c)).unwrap_or(text.len()))
}

fn wrong(at: &str, wanted: &'static str) -> SelectorError {
    SelectorError { at: at.chars().take(40).collect(), wanted }
}

fn requirement(text: &str) -> Result<((String, Need), &str), SelectorError> {
    if let Some(behind) = text.strip_prefix('!') {
        let (key, rest) = word(behind.trim_start());
        return if key.is_empty() {
            Err(wrong(text, "a label is wanted, as in !canary"))
        } else {
            Ok(((key.to_owned(), Need::NotThere), rest))
        };
    }
    let (key, rest) = word(text);
    if key.is_empty() {
        return Err(wrong(text, "a label is wanted, as in app=web"));
    }
    let key = key.to_owned();
    let behind = rest.trim_start();
    for (sign, negates) in [("notin", true), ("in", false)] {
        let list = behind.strip_prefix(sign).map(str::trim_start).filter(|l| l.starts_with('('));
        if let Some(list) = list {
            let inside = list.get(1..).unwrap_or("");
            let Some((values, rest)) = inside.split_once(')') else {
                return Err(wrong(text, "the list of values has no end, as in env in (prod,live)"));
            };
            let values: Vec<String> = values.split(',').map(|v| v.trim().to_owned()).collect();
            if let Some(bad) = values.iter().find(|v| !v.chars().all(is_of_name)) {
                return Err(wrong(bad, "a value is wanted, as in env in (prod,live)"));
            }
            let need = if negates { Need::NotIn(values) } else { Need::In(values) };
            return Ok(((key, need), rest));
        }
    }
    for sign in ["!=", "==", "=", ">", "<"] {
        let Some(behind) = behind.strip_prefix(sign) else { continue };
        let (value, rest) = word(behind.trim_start_matches(' '));
        let number = || value.parse::<i64>().map_err(|_| wrong(text, "a number is wanted, as in rank>3"));
        let need = match sign {
            // Still to be typed.
            _ if value.is_empty() && rest.is_empty() => Need::There,
            "!=" => Need::NotIn(vec![value.to_owned()]),
            ">" => Need::Over(number()?),
            "<" => Need::Under(number()?),
            _ => Need::In(vec![value.to_owned()]),
        };
        return Ok(((key, need), rest));
    }
    Ok(((key, Need::There), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn as_kubectl_selects() {
        let labels =
            Labels::new([("app", "web"), ("env", "prod"), ("rank", "7"), ("app.kubernetes.io/name", "shop")]);
        for (text, hit) in [
            ("app=web", true),
            ("app==web", true),
            ("app = web", true),
            ("app=api", false),
            ("app!=api", true),
            ("app!=web", false),
            ("tier!=db", true),
            ("app", true),
            ("tier", false),
            ("!tier", true),
            ("!app", false),
            ("env in (prod, live)", true),
            ("env in (dev)", false),
            ("env notin (dev)", true),
            ("env notin(prod)", false),
            ("tier notin (db)", true),
            ("tier in ()", false),
            ("rank>3", true),
            ("rank<3", false),
            ("app>3", false),
            ("app=web,env=prod", true),
            ("app=web, env=dev", false),
            ("app.kubernetes.io/name=shop", true),
            ("app=", true),
            ("app=web,", true),
        ] {
            let (selector, rest) = Selector::parse(text).unwrap();
            assert_eq!((selector.matches(&labels), rest), (hit, ""), "{text}");
        }
        assert!(Selector::parse("!app").unwrap().0.matches(&Labels::default()));
    }

    #[test]
    fn values_by_their_keys() {
        let labels =
            Labels::new([("env", "prod"), ("app", "web"), ("app.kubernetes.io/name", ""), ("app", "api")]);
        for (key, value) in [
            ("app", Some("api")),
            ("env", Some("prod")),
            ("app.kubernetes.io/name", Some("")),
            ("ap", None),
            ("", None),
        ] {
            assert_eq!(labels.get(key), value, "{key}");
        }
        assert_eq!(Labels::default().get("app"), None);
        assert_eq!(size_of::<Labels>(), 8);
    }

    #[test]
    fn what_stands_behind_is_given_back() {
        for (text, rest) in [
            ("app=web restarts>5", "restarts>5"),
            ("env in (a,b) web", "web"),
            ("app in x", "in x"),
            ("app=web,env=prod -f chk", "-f chk"),
        ] {
            assert_eq!(Selector::parse(text).unwrap().1, rest, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, words) in [
            ("=web", "-l =web: a label is wanted, as in app=web"),
            ("!", "-l !: a label is wanted, as in !canary"),
            ("env in (prod", "-l env in (prod: the list of values has no end, as in env in (prod,live)"),
            ("env in (a b)", "-l a b: a value is wanted, as in env in (prod,live)"),
            ("rank>x", "-l rank>x: a number is wanted, as in rank>3"),
            ("app=web,=", "-l =: a label is wanted, as in app=web"),
        ] {
            assert_eq!(Selector::parse(text).unwrap_err().to_string(), words);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_selector_or_a_named_error(text in "([a-z!=(), <>/.é-]|in|notin){0,30}") {
            match Selector::parse(&text) {
                Ok((selector, rest)) => {
                    let _ = selector.matches(&Labels::new([("a", "b")]));
                    prop_assert!(text.ends_with(rest));
                }
                Err(error) => prop_assert!(error.to_string().starts_with("-l ")),
            }
        }
    }
}
