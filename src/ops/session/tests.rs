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
        read_only_clusters: scope("**/a"),
        protected: scope("**/b"),
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
