//! The scope flags as a scope.

use globset::GlobBuilder;

use crate::domain::scope::{PathGlob, Scope, TreeNode};
use crate::domain::text::SafeText;
use crate::fleet::cluster::ClusterInfo;

use super::args::ScopeArgs;

/// Reads the scope flags. Different flags narrow each other; the same flag twice widens.
pub fn of(args: &ScopeArgs, infos: &[ClusterInfo]) -> Result<Scope, String> {
    let namespaces: Vec<SafeText> = args.namespace.iter().map(|n| SafeText::new(n)).collect();
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
    let mut nodes = Vec::new();
    let by_path = Scope::globs(globs);
    for info in infos.iter().filter(|i| by_path.touches(i.at())) {
        let mut all = true;
        for (given, value) in &flags {
            if given.is_empty() {
                continue;
            }
            let value = value(info);
            let mut any = false;
            for glob in *given {
                // A value that is no glob is compared as it is: contexts hold every sign.
                let matcher =
                    GlobBuilder::new(glob).build().map_err(|e| format!("`{glob}`: {}", e.kind()))?;
                any |= *glob == value || matcher.compile_matcher().is_match(&value);
            }
            all &= any;
        }
        if all {
            nodes.push(TreeNode::Cluster(info.id));
        }
    }
    if nodes.is_empty() {
        return Err("no cluster matches these flags; `skyfleet contexts` lists what there is".to_owned());
    }
    Ok(Scope::nodes(nodes).in_namespaces(namespaces))
}
