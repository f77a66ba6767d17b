//! What of a filter is perhaps not what was meant: it is a filter, and finds something else.
//!
//! Never: errors, which are no filters. Called by the tables, while a filter is typed and where it leaves nothing.

use super::field::Field;
use super::pattern;
use super::short;
use super::term::parted;

/// The first word that is looked for as text though it looks like something else, in words for people.
pub fn doubt(text: &str) -> Option<String> {
    if text.split_whitespace().any(|word| matches!(word, "-l" | "-f")) {
        // A selector has words of its own, and letters of a fuzzy text are letters.
        return None;
    }
    text.split_whitespace().map(|word| word.trim_start_matches('!')).find_map(|word| {
        if let Some((field, _, value)) = parted(word)
            && Field::parse(field).is_none()
            && !value.is_empty()
        {
            return Some(format!(
                "`{}` is looked for as text: `{field}` is no field (labels: /-l {field}=…)",
                short(word)
            ));
        }
        pattern::is_broken(word)
            .then(|| format!("`{}` is looked for as it stands: it is no expression", short(word)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_something_else_is_said() {
        for (text, part) in [
            ("team=shop", "`team` is no field"),
            ("web !tier~x", "`tier` is no field"),
            ("web api[", "`api[` is looked for as it stands"),
            ("restarts>5 a)(b", "`a)(b` is looked for as it stands"),
        ] {
            assert!(doubt(text).is_some_and(|d| d.contains(part)), "{text}: {:?}", doubt(text));
        }
        for text in ["", "web", "cluster=prod", "team=", "-l team=shop", "-f a(b", "^api-.*", "a.b:1.2", "!x"]
        {
            assert_eq!(doubt(text), None, "{text}");
        }
    }
}
