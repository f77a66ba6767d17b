//! Signing in: what a cluster's credential plugin needs from a person, and doing that with the terminal handed over.
//!
//! Never: the terminal's modes, which are the caller's. Called by `ui::launch` and its tasks.

use std::path::PathBuf;

use crate::domain::id::ClusterId;
use crate::domain::text::SafeText;
use crate::source::fault::Fault;
pub use crate::source::plugin::Lasting;
use crate::source::plugin::{Plugin, PluginFault, run_in_foreground};

use super::session::Session;

/// What will be run, for a person to read before it runs.
pub fn command(session: &Session, id: ClusterId) -> Option<SafeText> {
    let (_, fault) = needs(session, id).ok()?;
    fault.next().map(|next| next.display.clone())
}

/// Runs what the cluster's plugin needs, with the terminal as it is: a tool's sign-in, or the plugin itself.
pub async fn run(session: &Session, id: ClusterId) -> Result<(), String> {
    let (plugin, fault) = needs(session, id)?;
    let Some(next) = fault.next() else { return Err(fault.to_string()) };
    if next.is_plugin {
        session.plugins.in_foreground(&plugin).await.map_err(|fault| fault.to_string())?;
    } else {
        let status = run_in_foreground(&next.argv, &plugin.env).await;
        let status = status.map_err(|error| format!("{} cannot be run: {error}", next.display))?;
        if !status.success() {
            let how = status.code().map_or_else(|| "was ended".to_owned(), |c| format!("exit code {c}"));
            return Err(format!("the sign-in failed ({how}): {}", next.display));
        }
    }
    session.plugins.forget_failures();
    Ok(())
}

/// Says that the cluster's plugin may be run. `shown` is what the person has read of it.
pub fn trust(session: &Session, id: ClusterId, shown: &SafeText, lasting: Lasting) -> Result<(), String> {
    let (plugin, fault) = needs(session, id)?;
    if Fault::from(fault).words != *shown {
        return Err("the kubeconfig names another program now: look at it again".to_owned());
    }
    session.plugins.trust(&plugin, lasting).map_err(|error| format!("the answer cannot be kept: {error}"))
}

/// The file of what was said yes to for good: without it every plugin is asked for again.
pub fn trust_file(session: &Session) -> PathBuf {
    session.plugins.trust_file()
}

/// Somebody may have signed in elsewhere: what failed is tried again.
pub fn again(session: &Session) {
    session.plugins.forget_failures();
}

fn needs(session: &Session, id: ClusterId) -> Result<(Plugin, PluginFault), String> {
    let context = session.context(id).ok_or("no context leads to this cluster")?;
    let dialer = session.kubeconfig.as_ref().ok_or("nothing has to be signed in to here")?;
    dialer.needs(&context.name).ok_or_else(|| "its credential plugin needs nothing".to_owned())
}
