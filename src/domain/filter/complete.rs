//! What a filter that is being typed could go on with: the word of a field, a value of one behind its operator, a label behind `-l`.
//!
//! Never: what values there are, which whoever shows the rows knows. Called by the tables.

use std::collections::BTreeSet;

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

/// So many ways are offered: nobody goes through more.
const WAYS_MOST: usize = 50;

/// A word is completed once so many letters of it are there: one letter begins too much.
const LEAST: usize = 2;

/// The whole text with its last word completed, in each way there is, the shortest first; none where nothing goes on with it.
pub fn complete(text: &str, known: &dyn Known) -> Vec<String> {
    ways(text, known).unwrap_or_default()
}

fn ways(text: &str, known: &dyn Known) -> Option<Vec<String>> {
    let (before, word) = text.rsplit_once(' ').map_or(("", text), |(before, word)| (before, word));
    let start = text.len() - word.len();
    let head = text.get(..start)?;
    if before.split_whitespace().next_back() == Some("-l") && !word.is_empty() {
        // Of several labels the last.
        let at = word.rfind(',').map_or(0, |at| at + 1);
        let (done, label) = word.split_at_checked(at)?;
        let ways = of_labels(label, &known.labels());
        return Some(ways.into_iter().map(|way| format!("{head}{done}{way}")).collect());
    }
    let negated = usize::from(word.starts_with('!'));
    let (mark, bare) = word.split_at_checked(negated)?;
    if let Some((field, _, value)) = parted(bare) {
        let field = Field::parse(field).filter(|field| field.sort() == Sort::Text)?;
        let ways = ways_on(value, known.values(field).iter().map(String::as_str));
        let operator = bare.strip_suffix(value)?;
        return Some(ways.into_iter().map(|whole| format!("{head}{mark}{operator}{whole}")).collect());
    }
    if bare.chars().count() < LEAST {
        return None;
    }
    let fields = known.fields();
    let ways = ways_on(bare, fields.iter().map(|field| field.word()));
    Some(ways.into_iter().map(|word| format!("{head}{mark}{word}")).collect())
}

/// A key, and behind `=` its value.
fn of_labels(typed: &str, labels: &[String]) -> Vec<String> {
    if typed.contains('=') {
        return ways_on(typed, labels.iter().map(String::as_str));
    }
    ways_on(typed, labels.iter().filter_map(|label| label.split('=').next()))
}

/// Those that begin so and go on, each once, the shortest first. What has a blank in it cannot be typed.
pub fn ways_on<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let begins = |name: &str| name.len() > typed.len() && name.starts_with(typed);
    let fits = names.filter(|name| begins(name) && !name.contains(char::is_whitespace));
    let fits: BTreeSet<(usize, &str)> = fits.map(|name| (name.len(), name)).collect();
    fits.into_iter().take(WAYS_MOST).map(|(_, name)| name.to_owned()).collect()
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
            assert_eq!(complete(text, &Rows).first().map(String::as_str), Some(whole), "{text}");
        }
        for text in ["", "r", "ready", "web ", "status=not", "restarts>", "cluster~x", "-l x", "zz=1", "-l "]
        {
            assert!(complete(text, &Rows).is_empty(), "{text}");
        }
    }

    #[test]
    fn each_way_once() {
        assert_eq!(complete("re", &Rows), ["ready", "restarts"]);
        assert_eq!(complete("-l app", &Rows), Vec::<String>::new());
        assert_eq!(complete("-l app=", &Rows), ["-l app=api", "-l app=web"]);
        assert_eq!(complete("cluster=p", &Rows), ["cluster=prod-a", "cluster=prod-ab"]);
    }

    proptest::proptest! {
        #[test]
        fn what_was_typed_stays(text in "[a-z!=~>,\\- ]{0,30}") {
            for whole in complete(&text, &Rows) {
                proptest::prop_assert!(whole.starts_with(&text) && whole.len() > text.len());
            }
        }
    }
}
