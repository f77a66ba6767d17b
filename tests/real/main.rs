//! The tests against real control planes: the same stories and the same conformance table as over the simulation.
//!
//! Without the built testbed every test is listed as ignored with the command that builds it as the reason; with
//! `SKYFLEET_REQUIRE_REAL=1` that is a failure.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what went wrong and stops"
)]

mod access;
mod beside;
#[path = "../chaos/mod.rs"]
mod chaos;
#[path = "../conformance/mod.rs"]
mod conformance;
#[path = "../runs/mod.rs"]
mod engine;
#[path = "../known/mod.rs"]
mod known;
mod kubectl;
#[path = "../stories/mod.rs"]
mod play;
mod record;
mod storm;
mod testbed;
mod truth;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};
use skyfleet::domain::cloud::LocalFiles;
use skyfleet::ops::session::{Session, SessionOptions, Shared};
use skyfleet::source::kubeconfig;
use testbed::Testbed;

/// The clusters every test shares; each test has its own namespace.
pub(crate) struct Clusters {
    testbeds: Vec<Testbed>,
    _dir: tempfile::TempDir,
}

/// Name and flags of each: what their nodes and contexts look like.
const CLUSTERS: [(&str, &[&str]); 3] = [
    ("shop-a", &["--cloud", "aws", "--region", "eu-west-1", "--account", "222233334444", "--nodes", "3"]),
    ("shop-b", &["--cloud", "gcp", "--region", "europe-west1", "--account", "shop-prod", "--nodes", "3"]),
    ("shop-c", &["--cloud", "azure", "--region", "westeurope", "--nodes", "2"]),
];

static SHARED: OnceLock<Result<Clusters, String>> = OnceLock::new();

/// Starts the clusters once, two at a time.
fn clusters() -> Result<&'static Clusters, String> {
    SHARED
        .get_or_init(|| {
            let binary = testbed::binary()?;
            let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
            let mut testbeds = Vec::new();
            for pair in CLUSTERS.chunks(2) {
                let started: Vec<_> = std::thread::scope(|scope| {
                    let handles: Vec<_> = pair
                        .iter()
                        .map(|(name, flags)| {
                            let (binary, dir) = (&binary, dir.path().join(name));
                            scope.spawn(move || Testbed::start(binary, &dir, name, flags))
                        })
                        .collect();
                    handles
                        .into_iter()
                        .map(|h| h.join().unwrap_or_else(|_| Err("panicked".to_owned())))
                        .collect()
                });
                for testbed in started {
                    testbeds.push(testbed?);
                }
            }
            Ok(Clusters { testbeds, _dir: dir })
        })
        .as_ref()
        .map_err(Clone::clone)
}

impl Clusters {
    /// The kubeconfigs of a user in every cluster.
    pub(crate) fn kubeconfigs(&self, user: &str) -> Vec<PathBuf> {
        self.testbeds.iter().map(|t| t.kubeconfig(user)).collect()
    }

    /// A session as the admin of all of them.
    pub(crate) fn session(&self) -> Shared {
        let loaded = kubeconfig::load(&self.kubeconfigs("admin"), &LocalFiles::default());
        Arc::new(Session::from_kubeconfig(loaded, SessionOptions::default()))
    }

    /// The world of a story.
    fn world(&self, namespace: &str) -> play::World {
        let session = self.session();
        let pids: BTreeMap<String, u32> = session
            .infos
            .iter()
            .filter_map(|i| {
                let testbed = self.testbeds.iter().find(|t| i.context.contains(&t.name))?;
                Some((i.context.to_string(), testbed.pid()))
            })
            .collect();
        play::World {
            session,
            freeze: Arc::new(move |context, on| {
                if let Some(pid) = pids.get(context) {
                    Testbed::freeze(*pid, on);
                }
            }),
            namespace: namespace.to_owned(),
        }
    }
}

fn run<F: Future<Output = Result<(), String>>>(
    make: impl FnOnce(&'static Clusters) -> F,
) -> Result<(), Failed> {
    let clusters = clusters()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let result = runtime.block_on(make(clusters));
    runtime.shutdown_background();
    result.map_err(Failed::from)
}

async fn plain_client(path: &std::path::Path) -> Result<kube::Client, String> {
    let file = kube::config::Kubeconfig::read_from(path).map_err(|e| e.to_string())?;
    let options = kube::config::KubeConfigOptions::default();
    let mut config = kube::Config::from_custom_kubeconfig(file, &options).await.map_err(|e| e.to_string())?;
    config.default_retry = false;
    kube::Client::try_from(config).map_err(|e| e.to_string())
}

/// The conformance table, on the first cluster.
async fn conforms(clusters: &'static Clusters) -> Result<(), String> {
    // By a client that does not retry: refusals are part of what is asked about.
    let client = plain_client(&clusters.kubeconfigs("admin")[0]).await?;
    passed(conformance::failed(&client, &[], "c").await)
}

/// Of it what any client passes, by skyfleet's own connections: HTTP/2, and HTTP/1.1 for what upgrades.
async fn conforms_to_us(clusters: &'static Clusters) -> Result<(), String> {
    let session = clusters.session();
    let client = session.client(session.infos[0].id).await.map_err(|fault| fault.to_string())?;
    passed(conformance::failed(&client, &conformance::FOR_ANY_CLIENT, "o").await)
}

fn passed(failed: Vec<String>) -> Result<(), String> {
    if failed.is_empty() { Ok(()) } else { Err(format!("{} failed:\n{}", failed.len(), failed.join("\n"))) }
}

fn main() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut arguments = Arguments::from_args();
    // The clusters are shared and one story stops one of them: one test at a time.
    arguments.test_threads = Some(1);
    let built = testbed::binary();
    let required = std::env::var("SKYFLEET_REQUIRE_REAL").is_ok_and(|v| v == "1");
    let mut trials = Vec::new();
    for story in play::stories() {
        trials.push(Trial::test(format!("story::{}", story.name), move || {
            run(|c| (story.play)(c.world(story.namespace)))
        }));
    }
    for ((name, text), n) in play::script::SCRIPTS.iter().filter(|(_, s)| play::script::is_real(s)).zip(0..) {
        trials.push(Trial::test(format!("story::{name}"), move || {
            run(|c| play::script::play(text, c.world(&format!("t-s{n}"))))
        }));
    }
    for (name, test) in truth::tests() {
        trials.push(Trial::test(format!("truth::{name}"), move || run(test)));
    }
    for (name, test) in access::tests() {
        trials.push(Trial::test(format!("access::{name}"), move || run(test)));
    }
    for (name, test) in kubectl::tests() {
        let run = move || clusters().and_then(|c| kubectl::run(test, c)).map_err(Failed::from);
        trials.push(Trial::test(format!("kubectl::{name}"), run));
    }
    for (name, test) in beside::tests() {
        let run = move || clusters().and_then(test).map_err(Failed::from);
        trials.push(Trial::test(format!("beside::{name}"), run));
    }
    for (case, n) in engine::cases().into_iter().zip(0..) {
        let play = move || {
            run(|clusters| async move {
                let state = tempfile::tempdir().map_err(|e| e.to_string())?;
                let options =
                    SessionOptions { state_dir: Some(state.path().to_owned()), ..SessionOptions::default() };
                let loaded = kubeconfig::load(&clusters.kubeconfigs("admin"), &LocalFiles::default());
                let session = Arc::new(Session::from_kubeconfig(loaded, options));
                let loaded = kubeconfig::load(&clusters.kubeconfigs("viewer"), &LocalFiles::default());
                let viewer = Arc::new(Session::from_kubeconfig(loaded, SessionOptions::default()));
                let stage = engine::Stage { session, viewer, state, namespace: format!("r-{n}") };
                (case.play)(&stage).await
            })
        };
        trials.push(Trial::test(format!("run::{}", case.name), play));
    }
    trials.push(Trial::test("conformance", || run(conforms)));
    trials.push(Trial::test("conformance_over_our_own_connections", || run(conforms_to_us)));
    trials.push(Trial::test("chaos", || run(storm::storm)));
    // It writes into the sources, so it is not even listed unless asked for.
    if std::env::var("SKYFLEET_RECORD").is_ok_and(|v| v == "1") {
        trials.push(Trial::test("record", || Ok(record::record()?)));
    }
    if let Err(why) = &built {
        if required {
            let why = why.clone();
            trials = vec![Trial::test("the_testbed_is_built", move || Err(why.into()))];
        } else {
            let reason = why.clone();
            trials = trials.into_iter().map(|t| t.with_ignored_flag(true)).collect();
            // The reason, where a person sees it.
            trials.push(Trial::test(format!("IGNORED: {reason}"), || Ok(())).with_ignored_flag(true));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    conclusion.exit();
}
