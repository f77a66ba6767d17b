//! What is made of the definition of the command line: completions for shells, the man page.

use clap::CommandFactory;

use super::{Args, Command};

/// What a command prints that wants neither clusters nor settings; none: it is another.
pub fn printed(command: &Command) -> Option<String> {
    let mut out = Vec::new();
    let mut all = Args::command();
    match command {
        Command::Completions(a) => clap_complete::generate(a.shell, &mut all, "skyfleet", &mut out),
        Command::Man => {
            let pages = std::iter::once(all.clone()).chain(all.get_subcommands().cloned().map(|page| {
                let name = format!("skyfleet-{}", page.get_name());
                page.display_name(name)
            }));
            for page in pages {
                // It is written into memory.
                let _ = clap_mangen::Man::new(page).render(&mut out);
            }
        }
        _ => return None,
    }
    Some(String::from_utf8_lossy(&out).into_owned())
}
