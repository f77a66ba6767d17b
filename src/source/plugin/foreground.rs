//! Runs that have the terminal: a plugin that asks a person, or a cloud's own sign-in. The caller has left the screen before
//! and takes it back after; nothing here draws.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use secrecy::{ExposeSecret, SecretString};
use tokio::process::Command;

use super::fault::PluginFault;
use super::run::{How, MAX_OUT, Pipe, Ran, cannot_start};
use super::spec::{Interactive, Plugin};

/// Runs a command with all three streams of this process; no shell reads its words. It is killed if nobody waits for it.
pub async fn run_in_foreground(argv: &[String], env: &[(String, SecretString)]) -> io::Result<ExitStatus> {
    let Some((program, args)) = argv.split_first() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no command"));
    };
    let mut command = Command::new(program);
    command.args(args).envs(env.iter().map(|(n, v)| (n, v.expose_secret()))).kill_on_drop(true);
    command.status().await
}

/// Runs a plugin that may ask: its answer is read, the rest is the person's.
pub(super) async fn run(plugin: &Plugin, program: &Path) -> Result<Ran, PluginFault> {
    // One that says it never asks is not given the keys: it is run to be seen.
    let asks = plugin.interactive != Interactive::Never;
    let mut command = Command::new(program);
    command
        .args(&plugin.args)
        .envs(plugin.env.iter().map(|(name, value)| (name, value.expose_secret())))
        .env("KUBERNETES_EXEC_INFO", plugin.request(asks))
        .stdin(if asks { Stdio::inherit() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|e| cannot_start(plugin, &e))?;
    let mut out = Pipe::new(child.stdout.take(), MAX_OUT);
    let how = loop {
        tokio::select! {
            biased;
            status = child.wait() => break How::Exited(status.ok().and_then(|s| s.code())),
            () = out.read() => if out.over {
                let _ended = child.kill().await;
                break How::Flooded;
            },
        }
    };
    out.rest().await;
    let how = if out.over { How::Flooded } else { how };
    Ok(Ran { how, out: out.kept, err: Vec::new().into() })
}
