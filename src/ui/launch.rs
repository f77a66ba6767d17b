//! From a session to a running terminal and back: modes, signals, suspension.

use std::io::{self, BufWriter};
use std::pin::pin;

use crossterm::event::EventStream;
use tokio_util::sync::CancellationToken;

use super::run::{Leave, Loop, Ui};
use super::term::guard::{self, Guard};

/// What is typed. One for the whole program: of two streams one after the other the second can miss keys that come
/// while the first is being ended (its wake-up and the keys arrive as one event, of which only the wake-up is seen). A
/// suspended program reads nothing, so this one need not end for that.
#[derive(Default)]
pub struct Keys(EventStream);

/// Runs the terminal until a person leaves, for good or for the demo. Gives the terminal back on every way out.
pub async fn launch(ui: Ui, keys: &mut Keys) -> io::Result<Leave> {
    // The theme has decided about colours; crossterm must not decide again.
    crossterm::style::force_color_output(true);
    let stop = CancellationToken::new();
    watch_signals(stop.clone());
    let guard = Guard::enter()?;
    let size = crossterm::terminal::size()?;
    let mut main = Loop::start(ui, BufWriter::with_capacity(64 * 1024, io::stdout()), size)?;
    let left = loop {
        let leave = main.run(&mut pin!(&mut keys.0), &stop).await;
        match leave {
            Ok(Leave::Suspend) => {
                guard.suspend()?;
                let size = crossterm::terminal::size()?;
                main.view.size = size;
                main.screen.resize(size)?;
            }
            Ok(leave @ (Leave::Quit | Leave::Demo)) => break leave,
            Err(error) => {
                main.stop();
                drop(guard);
                return Err(error);
            }
        }
    };
    main.finish().await;
    main.stop();
    drop(guard);
    Ok(left)
}

/// SIGTERM, SIGHUP and SIGINT end the loop; a second one ends the program at once, with the terminal given back. They are
/// registered before this returns: from the first frame on no signal may end the program by itself.
fn watch_signals(stop: CancellationToken) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut term), Ok(mut hup), Ok(mut int)) =
            (signal(SignalKind::terminate()), signal(SignalKind::hangup()), signal(SignalKind::interrupt()))
        else {
            return;
        };
        tokio::spawn(async move {
            let mut again = false;
            loop {
                tokio::select! {
                    _ = term.recv() => {}
                    _ = hup.recv() => {}
                    _ = int.recv() => {}
                }
                if again {
                    guard::restore();
                    std::process::exit(130);
                }
                again = true;
                stop.cancel();
            }
        });
    }
    #[cfg(not(unix))]
    drop(stop);
}
