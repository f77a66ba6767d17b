//! Preflight: each server is asked, by a dry run, whether it would take what a plan has for it. A plan made of rows alone
//! knows nothing of rights and admission of the object, nor of autoscalers that are not watched; what is refused, or undone
//! again, is better read before the yes than after. What its controller is refused later, a pod over a quota, no dry run
//! tells.
//!
//! Never: writing. Called between the plan and the dialog or `go on?`. Deploy needs none: its plans are dry runs already.

use std::time::Duration;

use futures::StreamExt;
use tokio::time::{Instant, timeout_at};

use crate::domain::plan::{Plan, PlanError, Step, Verb, Verdict};
use crate::source::fault::{Fault, FaultClass};

use super::autoscaler;
use super::scale;
use super::session::Session;
use super::write::write;

/// Clusters that are asked at once; each is asked about one step after the other.
const AT_ONCE: usize = 16;
/// So long one cluster is asked; what it has not answered by then is left open.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether the servers are asked about a plan: not about one of dry runs, which they were already, nor about one that may
/// not be run whatever they say.
pub fn is_wanted(plan: &Plan, max_targets: usize) -> bool {
    let may_run = matches!(plan.check(None, max_targets), Ok(()) | Err(PlanError::WordWanted(_)));
    may_run && plan.steps.iter().any(|s| is_asked(plan.verb, s))
}

fn is_asked(verb: Verb, step: &Step) -> bool {
    let writes = matches!(step.verdict, Verdict::Create | Verdict::Change | Verdict::Delete);
    verb != Verb::Apply && writes
}

/// Asks. Steps their servers refuse are refused then; where there is no answer to be had, a note says so.
pub async fn ask(session: &Session, plan: &mut Plan) {
    let verb = plan.verb;
    let clusters = plan.steps.chunk_by_mut(|a, b| a.cluster.id == b.cluster.id);
    futures::stream::iter(clusters)
        .for_each_concurrent(AT_ONCE, |steps| async move {
            let deadline = Instant::now() + PATIENCE;
            if verb == Verb::Scale && steps.iter().any(|s| is_asked(verb, s)) {
                note_owners(session, steps, deadline).await;
            }
            for step in steps.iter_mut().filter(|s| is_asked(verb, s)) {
                match timeout_at(deadline, write(session, step, true)).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(fault)) if says_nothing(&fault) => {
                        step.notes.push(format!("whether it would be taken is not known: {fault}"));
                    }
                    Ok(Err(fault)) => step.verdict = Verdict::Refused(fault.to_string()),
                    Err(_) => {
                        let seconds = PATIENCE.as_secs();
                        step.notes.push(format!("no answer to the dry run within {seconds} s"));
                    }
                }
            }
        })
        .await;
}

/// A fault that tells nothing of what the write itself would come to: no answer in time, or an admission webhook that
/// cannot be asked by dry run.
fn says_nothing(fault: &Fault) -> bool {
    let no_dry_run = fault.code == Some(400) && fault.words.to_lowercase().contains("dry run");
    fault.class == FaultClass::Timeout || no_dry_run
}

/// Notes which autoscalers own the replicas that are set.
async fn note_owners(session: &Session, steps: &mut [Step], deadline: Instant) {
    let Some(id) = steps.first().map(|s| s.cluster.id) else { return };
    let read = async { autoscaler::of(&session.client(id).await?).await };
    let known = match timeout_at(deadline, read).await {
        Ok(read) => read.map_err(|fault| fault.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    };
    for step in steps {
        match &known {
            Ok(known) => {
                if let Some(owner) = known.iter().find(|a| a.owns(step)) {
                    let note = scale::owner_note(&owner.name, step);
                    step.notes.insert(0, note);
                }
            }
            Err(why) => {
                step.notes.push(format!("whether an autoscaler owns the replicas is not known: {why}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_nothing_of_the_write_does_not_refuse_it() {
        let fault = |class, words: &str, code| Fault { code, ..Fault::new(class, words) };
        let webhook = "admission webhook \"x\" does not support dry run";
        assert!(says_nothing(&fault(FaultClass::Timeout, "PUT: no answer within 30 s", None)));
        assert!(says_nothing(&fault(FaultClass::Other, webhook, Some(400))));
        assert!(!says_nothing(&fault(FaultClass::Other, "bad", Some(400))));
        assert!(!says_nothing(&fault(FaultClass::Forbidden, "alice may not", Some(403))));
        assert!(!says_nothing(&fault(FaultClass::Unreachable, "connection refused", None)));
    }
}
