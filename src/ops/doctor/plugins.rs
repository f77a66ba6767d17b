//! Credential plugins: whether each is there, whether it may run, whether it wants a person. Runs none. Called by
//! [`super::check`].

use std::collections::{BTreeMap, BTreeSet};

use super::mending::command;
use super::{Check, Level};
use crate::domain::quantity::count;
use crate::domain::sign_in::quote;
use crate::ops::session::Session;
use crate::source::kubeconfig::ContextEntry;
use crate::source::plugin::{Interactive, Looked, PluginFault, Policy};

/// What one context's plugin comes to.
struct Seen {
    /// As it is written.
    command: String,
    /// Its file, or why there is none.
    program: Result<String, PluginFault>,
    /// The kubeconfig for whose sake a person is asked first.
    asks: Option<String>,
    /// It wants a person each time.
    always: bool,
}

/// What is to be said of the plugins.
pub(super) fn checks(session: &Session, contexts: &[&ContextEntry]) -> Vec<Check> {
    // Those that the simulation names are not run.
    let Some(kubeconfig) = &session.kubeconfig else { return Vec::new() };
    let seen = contexts.iter().filter_map(|context| {
        let plugin = kubeconfig.plugin(&context.name)?;
        let Looked { program, admitted } = session.plugins.look(&plugin);
        let asks = match admitted {
            Err(PluginFault::Trust { file, .. }) => Some(file.to_string()),
            Ok(()) | Err(_) => None,
        };
        Some(Seen {
            command: plugin.command.clone(),
            program: program.map(|path| path.display().to_string()),
            asks,
            always: plugin.interactive == Interactive::Always,
        })
    });
    let mut out = judge(session.plugins.policy(), seen);
    let (file, said_yes) = (session.plugins.trust_file(), session.plugins.trusted());
    if said_yes > 0 {
        let file = file.to_string_lossy();
        let words = format!("{} you said yes to", count(said_yes, "plugin"));
        let fix = format!("to take every yes back, before the next start: {}", command(["rm", &file]));
        out.push(Check::new(Level::Ok, "plugins", &file, &words, &fix));
    }
    out
}

fn judge(policy: Policy, seen: impl Iterator<Item = Seen>) -> Vec<Check> {
    let (mut found, mut missing) = (BTreeMap::<_, usize>::new(), BTreeMap::<_, (PluginFault, usize)>::new());
    let (mut asking, mut always) =
        (BTreeMap::<String, (BTreeSet<String>, usize)>::new(), BTreeMap::<_, usize>::new());
    let mut all = 0;
    for one in seen {
        all += 1;
        match one.program {
            Ok(program) => *found.entry((one.command.clone(), program)).or_default() += 1,
            Err(fault) => {
                let words = (one.command.clone(), fault.to_string());
                missing.entry(words).or_insert((fault, 0)).1 += 1;
            }
        }
        if let Some(file) = one.asks {
            let (commands, n) = asking.entry(file).or_default();
            commands.insert(one.command.clone());
            *n += 1;
        }
        if one.always {
            *always.entry(one.command).or_default() += 1;
        }
    }
    let check = |level, subject: &str, words: String, fix: &str| {
        Check::new(level, "plugins", &quote(subject), &words, fix)
    };
    let mut out = Vec::new();
    if policy == Policy::Deny && all > 0 {
        let words = format!("none is run, by the exec policy; {} cannot sign in", count(all, "context"));
        out.push(check(
            Level::Warn,
            "exec_policy",
            words,
            "--exec-policy ask, or exec_policy: ask in config.yaml",
        ));
    }
    for ((command, program), n) in found {
        let words = format!("found: {program}; {} with it", signing(n));
        out.push(check(Level::Ok, &command, words, ""));
    }
    for ((command, words), (fault, n)) in missing {
        let fix = match &fault {
            PluginFault::Missing { mend, .. } => mend.to_string(),
            _ => "mend the exec entry, or fetch the kubeconfig anew".to_owned(),
        };
        // The hint is said where it helps.
        let words = match &fault {
            PluginFault::Missing { why, .. } => (*why).to_owned(),
            _ => words,
        };
        out.push(check(Level::Bad, &command, format!("{words}; {} with it", signing(n)), &fix));
    }
    // One line for each file, whatever it names.
    for (file, (commands, n)) in asking {
        let words = format!(
            "named by {file}, which is not yours alone in ~/.kube: shown to you before the first run; {} so",
            signing(n)
        );
        let subject = commands.iter().map(|c| quote(c)).collect::<Vec<_>>().join(", ");
        out.push(Check::new(Level::Warn, "plugins", &subject, &words, super::clusters::SAY_YES));
    }
    for (command, n) in always {
        let words = format!(
            "wants a person at the terminal each time (interactiveMode: Always); {} with it",
            signing(n)
        );
        out.push(check(
            Level::Warn,
            &command,
            words,
            "skyfleet, then Enter on the cluster; what it gives counts until skyfleet ends",
        ));
    }
    out
}

fn signing(contexts: usize) -> String {
    let sign = if contexts == 1 { "signs" } else { "sign" };
    format!("{} {sign} in", count(contexts, "context"))
}

#[cfg(test)]
mod unit {
    use super::*;

    fn seen(command: &str, found: bool, asks: Option<&str>, always: bool, mend: &str) -> Seen {
        let missing = PluginFault::Missing {
            command: command.into(),
            why: "is not installed",
            hint: None,
            mend: mend.into(),
        };
        Seen {
            command: command.to_owned(),
            program: if found { Ok(format!("/usr/bin/{command}")) } else { Err(missing) },
            asks: asks.map(str::to_owned),
            always,
        }
    }

    #[test]
    fn of_each_command() {
        let lines = |policy, seen: Vec<Seen>| {
            let line = |c: &Check| format!("{} {}: {} > {}", c.level.word(), c.subject, c.words, c.fix);
            judge(policy, seen.into_iter()).iter().map(line).collect::<Vec<_>>()
        };
        let aws = || seen("aws", true, None, false, "");
        assert_eq!(
            lines(Policy::Ask, vec![aws(), aws()]),
            ["ok aws: found: /usr/bin/aws; 2 contexts sign in with it > "]
        );
        assert!(lines(Policy::Deny, vec![aws()])[0].starts_with("warn exec_policy: none is run"));
        assert_eq!(lines(Policy::Deny, vec![]), [""; 0]);
        let missing = vec![
            seen("gke-gcloud-auth-plugin", false, None, false, "gcloud components install"),
            seen("own", false, None, false, "make own"),
        ];
        let wanted = [
            "bad gke-gcloud-auth-plugin: is not installed; 1 context signs in with it > gcloud components install",
            "bad own: is not installed; 1 context signs in with it > make own",
        ];
        assert_eq!(lines(Policy::Ask, missing), wanted);
        let told = lines(Policy::Ask, vec![seen("oidc", true, Some("/tmp/k"), true, "")]);
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(told[1].contains("by /tmp/k") && told[1].contains("--exec-policy allow"), "{told:#?}");
        assert!(told[2].starts_with("warn oidc: wants a person"), "{told:#?}");
    }
}
