//! Which kubeconfig files are read, and in which order. Never: reading one. Called by `main` and by whoever looks whether
//! they changed.

use std::path::{Path, PathBuf};

/// The files to read: those given, else `KUBECONFIG`'s, else `~/.kube/config`. Empty parts and repetitions are dropped, as
/// client-go does; relative paths are made absolute against `here`, so that what they name stays what it is.
pub fn paths(given: &[PathBuf], env: Option<&str>, home: Option<&Path>, here: &Path) -> Vec<PathBuf> {
    let mut out: Vec<PathBuf> = Vec::new();
    let mut add = |path: &Path| {
        let path = here.join(path);
        if !out.contains(&path) {
            out.push(path);
        }
    };
    if !given.is_empty() {
        for path in given {
            add(path);
        }
        return out;
    }
    let parts = std::env::split_paths(env.unwrap_or(""));
    for part in parts.filter(|part| !part.as_os_str().is_empty()) {
        add(&part);
    }
    if let (true, Some(home)) = (out.is_empty(), home) {
        out.push(home.join(".kube").join("config"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &[&str], env: Option<&str>) -> Vec<String> {
        let given: Vec<PathBuf> = given.iter().map(PathBuf::from).collect();
        let found = paths(&given, env, Some(Path::new("/home/a")), Path::new("/here"));
        found.iter().map(|p| p.display().to_string()).collect()
    }

    #[test]
    fn rule_1_what_is_given_is_read_alone() {
        assert_eq!(of(&["/x", "y"], Some("/z")), ["/x", "/here/y"]);
    }

    #[test]
    fn rule_2_the_variable_is_split_and_repetitions_go() {
        assert_eq!(of(&[], Some("/b:/a:/b")), ["/b", "/a"]);
        assert_eq!(of(&[], None), ["/home/a/.kube/config"]);
        assert_eq!(of(&[], Some("")), ["/home/a/.kube/config"]);
    }

    #[test]
    fn rule_3_empty_parts_are_ignored() {
        assert_eq!(of(&[], Some(":/a::")), ["/a"]);
        assert_eq!(of(&[], Some("::")), ["/home/a/.kube/config"], "nothing but colons names no file");
    }
}
