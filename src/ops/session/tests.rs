//! How guards hold, how a session follows its kubeconfig, who acts.

use super::*;
use crate::domain::scope::PathGlob;
use crate::source::kubeconfig::from_value;

#[test]
fn read_only_and_protected_by_glob() {
    let config = serde_json::json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "a",
        "clusters": [{"name": "a", "cluster": {"server": "https://10.0.0.1"}},
                     {"name": "b", "cluster": {"server": "https://10.0.0.2"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "u"}},
                     {"name": "b", "context": {"cluster": "b", "user": "u"}}],
    });
    let scope = |text: &str| Some(Scope::globs([PathGlob::parse(text).unwrap()]));
    let options = SessionOptions {
        rules: Rules { read_only: scope("**/a"), protected: scope("**/b"), ..Rules::default() },
        ..SessionOptions::default()
    };
    let session = Session::from_kubeconfig(from_value(&config).unwrap(), options);
    let seen: Vec<_> = session.infos.iter().map(|i| (i.id.0, i.read_only, i.is_protected())).collect();
    assert_eq!(seen, [(0, true, false), (1, false, true)]);
    assert_eq!(session.context(ClusterId(1)).map(|c| c.name.as_str()), Some("b"));
}

fn config(contexts: &[(&str, &str, &str)]) -> Loaded {
    let clusters: Vec<_> = contexts
        .iter()
        .map(|(name, server, _)| serde_json::json!({"name": name, "cluster": {"server": server}}))
        .collect();
    let users: Vec<_> = contexts
        .iter()
        .map(|(name, _, token)| serde_json::json!({"name": name, "user": {"token": token}}))
        .collect();
    let contexts: Vec<_> = contexts
        .iter()
        .map(|(name, ..)| serde_json::json!({"name": name, "context": {"cluster": name, "user": name}}))
        .collect();
    from_value(&serde_json::json!({"clusters": clusters, "users": users, "contexts": contexts})).unwrap()
}

fn seen(session: &Session) -> Vec<(u32, String)> {
    session.infos.iter().map(|i| (i.id.0, i.context.to_string())).collect()
}

fn ids(infos: &[ClusterInfo]) -> Vec<u32> {
    infos.iter().map(|i| i.id.0).collect()
}

#[test]
fn a_session_follows_its_kubeconfig() {
    let first = config(&[("a", "https://a", "1"), ("b", "https://b", "1"), ("c", "https://c", "1")]);
    let session = Session::from_kubeconfig(first, SessionOptions::default());
    // `a` moves behind, `b` signs in anew, `c` goes, `d` comes.
    let next = config(&[("d", "https://d", "1"), ("b", "https://b", "2"), ("a", "https://a", "1")]);
    let (session, roster) = session.follow(next);
    assert_eq!(seen(&session), [(0, "a".into()), (1, "b".into()), (3, "d".into())]);
    assert_eq!((ids(&roster.added), ids(&roster.anew), ids(&roster.renamed)), (vec![3], vec![1], vec![]));
    assert_eq!(roster.gone, [ClusterId(2)]);
    assert_eq!(session.context(ClusterId(3)).map(|c| c.name.as_str()), Some("d"));
    // What comes back is another: its number is never given twice.
    let next = config(&[("c", "https://c", "1"), ("b", "https://b", "2"), ("a", "https://a", "1")]);
    let (session, roster) = session.follow(next);
    assert_eq!((ids(&roster.added), roster.gone), (vec![4], vec![ClusterId(3)]));
    let same = config(&[("c", "https://c", "1"), ("b", "https://b", "2"), ("a", "https://a", "1")]);
    assert!(session.follow(same).1.is_empty());
}

#[test]
fn another_context_acts() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    let loaded =
        config(&[("admin", "https://a", "1"), ("viewer", "https://a", "2"), ("x", "https://x", "1")]);
    let options = SessionOptions { state_dir: Some(state.clone()), ..SessionOptions::default() };
    let session = Session::from_kubeconfig(loaded, options);
    let (session, roster) = session.acting(ClusterId(0), &"viewer".into());
    assert_eq!(seen(&session), [(0, "viewer".into()), (1, "x".into())]);
    assert_eq!((ids(&roster.anew), roster.added.len(), roster.gone.len()), (vec![0], 0, 0));
    assert_eq!(session.infos[0].other_contexts, vec![SafeText::new("admin")]);
    session.keep_remembered(session.remembered()).unwrap();
    assert_eq!(remembered(&state), ["viewer"]);
    let (session, _) = session.acting(ClusterId(0), &"admin".into());
    assert_eq!(session.remembered(), ["admin"]);
}

/// The kubeconfig of a cluster whose contexts know more and less of where it is.
fn of_one_cluster() -> Loaded {
    let host = "https://0123456789ABCDEF0123456789ABCDEF.gr7.eu-west-1.eks.amazonaws.com";
    let arn = "arn:aws:eks:eu-west-1:222233334444:cluster/prod-a";
    from_value(&serde_json::json!({
        "clusters": [{"name": "tun", "cluster": {"server": host}}, {"name": arn, "cluster": {"server": host}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "tun", "context": {"cluster": "tun", "user": "u"}},
            {"name": arn, "context": {"cluster": arn, "user": "u"}}]}))
    .unwrap()
}

/// Who acts changes neither where a cluster is, nor what it is called, nor what guards it.
#[test]
fn a_cluster_is_the_same_whoever_acts() {
    use crate::domain::scope::{PathGlob, Scope};
    let arn = "arn:aws:eks:eu-west-1:222233334444:cluster/prod-a";
    let guard = || Some(Scope::globs([PathGlob::parse("aws/222233334444/**").unwrap()]));
    for acting in ["tun", arn] {
        let options = SessionOptions {
            rules: Rules { read_only: guard(), ..Rules::default() },
            remembered: vec![acting.to_owned()],
            ..SessionOptions::default()
        };
        let session = Session::from_kubeconfig(of_one_cluster(), options);
        let look = |session: &Session| {
            let info = &session.infos[0];
            assert!(info.read_only && session.infos.len() == 1, "{acting}");
            assert_eq!(info.place.path(), "aws / 222233334444 / eu-west-1 / prod-a", "{acting}");
            info.context.to_string()
        };
        assert_eq!(look(&session), acting);
        let other = if acting == "tun" { arn } else { "tun" };
        let (chosen, _) = session.acting(session.infos[0].id, &other.into());
        assert_eq!(look(&chosen), other);
        assert_eq!(look(&chosen.follow(of_one_cluster()).0), other);
        let by = session.acting_by(|name| name == other);
        assert_eq!(look(&by), other);
    }
}

/// A session that is about some clusters stays so, whatever the files say later.
#[test]
fn a_session_about_some_clusters() {
    let files = || config(&[("a", "https://a", "1"), ("b", "https://b", "1"), ("c", "https://b", "2")]);
    let only = |context: fn(&str) -> bool, cluster: fn(&ClusterInfo) -> bool| Only {
        context: std::sync::Arc::new(context),
        cluster: std::sync::Arc::new(cluster),
    };
    let session = || Session::from_kubeconfig(files(), SessionOptions::default());
    let by_cluster = session().only(only(|_| true, |i| i.context == "b"));
    assert_eq!(seen(&by_cluster), [(0, "b".into())]);
    assert_eq!(by_cluster.infos[0].other_contexts, ["c"], "its other contexts stay");
    let by_context = session().only(only(|name| name == "c", |_| true));
    assert_eq!((seen(&by_context)[0].1.as_str(), by_context.contexts.len()), ("c", 1));
    let (followed, roster) = by_cluster.follow(files());
    assert!(roster.is_empty() && seen(&followed) == seen(&by_cluster));
    assert_eq!(by_cluster.copy().only(only(|_| true, |_| false)).infos.len(), 0);
}
