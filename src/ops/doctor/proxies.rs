//! Which contexts are reached through which proxy. What `NO_PROXY` holds that nobody can read is no trouble here: it is read
//! as kubectl reads it. Addresses are said without user and password. Called by [`super::check`].

use std::collections::BTreeMap;

use secrecy::ExposeSecret;

use super::{Check, Level};
use crate::domain::quantity::count;
use crate::ops::session::Session;
use crate::source::kubeconfig::{ContextEntry, is_proxy};
use crate::source::proxy::shown;

/// What is to be said of the proxies.
pub(super) fn checks(session: &Session, contexts: &[&ContextEntry]) -> Vec<Check> {
    let Some(kubeconfig) = &session.kubeconfig else { return Vec::new() };
    let used = contexts.iter().filter_map(|context| {
        let (address, by_environment) = kubeconfig.proxy(&context.name)?;
        let address = address.expose_secret();
        Some((shown(address), by_environment, is_proxy(address)))
    });
    judge(used)
}

/// Of each context: its proxy as it is shown, whether the environment says so, whether it can be one.
fn judge(used: impl Iterator<Item = (String, bool, bool)>) -> Vec<Check> {
    let mut proxies: BTreeMap<(String, bool, bool), usize> = BTreeMap::new();
    for one in used {
        *proxies.entry(one).or_default() += 1;
    }
    let one = |((address, by_environment, is_one), contexts): ((String, bool, bool), usize)| {
        let by =
            if by_environment { "by HTTPS_PROXY or HTTP_PROXY" } else { "by the kubeconfig or config.yaml" };
        let who = format!("{} through it, {by}", count(contexts, "context"));
        if is_one {
            return Check::new(Level::Ok, "proxies", &address, &who, "");
        }
        let fix = if by_environment {
            "write it as http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT; NO_PROXY names who is reached without"
        } else {
            "write proxy-url as http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT"
        };
        Check::new(Level::Bad, "proxies", &address, &format!("is no address of a proxy; {who}"), fix)
    };
    proxies.into_iter().map(one).collect()
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn who_goes_through_whom() {
        let used = ["http://u:secret@p:3128", "http://p:3128", "ftp://p:21", "socks5://u:se/cret@q:1080"];
        let used = used.iter().zip([true, true, true, false]);
        let checks = judge(used.map(|(address, env)| (shown(address), env, is_proxy(address))));
        let lines: Vec<String> =
            checks.iter().map(|c| format!("{} {}: {}", c.level.word(), c.subject, c.words)).collect();
        let wanted = [
            "bad ftp://p:21: is no address of a proxy; 1 context through it, by HTTPS_PROXY or HTTP_PROXY",
            "ok http://p:3128: 2 contexts through it, by HTTPS_PROXY or HTTP_PROXY",
            "ok socks5://q:1080: 1 context through it, by the kubeconfig or config.yaml",
        ];
        assert_eq!(lines, wanted);
    }
}
