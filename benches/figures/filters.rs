//! Filters over a hundred thousand rows: each letter to what comes of it.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Row;
use super::terminal::{Session, ms, percentile};

const ROUNDS: usize = 10;

/// Of a session that shows the pods.
pub(crate) fn measured(s: &mut Session) -> Vec<Row> {
    let [plain, regex, typed] = ["web", "w.b|ap[ip]", "restarts>2 age<9h"].map(|text| letters(s, text));
    let (echo, first) = fuzzy(s, "-f wb prd");
    vec![
        Row {
            what: "100,000 pods: each letter of a filter to its result on screen, p99: plain; regex; typed".into(),
            ours: format!("{plain:.1} ms; {regex:.1} ms; {typed:.1} ms"),
            baseline: "none".into(),
            bar: "30 ms".into(),
            data: json!({"plain_p99_ms": plain, "regex_p99_ms": regex, "typed_p99_ms": typed}),
        },
        Row {
            what: "the same, fuzzy: each letter to itself in the prompt while rows are searched, p99; to its result, p99".into(),
            ours: format!("{echo:.1} ms; {first:.1} ms"),
            baseline: "none".into(),
            bar: "30 ms; 120 ms".into(),
            data: json!({"fuzzy_echo_p99_ms": echo, "fuzzy_result_p99_ms": first}),
        },
    ]
}

fn begin(s: &mut Session) {
    s.settle(Duration::from_millis(200));
    s.key(b"/");
    // Nobody is faster from the one key to the next.
    s.settle(Duration::from_millis(120));
}

fn end(s: &mut Session) {
    s.settle(Duration::from_millis(60));
    s.key(b"\x1b");
    s.settle(Duration::from_millis(300));
}

/// Each letter of a text to the bytes after it, p99.
fn letters(s: &mut Session, text: &str) -> f64 {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        begin(s);
        for letter in text.chars() {
            s.settle(Duration::from_millis(60));
            times.push(ms(s.key(letter.to_string().as_bytes()).0));
        }
        end(s);
    }
    percentile(&times, 0.99)
}

/// Each letter of a fuzzy text to itself in the prompt, typed while the search of the letter before is under way; and, each
/// search left alone, to its result: p99 of both.
fn fuzzy(s: &mut Session, text: &str) -> (f64, f64) {
    let is_typed = |g: &str, so_far: &str| g.lines().last().is_some_and(|line| line.contains(so_far));
    let is_found = |g: &str, so_far: &str| {
        let heading = g.lines().find(|line| line.contains("pods  /-f"));
        heading.is_some_and(|line| line.contains(&format!("/{so_far}")) && !line.contains("looking"))
    };
    let (mut echoes, mut results) = (Vec::new(), Vec::new());
    for round in 0..2 * ROUNDS {
        begin(s);
        let mut so_far = String::new();
        for letter in text.chars() {
            so_far.push(letter);
            let shown = so_far.trim_end().to_owned();
            let pressed = Instant::now();
            let took = ms(s.answered(letter.to_string().as_bytes(), |g| is_typed(g, &shown)));
            // Before there is a word, nothing is searched.
            if so_far.len() <= "-f ".len() || letter == ' ' {
                continue;
            }
            if round % 2 == 0 {
                echoes.push(took);
                std::thread::sleep(Duration::from_millis(10));
            } else {
                results.push(ms(s.seen(|g| is_found(g, &shown)).saturating_duration_since(pressed)));
            }
        }
        s.seen(|g| is_found(g, text));
        end(s);
    }
    (percentile(&echoes, 0.99), percentile(&results, 0.99))
}
