//! Where the program's own log goes.

use skyfleet::cli::args::SessionArgs;
use skyfleet::config::paths::Paths;
use skyfleet::ops::journal;
use skyfleet::ops::log::{Redacting, to_screen};
use tokio::sync::mpsc;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// The program's own log: to a file where one is asked for, and to the screen's messages; never to the terminal.
pub(crate) fn start(args: &SessionArgs, paths: &Paths) -> mpsc::Receiver<String> {
    let (lines, logged) = to_screen();
    let level = match args.verbose {
        0 | 1 => "skyfleet=info",
        2 => "skyfleet=debug",
        _ => "debug",
    };
    let file = log_file(args, paths).map(|file| {
        let log = Redacting::new(file);
        fmt::layer().with_ansi(false).with_writer(move || log.clone()).with_filter(EnvFilter::new(level))
    });
    let screen = fmt::layer().with_ansi(false).without_time().with_writer(move || lines.clone());
    let screen = screen.with_filter(EnvFilter::new("skyfleet=info"));
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(file).with(screen));
    logged
}

/// The file of the program's log, if one is asked for.
fn log_file(args: &SessionArgs, paths: &Paths) -> Option<std::fs::File> {
    if args.verbose == 0 && args.log_file.is_none() {
        return None;
    }
    let path = args.log_file.clone().or_else(|| paths.state.as_ref().map(|s| s.join("skyfleet.log")))?;
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        let _ = journal::private_folder(folder);
    }
    let file = journal::append(&path).ok();
    if file.is_none() {
        super::complain(&format!("cannot write the log {}", path.display()));
    }
    file
}
