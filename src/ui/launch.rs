//! From a session to a running terminal and back: modes, signals, suspension, and the terminal lent to a sign-in.

use std::io::{self, BufRead, Write};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::domain::id::ClusterId;
use crate::ops::left_off::{self, LeftOff};
use crate::ops::session::{Session, Shared};
use crate::ops::sign_in;

use super::run::{Leave, Loop, Ui};
use super::term::behind::Behind;
use super::term::guard::{self, Guard};
use super::term::typed::Typed;
use super::view::World;

/// What is typed. One for the whole program: of two streams one after the other the second can miss keys that come
/// while the first is being ended (its wake-up and the keys arrive as one event, of which only the wake-up is seen). A
/// suspended program reads nothing, so this one need not end for that; a program that has the terminal lent to it does.
#[derive(Default)]
pub struct Keys(Option<Typed>);

/// After a signal the program has left by then: a plan that runs has ended its write long before.
const LEAVES_WITHIN: Duration = Duration::from_secs(20);
/// A program that ends so soon after a Ctrl-C ends for that.
const GAVE_UP: Duration = Duration::from_secs(2);

/// The terminal, as signals see it.
#[derive(Default)]
struct Terminal {
    /// Another program has it.
    is_lent: AtomicBool,
    /// It has hung up.
    is_gone: AtomicBool,
    /// The last Ctrl-C meanwhile.
    interrupted: Mutex<Option<Instant>>,
}

/// Runs the terminal until a person leaves, for good or for the demo; from where one was when it was lost before, if it was.
/// Gives the terminal back on every way out.
pub async fn launch(ui: Ui, keys: &mut Keys, left: Option<LeftOff>) -> io::Result<Leave> {
    let stop = CancellationToken::new();
    let terminal = Arc::new(Terminal::default());
    watch_signals(stop.clone(), terminal.clone(), ui.session.clone());
    let guard = Guard::enter(ui.options.mouse)?;
    let size = crossterm::terminal::size()?;
    let mut main = Loop::start(ui, Behind::stdout()?, size)?;
    if let Some(left) = left {
        let (session, now) = (main.session(), main.now());
        let effects = main.view.go_on(World { fleet: &main.fleet, session: &session, now }, &left);
        main.perform(effects)?;
    }
    let left = until_left(&mut main, &guard, keys, &stop, &terminal).await;
    // A terminal that is gone may be noticed first by who writes to it.
    if terminal.is_gone.load(Ordering::SeqCst) || matches!(left, Ok(Leave::Lost) | Err(_)) {
        let (session, now) = (main.session(), main.now());
        let world = World { fleet: &main.fleet, session: &session, now };
        left_off::keep(&session, &main.view.left_off(world));
    }
    if left.is_ok() {
        main.finish().await;
    }
    main.stop();
    main.screen.settle();
    drop(guard);
    left
}

/// Runs the loop, and what it wants done to the terminal meanwhile, until a person leaves or the terminal is gone.
async fn until_left(
    main: &mut Loop<Behind>,
    guard: &Guard,
    keys: &mut Keys,
    stop: &CancellationToken,
    terminal: &Terminal,
) -> io::Result<Leave> {
    loop {
        let leave = main.run(&mut pin!(keys.0.get_or_insert_with(Typed::default)), stop).await;
        main.screen.settle();
        match leave? {
            Leave::Suspend => {
                guard.suspend()?;
                main.resized(crossterm::terminal::size()?)?;
            }
            Leave::SignIn(id) => {
                // Whoever reads keys here would take them from the program that is talked to.
                keys.0 = None;
                forget_wake();
                terminal.is_lent.store(true, Ordering::SeqCst);
                guard.lend();
                let session = main.session();
                let outcome = {
                    let mut hand = pin!(hand_over(&session, id, &terminal.interrupted));
                    loop {
                        tokio::select! {
                            outcome = &mut hand => break Some(outcome),
                            () = stop.cancelled() => break None,
                            // A plan that runs must not wait for a person who signs in.
                            () = main.take_one() => {}
                        }
                    }
                };
                // What was typed ahead was not meant for us.
                #[cfg(unix)]
                let _ = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
                guard.take_back()?;
                // Before anything is drawn that a person could answer.
                forget_wake();
                terminal.is_lent.store(false, Ordering::SeqCst);
                main.resized(crossterm::terminal::size()?)?;
                if let Some(outcome) = outcome {
                    main.signed_in(id, &outcome);
                }
            }
            leave @ (Leave::Quit | Leave::Lost | Leave::Demo) => return Ok(leave),
        }
    }
}

/// Takes in the wake-up that ends a stream of keys. Seen together with the first keys of the next stream it would hide them.
fn forget_wake() {
    let _ = crossterm::event::poll(Duration::ZERO);
}

/// Runs what a cluster's sign-in needs, with the terminal as a shell would leave it. What went wrong stays on the screen
/// until somebody has read it.
async fn hand_over(
    session: &Session,
    id: ClusterId,
    interrupted: &Mutex<Option<Instant>>,
) -> Result<(), String> {
    let place =
        session.info(id).map_or_else(String::new, |i| format!("{} (context {})", i.place.path(), i.context));
    let command = sign_in::command(session, id).map_or_else(String::new, |c| format!("  $ {c}\n"));
    say(&format!("\nskyfleet signs in to {place}\n{command}Ctrl-C gives up.\n\n"))?;
    let outcome = sign_in::run(session, id).await;
    if let Err(why) = &outcome {
        // Who gave up just now knows why it failed. The program may end before the signal is seen here.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let at = *interrupted.lock().unwrap_or_else(PoisonError::into_inner);
        if at.is_some_and(|at| at.elapsed() < GAVE_UP) {
            return Err("the sign-in was given up".to_owned());
        }
        say(&format!("\n{why}\nEnter goes back to skyfleet. "))?;
        // On a thread of its own: a signal ends the program all the same.
        let _ = tokio::task::spawn_blocking(|| io::stdin().lock().read_line(&mut String::new())).await;
    }
    outcome
}

fn say(words: &str) -> Result<(), String> {
    let mut out = io::stdout();
    out.write_all(words.as_bytes()).and_then(|()| out.flush()).map_err(|error| error.to_string())
}

/// SIGTERM, SIGHUP and SIGINT end the loop; a second one ends the program at once, with the terminal given back. They are
/// registered before this returns: from the first frame on no signal may end the program by itself. While the terminal is
/// lent, Ctrl-C is meant for who has it.
fn watch_signals(stop: CancellationToken, terminal: Arc<Terminal>, session: Shared) {
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
                    _ = hup.recv() => terminal.is_gone.store(true, Ordering::SeqCst),
                    _ = int.recv() => if terminal.is_lent.load(Ordering::SeqCst) {
                        *terminal.interrupted.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                        continue;
                    },
                }
                if again {
                    guard::restore();
                    session.end_plugins();
                    std::process::exit(130);
                }
                again = true;
                stop.cancel();
                // Whatever holds the loop up: who has hung up must not leave a program behind.
                tokio::spawn(async {
                    tokio::time::sleep(LEAVES_WITHIN).await;
                    guard::restore();
                    std::process::exit(130);
                });
            }
        });
    }
    #[cfg(not(unix))]
    drop((stop, terminal, session));
}
