//! A typed term of a filter: a field, an operator and a value in one word, such as `restarts>5` or `image!~:latest`.
//!
//! Lives here: which words are terms, what is wrong with one, and whether a value holds it. Never: what a row's field is
//! worth (`fleet::field`). Called by `query`.

use std::cmp::Ordering;

pub use super::field::{Field, Sort};
pub use super::value::Value;

use super::value::version;
use super::{FilterError, Pattern, short};
use crate::domain::text::nearest;
use crate::domain::workload::short_image;

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Is,
    IsNot,
    Like,
    Unlike,
    Over,
    OverOrIs,
    Under,
    UnderOrIs,
}

/// As they are written, the longer before those they begin with.
const OPS: [(&str, Op); 8] = [
    (">=", Op::OverOrIs),
    ("<=", Op::UnderOrIs),
    ("!=", Op::IsNot),
    ("!~", Op::Unlike),
    (">", Op::Over),
    ("<", Op::Under),
    ("=", Op::Is),
    ("~", Op::Like),
];

impl Op {
    /// What holds where this does not.
    const fn opposite(self) -> Self {
        match self {
            Self::Is => Self::IsNot,
            Self::IsNot => Self::Is,
            Self::Like => Self::Unlike,
            Self::Unlike => Self::Like,
            Self::Over => Self::UnderOrIs,
            Self::UnderOrIs => Self::Over,
            Self::Under => Self::OverOrIs,
            Self::OverOrIs => Self::Under,
        }
    }

    /// Whether it asks which is more.
    const fn is_order(self) -> bool {
        matches!(self, Self::Over | Self::OverOrIs | Self::Under | Self::UnderOrIs)
    }

    /// What it makes of the order of a row's value to the typed one.
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Is | Self::Like => order.is_eq(),
            Self::IsNot | Self::Unlike => order.is_ne(),
            Self::Over => order.is_gt(),
            Self::OverOrIs => order.is_ge(),
            Self::Under => order.is_lt(),
            Self::UnderOrIs => order.is_le(),
        }
    }
}

/// What a value is held against.
#[derive(Clone, Debug)]
enum Test {
    /// Nothing yet: the value is still to be typed.
    Open,
    /// The whole text in any case, or a number as tables show it.
    Same(String),
    /// A text somewhere in it.
    Pattern(Pattern),
    /// A number.
    Number(u64),
    /// The numbers of a version.
    Version(Vec<u64>),
}

/// A typed term.
#[derive(Clone, Debug)]
pub struct Term {
    field: Field,
    op: Op,
    test: Test,
}

/// Parts a word into a field, an operator and the rest. `None` when it is no such word.
pub(super) fn parted(word: &str) -> Option<(&str, Op, &str)> {
    let is_of_field = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '%');
    let (head, rest) = word.split_at_checked(word.find(|c| !is_of_field(c))?)?;
    if !head.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    OPS.iter().find_map(|(sign, op)| Some((head, *op, rest.strip_prefix(sign)?)))
}

impl Term {
    /// Reads a word; `!restarts>5` is `restarts<=5`. `None` when it is a plain word: without an operator, or with one that
    /// also stands in texts (`=`, `~`) behind what is no field.
    ///
    /// # Errors
    /// A value that is not of its field, or an order (`>`) of what is no field.
    pub fn parse(word: &str) -> Result<Option<Self>, FilterError> {
        let (inverse, body) = word.strip_prefix('!').map_or((false, word), |rest| (true, rest));
        // The half of `!=`.
        if let Some(field) = body.strip_suffix('!').and_then(Field::parse) {
            return Ok(Some(Self { field, op: Op::IsNot, test: Test::Open }));
        }
        let Some((head, op, text)) = parted(body) else { return Ok(None) };
        let op = if inverse { op.opposite() } else { op };
        let Some(field) = Field::parse(head) else {
            if !op.is_order() {
                return Ok(None);
            }
            let words = || Field::ALL.iter().map(|f| f.word());
            let (near, known) = (nearest(head, words()), words().collect::<Vec<_>>().join(" "));
            return Err(FilterError::Field { word: short(body), field: short(head), near, known });
        };
        let part = field.part().filter(|_| text.ends_with('%') && !matches!(op, Op::Like | Op::Unlike));
        let field = part.unwrap_or(field);
        let wrong = |wanted, example: &str| FilterError::Value {
            word: short(body),
            wanted,
            example: format!("{}{example}", field.word()),
        };
        let sort = field.sort();
        let test = match (op, sort) {
            _ if text.is_empty() => Test::Open,
            (Op::Like | Op::Unlike, _) => Test::Pattern(Pattern::parse(text)?),
            (Op::Is | Op::IsNot, Sort::Text) => Test::Same(text.to_owned()),
            // Of a version as many of its numbers as are typed.
            (Op::Is | Op::IsNot, Sort::Version) => {
                version(text).map_or_else(|| Test::Same(text.to_owned()), Test::Version)
            }
            (_, Sort::Text) => return Err(wrong("= or ~", "~web")),
            (_, Sort::Version) => match version(text) {
                Some(numbers) => Test::Version(numbers),
                None => return Err(wrong(sort.wanted(), &format!("<{}", sort.example()))),
            },
            (_, Sort::Count | Sort::Duration | Sort::Cpu | Sort::Memory | Sort::Percent) => {
                match Value::read(sort, text) {
                    Some(value) if !op.is_order() => Test::Same(value.show().into_owned()),
                    Some(Value::Part(..)) | None => {
                        return Err(wrong(sort.wanted(), &format!(">{}", sort.example())));
                    }
                    Some(value) => value.number().map_or(Test::Open, Test::Number),
                }
            }
        };
        Ok(Some(Self { field, op, test }))
    }

    /// Whose value it wants.
    pub fn field(&self) -> Field {
        self.field
    }

    /// Its value is still to be typed: it lets every row through.
    pub fn is_open(&self) -> bool {
        matches!(self.test, Test::Open)
    }

    /// Whether a row of which the field is worth that passes. Where it is not known, no row does.
    pub fn passes(&self, value: Option<&Value<'_>>) -> bool {
        let Some(value) = value else { return self.is_open() };
        match &self.test {
            Test::Open => true,
            Test::Same(text) => same(value, text) == (self.op == Op::Is),
            Test::Pattern(pattern) => like(value, pattern) == (self.op == Op::Like),
            Test::Number(n) => value.number().is_some_and(|v| self.op.holds(v.cmp(n))),
            Test::Version(wanted) => match value {
                Value::Text(text) => version(text).is_some_and(|numbers| {
                    let head = numbers.get(..wanted.len()).unwrap_or(&numbers);
                    self.op.holds(head.cmp(wanted))
                }),
                Value::Images(_)
                | Value::Count(_)
                | Value::Part(..)
                | Value::Seconds(_)
                | Value::CpuMilli(_)
                | Value::Bytes(_)
                | Value::Percent(_) => false,
            },
        }
    }
}

fn same(value: &Value<'_>, text: &str) -> bool {
    let is = |own: &str| own == text || own.to_lowercase() == text.to_lowercase();
    match value {
        Value::Text(own) => is(own),
        // In full, or as it is shown.
        Value::Images(images) => images.iter().any(|image| is(image) || is(short_image(image))),
        // Ready ones are counted by `ready=1` too.
        Value::Part(part, _) if !text.contains('/') => part.to_string() == text,
        shown => shown.show() == text,
    }
}

fn like(value: &Value<'_>, pattern: &Pattern) -> bool {
    match value {
        Value::Images(images) => images.iter().any(|image| pattern.is_match(image)),
        one => pattern.is_match(&one.show()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn term(word: &str) -> Term {
        Term::parse(word).unwrap().unwrap_or_else(|| panic!("{word} is a plain word"))
    }

    #[test]
    fn what_passes() {
        let text = |t: &'static str| Value::text(t);
        for (word, value, passes) in [
            ("restarts>5", Value::Count(6), true),
            ("restarts>5", Value::Count(5), false),
            ("restarts>=5", Value::Count(5), true),
            ("restarts<5", Value::Count(5), false),
            ("restarts<=5", Value::Count(5), true),
            ("restarts=0", Value::Count(0), true),
            ("restarts=07", Value::Count(7), true),
            ("restarts!=0", Value::Count(0), false),
            ("!restarts>5", Value::Count(5), true),
            ("!restarts=5", Value::Count(5), false),
            ("RESTARTS>5", Value::Count(6), true),
            ("restarts~^1", Value::Count(12), true),
            ("age<1h", Value::Seconds(3_599), true),
            ("age<1h", Value::Seconds(3_600), false),
            ("age>2d4h", Value::Seconds(187_201), true),
            ("age=3h", Value::Seconds(3 * 3_600 + 500), true),
            ("age=3h", Value::Seconds(4 * 3_600), false),
            ("cpu>500m", Value::CpuMilli(501), true),
            ("cpu>1.5", Value::CpuMilli(1_500), false),
            ("cpu>80%", Value::Percent(81), true),
            ("cpu%>80", Value::Percent(81), true),
            ("mem>=1Gi", Value::Bytes(1 << 30), true),
            ("mem<1Gi", Value::Bytes(1 << 30), false),
            ("mem=1.5Gi", Value::Bytes(1_610_612_736), true),
            ("ready<1", Value::Part(0, 3), true),
            ("ready<1", Value::Part(1, 3), false),
            ("ready=1/3", Value::Part(1, 3), true),
            ("ready=1", Value::Part(1, 3), true),
            ("ready!=3/3", Value::Part(1, 3), true),
            ("status=running", text("Running"), true),
            ("status=run", text("Running"), false),
            ("status!=Running", text("CrashLoopBackOff"), true),
            ("status!=Running", text(""), true),
            ("cluster~prod", text("prod-a"), true),
            ("cluster~^a|b$", text("prod-b"), true),
            ("cluster!~prod", text("prod-a"), false),
            ("node=IP-10-0-1-2", text("ip-10-0-1-2"), true),
            ("namespace=shop", text("shop"), true),
            ("image!~:latest", Value::Images(vec!["x/a:1", "x/b:latest"]), false),
            ("image=web:2", Value::Images(vec!["a", "reg.example/shop/web:2"]), true),
            ("image~reg", Value::Images(vec!["reg.example/shop/web:2"]), true),
            ("version<1.31", text("v1.30.9-gke.1"), true),
            ("version>1.30", text("v1.30.9"), false),
            ("version>=1.30.2", text("v1.30.9"), true),
            ("version=1.30", text("v1.30.9"), true),
            ("version!=1.30", text("v1.30.9"), false),
            ("version=1.3", text("v1.30.9"), false),
            ("version=who", text("who"), true),
            ("version>1", text("who knows"), false),
            // Half typed.
            ("restarts>", Value::Count(0), true),
            ("restarts!", Value::Count(0), true),
            ("status!=", text("x"), true),
        ] {
            assert_eq!(term(word).passes(Some(&value)), passes, "{word} {value:?}");
        }
    }

    #[test]
    fn what_is_not_known_never_passes() {
        for word in ["cpu>1", "cpu<=1", "zone!=a", "zone!~a", "zone=a", "version<9"] {
            assert!(!term(word).passes(None), "{word}");
        }
        assert!(term("cpu>").passes(None), "it is still to be typed");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (word, error) in [
            ("restarts>abc", "restarts>abc: a number is wanted, as in restarts>5"),
            ("restarts=x", "restarts=x: a number is wanted, as in restarts>5"),
            ("age<9", "age<9: a time with its unit (s m h d w) is wanted, as in age>2h"),
            ("cpu>lots", "cpu>lots: a number of cores is wanted, as in cpu>500m"),
            ("mem>500m", "mem>500m: a number of bytes is wanted, as in mem>512Mi"),
            ("cpu>x%", "cpu>x%: a number of percent is wanted, as in cpu%>80%"),
            ("name>web", "name>web: = or ~ is wanted, as in name~web"),
            ("version>new", "version>new: a version is wanted, as in version<1.31"),
            ("ready<1/2", "ready<1/2: a number is wanted, as in ready>5"),
        ] {
            assert_eq!(Term::parse(word).unwrap_err().to_string(), error);
        }
        let unknown = Term::parse("colour>5").unwrap_err().to_string();
        assert!(
            unknown.starts_with("colour>5: no field is called `colour`; there are cluster "),
            "{unknown}"
        );
    }

    #[test]
    fn what_is_a_plain_word() {
        for word in
            ["web", "a=b", "x~y", "!a=b", "!", "", "=5", ">5", "-f", "web!", "(?<n>a)", "web-1.2", "é>5"]
        {
            assert!(Term::parse(word).unwrap().is_none(), "{word}");
        }
    }

    #[test]
    fn fields_are_told_apart() {
        let mut words: Vec<&str> = Field::ALL.iter().map(|f| f.word()).collect();
        for field in Field::ALL {
            assert_eq!(Field::parse(&field.word().to_uppercase()), Some(*field));
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Field::ALL.len());
    }

    proptest! {
        #[test]
        fn any_word_is_a_term_a_plain_word_or_an_error(
            word in prop_oneof![
                ".{0,20}",
                "!?(restarts|age|cpu|mem|ready|status|version|image|zone|nothing)(>|<|>=|<=|=|!=|~|!~)[0-9a-z%./é-]{0,5}",
            ],
            n in any::<u64>(),
        ) {
            match Term::parse(&word) {
                Ok(Some(term)) => {
                    for value in [Value::Count(n), Value::Part(n, n), Value::Seconds(n), Value::text(word.as_str())] {
                        let _ = term.passes(Some(&value));
                    }
                    prop_assert!(term.is_open() || !term.passes(None));
                }
                Ok(None) => {}
                Err(error) => prop_assert!(error.to_string().len() > word.chars().take(40).count()),
            }
        }

        #[test]
        fn an_inverse_is_the_opposite(n in 0u64..20, m in 0u64..20, op in "(>|<|>=|<=|=|!=)") {
            let value = Value::Count(n);
            let (plain, inverse) = (term(&format!("restarts{op}{m}")), term(&format!("!restarts{op}{m}")));
            prop_assert_ne!(plain.passes(Some(&value)), inverse.passes(Some(&value)));
        }
    }
}
