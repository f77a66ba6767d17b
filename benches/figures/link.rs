//! Over a slow link: 300 ms there and back, 20 KB a second.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::fleet::Served;
use super::terminal::{Link, Session, median, ms};
use super::{Row, SKYFLEET};

const SLOW: Link = Link { delay: Duration::from_millis(150), bytes_per_second: Some(20_000) };
/// A keyboard repeats a key that is held so often.
const REPEAT: Duration = Duration::from_millis(33);
const HELD: Duration = Duration::from_secs(10);

/// The pod at the top of the table: it tells how far the table is scrolled.
fn top(grid: &str) -> Option<String> {
    let mut lines = grid.lines().skip_while(|line| !line.contains("RESTARTS"));
    lines.next()?;
    let row = lines.next()?.split_once('│')?.1.to_owned();
    Some(row.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
}

/// A key that is held, and one that is pressed.
pub(crate) fn slow(dir: &Path) -> Vec<Row> {
    let echo = {
        let mut s = Session::over(SLOW, "/bin/cat", &[], &[]);
        median(
            (0..5)
                .map(|_| {
                    s.settle(Duration::from_millis(400));
                    ms(s.key(b"j").0)
                })
                .collect(),
        )
    };
    let served = Served::start(dir, "link", 3, 500, &["--still"]);
    let mut s = Session::over(SLOW, SKYFLEET, &["--kubeconfig", &served.config.to_string_lossy()], &[]);
    s.until("all live", Duration::from_mins(1), |g| g.contains("3/3 live"));
    s.settle(Duration::from_secs(2));
    s.input.write_all(b"gr").unwrap();
    s.seen(|g| g.contains("RESTARTS"));
    s.settle(Duration::from_secs(2));
    let moves: Vec<f64> = (0..10)
        .map(|_| {
            s.settle(Duration::from_millis(700));
            ms(s.key(b"j").0)
        })
        .collect();
    let moved = median(moves);
    s.settle(Duration::from_secs(1));
    // Held: what is on the screen meanwhile, and when.
    let began = Instant::now();
    let mut tops: Vec<(Instant, Option<String>)> = Vec::new();
    let mut pressed = 0u32;
    let mut bytes_while = 0;
    while began.elapsed() < HELD {
        if began.elapsed() >= REPEAT * pressed {
            s.input.write_all(b"j").unwrap();
            pressed += 1;
        }
        while let Ok((at, bytes)) = s.output.recv_timeout(Duration::from_millis(2)) {
            bytes_while += bytes.len();
            s.screen.process(&bytes);
            tops.push((at, top(&s.screen.screen().contents())));
        }
    }
    let released = Instant::now();
    while let Ok((at, bytes)) = s.output.recv_timeout(Duration::from_secs(4)) {
        s.screen.process(&bytes);
        tops.push((at, top(&s.screen.screen().contents())));
    }
    let last = tops.last().map(|(_, top)| top.clone());
    let newest =
        tops.iter().rev().take_while(|(_, top)| Some(top) == last.as_ref()).last().map(|(at, _)| *at);
    let behind = newest.map_or(0.0, |at| at.saturating_duration_since(released).as_secs_f64());
    let seen = tops.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    vec![Row {
        what: "a link of 300 ms there and back and 20 KB/s: a cursor move in the table until it is seen; the screen is the newest after a key was held for 10 s; KB meanwhile".into(),
        ours: format!("{moved:.0} ms; {behind:.2} s ({pressed} keys, {seen} pages seen); {} KB", bytes_while / 1000),
        baseline: format!("{echo:.0} ms (echo of cat over the same link)"),
        bar: "500 ms; 1.5 s".into(),
        data: json!({"move_ms": moved, "newest_after_s": behind, "keys": pressed, "bytes_while_held": bytes_while, "baseline_cat_ms": echo}),
    }]
}
