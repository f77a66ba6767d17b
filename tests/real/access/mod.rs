//! Every way in, over a real API server: client certificate, token, token file, exec plugin, impersonation, proxy and
//! tls-server-name each connect as whom they should, and each of their failures says the right words.

mod overrides;
mod parts;
mod proxies;

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use skyfleet::domain::scope::Scope;
use skyfleet::fleet::phase::{By, Phase};
use skyfleet::ops::gather::{Gathering, Want, gather};
use skyfleet::ops::session::Session;
use skyfleet::ops::sign_in::Lasting;
use skyfleet::source::api;
use skyfleet::source::plugin::Policy;
use skyfleet::source::proxy::ProxyEnv;

use parts::{Parts, parts};
use proxies::{Kind, proxy};

use crate::Clusters;
use crate::truth::Test;

/// Every test.
pub(crate) fn tests() -> Vec<(&'static str, Test)> {
    vec![
        ("every_way_in_connects_as_whom_it_should", |c| Box::pin(ways_in(c))),
        ("every_way_in_fails_with_the_right_words", |c| Box::pin(failures(c))),
        ("a_token_that_runs_out_while_connected_and_comes_back", |c| Box::pin(token_runs_out(c))),
        ("a_certificate_that_runs_out_while_connected_and_comes_back", |c| Box::pin(certificate_runs_out(c))),
        ("proxies_by_the_environment_as_go_reads_it", |c| Box::pin(environment_proxy(c))),
        ("what_a_persons_own_settings_say_of_clusters_counts", |c| Box::pin(overrides::own_settings(c))),
    ]
}

async fn settle(session: &Session) -> (Phase, String) {
    let want = Want { limit: Duration::from_secs(30), ..Want::default() };
    let gathered = gather(session, &Scope::all(), &want, |_| {}).await;
    let cluster = &gathered.fleet.clusters()[0];
    (cluster.phase.clone(), who(session).await)
}

async fn who(session: &Session) -> String {
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let Ok(client) = session.client(session.infos[0].id).await else { return String::new() };
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    match api::post(&client, path, &review).await {
        Ok(answer) => answer["status"]["userInfo"]["username"].as_str().unwrap_or("").to_owned(),
        Err(fault) => fault.to_string(),
    }
}

async fn ways_in(clusters: &Clusters) -> Result<(), String> {
    let p = parts(clusters)?;
    let pem = |data: &str| String::from_utf8(STANDARD.decode(data).unwrap()).unwrap();
    p.file("admin.pem", &pem(&p.certificate));
    p.file("admin.key", &pem(&p.key));
    p.file("ca.pem", &pem(&p.ca));
    p.file("token", &format!("{}\n", p.token));
    let (certificate, key) = (pem(&p.certificate), pem(&p.key));
    let by_token = p.plugin("by-token", &Parts::credential(&json!({"token": p.token})));
    let by_cert = Parts::credential(&json!({"clientCertificateData": certificate, "clientKeyData": key}));
    let by_cert = p.plugin("by-cert", &by_cert);
    let told = p.plugin(
        "told",
        &format!(
            "echo \"$KUBERNETES_EXEC_INFO\" | grep -q '\"server\":\"{}\"' || exit 7\n[ \"$AWS_PROFILE\" = pay ] || exit 8\n{}",
            p.server,
            Parts::credential(&json!({"token": p.token}))
        ),
    );
    let (http, through_http) = proxy(Kind::Http(None)).await;
    let (socks, through_socks) = proxy(Kind::Socks(None)).await;
    // `me:p@ss/word` in base64.
    let (http_login, through_http_login) = proxy(Kind::Http(Some("Basic bWU6cEBzcy93b3Jk"))).await;
    let (socks_login, through_socks_login) = proxy(Kind::Socks(Some(("me", "p@ss/word")))).await;
    let (https, through_https) = proxy(Kind::Https(Box::new(p.serving()?), "Basic bWU6cEBzcy93b3Jk")).await;
    let with = |user: Value, more: &Value| {
        let mut user = user;
        for (k, v) in more.as_object().into_iter().flatten() {
            user[k] = v.clone();
        }
        user
    };
    let admin = who_is(&p, &p.admin()).await?;
    let by_name = p.with(&json!({"server": format!("https://localhost:{}", p.port), "proxy-url": format!("socks5h://127.0.0.1:{socks}")}));
    for (what, cluster, user, is) in [
        ("client certificate", p.cluster(), p.admin(), admin.as_str()),
        (
            "client certificate in files",
            p.cluster(),
            json!({"client-certificate": "admin.pem", "client-key": "admin.key"}),
            &admin,
        ),
        ("CA in a file", json!({"server": p.server, "certificate-authority": "ca.pem"}), p.admin(), &admin),
        (
            "no check of the certificate",
            json!({"server": p.server, "insecure-skip-tls-verify": true}),
            json!({"token": p.token}),
            "viewer",
        ),
        ("token", p.cluster(), json!({"token": p.token}), "viewer"),
        ("token file, with a final newline", p.cluster(), json!({"tokenFile": "token"}), "viewer"),
        (
            "the file's token before the written one",
            p.cluster(),
            json!({"token": "old", "tokenFile": "token"}),
            "viewer",
        ),
        ("exec plugin, token", p.cluster(), by_token.clone(), "viewer"),
        ("exec plugin, certificate", p.cluster(), by_cert, &admin),
        ("exec plugin that is told of the cluster", p.cluster(), told, "viewer"),
        (
            "a token and no plugin",
            p.cluster(),
            with(p.plugin("never", "exit 1"), &json!({"token": p.token})),
            "viewer",
        ),
        (
            "impersonation",
            p.cluster(),
            with(p.admin(), &json!({"as": "jane", "as-groups": ["system:masters"]})),
            "jane",
        ),
        ("HTTP proxy", p.with(&json!({"proxy-url": format!("http://127.0.0.1:{http}")})), p.admin(), &admin),
        (
            "SOCKS proxy",
            p.with(&json!({"proxy-url": format!("socks5://127.0.0.1:{socks}")})),
            p.admin(),
            &admin,
        ),
        ("SOCKS proxy that looks names up", by_name, p.admin(), &admin),
        (
            "HTTP proxy with a password",
            p.with(&json!({"proxy-url": format!("http://me:p%40ss%2Fword@127.0.0.1:{http_login}")})),
            p.admin(),
            &admin,
        ),
        (
            "SOCKS proxy with a password",
            p.with(&json!({"proxy-url": format!("socks5://me:p%40ss%2Fword@127.0.0.1:{socks_login}")})),
            p.admin(),
            &admin,
        ),
        (
            "a login for a SOCKS proxy that wants none",
            p.with(&json!({"proxy-url": format!("socks5://me:x@127.0.0.1:{socks}")})),
            p.admin(),
            &admin,
        ),
        (
            "HTTPS proxy",
            p.with(&json!({"proxy-url": format!("https://me:p%40ss%2Fword@127.0.0.1:{https}")})),
            p.admin(),
            &admin,
        ),
        (
            "client certificate of X.509 version 1",
            p.cluster(),
            json!({"client-certificate-data": p.version1.0, "client-key-data": p.version1.1}),
            "testbed-version1",
        ),
        ("tls-server-name", p.with(&json!({"tls-server-name": "kubernetes.default.svc"})), p.admin(), &admin),
    ] {
        let (phase, who) = p.enter(&cluster, &user).await;
        if phase != Phase::Live || who != is {
            return Err(format!("{what}: {phase:?} as {who:?}, expected {is:?}"));
        }
    }
    // Lists, watches and calls of a cluster go over one connection.
    let connections = [&through_http, &through_https, &through_http_login].map(|n| n.load(Ordering::SeqCst));
    if connections != [1, 1, 1] {
        return Err(format!("more than one connection to a cluster: {connections:?}"));
    }
    for (through, least) in [
        (through_http, 1),
        (through_socks, 3),
        (through_http_login, 1),
        (through_socks_login, 1),
        (through_https, 1),
    ] {
        if through.load(Ordering::SeqCst) < least {
            return Err(format!("not all came through their proxy: {through:?} of {least}"));
        }
    }
    Ok(())
}

/// Who a user is, by kubectl's word where it is there.
async fn who_is(p: &Parts, user: &Value) -> Result<String, String> {
    let session = p.session(&p.cluster(), user, Policy::Allow, ProxyEnv::default());
    let ours = who(&session).await;
    let config = p.dir.path().join("config");
    let out = std::process::Command::new("kubectl")
        .args(["--kubeconfig", &config.to_string_lossy(), "--context", "c", "auth", "whoami", "-o", "json"])
        .output()
        .map_err(|e| format!("kubectl: {e}"))?;
    let theirs: Value = serde_json::from_slice(&out.stdout).map_err(|e| e.to_string())?;
    let theirs = theirs["status"]["userInfo"]["username"].as_str().unwrap_or("").to_owned();
    if ours == theirs { Ok(ours) } else { Err(format!("we are {ours:?}, by kubectl {theirs:?}")) }
}

async fn failures(clusters: &Clusters) -> Result<(), String> {
    const PLANTED: &str = "hunter2";
    let p = parts(clusters)?;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let sso = format!("echo 'Error loading SSO Token: Token for {PLANTED} does not exist' >&2; exit 255");
    let wrong_token = Parts::credential(&json!({"token": PLANTED}));
    let mut as_admin = json!({"token": p.token});
    as_admin["as"] = "somebody".into();
    let missing = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never",
        "command": "no-such-plugin-anywhere", "installHint": "get it from \u{1b}[31mexample.com"}});
    let mut asks = p.plugin("asks", "exit 1");
    asks["exec"]["interactiveMode"] = "Always".into();
    let (socks, _) = proxy(Kind::Socks(Some(("me", "other")))).await;
    let (http, _) = proxy(Kind::Http(Some("Basic none"))).await;
    let name = |name: &str| p.with(&json!({"tls-server-name": name}));
    let through = |proxy: String| p.with(&json!({"proxy-url": proxy}));
    for (what, cluster, user, word, words) in [
        (
            "an expired certificate",
            p.cluster(),
            json!({"client-certificate-data": p.expired.0, "client-key-data": p.expired.1}),
            "denied",
            "the client certificate expired",
        ),
        (
            "an expired certificate, and nobody there",
            json!({"server": format!("https://127.0.0.1:{closed}")}),
            json!({"client-certificate-data": p.expired.0, "client-key-data": p.expired.1}),
            "unreachable",
            "connection refused",
        ),
        (
            "a key of another certificate",
            p.cluster(),
            json!({"client-certificate-data": p.certificate, "client-key-data": p.expired.1}),
            "denied",
            "the client key is not that of the client certificate",
        ),
        (
            "a SOCKS proxy that wants another password",
            through(format!("socks5://u:{PLANTED}@127.0.0.1:{socks}")),
            p.admin(),
            "unreachable",
            "credentials not accepted",
        ),
        (
            "a SOCKS proxy that wants a login, and is told none",
            through(format!("socks5://127.0.0.1:{socks}")),
            p.admin(),
            "unreachable",
            "through the proxy socks5://",
        ),
        (
            "an HTTP proxy that wants a password",
            through(format!("http://127.0.0.1:{http}")),
            p.admin(),
            "unreachable",
            "authorization required",
        ),
        ("a wrong token", p.cluster(), json!({"token": PLANTED}), "denied", "401 Unauthorized"),
        (
            "a password, which no server reads since 1.19",
            p.cluster(),
            json!({"username": "u", "password": PLANTED}),
            "denied",
            "system:anonymous",
        ),
        (
            "a token file that is not there",
            p.cluster(),
            json!({"tokenFile": "gone"}),
            "unusable",
            "token file that is not there",
        ),
        (
            "a plugin whose sign-in ran out",
            p.cluster(),
            p.plugin("aws", &sso),
            "sign-in expired",
            "aws sso login --profile pay",
        ),
        ("a plugin that is not there", p.cluster(), missing, "plugin missing", "no-such-plugin-anywhere"),
        ("a plugin that asks a person", p.cluster(), asks, "needs sign-in", "asks a person"),
        (
            "a plugin that hangs",
            p.cluster(),
            p.plugin("hangs", "sleep 600"),
            "sign-in failed",
            "did not end within 3 s",
        ),
        (
            "a plugin that prints no credential",
            p.cluster(),
            p.plugin("yaml", &format!("echo 'token: {PLANTED}'")),
            "sign-in failed",
            "the credential plugin yaml",
        ),
        (
            "a plugin that says no",
            p.cluster(),
            p.plugin("says-no", &format!("echo {PLANTED} >&2; exit 3")),
            "sign-in failed",
            "exit code 3",
        ),
        (
            "a plugin whose token is refused",
            p.cluster(),
            p.plugin("fresh", &wrong_token),
            "denied",
            "does not know the identity",
        ),
        ("impersonation without the right", p.cluster(), as_admin, "denied", "cannot impersonate"),
        (
            "a proxy that is away",
            through(format!("http://u:{PLANTED}@127.0.0.1:{closed}")),
            p.admin(),
            "unreachable",
            &format!("through the proxy http://127.0.0.1:{closed}"),
        ),
        (
            "a SOCKS proxy that is away",
            through(format!("socks5://127.0.0.1:{closed}")),
            p.admin(),
            "unreachable",
            "through the proxy socks5://",
        ),
        ("a name the certificate does not have", name("other.example"), p.admin(), "unreachable", "TLS: "),
        (
            "a stranger's CA",
            p.with(&json!({"certificate-authority-data": p.foreign_ca})),
            p.admin(),
            "unreachable",
            "TLS: ",
        ),
        (
            "a CA that is none",
            p.with(&json!({"certificate-authority-data": STANDARD.encode("none")})),
            p.admin(),
            "denied",
            "holds no certificate",
        ),
        ("nobody", p.cluster(), json!({}), "denied", "system:anonymous"),
    ] {
        let (phase, _) = p.enter(&cluster, &user).await;
        let cause = phase.cause().map(ToString::to_string).unwrap_or_default();
        let next = match &phase {
            Phase::SignedOut { need, .. } => need.next.to_string(),
            _ => String::new(),
        };
        let said = format!("{cause} {next}");
        if phase.word() != word || !said.contains(words) {
            return Err(format!("{what}: {}: {said:?}; expected {word}: {words:?}", phase.word()));
        }
        if format!("{phase:?}").contains(PLANTED) || said.contains('\u{1b}') {
            return Err(format!("{what}: gives something away: {phase:?}"));
        }
    }
    trust(&p).await
}

/// A plugin of a file that is not known runs when a person has said yes, and only then.
async fn trust(p: &Parts) -> Result<(), String> {
    let ran = p.dir.path().join("ran");
    let script = format!("touch {}\n{}", ran.display(), Parts::credential(&json!({"token": p.token})));
    let user = p.plugin("stranger", &script);
    let session = p.session(&p.cluster(), &user, Policy::Ask, ProxyEnv::default());
    let (phase, _) = settle(&session).await;
    let by = |phase: &Phase| match phase {
        Phase::SignedOut { need, .. } => Some(need.by),
        _ => None,
    };
    if by(&phase) != Some(By::Consent) || ran.exists() {
        return Err(format!("not asked for: {phase:?}, ran: {}", ran.exists()));
    }
    let shown = phase.cause().cloned().unwrap_or_default();
    if skyfleet::ops::sign_in::trust(
        &session,
        session.infos[0].id,
        &"another program".into(),
        Lasting::ForGood,
    )
    .is_ok()
    {
        return Err("a yes to another program counted".to_owned());
    }
    skyfleet::ops::sign_in::trust(&session, session.infos[0].id, &shown, Lasting::ForGood)?;
    let (phase, who) = settle(&session).await;
    if phase != Phase::Live || who != "viewer" || !ran.exists() {
        return Err(format!("after the yes: {phase:?} as {who:?}"));
    }
    Ok(())
}

/// A token file that goes bad while connected: denied, with the words; and back when it is good again.
async fn token_runs_out(clusters: &Clusters) -> Result<(), String> {
    let p = parts(clusters)?;
    p.file("token", &p.token);
    let user = json!({"tokenFile": "token"});
    let spoil = || drop(p.file("token", "ran-out"));
    let mend = || drop(p.file("token", &p.token));
    comes_and_goes(&p, &user, "401 Unauthorized", spoil, mend).await
}

/// The same with a client certificate: one that has expired takes the place of the good one.
async fn certificate_runs_out(clusters: &Clusters) -> Result<(), String> {
    let p = parts(clusters)?;
    let pem = |data: &str| String::from_utf8(STANDARD.decode(data).unwrap()).unwrap();
    let write = |certificate: &str, key: &str| {
        p.file("admin.pem", &pem(certificate));
        p.file("admin.key", &pem(key));
    };
    write(&p.certificate, &p.key);
    let user = json!({"client-certificate": "admin.pem", "client-key": "admin.key"});
    let spoil = || write(&p.expired.0, &p.expired.1);
    comes_and_goes(&p, &user, "the client certificate expired", spoil, || write(&p.certificate, &p.key)).await
}

/// Live; after `spoil` denied with these words; after `mend` live again.
async fn comes_and_goes(
    p: &Parts,
    user: &Value,
    words: &str,
    spoil: impl Fn(),
    mend: impl Fn(),
) -> Result<(), String> {
    let session = p.session(&p.cluster(), user, Policy::Allow, ProxyEnv::default());
    let want = Want { limit: Duration::from_secs(30), ..Want::default() };
    let mut gathering = Gathering::start(&session, &Scope::all(), &want);
    let mut reach = async |wanted: &dyn Fn(&Phase) -> bool| {
        let waited = tokio::time::timeout(Duration::from_secs(90), async {
            while !wanted(&gathering.so_far.fleet.clusters()[0].phase) {
                if !gathering.next().await {
                    return false;
                }
            }
            true
        });
        if waited.await == Ok(true) {
            Ok(())
        } else {
            Err(format!("still {:?}", gathering.so_far.fleet.clusters()[0].phase))
        }
    };
    reach(&|p| *p == Phase::Live).await?;
    spoil();
    reach(&|p| matches!(p, Phase::Denied { cause, .. } if cause.contains(words))).await?;
    mend();
    reach(&|p| *p == Phase::Live).await
}

/// HTTPS_PROXY is used, but not for this machine: so says Go, and so say we.
async fn environment_proxy(clusters: &Clusters) -> Result<(), String> {
    let p = parts(clusters)?;
    let (port, through) = proxy(Kind::Http(None)).await;
    let variables =
        BTreeMap::from([("HTTPS_PROXY", format!("127.0.0.1:{port}")), ("NO_PROXY", "a, ,b".to_owned())]);
    let env = ProxyEnv::of(|name| variables.get(name).cloned());
    let session = p.session(&p.cluster(), &p.admin(), Policy::Allow, env);
    let (phase, _) = settle(&session).await;
    if phase != Phase::Live || through.load(Ordering::SeqCst) != 0 {
        return Err(format!("{phase:?}, {through:?} through the proxy"));
    }
    Ok(())
}
