//! Which plugin may run, and which file its command is.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use secrecy::SecretString;

use super::*;

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// `~/.kube/config` as it should be.
fn kube(world: &World) -> PathBuf {
    let folder = world.path("home/.kube");
    std::fs::create_dir_all(&folder).unwrap();
    mode(&folder, 0o755);
    file(&folder.join("config"))
}

fn file(path: &Path) -> PathBuf {
    std::fs::write(path, "").unwrap();
    mode(path, 0o600);
    path.to_owned()
}

fn asking() -> World {
    let mut world = World::new();
    world.options.policy = Policy::Ask;
    world
}

async fn may(world: &World, plugin: &Plugin) -> bool {
    match world.plugins().credential(plugin).await {
        Ok(_) => true,
        Err(PluginFault::Trust { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn policies_by_name() {
    for policy in [Policy::Allow, Policy::Ask, Policy::Deny] {
        assert_eq!(policy.to_string().parse(), Ok(policy));
    }
    assert!("Allow all".parse::<Policy>().is_err());
    assert_eq!(Policy::default(), Policy::Ask);
}

#[tokio::test]
async fn denied_is_denied() {
    let mut world = World::new();
    world.options.policy = Policy::Deny;
    let plugins = world.plugins();
    for file in [None, Some(kube(&world))] {
        let plugin = Plugin { file, ..world.script(&token("")) };
        plugins.trust(&plugin, Lasting::ForGood).unwrap();
        assert_eq!(fault(&plugins, &plugin).await, PluginFault::Policy);
        assert_eq!(plugins.in_foreground(&plugin).await, Err(PluginFault::Policy));
    }
    assert_eq!(world.runs(), 0);
}

#[tokio::test]
async fn the_own_kubeconfig_is_known() {
    let world = asking();
    let own = kube(&world);
    let folder = own.parent().unwrap().to_owned();
    let plugin = |file: &Path| Plugin { file: Some(file.to_owned()), ..world.script(&token("")) };
    assert!(may(&world, &plugin(&own)).await);
    assert!(may(&world, &Plugin { command: "sh".to_owned(), ..plugin(&own) }).await);
    assert!(may(&world, &world.script(&token(""))).await, "the simulation");
    for bad in [0o620, 0o602, 0o666] {
        mode(&own, bad);
        assert!(!may(&world, &plugin(&own)).await, "{bad:o}");
    }
    mode(&own, 0o600);
    for bad in [0o775, 0o777] {
        mode(&folder, bad);
        assert!(!may(&world, &plugin(&own)).await, "{bad:o}");
    }
    mode(&folder, 0o755);
    // A folder on the way counts too.
    let inner = folder.join("more");
    std::fs::create_dir(&inner).unwrap();
    mode(&inner, 0o777);
    let more = file(&inner.join("config"));
    assert!(!may(&world, &plugin(&more)).await);
    mode(&inner, 0o755);
    assert!(may(&world, &plugin(&more)).await);
    // Outside, by a link to outside, and one that is not there.
    let outside = file(&world.path("config"));
    assert!(!may(&world, &plugin(&outside)).await);
    symlink(&outside, folder.join("link")).unwrap();
    assert!(!may(&world, &plugin(&folder.join("link"))).await);
    assert!(!may(&world, &plugin(&folder.join("none"))).await);
    assert!(!may(&world, &plugin(&folder.join("../../config"))).await);
}

#[tokio::test]
async fn a_relative_command_is_asked_for_and_found_beside_its_file() {
    let world = asking();
    let own = kube(&world);
    symlink("/bin/sh", own.with_file_name("plugin")).unwrap();
    let plugin = Plugin { command: "./plugin".to_owned(), file: Some(own), ..world.script(&token("")) };
    let plugins = world.plugins();
    let PluginFault::Trust { line, file, .. } = fault(&plugins, &plugin).await else { panic!("not asked") };
    assert!(line.starts_with(world.dir.path().to_str().unwrap()), "{line}");
    assert!(line.contains(".kube/./plugin -c"), "{line}");
    assert!(file.ends_with(".kube/config"), "{file}");
    plugins.trust(&plugin, Lasting::ForGood).unwrap();
    plugins.credential(&plugin).await.unwrap();
}

#[tokio::test]
async fn a_yes_for_now_ends_with_skyfleet() {
    let world = asking();
    let plugin = Plugin { file: Some(file(&world.path("config"))), ..world.script(&token("")) };
    let plugins = world.plugins();
    plugins.trust(&plugin, Lasting::ForNow).unwrap();
    plugins.credential(&plugin).await.unwrap();
    assert!(!may(&world, &plugin).await);
    let path = plugins.trust_file();
    assert!(!path.exists() && plugins.trusted() == 0, "{}", path.display());
    plugins.trust(&plugin, Lasting::ForGood).unwrap();
    assert!(plugins.trusted() == 1 && may(&world, &plugin).await);
    // What takes it back for the next skyfleet.
    std::fs::remove_file(path).unwrap();
    assert!(!may(&world, &plugin).await);
}

#[tokio::test]
async fn a_yes_is_for_one_command_of_one_file_and_lasts() {
    let world = asking();
    let outside = file(&world.path("config"));
    let plugin = Plugin {
        file: Some(outside.clone()),
        env: vec![("B".to_owned(), "1".into()), ("A".to_owned(), "hunter2".into())],
        ..world.script(&token(""))
    };
    let plugins = world.plugins();
    let asked = fault(&plugins, &plugin).await;
    let PluginFault::Trust { line, env, .. } = &asked else { panic!("{asked}") };
    assert!(line.starts_with("/bin/sh -c "), "{line}");
    assert_eq!(env, "A=… B=…");
    assert!(!format!("{asked} {asked:?}").contains("hunter2"));
    assert_eq!(world.runs(), 0);
    plugins.trust(&plugin, Lasting::ForGood).unwrap();
    plugins.trust(&plugin, Lasting::ForGood).unwrap();
    plugins.credential(&plugin).await.unwrap();
    // By another skyfleet too.
    assert!(may(&world, &plugin).await);
    let other = |change: fn(&mut Plugin)| {
        let mut other = plugin.clone();
        change(&mut other);
        other
    };
    assert!(may(&world, &other(|p| p.env[0].1 = SecretString::from("2"))).await, "a value");
    let preloads = other(|p| p.env.push(("LD_PRELOAD".to_owned(), "/tmp/a.so".into())));
    plugins.trust(&preloads, Lasting::ForGood).unwrap();
    let mut another = preloads.clone();
    another.env[2].1 = SecretString::from("/tmp/b.so");
    assert!(may(&world, &preloads).await);
    assert!(!may(&world, &another).await, "another program by the environment");
    assert!(!may(&world, &other(|p| p.args.push("more".to_owned()))).await);
    assert!(!may(&world, &other(|p| p.env.push(("C".to_owned(), "3".into())))).await);
    let elsewhere = file(&world.path("other"));
    assert!(!may(&world, &Plugin { file: Some(elsewhere.clone()), ..plugin.clone() }).await);
    // What is kept for one file is not given to another, whose server may be anybody's.
    let not = fault(&plugins, &Plugin { file: Some(elsewhere), ..plugin.clone() }).await;
    assert!(matches!(not, PluginFault::Trust { .. }), "{not}");
    let store = &world.options.trust_file;
    assert_eq!(store.metadata().unwrap().mode() & 0o777, 0o600);
    assert_eq!(store.parent().unwrap().metadata().unwrap().mode() & 0o777, 0o700);
    assert_eq!(lines(store).len(), 2);
    assert!(lines(store)[0].len() == 64 && lines(store)[0].bytes().all(|b| b.is_ascii_hexdigit()));
    assert_eq!(std::fs::read_dir(store.parent().unwrap()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_store_that_others_can_write_counts_for_nothing() {
    let world = asking();
    let outside = file(&world.path("config"));
    let plugin = Plugin { file: Some(outside), ..world.script(&token("")) };
    let plugins = world.plugins();
    plugins.trust(&plugin, Lasting::ForGood).unwrap();
    let store = &world.options.trust_file;
    mode(store, 0o660);
    assert!(!may(&world, &plugin).await);
    assert!(plugins.trust(&plugin, Lasting::ForGood).is_err());
    mode(store, 0o600);
    assert!(may(&world, &plugin).await);
    // A link is not followed, whatever it leads to.
    let real = world.path("real");
    std::fs::rename(store, &real).unwrap();
    symlink(&real, store).unwrap();
    assert!(!may(&world, &plugin).await);
    assert!(plugins.trust(&plugin, Lasting::ForGood).is_err());
    std::fs::remove_file(store).unwrap();
    mode(store.parent().unwrap(), 0o777);
    assert!(plugins.trust(&plugin, Lasting::ForGood).is_err());
    assert!(!store.exists());
}

#[tokio::test]
async fn a_missing_one_says_how_to_get_it() {
    let world = World::new();
    let plugins = world.plugins();
    let long =
        format!("\u{1b}[31mInstall it:\n\n  brew install x\n{}\n\n\nmore\nnever shown", "y".repeat(1000));
    let plugin =
        Plugin { command: "no-such-plugin".to_owned(), install_hint: Some(long), ..world.script("") };
    let missing = fault(&plugins, &plugin).await;
    let words = missing.to_string();
    let begins = "the credential plugin no-such-plugin is not installed; Install it: brew install x yyy";
    assert!(words.starts_with(begins), "{words}");
    assert!(words.chars().count() < 500 && !words.contains("never shown") && words.ends_with('…'));
    assert_eq!(missing.state(), crate::domain::sign_in::SignInState::PluginMissing);
    let words = |command: &str, hint: Option<&str>| {
        let plugin =
            Plugin { command: command.to_owned(), install_hint: hint.map(str::to_owned), ..plugin.clone() };
        let plugins = plugins.clone();
        async move { fault(&plugins, &plugin).await.to_string() }
    };
    assert_eq!(words("/no/such", None).await, "the credential plugin /no/such is not installed");
    assert_eq!(words("a\nb", Some(" \n ")).await, r"the credential plugin $'a\nb' is not installed");
    let plain = file(&world.path("plain"));
    let plain = plain.to_str().unwrap();
    assert_eq!(words(plain, None).await, format!("the credential plugin {plain} cannot be executed"));
    assert!(words("./x", None).await.contains("relative path"));
    // Nothing of it is kept: it may be there the next moment.
    let bin = world.path("bin");
    std::fs::create_dir(&bin).unwrap();
    let path = vec![("PATH".to_owned(), format!("/bin:/usr/bin:{}", bin.display()).into())];
    let soon = Plugin { command: "my-plugin".to_owned(), env: path, ..world.script(&token("")) };
    assert!(matches!(fault(&plugins, &soon).await, PluginFault::Missing { .. }));
    symlink("/bin/sh", bin.join("my-plugin")).unwrap();
    plugins.credential(&soon).await.unwrap();
}

/// What `PATH` means must not depend on where skyfleet was started.
#[tokio::test]
async fn a_relative_folder_of_the_path_is_not_looked_into() {
    let world = World::new();
    let path = vec![("PATH".to_owned(), ".:src:".into())];
    let plugin = Plugin { command: "sh".to_owned(), env: path, ..world.script("") };
    assert!(matches!(fault(&world.plugins(), &plugin).await, PluginFault::Missing { .. }));
}

#[tokio::test]
async fn entries_that_cannot_be_used() {
    let world = World::new();
    let plugins = world.plugins();
    let with = |version: &str, interactive: Interactive| Plugin {
        api_version: version.to_owned(),
        interactive,
        ..world.script(&token("").replace("/v1", "/v1beta1"))
    };
    let beta = "client.authentication.k8s.io/v1beta1";
    for (version, mode, words) in [
        ("client.authentication.k8s.io/v1alpha1", Interactive::Never, "Kubernetes has removed"),
        ("", Interactive::Never, "unknown apiVersion \"\""),
        ("x\u{1b}[2J", Interactive::Never, "unknown apiVersion"),
        (V1, Interactive::Missing, "no interactiveMode"),
        (V1, Interactive::Unknown("Sometimes".to_owned()), "unknown interactiveMode \"Sometimes\""),
    ] {
        let fault = fault(&plugins, &with(version, mode)).await;
        assert!(matches!(&fault, PluginFault::Entry(said) if said.contains(words)), "{fault}");
        assert!(!fault.to_string().contains('\u{1b}'));
    }
    let empty = Plugin { command: String::new(), ..world.script("") };
    assert!(matches!(fault(&plugins, &empty).await, PluginFault::Entry(_)));
    assert_eq!(world.runs(), 0);
    plugins.credential(&with(beta, Interactive::Missing)).await.unwrap();
}
