//! What a filter that is being typed could go on with: the word of a field, a value of one behind its operator, a label behind `-l`.
//!
//! Never: what values there are, which whoever shows the rows knows. Called by the tables.

use super::field::{Field, Sort};
use super::term::parted;

/// What there is in the rows that are filtered.
pub trait Known {
    /// The fields that rows have.
    fn fields(&self) -> Vec<Field>;
    /// What a field of text says in rows.
    fn values(&self, field: Field) -> Vec<String>;
    /// Labels of rows, `key=value`.
    fn labels(&self) -> Vec<String>;
}

/// A word is completed once so many letters of it are there: one letter begins too much.
const LEAST: usize = 2;

/// The whole text with its last word completed; `None` where nothing goes on with it.
pub fn complete(text: &str, known: &dyn Known) -> Option<String> {
    let (before, word) = text.rsplit_once(' ').map_or(("", text), |(before, word)| (before, word));
    let start = text.len() - word.len();
    let head = text.get(..start)?;
    if before.split_whitespace().next_back() == Some("-l") && !word.is_empty() {
        // Of several labels the last.
        let at = word.rfind(',').map_or(0, |at| at + 1);
        let (done, label) = word.split_at_checked(at)?;
        return Some(format!("{head}{done}{}", of_labels(label, &known.labels())?));
    }
    let negated = usize::from(word.starts_with('!'));
    let (mark, bare) = word.split_at_checked(negated)?;
    if let Some((field, _, value)) = parted(bare) {
        let field = Field::parse(field).filter(|field| field.sort() == Sort::Text)?;
        let whole = best(value, known.values(field).iter().map(String::as_str))?;
        let operator = bare.strip_suffix(value)?;
        return Some(format!("{head}{mark}{operator}{whole}"));
    }
    if bare.chars().count() < LEAST {
        return None;
    }
    let fields = known.fields();
    let word = best(bare, fields.iter().map(|field| field.word()))?;
    Some(format!("{head}{mark}{word}"))
}

/// A key, and behind `=` its value.
fn of_labels(typed: &str, labels: &[String]) -> Option<String> {
    if typed.contains('=') {
        return best(typed, labels.iter().map(String::as_str));
    }
    best(typed, labels.iter().filter_map(|label| label.split('=').next()))
}

/// The shortest that begins so and goes on; of those the first. What has a blank in it cannot be typed.
fn best<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let begins = |name: &str| name.len() > typed.len() && name.starts_with(typed);
    let fits = names.filter(|name| begins(name) && !name.contains(char::is_whitespace));
    fits.min_by_key(|name| (name.len(), *name)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Rows;

    impl Known for Rows {
        fn fields(&self) -> Vec<Field> {
            vec![Field::Cluster, Field::Restarts, Field::Ready, Field::Node, Field::Image]
        }
        fn values(&self, field: Field) -> Vec<String> {
            let values: &[&str] = match field {
                Field::Cluster => &["prod-a", "prod-ab", "dev"],
                Field::Status => &["Running", "CrashLoopBackOff", "not one word"],
                _ => &[],
            };
            values.iter().map(|v| (*v).to_owned()).collect()
        }
        fn labels(&self) -> Vec<String> {
            ["app=web", "app=api", "team=pay"].map(str::to_owned).into()
        }
    }

    #[test]
    fn the_last_word_goes_on() {
        for (text, whole) in [
            ("re", "ready"),
            ("res", "restarts"),
            ("web no", "web node"),
            ("!im", "!image"),
            ("restarts>5 cluster~pr", "restarts>5 cluster~prod-a"),
            ("cluster=prod-a", "cluster=prod-ab"),
            ("!cluster=d", "!cluster=dev"),
            ("status=Cr", "status=CrashLoopBackOff"),
            ("-f we im", "-f we image"),
            ("web-l no", "web-l node"),
            ("-l ap", "-l app"),
            ("-l app=w", "-l app=web"),
            ("-l app=web,te", "-l app=web,team"),
            ("-l team=", "-l team=pay"),
        ] {
            assert_eq!(complete(text, &Rows).as_deref(), Some(whole), "{text}");
        }
        for text in ["", "r", "ready", "web ", "status=not", "restarts>", "cluster~x", "-l x", "zz=1", "-l "]
        {
            assert_eq!(complete(text, &Rows), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_was_typed_stays(text in "[a-z!=~>,\\- ]{0,30}") {
            if let Some(whole) = complete(&text, &Rows) {
                proptest::prop_assert!(whole.starts_with(&text) && whole.len() > text.len());
            }
        }
    }
}
