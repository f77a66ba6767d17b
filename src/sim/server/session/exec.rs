//! Exec and attach: standard streams as channels of a WebSocket, the exit code as a Status on the last.
//! Protocols v4 and v5 of `channel.k8s.io`; v5 says when a stream ends. Called by the session's beginning.

use hyper::body::Bytes;
use hyper::upgrade::Upgraded;
use tokio::sync::mpsc;

use super::super::route::Query;
use super::socket::Socket;
use super::{Visit, last_word};
use crate::sim::logs;
use crate::sim::shell::{Inside, OUT, Shell};

const STDIN: u8 = 0;
const ERROR: u8 = 3;
/// In v5: the stream of the channel that follows has ended.
const END: u8 = 255;

/// What a visitor asks for.
pub(super) struct Wish {
    command: Vec<String>,
    stdin: bool,
    stdout: bool,
    stderr: bool,
    tty: bool,
    ends: bool,
}

impl Wish {
    pub(super) fn of(query: &Query, protocol: &str) -> Self {
        Self {
            command: query.all("command").map(Into::into).collect(),
            stdin: query.flag("stdin"),
            stdout: query.flag("stdout"),
            stderr: query.flag("stderr"),
            tty: query.flag("tty"),
            ends: protocol.starts_with("v5"),
        }
    }

    /// Does the visitor hear this channel?
    fn hears(&self, channel: u8) -> bool {
        if channel == OUT { self.stdout } else { self.stderr }
    }
}

/// Runs a command until it ends or the visitor leaves.
pub(super) async fn run(stream: Upgraded, visit: Visit, wish: Wish) {
    let mut socket = Socket::new(stream).await;
    // Tells the client that the other side is there.
    socket.send(OUT, b"").await;
    let (typing, stdin) = mpsc::channel(16);
    let mut typing = wish.stdin.then_some(typing);
    let (to, mut said) = mpsc::channel::<(u8, Bytes)>(16);
    let inside = Inside::of(&visit.pod, &visit.container, visit.now);
    let (tty, command) = (wish.tty, wish.command.clone());
    let mut running = tokio::spawn(async move { Shell::new(inside, stdin, to, tty).exec(&command).await });
    let code = loop {
        tokio::select! {
            heard = said.recv() => match heard {
                Some((channel, bytes)) => {
                    if wish.hears(channel) && !socket.send(channel, &bytes).await {
                        running.abort();
                        return;
                    }
                }
                // It has dropped its end: it is done.
                None => break (&mut running).await.unwrap_or_else(|_| Err("the command was ended".into())),
            },
            message = socket.next() => match message {
                Some((STDIN, bytes)) => {
                    if let Some(typing) = &typing {
                        let _ = typing.send(bytes).await;
                    }
                }
                Some((END, what)) if wish.ends && what.first() == Some(&STDIN) => typing = None,
                // Sizes of the terminal, and what is not for us.
                Some(_) => {}
                None => {
                    running.abort();
                    return;
                }
            }
        }
    };
    socket.send(ERROR, last_word(code).to_string().as_bytes()).await;
    socket.close().await;
}

/// Shows what a container writes from now on.
pub(super) async fn attach(stream: Upgraded, visit: Visit, wish: Wish) {
    let mut socket = Socket::new(stream).await;
    socket.send(OUT, b"").await;
    let mut upto = visit.now;
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(200));
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(_) => {}
                None => return,
            },
            _ = ticks.tick() => {
                let (pod, now) = {
                    let world = visit.cluster.lock();
                    (world.fetch(&visit.pod.key).filter(|p| p.uid == visit.pod.uid), world.now)
                };
                let log = pod.and_then(|p| logs::of(&p, &p.value(), &visit.container, false).ok());
                let Some(log) = log.filter(|l| !l.over()) else { break };
                for line in log.between(upto, now) {
                    if wish.stdout && !socket.send(OUT, format!("{}\n", line.text).as_bytes()).await {
                        return;
                    }
                }
                upto = now;
            }
        }
    }
    socket.send(ERROR, last_word(Ok(0)).to_string().as_bytes()).await;
    socket.close().await;
}
