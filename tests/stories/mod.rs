//! Stories: keys in, grid out. The whole program runs in process against a terminal emulator; only the world behind it
//! differs: the simulation in `tests/it`, real control planes in `tests/real`. Nothing sleeps for luck: a story waits for
//! what it wants to see, and on time-out shows the grid.

mod find;
mod grow;
mod heal;
mod lose;
mod meet;
mod money;
mod refuse;
mod scale;
#[macro_use]
pub(crate) mod script;
mod together;

use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};
use skyfleet::cli::{self, exit::Exit};
use skyfleet::domain::kind::Kind;
use skyfleet::fleet::cluster::ClusterInfo;
use skyfleet::ops::session::Shared;
use skyfleet::source::api::{self, ApplyOptions, Resource};
use skyfleet::source::discovery;
use skyfleet::ui::looks::Looks;
use skyfleet::ui::run::{Loop, Ui};
use skyfleet::ui::term::behind::Out;
use skyfleet::ui::theme::depth::Depth;
use skyfleet::ui::view::ViewOptions;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long a story waits for something to be seen.
const PATIENCE: Duration = Duration::from_secs(40);

/// What a story plays in.
pub(crate) struct World {
    /// The session of at least three clusters.
    pub(crate) session: Shared,
    /// Freezes a cluster (by context) or lets it go on.
    pub(crate) freeze: Arc<dyn Fn(&str, bool) + Send + Sync>,
    /// A namespace of the story's own.
    pub(crate) namespace: String,
}

pub(crate) type Play = Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// A story.
pub(crate) struct Story {
    /// Its name in test lists.
    pub(crate) name: &'static str,
    /// Its own namespace.
    pub(crate) namespace: &'static str,
    /// Plays it.
    pub(crate) play: fn(World) -> Play,
}

/// Every story.
pub(crate) fn stories() -> Vec<Story> {
    vec![
        Story {
            name: "find_a_crashing_pod_and_heal_it",
            namespace: "t-heal",
            play: |w| Box::pin(heal::play(w)),
        },
        Story {
            name: "apply_to_three_clusters_one_refuses",
            namespace: "t-refuse",
            play: |w| Box::pin(refuse::play(w)),
        },
        Story {
            name: "scale_one_app_in_two_clusters",
            namespace: "t-scale",
            play: |w| Box::pin(scale::play(w)),
        },
        Story {
            name: "logs_of_pods_that_start_later_join_in",
            namespace: "t-grow",
            play: |w| Box::pin(grow::play(w)),
        },
        Story {
            name: "a_set_is_written_and_then_awaited_together",
            namespace: "t-together",
            play: |w| Box::pin(together::play(w)),
        },
        Story { name: "see_what_it_costs", namespace: "t-costs", play: |w| Box::pin(money::play(w)) },
        Story {
            name: "sort_by_a_column_and_go_by_a_few_letters",
            namespace: "t-find",
            play: |w| Box::pin(find::play(w)),
        },
        Story {
            name: "meet_a_kind_that_is_not_built_in",
            namespace: "t-meet",
            play: |w| Box::pin(meet::play(w)),
        },
        Story {
            name: "lose_a_cluster_and_get_it_back",
            namespace: "t-lose",
            play: |w| Box::pin(lose::play(w)),
        },
    ]
}

impl World {
    /// The n-th cluster.
    pub(crate) fn cluster(&self, n: usize) -> ClusterInfo {
        self.session.infos[n].clone()
    }

    /// The n-th cluster's name, as rows show it.
    pub(crate) fn name(&self, n: usize) -> String {
        self.cluster(n).name().to_string()
    }

    /// Applies an object beside the program, as a colleague would.
    pub(crate) async fn apply(&self, n: usize, object: Value) -> Result<(), String> {
        let id = self.cluster(n).id;
        let client = self.session.client(id).await.map_err(|f| f.to_string())?;
        let (kind, version) = (object["kind"].as_str().unwrap(), object["apiVersion"].as_str().unwrap());
        let what = match Kind::of_manifest(kind, version) {
            Some(kind) => kind.into(),
            None => discovery::of_manifest(&client, version, kind).await.map_err(|f| f.to_string())?,
        };
        let ns = object["metadata"]["namespace"].as_str().unwrap_or("").to_owned();
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        let force = ApplyOptions { dry_run: false, force: true };
        api::apply(&client, &what, &ns, &name, &object, force).await.map_err(|f| f.to_string())?;
        Ok(())
    }

    /// What a command prints, and how it ends.
    pub(crate) async fn run(&self, line: &str) -> (String, Exit) {
        let words = std::iter::once("skyfleet").chain(line.split_whitespace());
        let args =
            cli::args::parse(words.map(Into::into)).unwrap_or_else(|(text, _)| panic!("{line}: {text}"));
        let command = args.command.clone().unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let interrupts = cli::interrupt::Interrupts::default();
        let mut io = cli::Io { out: &mut out, err: &mut err, width: None, ask: None, interrupts };
        let exit = Box::pin(cli::run(&args, &command, self.session.clone(), &mut io)).await;
        out.append(&mut err);
        (String::from_utf8(out).unwrap(), exit)
    }

    /// Goes on with a command that does not end.
    pub(crate) async fn follow(&self, line: &str, mut printed: Printed) {
        let words = std::iter::once("skyfleet").chain(line.split_whitespace());
        let args =
            cli::args::parse(words.map(Into::into)).unwrap_or_else(|(text, _)| panic!("{line}: {text}"));
        let command = args.command.clone().unwrap();
        let mut err = printed.clone();
        let interrupts = cli::interrupt::Interrupts::default();
        let mut io = cli::Io { out: &mut printed, err: &mut err, width: None, ask: None, interrupts };
        Box::pin(cli::run(&args, &command, self.session.clone(), &mut io)).await;
    }

    /// An object as the server has it.
    pub(crate) async fn get(&self, n: usize, kind: Kind, name: &str) -> Result<Option<Value>, String> {
        let client = self.session.client(self.cluster(n).id).await.map_err(|f| f.to_string())?;
        let ns = if kind.info().namespaced { self.namespace.as_str() } else { "" };
        api::get(&client, &Resource::from(kind), ns, name).await.map_err(|f| f.to_string())
    }

    /// Makes the story's namespace in these clusters.
    pub(crate) async fn make_namespace(&self, clusters: &[usize]) -> Result<(), String> {
        for n in clusters {
            self.apply(
                *n,
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}}),
            )
            .await?;
        }
        Ok(())
    }

    /// A deployment `web` of that image.
    pub(crate) fn web(&self, image: &str, replicas: u32) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": self.namespace, "labels": {"app": "web"}},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "web", "image": image,
                        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}}}]}
                }
            }
        })
    }

    /// Writes a manifest file and returns its path.
    pub(crate) fn manifest(&self, object: &Value) -> (tempfile::TempDir, String) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("app.yaml");
        std::fs::write(&path, skyfleet::domain::diff::to_yaml(object)).unwrap();
        let path = path.to_string_lossy().into_owned();
        (dir, path)
    }
}

/// What commands printed.
#[derive(Clone, Default)]
pub(crate) struct Printed(Arc<Mutex<Vec<u8>>>);

impl Printed {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    pub(crate) fn set(&self, text: String) {
        *self.0.lock().unwrap() = text.into_bytes();
    }
}

impl Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The terminal a story looks at.
#[derive(Clone)]
pub(crate) struct Term {
    keys: mpsc::UnboundedSender<io::Result<Event>>,
    grid: Arc<Mutex<vt100::Parser>>,
}

struct Emulator(Arc<Mutex<vt100::Parser>>);

impl Write for Emulator {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().process(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Out for Emulator {}

impl Term {
    /// What is on the screen.
    pub(crate) fn screen(&self) -> String {
        self.grid.lock().unwrap().screen().contents()
    }

    /// Presses keys as key maps write them: `g p enter`.
    pub(crate) fn press(&self, keys: &str) {
        for word in keys.split_whitespace() {
            let (mut modifiers, mut rest) = (KeyModifiers::NONE, word);
            while let Some(r) = rest.strip_prefix("ctrl-") {
                modifiers |= KeyModifiers::CONTROL;
                rest = r;
            }
            let code = match rest {
                "enter" => KeyCode::Enter,
                "esc" => KeyCode::Esc,
                "tab" => KeyCode::Tab,
                "space" => KeyCode::Char(' '),
                "up" => KeyCode::Up,
                "down" => KeyCode::Down,
                "left" => KeyCode::Left,
                "right" => KeyCode::Right,
                one if one.chars().count() == 1 => KeyCode::Char(one.chars().next().unwrap()),
                other => panic!("no key {other}"),
            };
            let _ = self.keys.send(Ok(Event::Key(KeyEvent::new(code, modifiers))));
        }
    }

    /// The terminal becomes that large.
    pub(crate) fn resize(&self, (columns, rows): (u16, u16)) {
        self.grid
            .lock()
            .unwrap()
            .screen_mut()
            .set_size(rows.try_into().unwrap(), columns.try_into().unwrap());
        let _ = self.keys.send(Ok(Event::Resize(columns, rows)));
    }

    /// Types text.
    pub(crate) fn text(&self, text: &str) {
        for c in text.chars() {
            let _ = self.keys.send(Ok(Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE))));
        }
    }

    /// Types a command line.
    pub(crate) fn command(&self, text: &str) {
        self.press(":");
        self.text(text);
        self.press("enter");
    }

    /// Sets a filter.
    pub(crate) fn filter(&self, text: &str) {
        self.press("/");
        self.text(text);
        self.press("enter");
    }

    /// Waits until the screen is as wanted.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> Result<String, String> {
        let started = Instant::now();
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return Ok(screen);
            }
            if started.elapsed() > PATIENCE {
                return Err(format!("waited for {what}; the screen:\n{screen}"));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits for a text.
    pub(crate) async fn see(&self, text: &str) -> Result<String, String> {
        self.until(text, |s| s.contains(text)).await
    }

    /// Waits until a text is gone.
    pub(crate) async fn unsee(&self, text: &str) -> Result<String, String> {
        self.until(&format!("{text} to go"), |s| !s.contains(text)).await
    }

    /// Waits for a line that holds all of these.
    pub(crate) async fn line(&self, parts: &[&str]) -> Result<String, String> {
        self.until(&format!("a line with {parts:?}"), |s| {
            s.lines().any(|l| parts.iter().all(|p| l.contains(p)))
        })
        .await
    }

    /// Makes one cluster the scope, by the tree.
    pub(crate) async fn scope(&self, cluster: &str) -> Result<(), String> {
        self.press("g t");
        self.filter(cluster);
        self.press("enter");
        let words = format!("/ {cluster}");
        self.until("the scope in the header", |s| s.lines().next().is_some_and(|l| l.contains(&words)))
            .await?;
        Ok(())
    }

    /// Marks these clusters in the tree and makes them the scope.
    pub(crate) async fn scope_of(&self, clusters: &[String]) -> Result<(), String> {
        self.press("g t");
        for name in clusters {
            self.filter(name);
            self.press("g g space");
            self.see("marked").await?;
        }
        self.press("enter");
        self.see(&format!("{} selected", clusters.len())).await?;
        Ok(())
    }

    /// Says yes to the dialog that is open, typing the word it wants.
    pub(crate) async fn confirm(&self) -> Result<(), String> {
        let screen = self.see("Esc cancel").await?;
        if let Some(at) = screen.find("protected scope: type  ") {
            let rest = &screen[at + "protected scope: type  ".len()..];
            let word = rest.split("  to go on").next().unwrap_or("").to_owned();
            if screen.contains("(locked)") {
                self.press("enter");
            }
            self.text(&word);
        }
        self.unsee("(locked)").await?;
        self.press("enter");
        Ok(())
    }
}

/// Starts the program on a world and plays a script against it.
pub(crate) async fn with_terminal<F, Fut>(world: World, size: (u16, u16), script: F) -> Result<(), String>
where
    F: FnOnce(Term, World) -> Fut,
    Fut: Future<Output = Result<(), String>>,
{
    let grid =
        Arc::new(Mutex::new(vt100::Parser::new(size.1.try_into().unwrap(), size.0.try_into().unwrap(), 0)));
    let (keys, events) = mpsc::unbounded_channel();
    let mut events =
        Box::pin(futures::stream::unfold(events, |mut rx| async { rx.recv().await.map(|e| (e, rx)) }));
    let (theme, keymap) = ("default".to_owned(), "default".to_owned());
    let looks =
        Looks { folder: None, theme, keymap, depth: Depth::Rgb, letters: skyfleet::ui::theme::Letters::All };
    let ui = Ui {
        session: world.session.clone(),
        looks,
        options: ViewOptions { tables: world.session.views.clone(), ..ViewOptions::default() },
        notices: Vec::new(),
        logged: None,
    };
    let mut main = Loop::start(ui, Emulator(grid.clone()), size).map_err(|e| e.to_string())?;
    let stop = CancellationToken::new();
    let term = Term { keys, grid };
    let played = tokio::select! {
        left = main.run(&mut events, &stop) => Err(format!("the program left: {left:?}")),
        played = script(term, world) => played,
    };
    main.stop();
    played
}
