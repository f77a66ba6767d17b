//! The chaos run over real control planes, in real time: processes that are stopped, and ways to them that break. Forty seconds
//! with every run of the tests; `SKYFLEET_CHAOS_SECONDS=600` plays ten minutes.

use std::sync::Arc;
use std::time::Duration;

use skyfleet::domain::cloud::LocalFiles;
use skyfleet::ops::session::{Session, SessionOptions};
use skyfleet::source::kubeconfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::Clusters;
use crate::chaos::{Run, Weather};
use crate::plain_client;
use crate::testbed::Testbed;

/// How the way to a server is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Open,
    /// Nobody listens, and whoever is connected is cut off.
    Shut,
    /// Nothing comes through, and nobody is told.
    Stalled,
    /// Every piece comes so much later.
    Slow(Duration),
    /// Each connection breaks after so many bytes.
    Breaks(usize),
}

/// A way to a server on this machine that can be made bad.
struct Road {
    port: u16,
    way: watch::Sender<Way>,
}

impl Road {
    async fn to(server: u16) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|e| e.to_string())?;
        let port = listener.local_addr().map_err(|e| e.to_string())?.port();
        let (way, now) = watch::channel(Way::Open);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *now.borrow() == Way::Shut {
                    continue;
                }
                let now = now.clone();
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = server.into_split();
                    tokio::select! {
                        () = relay(from_client, to_server, now.clone()) => {}
                        () = relay(from_server, to_client, now.clone()) => {}
                        () = shut(now) => {}
                    }
                });
            }
        });
        Ok(Self { port, way })
    }
}

async fn shut(mut way: watch::Receiver<Way>) {
    let _ = way.wait_for(|way| *way == Way::Shut).await;
}

async fn relay(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut way: watch::Receiver<Way>,
) {
    let mut piece = vec![0; 16 * 1024];
    let mut passed = 0;
    while let Ok(n @ 1..) = from.read(&mut piece).await {
        let _ = way.wait_for(|way| *way != Way::Stalled).await;
        let now = *way.borrow();
        passed += n;
        match now {
            Way::Slow(by) => tokio::time::sleep(by).await,
            Way::Breaks(after) if passed > after => return,
            Way::Open | Way::Shut | Way::Stalled | Way::Breaks(_) => {}
        }
        if to.write_all(&piece[..n]).await.is_err() {
            return;
        }
    }
}

struct Roads {
    roads: Vec<Road>,
    pids: Vec<u32>,
}

impl Weather for Roads {
    fn kinds(&self) -> Vec<&'static str> {
        vec!["frozen", "shut", "stalled", "slow", "breaks", "breaks soon"]
    }

    fn blow(&mut self, cluster: usize, kind: &str) {
        let way = match kind {
            "frozen" => return Testbed::freeze(self.pids[cluster], true),
            "shut" => Way::Shut,
            "stalled" => Way::Stalled,
            "slow" => Way::Slow(Duration::from_millis(300)),
            "breaks" => Way::Breaks(100_000),
            _ => Way::Breaks(3_000),
        };
        self.roads[cluster].way.send_if_modified(|now| std::mem::replace(now, way) != way);
    }

    fn calm(&mut self, cluster: usize) {
        Testbed::freeze(self.pids[cluster], false);
        self.roads[cluster].way.send_replace(Way::Open);
    }
}

/// Open files of this process.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Four clusters, one of them left alone.
pub(crate) async fn storm(clusters: &'static Clusters) -> Result<(), String> {
    let seconds = std::env::var("SKYFLEET_CHAOS_SECONDS").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    let dir = tempfile::tempdir().map_err(|e| e.to_string())?;
    let fourth =
        Testbed::start(&crate::testbed::binary()?, &dir.path().join("d"), "shop-d", &["--nodes", "2"])?;
    let testbeds: Vec<&Testbed> = clusters.testbeds.iter().chain([&fourth]).collect();
    let mut weather = Roads { roads: Vec::new(), pids: Vec::new() };
    let (mut files, mut writers) = (Vec::new(), Vec::new());
    for testbed in testbeds {
        let path = testbed.kubeconfig("admin");
        writers.push(plain_client(&path).await?);
        let text = std::fs::read_to_string(&path).map_err(|e| e.to_string())?;
        let port = text.split("https://127.0.0.1:").nth(1).and_then(|rest| {
            rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u16>().ok()
        });
        let port = port.ok_or_else(|| format!("{}: no port", path.display()))?;
        let road = Road::to(port).await?;
        let through = dir.path().join(format!("{}.yaml", testbed.name));
        let text = text.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{}", road.port));
        std::fs::write(&through, text).map_err(|e| e.to_string())?;
        files.push(through);
        weather.roads.push(road);
        weather.pids.push(testbed.pid());
    }
    let loaded = kubeconfig::load(&files, &LocalFiles::default());
    let session = Arc::new(Session::from_kubeconfig(loaded, SessionOptions::default()));
    let before = open_files();
    let run = Run { session: session.clone(), writers, weather: &mut weather, seed: 1, seconds, spared: 1 };
    let told = run.play().await;
    for n in 0..weather.pids.len() {
        weather.calm(n);
    }
    let told = told?;
    drop(session);
    // The roads' own sockets end with those of the clients.
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while open_files() > before + 8 && std::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    if open_files() > before + 8 {
        return Err(format!("{} files were open before and {} are now", before, open_files()));
    }
    if told.faults.is_empty() || told.pulses == 0 {
        return Err(format!("nothing happened: {told:?}"));
    }
    Ok(())
}
