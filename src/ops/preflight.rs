//! Preflight: each server is asked, by a dry run, whether it would take what a plan has for it. A plan made of rows alone
//! knows nothing of rights, quotas and admission; what is refused is better read before the yes than after.
//!
//! Never: writing. Called between the plan and the dialog or `go on?`. Deploy needs none: its plans are dry runs already.

use std::time::Duration;

use futures::StreamExt;
use tokio::time::timeout;

use crate::domain::plan::{Plan, Step, Verb, Verdict};

use super::session::Session;
use super::write::write;

/// Steps that are asked about at once.
const AT_ONCE: usize = 16;
/// A cluster that has not answered by then is not one to write to now.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the servers are asked about a plan: one of dry runs was told already, and nothing is asked of a cluster that
/// nothing may be written to.
pub fn is_wanted(plan: &Plan) -> bool {
    plan.steps.iter().any(|s| is_asked(plan.verb, s))
}

fn is_asked(verb: Verb, step: &Step) -> bool {
    let writes = matches!(step.verdict, Verdict::Create | Verdict::Change | Verdict::Delete);
    verb != Verb::Apply && writes && !step.cluster.read_only
}

/// Asks; steps their servers refuse, or that got no answer, say so then.
pub async fn ask(session: &Session, plan: &mut Plan) {
    let verb = plan.verb;
    let asked = plan.steps.iter_mut().filter(|s| is_asked(verb, s));
    futures::stream::iter(asked)
        .for_each_concurrent(AT_ONCE, |step| async move {
            let refused = match timeout(PATIENCE, write(session, step, true)).await {
                Ok(Ok(_)) => return,
                Ok(Err(fault)) => fault.to_string(),
                Err(_) => format!("no answer to the dry run within {} s", PATIENCE.as_secs()),
            };
            step.verdict = Verdict::Refused(refused);
        })
        .await;
}
