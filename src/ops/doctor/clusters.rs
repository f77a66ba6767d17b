//! The servers: which version, who we are there, how long an answer takes, what time it is. Called by [`super::check`].

use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::clock::Told;
use super::files::some;
use super::mending::{command, renew};
use super::{Check, Level};
use crate::domain::quantity::count;
use crate::domain::scope::Scope;
use crate::domain::sign_in::SignInState;
use crate::domain::text::SafeText;
use crate::fleet::cluster::ClusterInfo;
use crate::fleet::phase::By;
use crate::ops::session::Session;
use crate::source::api;
use crate::source::connect::Client;
use crate::source::fault::{Fault, FaultClass};
use crate::source::kubeconfig::{Auth, ContextEntry};

/// How a plugin may be allowed for commands, too.
pub(super) const SAY_YES: &str = "read what it runs and say yes for good: skyfleet, then Enter on the cluster, and \"now and from now on\"; or --exec-policy allow";

/// Clusters asked at once.
const AT_ONCE: usize = 16;

/// What a server answered.
struct Answer {
    version: SafeText,
    who: String,
    millis: u128,
    /// By how many seconds its clock is ahead of ours.
    ahead: Option<i64>,
}

/// Asks every cluster in scope: what is to be said of each, and what they say of the time. One whose context cannot be
/// dialled as it is written is not asked: the contexts say so.
pub(super) async fn ask_all(
    session: &Session,
    scope: &Scope,
    limit: Duration,
    mut heard: impl FnMut(usize, usize),
) -> (Vec<Check>, Vec<Told>) {
    let gate = Semaphore::new(AT_ONCE);
    let mut waiting = FuturesUnordered::new();
    let usable = |info: &&ClusterInfo| session.context(info.id).is_none_or(|c| c.unusable.is_none());
    for info in session.in_scope(scope).filter(usable) {
        let gate = &gate;
        waiting.push(async move {
            let answer = async {
                let client = sign_in(session, info, limit).await?;
                // Who waits for a plugin takes nobody's place.
                let _permit = gate.acquire().await;
                let asked = timeout(limit, ask(session, &client)).await;
                asked.map_err(|_| Fault::timeout("connect", limit.as_secs()))?
            };
            (info, answer.await)
        });
    }
    let mut answers = Vec::new();
    while let Some(answer) = waiting.next().await {
        answers.push(answer);
        heard(answers.len(), answers.len() + waiting.len());
    }
    answers.sort_by_key(|(info, _)| info.id);
    let told =
        answers.iter().filter_map(|(info, answer)| Some((info.name().clone(), answer.as_ref().ok()?.ahead?)));
    let told = told.collect();
    (answers.iter().map(|(info, answer)| judge(info, session.context(info.id), answer)).collect(), told)
}

/// That a cluster is tried by the context that acts for it alone.
pub(super) fn untried(session: &Session, scope: &Scope) -> Option<Check> {
    let names = session.in_scope(scope).flat_map(|info| &info.other_contexts);
    let usable = |name: &&SafeText| {
        session.contexts.iter().any(|c| c.unusable.is_none() && SafeText::new(&c.name) == **name)
    };
    let others: Vec<&str> = names.filter(usable).map(SafeText::as_str).collect();
    let first = others.first()?;
    let words = format!(
        "{} to these servers were not tried: {}",
        count(others.len(), "other context"),
        some(&others)
    );
    let fix = command(["skyfleet", "doctor", "--context", first]);
    Some(Check::new(Level::Ok, "clusters", "other contexts", &words, &fix))
}

/// Signs in. Each plugin has a limit of its own, and four run at once: what comes of it is worth waiting for.
async fn sign_in(session: &Session, info: &ClusterInfo, limit: Duration) -> Result<Client, Fault> {
    let by_plugin = session.context(info.id).is_some_and(|c| matches!(c.auth, Auth::Exec(_)));
    let signing = session.client(info.id);
    if by_plugin {
        return signing.await;
    }
    let words = || format!("its credentials could not be read within {} s", limit.as_secs());
    timeout(limit, signing).await.map_err(|_| Fault::new(FaultClass::Credentials, &words()))?
}

async fn ask(session: &Session, client: &Client) -> Result<Answer, Fault> {
    let started = Instant::now();
    let version = api::version(client).await?;
    let millis = started.elapsed().as_millis();
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let who = match api::post(client, "/apis/authentication.k8s.io/v1/selfsubjectreviews", &review).await {
        Ok(answer) => {
            let name = answer.pointer("/status/userInfo/username").and_then(Value::as_str);
            name.filter(|n| !n.is_empty())
                .map_or_else(|| "does not say who we are".to_owned(), |name| format!("as {name}"))
        }
        Err(fault) if fault.class == FaultClass::NotFound => {
            "identity not told: older than Kubernetes 1.28".to_owned()
        }
        Err(fault) => return Err(fault),
    };
    // The answer was made at some time in between.
    let before = session.clock.now().as_second();
    let theirs = api::time(client).await;
    let after = session.clock.now().as_second();
    let ahead = theirs.map(|t| t.as_second() - i64::midpoint(before, after));
    Ok(Answer { version, who, millis, ahead })
}

fn judge(info: &ClusterInfo, context: Option<&ContextEntry>, answer: &Result<Answer, Fault>) -> Check {
    let subject = format!("{} (context {})", info.place.path(), info.context);
    match answer {
        Ok(Answer { version, who, millis, .. }) => {
            Check::new(Level::Ok, "clusters", &subject, &format!("{version}, {who}, {millis} ms"), "")
        }
        Err(fault) => Check::new(Level::Bad, "clusters", &subject, &fault.words, &fix(fault, context)),
    }
}

/// What a person can do about a fault: the exact command, where a sign-in is what is missing.
fn fix(fault: &Fault, context: Option<&ContextEntry>) -> String {
    match fault.need.as_deref() {
        Some(need) if need.by == By::Consent => {
            return SAY_YES.to_owned();
        }
        // By hand it would only show why it fails.
        Some(need)
            if need.by == By::Plugin
                && matches!(need.state, SignInState::NeedsSignIn | SignInState::Expired) =>
        {
            return format!("skyfleet, then Enter on the cluster: the terminal is handed to {}", need.next);
        }
        Some(need) if need.by == By::Plugin => {
            return format!("run it by hand to see what it waits for, or why it fails: {}", need.next);
        }
        Some(need) if !need.next.is_empty() => return need.next.to_string(),
        Some(_) | None => {}
    }
    let anew = || context.map_or_else(|| "fetch the kubeconfig anew".to_owned(), renew);
    let cluster = context.and_then(|c| c.access.as_ref()).map(|a| &a.cluster);
    if fault.words.contains("through the proxy ") {
        return match cluster.and_then(|c| c.proxy.as_ref()) {
            Some(_) => "is that proxy there, and does it lead there? It stands in proxy-url of the cluster entry, or in config.yaml",
            None => "is that proxy there, and does it lead there? It is HTTPS_PROXY's; NO_PROXY names who is reached without",
        }
        .to_owned();
    }
    let nobody = fault.words.contains("\"system:anonymous\"");
    let words = match fault.class {
        FaultClass::Tls if cluster.is_some_and(|c| c.tls_server_name.is_some()) && is_another_name(fault) => {
            "the server's certificate is not for the tls-server-name of the cluster entry: mend that, or take it out"
        }
        FaultClass::Tls if is_another_name(fault) => {
            "the server's certificate is not for this address: write one that it is for, or its name into tls-server-name"
        }
        FaultClass::Tls if cluster.is_some_and(|c| c.ca_data.is_none() && c.ca_file.is_none()) => {
            return format!(
                "the cluster entry names no certificate authority, and this machine trusts none that signed it: {}",
                anew()
            );
        }
        FaultClass::Forbidden | FaultClass::Unauthorized if nobody => {
            return format!(
                "it signs in as nobody: no user, or a password, which servers take no more: {}",
                anew()
            );
        }
        FaultClass::Unreachable => "check the VPN, the proxy (HTTPS_PROXY) and the address in the kubeconfig",
        FaultClass::Timeout => "check the VPN and the firewall; a longer wait: --timeout 60",
        FaultClass::Tls => {
            return format!("its certificate authority may be of an older cluster: {}", anew());
        }
        FaultClass::Unauthorized => return anew(),
        FaultClass::Forbidden => "ask for the right, or use another context of this cluster",
        FaultClass::Credentials if context.is_some_and(|c| matches!(c.auth, Auth::Exec(_))) => {
            "what stands above of plugins says how; else run the plugin's command by hand to see what it waits for"
        }
        FaultClass::Credentials => "mend what it names, or fetch the kubeconfig anew",
        FaultClass::TooMany => "the server is busy; try again later",
        FaultClass::Server => "the server is in trouble; try again later",
        FaultClass::NotFound
        | FaultClass::Conflict
        | FaultClass::Gone
        | FaultClass::Invalid
        | FaultClass::Other => "is the address in the kubeconfig that of a Kubernetes API server?",
    };
    words.to_owned()
}

/// The certificate is good, and somebody else's.
fn is_another_name(fault: &Fault) -> bool {
    ["not valid for name", "NotValidForName"].iter().any(|words| fault.words.contains(words))
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::fleet::phase::Need;

    #[test]
    fn a_sign_in_says_its_command() {
        let with = |by, next: &str| {
            let need = Need { state: SignInState::Expired, next: next.into(), by };
            Fault { need: Some(Box::new(need)), ..Fault::new(FaultClass::Credentials, "expired") }
        };
        assert_eq!(
            fix(&with(By::Command, "aws sso login --profile pay"), None),
            "aws sso login --profile pay"
        );
        assert!(fix(&with(By::Consent, ""), None).contains("--exec-policy allow"));
        let with_state = |state, by, next: &str| {
            let need = Need { state, next: next.into(), by };
            Fault { need: Some(Box::new(need)), ..Fault::new(FaultClass::Credentials, "no") }
        };
        let asks = with_state(SignInState::NeedsSignIn, By::Plugin, "oidc get-token");
        assert_eq!(
            fix(&asks, None),
            "skyfleet, then Enter on the cluster: the terminal is handed to oidc get-token"
        );
        let fails = with_state(SignInState::Failed, By::Plugin, "oidc get-token");
        let by_hand = "run it by hand to see what it waits for, or why it fails: oidc get-token";
        assert_eq!(fix(&fails, None), by_hand);
        let missing = with_state(SignInState::PluginMissing, By::Person, "az aks install-cli");
        assert_eq!(fix(&missing, None), "az aks install-cli");
        assert!(fix(&with(By::Person, ""), None).starts_with("mend what it names"));
        assert_eq!(fix(&Fault::unauthorized("no"), None), "fetch the kubeconfig anew");
    }
}
