//! Who owns the fields of an object, as a server-side apply that is refused tells it.
//!
//! Never: managedFields themselves, which are not read. Called by `ops::deploy`.

use std::collections::BTreeSet;

/// The field managers that an apply conflicts with, out of the server's words: `conflict with "kubectl" using apps/v1:
/// .spec…`, `conflicts with "a" with subresource "scale" using …` (apimachinery, `NewConflict` of structured-merge).
pub fn conflicting(words: &str) -> BTreeSet<&str> {
    let mut out = BTreeSet::new();
    for (at, lead) in words.match_indices("conflict with \"").chain(words.match_indices("conflicts with \""))
    {
        let rest = words.get(at + lead.len()..).unwrap_or("");
        if let Some((name, _)) = rest.split_once('"') {
            out.insert(name);
        }
    }
    out
}

/// A manager that stands for a person at a keyboard: kubectl's verbs, another terminal, this program's own scale. What one
/// person set another may set anew; what a controller owns it will set again.
pub fn is_person(manager: &str) -> bool {
    manager == "kubectl"
        || manager.starts_with("kubectl-")
        || matches!(manager, "skyfleet" | "k9s" | "before-first-apply")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managers_out_of_the_servers_words() {
        let one = "Apply failed with 1 conflict: conflict with \"kubectl-client-side-apply\" using apps/v1: .spec.replicas";
        let two = "Apply failed with 2 conflicts: conflicts with \"argocd-controller\" using apps/v1:⏎- .spec.a⏎\
                   conflicts with \"skyfleet\" with subresource \"scale\" using apps/v1:⏎- .spec.replicas";
        let names = |words| conflicting(words).into_iter().collect::<Vec<_>>();
        assert_eq!(names(one), ["kubectl-client-side-apply"]);
        assert_eq!(names(two), ["argocd-controller", "skyfleet"]);
        assert!(names("the object has been modified").is_empty());
        assert!(is_person("kubectl-edit") && is_person("skyfleet") && !is_person("argocd-controller"));
    }
}
