//! The thin binary: parses, makes a session over kubeconfig or the simulation, and hands it to the terminal or a command.

mod logged;
mod served;
mod simulated;
mod views;

use std::ffi::OsString;
use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use skyfleet::cli::args::{Args, Color, Command, SessionArgs, SnapshotArgs};
use skyfleet::cli::exit::Exit;
use skyfleet::cli::interrupt::Interrupts;
use skyfleet::cli::{self, Io};
use skyfleet::config::paths::Paths;
use skyfleet::config::settings::{Origin, Settings};
use skyfleet::domain::age;
use skyfleet::domain::connect::Connect;
use skyfleet::domain::scope::{PathGlob, Scope};
use skyfleet::domain::table_view::TableViews;
use skyfleet::domain::text::SafeText;
use skyfleet::fleet::cluster::ClusterInfo;
use skyfleet::fleet::rules::Rules;
use skyfleet::ops::queries;
use skyfleet::ops::session::{Session, SessionOptions, Shared, remembered};
use skyfleet::source::clock::Clock;
use skyfleet::source::clouds::Home;
use skyfleet::source::connect::Ready;
use skyfleet::source::kubeconfig::{self, Override, Reader};
use skyfleet::source::plugin::{PluginOptions, Plugins, Policy};
use skyfleet::source::proxy::ProxyEnv;
use skyfleet::ui::keymap::Keymap;
use skyfleet::ui::launch::{Keys, launch};
use skyfleet::ui::looks::Looks;
use skyfleet::ui::run::{Leave, Ui};
use skyfleet::ui::still::{Form, fixed_time, still};
use skyfleet::ui::theme::depth::{ColorChoice, Depth};
use skyfleet::ui::theme::{Letters, Theme};
use skyfleet::ui::view::ViewOptions;

fn var(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn main() -> ExitCode {
    cli::process::guard_memory();
    cli::process::raise_open_files();
    let args = match cli::args::parse(std::env::args_os().collect::<Vec<OsString>>()) {
        Ok(args) => args,
        Err((text, false)) => {
            let _ = io::stdout().write_all(text.as_bytes());
            return ExitCode::SUCCESS;
        }
        Err((text, true)) => {
            let _ = io::stderr().write_all(text.as_bytes());
            return ExitCode::from(Exit::Usage.code());
        }
    };
    // One TLS provider for the whole process, before anything could ask for another.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    let exit = runtime.block_on(run(args));
    // Hung servers and plugins must not keep the program.
    runtime.shutdown_timeout(Duration::from_millis(200));
    ExitCode::from(exit.code())
}

fn fail(words: &str) -> ExitCode {
    let _ = writeln!(io::stderr(), "{words}");
    ExitCode::from(Exit::Failed.code())
}

fn complain(words: &str) {
    let _ = writeln!(io::stderr(), "{words}");
}

async fn run(args: Args) -> Exit {
    if let Some(Command::Sim(command)) = &args.command {
        return served::run(command, args.session.clone()).await;
    }
    if let Some(text) = args.command.as_ref().and_then(skyfleet::cli::args::printed) {
        return match io::stdout().write_all(text.as_bytes()) {
            Ok(()) => Exit::Ok,
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Ok,
            Err(_) => Exit::Failed,
        };
    }
    let paths = Paths::of(var);
    let (settings, mut notices) = settings(&args.session, &paths);
    let simulated = args.session.demo
        || matches!(args.command, Some(Command::Demo))
        || args.session.clusters.is_some()
        || args.session.pods.is_some();
    let terminal = matches!(args.command, None | Some(Command::Demo));
    if terminal
        && (var("TERM").as_deref() == Some("dumb")
            || !io::stdout().is_terminal()
            || !io::stdin().is_terminal())
    {
        complain(
            "skyfleet's screen needs a terminal. Without one use its commands, e.g.\n  skyfleet tree --demo\n  skyfleet problems -o json\n  skyfleet snapshot --demo --size 120x36\nskyfleet --help lists them.",
        );
        return Exit::Usage;
    }
    notices.extend(views::warnings(&settings));
    if let Err(why) = known_names(&args.session, &paths) {
        complain(&why);
        return Exit::Usage;
    }
    let mut logged = Some(logged::start(&args.session, &paths));
    let snapshot = matches!(args.command, Some(Command::Snapshot(_)));
    let session = if simulated {
        simulation(&args, &settings, snapshot).await
    } else {
        real(&args.session, &settings, &paths, &mut notices)
    };
    let mut is_whole = true;
    let session = session.and_then(|session| {
        if terminal || snapshot {
            let shown = cli::scope::on_screen(session.clone(), &args.scope, &mut notices)?;
            is_whole = Arc::ptr_eq(&session, &shown);
            Ok(shown)
        } else {
            Ok(session)
        }
    });
    let session = match session {
        Ok(session) => session,
        Err(why) => {
            complain(&why);
            return Exit::Usage;
        }
    };
    // Of a list of files some may not be there. Commands that are about the files say it themselves.
    let all_missing = session.files.iter().all(|f| f.missing);
    let says = matches!(args.command, Some(Command::Contexts(_) | Command::Doctor(_)));
    for file in session.files.iter().filter(|f| !simulated && !says && (all_missing || !f.missing)) {
        if let Some(error) = &file.error {
            notices.push(format!("{}: {error}", file.path.display()));
        }
    }
    match &args.command {
        None | Some(Command::Demo) => {
            let mut first = ui(session, &args.session, &settings, &paths, notices, None);
            first.logged = logged.take();
            // Where one was may be outside of what the flags leave.
            let left_off = if is_whole { skyfleet::ops::left_off::take(&first.session) } else { None };
            let mut keys = Keys::default();
            let left = match launch(first, &mut keys, left_off).await {
                Ok(Leave::Demo) => match simulation(&args, &settings, false).await {
                    Ok(demo) => {
                        let ui = ui(demo, &args.session, &settings, &paths, Vec::new(), None);
                        launch(ui, &mut keys, None).await
                    }
                    Err(why) => {
                        complain(&why);
                        return Exit::Usage;
                    }
                },
                left => left,
            };
            match left {
                Ok(_) => Exit::Ok,
                Err(error) => {
                    complain(&format!("the terminal cannot be used: {error}"));
                    Exit::Failed
                }
            }
        }
        Some(Command::Snapshot(a)) => picture(a, &args, session, &settings, &paths).await,
        Some(command) => {
            for notice in &notices {
                complain(notice);
            }
            let mut out = io::stdout().lock();
            let mut err = io::stderr();
            let mut ask = |question: &str| -> Option<String> {
                let _ = write!(io::stderr(), "{question}");
                let _ = io::stderr().flush();
                let mut line = String::new();
                io::stdin().lock().read_line(&mut line).ok().filter(|n| *n > 0)?;
                Some(line.trim().to_owned())
            };
            let interrupts = Interrupts::default();
            interrupts.end_on_signals(session.clone());
            let person = io::stdin().is_terminal() && io::stderr().is_terminal();
            let width = columns();
            let mut io =
                Io { out: &mut out, err: &mut err, width, ask: person.then_some(&mut ask), interrupts };
            cli::run(&args, command, session, &mut io).await
        }
    }
}

/// The columns of the terminal behind the standard output, if one is there.
fn columns() -> Option<usize> {
    #[cfg(unix)]
    if io::stdout().is_terminal() {
        return rustix::termios::tcgetwinsize(io::stdout()).ok().map(|s| s.ws_col.into()).filter(|w| *w > 0);
    }
    None
}

/// Presets, then the file, the environment, the flags.
fn settings(args: &SessionArgs, paths: &Paths) -> (Settings, Vec<String>) {
    let mut settings = Settings::default();
    let mut notices = Vec::new();
    if let Some(path) = paths.config.as_ref().map(|c| c.join("config.yaml")) {
        match std::fs::read_to_string(&path) {
            Ok(text) => (settings, notices) = settings.with_file(&path, &text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                // It may hold what guards writes.
                notices.push(format!("{}: {error}; read-only until it is mended", path.display()));
                settings.guard_lost = true;
            }
        }
    }
    let mut settings = settings.with_env(var);
    settings.theme.then(args.theme.clone(), Origin::Flag);
    settings.keymap.then(args.keymap.clone(), Origin::Flag);
    settings.max_targets.then(args.max_targets, Origin::Flag);
    settings.read_only.then(args.readonly.then_some(true), Origin::Flag);
    settings.ascii.then(args.ascii.then_some(true), Origin::Flag);
    settings.exec_policy.then(args.exec_policy.clone(), Origin::Flag);
    settings.connect.then(args.connect.as_deref().and_then(Connect::parse), Origin::Flag);
    (settings, notices)
}

/// A theme or key map that a person has just typed and that is not there ends the program; one in the config file is only
/// a notice, for it may be shared by machines.
fn known_names(args: &SessionArgs, paths: &Paths) -> Result<(), String> {
    let given = [
        ("theme", "themes", &args.theme, Theme::names()),
        ("key map", "keymaps", &args.keymap, Keymap::names()),
    ];
    for (what, folder, name, embedded) in given {
        let Some(name) = name else { continue };
        let folder = paths.config.as_ref().map(|c| c.join(folder));
        let files = folder.iter().flat_map(std::fs::read_dir).flatten().flatten();
        let mut names: Vec<String> = files
            .filter_map(|f| f.file_name().to_str()?.strip_suffix(".yaml").map(str::to_owned))
            .chain(embedded.into_iter().map(str::to_owned))
            .collect();
        names.sort();
        names.dedup();
        if !names.contains(name) {
            return Err(format!("there is no {what} `{name}`; there are: {}", names.join(", ")));
        }
    }
    Ok(())
}

/// What guards writes must be readable: a bad glob there ends the program rather than being passed over.
fn options(args: &SessionArgs, settings: &Settings) -> Result<SessionOptions, String> {
    let globs = |texts: &[String]| -> Result<Option<Scope>, String> {
        let globs: Result<Vec<PathGlob>, _> = texts.iter().map(|t| PathGlob::parse(t)).collect();
        let globs = globs.map_err(|e| format!("config.yaml: {e}"))?;
        Ok((!globs.is_empty()).then(|| Scope::globs(globs)))
    };
    let mut groups = Vec::new();
    for (name, texts) in &settings.groups.value {
        groups.extend(globs(texts)?.map(|scope| (SafeText::new(name), scope)));
    }
    let names = settings.names.value.iter();
    let rules = Rules {
        read_only: globs(&settings.read_only_clusters.value)?,
        protected: globs(&settings.protected.value)?,
        groups,
        names: names.map(|(context, name)| (SafeText::new(context), SafeText::new(name))).collect(),
    };
    Ok(SessionOptions {
        read_only: settings.is_read_only(),
        rules,
        impersonate: args.as_user.clone().map(|user| (user, args.as_group.clone())),
        max_targets: settings.max_targets.value,
        watch_pods: settings.watch_pods.value,
        views: Arc::new(TableViews::new(&settings.views.value)),
        ..SessionOptions::default()
    })
}

/// A session over kubeconfig files.
fn real(
    args: &SessionArgs,
    settings: &Settings,
    paths: &Paths,
    notices: &mut Vec<String>,
) -> Result<Shared, String> {
    let here = std::env::current_dir().unwrap_or_default();
    let home = paths.home.clone().unwrap_or_default();
    let files =
        kubeconfig::paths(&args.kubeconfig, var("KUBECONFIG").as_deref(), paths.home.as_deref(), &here);
    if !args.kubeconfig.is_empty() && files.iter().all(|f| !f.exists()) {
        let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
        return Err(format!("there is no kubeconfig {}", names.join(", ")));
    }
    let reader = Reader {
        files,
        home: Home::from_env(home.clone()),
        overrides: overrides(settings, notices),
        in_pod: args.kubeconfig.is_empty(),
    };
    let policy: Policy = settings.exec_policy.value.parse()?;
    let trusted = paths.state.clone().unwrap_or_else(|| home.join(".skyfleet")).join("trusted");
    let mut plugins = PluginOptions::new(policy, trusted, home);
    let set = |name: &str| var(name).is_some_and(|v| !v.is_empty());
    plugins.over_ssh =
        (set("SSH_CONNECTION") || set("SSH_TTY")) && !set("DISPLAY") && !set("WAYLAND_DISPLAY");
    let mut remembered = paths.state.as_deref().map(remembered).unwrap_or_default();
    remembered.splice(0..0, args.identity.iter().cloned());
    let loaded = reader.read();
    if let Some(name) = args.identity.iter().find(|name| !loaded.contexts.iter().any(|c| c.name == **name)) {
        return Err(format!("--identity: there is no context {name:?}; skyfleet contexts lists them"));
    }
    let options = SessionOptions {
        state_dir: paths.state.clone(),
        keeps: settings.remember_fleet.value,
        plugins: Plugins::new(plugins),
        proxies: ProxyEnv::of(var),
        connect: settings.connect.value,
        reader: Some(reader).filter(Reader::is_lasting),
        remembered,
        ..options(args, settings)?
    };
    if let Some(state) = paths.state.as_deref().filter(|_| !settings.remember_fleet.value)
        && let Err(error) = skyfleet::ops::last_known::forget(state)
    {
        notices.push(format!("what an earlier run kept of the fleet cannot be removed: {error}"));
    }
    let session = Session::from_kubeconfig(loaded, options);
    notices.extend(guards_of_nothing(settings, &session));
    Ok(Arc::new(session))
}

/// What guards writes and finds no cluster is more likely a mistake than a wish. Where nodes tell a place later, it may
/// still find one.
fn guards_of_nothing(settings: &Settings, session: &Session) -> Vec<String> {
    let finds = |text: &str| {
        let scope = PathGlob::parse(text).ok().map(|glob| Scope::globs([glob]));
        // One that cannot be read has ended the program already.
        let may = |i: &ClusterInfo| PathGlob::may_find(text, &i.place);
        scope.is_none_or(|scope| session.infos.iter().any(|info| scope.touches(info.at()) || may(info)))
    };
    let keys = [("read_only_clusters", &settings.read_only_clusters), ("protected", &settings.protected)];
    let missing = keys.into_iter().flat_map(|(key, set)| set.value.iter().map(move |text| (key, text)));
    missing
        .filter(|(_, text)| !session.infos.is_empty() && !finds(text))
        .map(|(key, text)| {
            let meant = session.infos.iter().find_map(|i| PathGlob::meant(text, &i.place));
            let instead = meant.map_or_else(String::new, |meant| format!(": {meant:?} does"));
            format!(
                "{}: `{key}`: {text:?} finds no cluster{instead}; a path has four levels, cloud/account/region/cluster, and `*` stands for one that is not known",
                settings.place(key, text)
            )
        })
        .collect()
}

/// What the settings say of single clusters; what cannot be used is a notice.
fn overrides(settings: &Settings, notices: &mut Vec<String>) -> Vec<Override> {
    let mut out = Vec::new();
    for one in &settings.clusters {
        let scope = PathGlob::parse(&one.matches).ok().map(|glob| Scope::globs([glob]));
        let context = globset::Glob::new(&one.matches).ok().map(|glob| glob.compile_matcher());
        let proxy = one.proxy.as_ref().map(|p| p.0.as_str());
        if scope.is_none() && context.is_none() {
            notices.push(format!(
                "{}: clusters: {:?} is no glob; it is not used",
                settings.place("clusters", ""),
                one.matches
            ));
        } else if proxy.is_some_and(|p| !kubeconfig::is_proxy(p)) {
            notices.push(format!(
                "{}: clusters: the proxy of {:?} is not of http, https or socks5; it is not used",
                settings.place("clusters", ""),
                one.matches
            ));
        } else {
            out.push(Override {
                scope,
                context,
                proxy: proxy.map(Into::into),
                tls_server_name: one.tls_server_name.clone(),
                env: one.env.iter().map(|(name, value)| (name.clone(), value.0.as_str().into())).collect(),
            });
        }
    }
    out
}

/// A session over the simulation, which lives as long as the program.
async fn simulation(args: &Args, settings: &Settings, still: bool) -> Result<Shared, String> {
    let (a, at) = (
        args.session.clone(),
        match &args.command {
            Some(Command::Snapshot(s)) => {
                age::read_seconds(&s.at).ok_or("--at wants a span like 10s or 2m")?
            }
            _ => 0,
        },
    );
    let start = if still { fixed_time() } else { jiff::Timestamp::now() };
    let sim = simulated::made(a, start, Duration::from_secs(at)).await?;
    let loaded = kubeconfig::from_value(&sim.kubeconfig())?;
    let clients: Vec<_> =
        sim.contexts().into_iter().filter_map(|c| Some((c.clone(), sim.client(&c)?))).collect();
    let clock = {
        let sim = sim.clone();
        Clock::new(move || sim.now())
    };
    if !still {
        tokio::spawn(async move { sim.run(1.0).await });
    }
    let options = SessionOptions { clock, demo: true, ..options(&args.session, settings)? };
    Ok(Arc::new(Session::new(loaded, Arc::new(Ready::new(clients)), options)))
}

/// What the terminal is made of.
fn ui(
    session: Shared,
    args: &SessionArgs,
    settings: &Settings,
    paths: &Paths,
    notices: Vec<String>,
    depth: Option<Depth>,
) -> Ui {
    let choice = match args.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let depth = depth.unwrap_or_else(|| Depth::detect(choice, var));
    let looks = Looks {
        folder: paths.config.clone(),
        theme: settings.theme.value.clone(),
        keymap: settings.keymap.value.clone(),
        depth,
        letters: Letters::of(settings.ascii.value, settings.wide.value),
    };
    let options = ViewOptions {
        read_only: settings.is_read_only(),
        demo: session.demo,
        mouse: settings.mouse.value,
        max_targets: settings.max_targets.value,
        favourites: settings.favourites.value.clone(),
        aliases: settings.aliases.value.clone(),
        queries: views::queries(settings),
        kept: session.state_dir.as_deref().filter(|_| !session.demo).map(queries::kept).unwrap_or_default(),
        tables: session.views.clone(),
    };
    Ui { session, looks, options, notices, logged: None }
}

async fn picture(a: &SnapshotArgs, args: &Args, session: Shared, settings: &Settings, paths: &Paths) -> Exit {
    let size = a.size.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    let Some(size) = size.filter(|(w, h): &(u16, u16)| (1..=1000).contains(w) && (1..=500).contains(h))
    else {
        complain("--size wants columns x rows, e.g. 120x40");
        return Exit::Usage;
    };
    let form = match a.output.as_str() {
        "svg" => Form::Svg,
        "ansi" => Form::Ansi,
        _ => Form::Text,
    };
    let depth = if args.session.color == Color::Never { Depth::None } else { Depth::Rgb };
    let ui = ui(session, &args.session, settings, paths, Vec::new(), Some(depth));
    match still(ui, size, &a.keys, form).await {
        Ok(text) => {
            let _ = io::stdout().write_all(text.as_bytes());
            Exit::Ok
        }
        Err(why) => {
            complain(&why);
            Exit::Usage
        }
    }
}
