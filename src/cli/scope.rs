//! The scope flags as a scope.

use std::sync::Arc;

use globset::GlobBuilder;

use crate::domain::place::Provider;
use crate::domain::scope::{PathGlob, PlaceFilter, PlacePart, Scope};
use crate::domain::text::SafeText;
use crate::fleet::cluster::ClusterInfo;
use crate::ops::session::{Only, Shared};

use super::args::ScopeArgs;

/// Reads the scope flags. Different flags narrow each other; the same flag twice widens.
pub fn of(args: &ScopeArgs, infos: &[ClusterInfo]) -> Result<Scope, String> {
    // As with kubectl, -A is stronger than -n.
    let given = if args.all_namespaces { &[][..] } else { &args.namespace };
    let namespaces: Vec<SafeText> = given.iter().map(|n| SafeText::new(n)).collect();
    let mut globs = Vec::new();
    for text in &args.scope {
        globs.push(PathGlob::parse(text).map_err(|e| e.to_string())?);
    }
    for text in &args.scope {
        let alone = Scope::globs(PathGlob::parse(text));
        // Who reads a path on the screen and writes it so means that cluster, and not an account of that name.
        let meant = infos.iter().find_map(|i| PathGlob::meant(text, &i.place));
        if let Some(meant) = meant.filter(|_| !infos.iter().any(|i| alone.touches(i.at()))) {
            return Err(format!(
                "-s {text} finds no cluster: levels that nobody knows count, too; write -s '{meant}', or '**/NAME'"
            ));
        }
    }
    let mut places = Vec::new();
    for (part, given) in [
        (PlacePart::Cloud, &args.cloud),
        (PlacePart::Account, &args.account),
        (PlacePart::Region, &args.region),
        (PlacePart::Cluster, &args.cluster),
    ] {
        if !given.is_empty() {
            places.push(PlaceFilter::new(part, given)?);
        }
    }
    let mut scope = Scope::globs(globs).in_namespaces(namespaces).in_places(places);
    let flags: [(&[String], fn(&ClusterInfo) -> String); 2] =
        [(&args.context, |i| i.context.to_string()), (&args.env, |i| i.environment.word().to_owned())];
    let mut wanted: Vec<&ClusterInfo> = infos.iter().collect();
    for (given, value) in flags.iter().filter(|(given, _)| !given.is_empty()) {
        let matches = matcher(given)?;
        wanted.retain(|i| matches(&value(i)));
    }
    let flagged = flags.iter().any(|(given, _)| !given.is_empty());
    let named =
        flagged || [&args.cloud, &args.account, &args.region, &args.cluster].iter().any(|g| !g.is_empty());
    // Where a cluster is may come out only when its nodes tell.
    let may_be = |i: &&ClusterInfo| scope.touches(i.at()) || i.place.provider == Provider::Unknown;
    if named && !wanted.iter().any(may_be) {
        return Err("no cluster matches these flags; `skyfleet contexts` lists what there is".to_owned());
    }
    if flagged {
        let ids = wanted.iter().map(|i| i.id).collect();
        scope = scope.in_clusters(ids);
    }
    Ok(scope)
}

/// The session of a screen: about the clusters alone that the flags name, by what the kubeconfig says of them.
pub fn on_screen(session: Shared, flags: &ScopeArgs, notices: &mut Vec<String>) -> Result<Shared, String> {
    if !flags.namespace.is_empty() || flags.selector.is_some() {
        return Err("-n and -l are for commands; on the screen type :ns NAME, or / to filter".to_owned());
    }
    // What cannot be read, or finds nothing, is said before the screen opens.
    let scope = of(flags, &session.infos)?;
    if scope.is_all() {
        return Ok(session);
    }
    let named = matcher(&flags.context)?;
    let (any_context, alone) = (flags.context.is_empty(), flags.clone());
    let only = session.only(Only {
        context: Arc::new(move |name| any_context || named(name)),
        cluster: Arc::new(move |info| {
            let scope = of(&alone, std::slice::from_ref(info));
            scope.is_ok_and(|scope| scope.touches(info.at()))
        }),
    });
    if only.infos.is_empty() {
        return Err("no cluster matches these flags by what the kubeconfig says; `skyfleet contexts` lists what there is".to_owned());
    }
    let all = session.infos.len();
    notices.push(format!("{} of {all} clusters, by the flags: the others are left out", only.infos.len()));
    Ok(Arc::new(only))
}

/// Whether a value is one of those a flag names.
pub fn matcher(given: &[String]) -> Result<impl Fn(&str) -> bool + use<>, String> {
    let mut known = Vec::with_capacity(given.len());
    for glob in given {
        let built = GlobBuilder::new(glob).build().map_err(|e| format!("`{glob}`: {}", e.kind()))?;
        known.push((glob.clone(), built.compile_matcher()));
    }
    // A value that is no glob is compared as it is: contexts hold every sign.
    Ok(move |value: &str| known.iter().any(|(text, glob)| text == value || glob.is_match(value)))
}
