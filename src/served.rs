//! `skyfleet sim serve`: the simulation on sockets of this machine, with a kubeconfig for whoever wants to use it.
//! Never: what a server answers. Called by main.

use std::io::{self, Write};
use std::time::Duration;

use skyfleet::cli::args::{ServeArgs, SessionArgs, SimCommand};
use skyfleet::cli::exit::Exit;
use skyfleet::domain::diff::to_yaml;
use skyfleet::ops::journal::write_private;
use skyfleet::sim::{Fault, Served, Simulation, User};

use crate::{complain, simulated};

/// Runs a command of `sim`.
pub(crate) async fn run(command: &SimCommand, session: SessionArgs) -> Exit {
    let SimCommand::Serve(args) = command;
    let weather = args.fault.iter().map(|text| Weather::parse(text)).collect::<Result<Vec<_>, _>>();
    let users = args.user.iter().map(|text| {
        User::parse(text)
            .ok_or_else(|| format!("--user {text:?}: a name, or a name and groups as in vera:viewers"))
    });
    let (weather, users) = match (weather, users.collect::<Result<Vec<_>, _>>()) {
        (Ok(weather), Ok(users)) => (weather, users),
        (Err(why), _) | (_, Err(why)) => {
            complain(&why);
            return Exit::Usage;
        }
    };
    let sim = match simulated::made(session, jiff::Timestamp::now(), Duration::ZERO).await {
        Ok(sim) => sim,
        Err(why) => {
            complain(&why);
            return Exit::Usage;
        }
    };
    for one in &weather {
        if one.contexts(&sim).is_empty() {
            complain(&format!(
                "--fault {:?}: no context matches; there are: {}",
                one.text,
                sim.contexts().join(", ")
            ));
            return Exit::Usage;
        }
    }
    match serve(args, &sim, &users, weather).await {
        Ok(()) => Exit::Ok,
        Err(error) => {
            complain(&format!("the simulation cannot be served: {error}"));
            Exit::Failed
        }
    }
}

/// Serves until somebody ends it.
async fn serve(args: &ServeArgs, sim: &Simulation, users: &[User], weather: Vec<Weather>) -> io::Result<()> {
    if args.still {
        sim.still();
    }
    // Asked for before anything is served, so that no signal is lost.
    let ended = ended()?;
    let served: Served = sim.listen(users).await?;
    let path = &args.kubeconfig_out;
    write_private(path, to_yaml(served.kubeconfig()).as_bytes())
        .map_err(|e| io::Error::new(e.kind(), format!("{}: {e}", path.display())))?;
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn({
        let sim = sim.clone();
        async move { sim.run(1.0).await }
    });
    if args.changes > 0 {
        let (sim, changes) = (sim.clone(), args.changes);
        tasks.spawn(async move { sim.stir(changes).await });
    }
    for one in weather {
        let sim = sim.clone();
        tasks.spawn(async move { one.blow(&sim).await });
    }
    tell(args, sim, users);
    ended.await;
    tasks.shutdown().await;
    Ok(())
}

/// What is served, and how it is used.
fn tell(args: &ServeArgs, sim: &Simulation, users: &[User]) {
    let file = args.kubeconfig_out.display();
    let clusters = sim.contexts().len();
    let mut text = format!(
        "Serving the Simulation: {clusters} {}, {} pods, on 127.0.0.1 until Ctrl-C.\nIts kubeconfig is {file}:\n  KUBECONFIG={file} kubectl get pods -A\n  skyfleet --kubeconfig {file}\n",
        if clusters == 1 { "cluster" } else { "clusters" },
        sim.pods()
    );
    for user in users {
        text.push_str(&format!("  KUBECONFIG={file} kubectl --user {} auth whoami\n", user.name));
    }
    let _ = io::stderr().write_all(text.as_bytes());
}

/// A fault, and where.
struct Weather {
    text: String,
    fault: Fault,
    again: Option<Duration>,
    glob: globset::GlobMatcher,
}

impl Weather {
    /// Reads `KIND[=VALUE]:CONTEXT-GLOB`.
    fn parse(text: &str) -> Result<Self, String> {
        let Some((kind, glob)) = text.split_once(':') else {
            return Err(format!(
                "--fault {text:?}: a fault and a context, as in 'latency=300:*eu*'; {}",
                Fault::FORMS
            ));
        };
        let (fault, again) = Fault::parse(kind)?;
        let glob = globset::Glob::new(glob).map_err(|e| format!("--fault {text:?}: {e}"))?.compile_matcher();
        Ok(Self { text: text.to_owned(), fault, again, glob })
    }

    fn contexts(&self, sim: &Simulation) -> Vec<String> {
        sim.contexts().into_iter().filter(|c| self.glob.is_match(c)).collect()
    }

    /// Sets the fault, again and again where it passes at once.
    async fn blow(&self, sim: &Simulation) {
        let contexts = self.contexts(sim);
        loop {
            for context in &contexts {
                sim.fault(context, self.fault.clone());
            }
            match self.again {
                Some(every) => tokio::time::sleep(every).await,
                None => return,
            }
        }
    }
}

/// Done when a person or a supervisor ends the program.
fn ended() -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (mut ctrl_c, mut term) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! {
                _ = ctrl_c.recv() => {}
                _ = term.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
