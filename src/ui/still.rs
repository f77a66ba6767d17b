//! A screen without a terminal: the same loop, driven until everything has settled, then drawn once.

use std::io;
use std::time::Duration;

use crossterm::event::{Event, KeyEvent};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::time::{Instant, timeout};

use super::key::Key;
use super::render::render;
use super::run::{Loop, Ui};
use super::term::snapshot;

/// How a screen is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Plain text.
    Text,
    /// With SGR colours.
    Ansi,
    /// A picture.
    Svg,
}

/// How long clusters, prices and tasks may take to settle before a screen is drawn.
const SETTLE: Duration = Duration::from_secs(20);
/// Quiet for that long is settled.
const QUIET: Duration = Duration::from_millis(250);

/// Draws the screen that stands after `keys` were pressed, everything having settled before and after each.
pub async fn still(ui: Ui, size: (u16, u16), keys: &str, form: Form) -> Result<String, String> {
    let keys = keys.split_whitespace().map(|word| {
        Key::parse(word).ok_or_else(|| {
            format!("`{word}` is no key; --keys wants keys parted by blanks, e.g. 'g p enter ctrl-d'")
        })
    });
    let keys: Vec<Key> = keys.collect::<Result<_, _>>()?;
    let mut main = Loop::start(ui, io::sink(), size).map_err(|e| e.to_string())?;
    main.begin();
    settle(&mut main, true).await;
    for key in keys {
        main.frame().map_err(|e| e.to_string())?;
        let event = Event::Key(KeyEvent::new(key.code(), key.modifiers()));
        if main.event(event).map_err(|e| e.to_string())?.is_some() {
            return Err("these keys leave skyfleet".to_owned());
        }
        settle(&mut main, false).await;
    }
    main.view.rest();
    main.frame().map_err(|e| e.to_string())?;
    while main.warm() {}
    let mut buf = Buffer::empty(Rect::new(0, 0, size.0, size.1));
    render(&main.fleet, &main.view, main.theme(), main.now(), &mut buf);
    main.stop();
    Ok(match form {
        Form::Text => snapshot::text(&buf),
        Form::Ansi => snapshot::ansi(&buf),
        Form::Svg => snapshot::svg(&buf, main.theme()),
    })
}

/// Takes in what comes until it is quiet; at the start until every cluster has settled and prices are there.
async fn settle(main: &mut Loop<io::Sink>, all: bool) {
    let until = Instant::now() + SETTLE;
    loop {
        let quiet = timeout(QUIET, main.take_one()).await.is_err();
        let settled = !all
            || (main.fleet.catalogue.is_some() && main.fleet.clusters().iter().all(|c| c.phase.is_settled()));
        if (quiet && settled) || Instant::now() > until {
            return;
        }
    }
}

/// A time that a screen can always be drawn at again.
pub fn fixed_time() -> Timestamp {
    Timestamp::from_second(1_795_442_400).unwrap_or_default()
}
