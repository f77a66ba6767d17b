//! The doctor over kubeconfigs that have everything wrong with them, secrets planted wherever one may be.

use std::path::PathBuf;

use super::*;
use crate::domain::cloud::LocalFiles;
use crate::domain::scope::PathGlob;
use crate::ops::session::SessionOptions;
use crate::source::kubeconfig::load;
use crate::source::plugin::{PluginOptions, Plugins, Policy};
use crate::source::proxy::ProxyEnv;

const SECRET: &str = "s3cr3t-planted";

struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// What the doctor says of these files; no server is asked.
    fn told(&self, files: &[PathBuf]) -> Vec<Check> {
        self.told_in(files, &Scope::all())
    }

    fn told_in(&self, files: &[PathBuf], scope: &Scope) -> Vec<Check> {
        let plugins =
            Plugins::new(PluginOptions::new(Policy::Ask, self.path("state/trusted"), self.path("home")));
        let proxy = format!("http://me:{SECRET}@proxy:3128");
        let options = SessionOptions {
            plugins,
            proxies: ProxyEnv::of(|name| (name == "HTTPS_PROXY").then(|| proxy.clone())),
            state_dir: Some(self.path("state")),
            ..SessionOptions::default()
        };
        let session = Session::from_kubeconfig(load(files, &LocalFiles::default()), options);
        without_asking(&session, scope)
    }
}

/// What is said in an area, one line each, without the folder.
fn lines(world: &World, checks: &[Check], area: &str) -> Vec<String> {
    let folder = world.0.path().to_str().unwrap();
    let line = |c: &Check| format!("{} {}: {} > {}", c.level.word(), c.subject, c.words, c.fix);
    checks.iter().filter(|c| c.area == area).map(|c| line(c).replace(folder, "[DIR]")).collect()
}

fn jwt(exp: i64) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    format!("e30.{}.{SECRET}", URL_SAFE_NO_PAD.encode(format!("{{\"exp\":{exp}}}")))
}

fn config(clusters: &str, users: &str, contexts: &[(&str, &str, &str)]) -> String {
    let contexts: String = contexts
        .iter()
        .map(|(name, cluster, user)| {
            format!("- {{name: '{name}', context: {{cluster: '{cluster}', user: '{user}'}}}}\n")
        })
        .collect();
    format!("apiVersion: v1\nkind: Config\nclusters:\n{clusters}users:\n{users}contexts:\n{contexts}")
}

#[test]
fn of_files() {
    let world = World::new();
    let plain = config(
        "- {name: c, cluster: {server: 'https://10.0.0.1'}}\n",
        "- {name: u, user: {token: t}}\n",
        &[("a", "c", "u"), ("b", "c", "u")],
    );
    let good = world.write("good", &format!("{plain}current-context: gone\n"));
    let link = world.path("link");
    std::os::unix::fs::symlink(&good, &link).unwrap();
    let files = [
        good,
        link,
        world.path("missing"),
        world.write("broken", "a: [1\n"),
        world.write("part", &format!("{plain}- {{context: {{}}}}\n")),
    ];
    let told = world.told(&files);
    let wanted = [
        "ok [DIR]/good: read: 2 contexts > ",
        "ok [DIR]/link: the same file as [DIR]/good; read once > ",
        "ok [DIR]/missing: not there; of a list of files some may not be > ",
        "bad [DIR]/broken: line 2, column 1: not valid YAML > mend the file, or leave it out of KUBECONFIG; the other files are read all the same",
        "warn [DIR]/part: read in part: entry 3 of `contexts` has no name > mend these entries in an editor; the others are used all the same",
        "ok [DIR]/part: 2 contexts of it not seen, for an earlier file has the same name: a, b > kubectl config rename-context a a-2 --kubeconfig [DIR]/part",
        "warn current-context: names \"gone\", which no file has > kubectl config use-context a",
    ];
    let is = lines(&world, &told, "files");
    for (is, wanted) in is.iter().zip(wanted) {
        // Where YAML is wrong is its reader's word.
        if !wanted.contains("YAML") {
            assert_eq!(is, wanted);
        }
    }
    assert_eq!(is.len(), wanted.len(), "{is:#?}");
    // A list of files of which none is there.
    let none = world.told(&[world.path("x"), world.path("y")]);
    assert_eq!(lines(&world, &none, "files").len(), 3);
    assert!(lines(&world, &none, "files")[2].starts_with("bad kubeconfig: none of the 2 files is there"));
}

#[test]
fn of_entries_of_other_files() {
    let world = World::new();
    let one = world.write(
        "one",
        &config(
            "- {name: c, cluster: {server: 'https://10.0.0.1'}}\n",
            "- {name: admin, user: {token: t}}\n",
            &[],
        ),
    );
    let two = world.write(
        "two",
        &config(
            "- {name: d, cluster: {server: 'https://10.0.0.2'}}\n",
            "- {name: admin, user: {token: other}}\n",
            &[("a", "c", "admin")],
        ),
    );
    let told = world.told(&[one, two]);
    assert_eq!(
        lines(&world, &told, "contexts"),
        [
            "ok all: 1 context: 1 cluster > ",
            "ok a: its cluster entry from [DIR]/one > ",
            "warn a: its user entry \"admin\" is the one of [DIR]/one, which is read first; the other of this name in [DIR]/two is not seen > give one of them another name, or put [DIR]/two before [DIR]/one in KUBECONFIG",
        ]
    );
}

#[test]
fn of_contexts() {
    let world = World::new();
    let eks = "arn:aws:eks:eu-west-1:111122223333:cluster/shop";
    let file = world.write(
        "config",
        &config(
            &format!(
                "- {{name: '{eks}', cluster: {{server: 'https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com'}}}}
- {{name: gke_acme_europe-west1_pay, cluster: {{server: 'https://34.1.2.3', certificate-authority-data: '!'}}}}
- {{name: weu, cluster: {{server: 'https://weu-rg-1a2b3c-0d1e2f30.hcp.westeurope.azmk8s.io', insecure-skip-tls-verify: true}}}}
- {{name: weu2, cluster: {{server: 'https://10.0.0.7'}}}}
- {{name: http, cluster: {{server: 'http://10.0.0.9:8080'}}}}
"
            ),
            &format!(
                "- {{name: bare, user: {{exec: {{command: aws, args: [--token, {SECRET}]}}}}}}
- {{name: clusterUser_shop-rg_weu, user: {{token: {SECRET}}}}}
- {{name: nobody, user: {{}}}}
- {{name: lost, user: {{client-certificate: gone.pem, client-key: gone.key}}}}
- {{name: both, user: {{token: {SECRET}, username: me}}}}
"
            ),
            &[
                ("shop", eks, "bare"),
                ("pay", "gke_acme_europe-west1_pay", "bare"),
                ("weu", "weu", "clusterUser_shop-rg_weu"),
                ("it''s", "gone", "bare"),
                ("-x", "gone", "bare"),
                ("plain", "http", "clusterUser_shop-rg_weu"),
                ("lost", "weu2", "lost"),
                ("no-one", "weu2", "gone"),
                ("both", "weu2", "both"),
                ("open", "http", "nobody"),
            ],
        ),
    );
    let told = world.told(std::slice::from_ref(&file));
    let is = lines(&world, &told, "contexts");
    // Who asks for one cluster is told of its contexts.
    let one = world.told_in(&[file], &Scope::globs([PathGlob::parse("**/lost").unwrap()]));
    let one = lines(&world, &one, "contexts");
    let subjects: Vec<&str> = one.iter().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(subjects, ["bad lost", "bad no-one", "bad both"]);
    let wanted = [
        "ok all: 2 contexts that can be used, 8 that cannot: 2 clusters > ",
        "bad shop: the user entry \"bare\" has an exec plugin without an apiVersion > aws eks update-kubeconfig --name shop --region eu-west-1",
        "bad pay: the cluster entry \"gke_acme_europe-west1_pay\" has certificate-authority-data that is no base64 > gcloud container clusters get-credentials pay --location europe-west1 --project acme",
        "warn weu: insecure-skip-tls-verify: any server is believed to be this one, and is sent the credentials > az aks get-credentials --name weu --resource-group shop-rg",
        r#"bad it's: there is no cluster entry named "gone" > kubectl config delete-context 'it'\''s' --kubeconfig [DIR]/config"#,
        "bad -x: there is no cluster entry named \"gone\" > kubectl config delete-context --kubeconfig [DIR]/config -- '-x'",
        "bad plain: its server is plain http, and credentials are not sent where everybody can read them > write an https address into the cluster entry in [DIR]/config",
        "bad lost: the user entry \"lost\" names a client-certificate that is not there: [DIR]/gone.pem > put the file back, or fetch the kubeconfig anew from where it came",
        "bad no-one: there is no user entry named \"gone\" > name a user entry that is there: kubectl config set-context no-one --user USER --kubeconfig [DIR]/config",
        "bad both: the user entry \"both\" has both a token and a password > mend the entry in [DIR]/config, or fetch the kubeconfig anew from where it came",
        "warn open: its server is plain http: whoever is on the way reads and changes what is sent > write an https address into its cluster entry",
    ];
    assert_eq!(is, wanted);
}

#[cfg(unix)]
#[test]
fn nothing_secret_is_said() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let now = jiff::Timestamp::now().as_second();
    let token_file = world.write("token", &jwt(now + 3 * 86_400));
    std::fs::set_permissions(&token_file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let program = world.write("bin/sign-in", "#!/bin/sh\n");
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let exec = |command: &str, mode: &str| {
        format!(
            "{{apiVersion: client.authentication.k8s.io/v1, interactiveMode: {mode}, command: '{command}', args: [--client-secret, {SECRET}], env: [{{name: PASSWORD, value: {SECRET}}}], installHint: \"run:\\n\\e[31mmake plugin\"}}"
        )
    };
    let file = world.write(
        "config",
        &config(
            &format!(
                "- {{name: c, cluster: {{server: 'https://10.0.0.1'}}}}
- {{name: p, cluster: {{server: 'https://10.0.0.2', proxy-url: 'socks5://me:{SECRET}/x@jump:1080'}}}}
- {{name: s, cluster: {{server: 'https://me:{SECRET}/y@10.0.0.3'}}}}
"
            ),
            &format!(
                "- {{name: old, user: {{token: {}}}}}
- {{name: soon, user: {{tokenFile: token}}}}
- {{name: asks, user: {{exec: {}}}}}
- {{name: missing, user: {{exec: {}}}}}
- {{name: basic, user: {{username: me, password: {SECRET}, token: {SECRET}}}}}
- {{name: odd, user: {{token: [{SECRET}], auth-provider: {{name: oidc, config: {{client-secret: {SECRET}}}}}}}}}
",
                jwt(now - 3 * 86_400),
                exec("bin/sign-in", "Always"),
                exec("no-such-plugin-anywhere", "Never"),
            ),
            &[
                ("old", "c", "old"),
                ("soon", "p", "soon"),
                ("asks", "c", "asks"),
                ("missing", "c", "missing"),
                ("basic", "c", "basic"),
                ("odd", "c", "odd"),
                ("server", "s", "old"),
            ],
        ),
    );
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let told = world.told(&[file]);
    let all = format!("{told:?} {:?} {}", grouped(told.clone()), serde_json::to_string(&told).unwrap());
    assert!(!all.contains("s3cr3t") && !all.contains("planted") && !all.contains('\u{1b}'), "{all}");

    let expiry = lines(&world, &told, "expiry");
    assert!(
        expiry[0].starts_with("bad old: the token expired on ") && expiry[0].contains(", 3d ago"),
        "{expiry:?}"
    );
    assert!(expiry[1].starts_with("warn soon: the token ends on "), "{expiry:?}");
    let plugins = lines(&world, &told, "plugins");
    let wanted = [
        "ok bin/sign-in: found: [DIR]/bin/sign-in; 1 context signs in with it > ",
        "bad no-such-plugin-anywhere: is not installed; 1 context signs in with it > the kubeconfig says: run: make plugin",
    ];
    assert_eq!(plugins[..2], wanted);
    assert!(plugins[2].starts_with(
        "warn bin/sign-in: named by [DIR]/config, which is not yours alone in ~/.kube: shown to you"
    ));
    assert!(
        plugins[3].starts_with("warn bin/sign-in: wants a person at the terminal each time"),
        "{plugins:#?}"
    );
    let permissions = lines(&world, &told, "permissions");
    let wanted = [
        "warn [DIR]/config: kubeconfig: everybody on this machine can read it > chmod 600 [DIR]/config",
        "warn [DIR]/token: token: its group can read it > chmod 600 [DIR]/token",
    ];
    assert_eq!(permissions, wanted);
    let proxies = lines(&world, &told, "proxies");
    assert!(proxies.iter().any(|p| p.contains("http://proxy:3128: 3 contexts through it")), "{proxies:#?}");
    assert!(proxies.iter().any(|p| p.contains("socks5://jump:1080: 1 context through it")), "{proxies:#?}");
}
