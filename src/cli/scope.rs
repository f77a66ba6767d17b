//! The scope flags as a scope.

use globset::GlobBuilder;

use crate::domain::scope::{PathGlob, Scope};
use crate::domain::text::SafeText;
use crate::fleet::cluster::ClusterInfo;

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
    let flags: [(&[String], fn(&ClusterInfo) -> String); 6] = [
        (&args.cloud, |i| i.place.provider.tree_word().to_owned()),
        (&args.account, |i| i.place.account.to_string()),
        (&args.region, |i| i.place.region.to_string()),
        (&args.cluster, |i| i.name().to_string()),
        (&args.context, |i| i.context.to_string()),
        (&args.env, |i| i.environment.word().to_owned()),
    ];
    if flags.iter().all(|(given, _)| given.is_empty()) {
        return Ok(Scope::globs(globs).in_namespaces(namespaces));
    }
    let mut found = Vec::new();
    let by_path = Scope::globs(globs).in_namespaces(namespaces);
    for info in infos.iter().filter(|i| by_path.touches(i.at())) {
        let mut all = true;
        for (given, value) in &flags {
            if given.is_empty() {
                continue;
            }
            all &= matcher(given)?(&value(info));
        }
        if all {
            found.push(info.id);
        }
    }
    if found.is_empty() {
        return Err("no cluster matches these flags; `skyfleet contexts` lists what there is".to_owned());
    }
    // The globs stay: they may speak of namespaces and workloads too.
    Ok(by_path.in_clusters(found))
}

/// Whether a value is one of those a flag names.
pub fn matcher(given: &[String]) -> Result<impl Fn(&str) -> bool, String> {
    let mut known = Vec::with_capacity(given.len());
    for glob in given {
        let built = GlobBuilder::new(glob).build().map_err(|e| format!("`{glob}`: {}", e.kind()))?;
        known.push((glob.clone(), built.compile_matcher()));
    }
    // A value that is no glob is compared as it is: contexts hold every sign.
    Ok(move |value: &str| known.iter().any(|(text, glob)| text == value || glob.is_match(value)))
}
