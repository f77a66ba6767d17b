//! Globs on the tree's path, as people write them into flags and settings.

use globset::{GlobBuilder, GlobMatcher};

use crate::domain::place::{Place, Provider};

/// A glob on the tree's path: `aws/*/eu-*/prod-*`, `**/payments`, or with further parts for namespace and workload.
#[derive(Clone, Debug)]
pub struct PathGlob {
    pub(super) cluster: GlobMatcher,
    /// Parts after the cluster: namespace, workload; only from globs of five parts and more.
    pub(super) namespace: Option<GlobMatcher>,
    pub(super) workload: Option<GlobMatcher>,
}

/// A scope that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "scope `{text}` is no path glob: {why}; write it as cloud/account/region/cluster[/namespace[/workload]], e.g. 'aws/*/eu-*/prod-*' or '**/payments'"
)]
pub struct ScopeError {
    text: String,
    why: String,
}

fn glob(text: &str) -> Result<GlobMatcher, String> {
    GlobBuilder::new(text)
        .literal_separator(true)
        .case_insensitive(false)
        .backslash_escape(true)
        .build()
        .map(|g| g.compile_matcher())
        .map_err(|e| e.kind().to_string())
}

impl PathGlob {
    /// Reads a glob. `**` stands for any number of levels above the cluster.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let fail = |why: String| ScopeError { text: text.to_owned(), why };
        let trimmed = text.trim().trim_matches('/');
        if trimmed.is_empty() {
            return Err(fail("it is empty".to_owned()));
        }
        let parts: Vec<&str> = trimmed.split('/').collect();
        let deep = parts.contains(&"**");
        let (cluster, rest): (String, &[&str]) = if deep {
            // `**/name`: everything up to the part after the last `**` is the cluster's path.
            let at = parts.iter().rposition(|p| *p == "**").unwrap_or(0);
            let end = (at + 2).min(parts.len());
            (parts.get(..end).unwrap_or(&parts).join("/"), parts.get(end..).unwrap_or(&[]))
        } else {
            let end = parts.len().min(4);
            let mut path = parts.get(..end).unwrap_or(&parts).join("/");
            for _ in end..4 {
                path.push_str("/*");
            }
            (path, parts.get(end..).unwrap_or(&[]))
        };
        let part = |i: usize| rest.get(i).map(|p| glob(p)).transpose();
        if rest.len() > 2 {
            return Err(fail(
                "it has more parts than cloud/account/region/cluster/namespace/workload".to_owned(),
            ));
        }
        Ok(Self {
            cluster: glob(&cluster).map_err(&fail)?,
            namespace: part(0).map_err(&fail)?,
            workload: part(1).map_err(&fail)?,
        })
    }

    /// Whether it could find this place when what nobody knows of it by now comes out.
    pub fn may_find(text: &str, place: &Place) -> bool {
        let levels = [&place.account, &place.region, &place.cluster];
        let known = std::iter::once((place.provider != Provider::Unknown, place.provider.tree_word()))
            .chain(levels.map(|level| (!level.is_empty(), level.as_str())));
        let fits = |part: &str, level: &str| glob(part).is_ok_and(|glob| glob.is_match(level));
        for (part, (known, level)) in text.trim_matches('/').split('/').zip(known) {
            if part == "**" {
                // Alone in front it says nothing of what may come out.
                return !text.starts_with("**");
            }
            if known && !fits(part, level) {
                return false;
            }
        }
        true
    }

    /// What somebody means who writes a path as this place's is shown, without the levels that nobody knows; none where
    /// the glob is no such path.
    pub fn meant(text: &str, place: &Place) -> Option<String> {
        let mut given = text.trim_matches('/').split('/');
        let shown = place.shown_path();
        let levels = text.trim_matches('/').split('/').count();
        let fits = levels < 4 && !text.contains("**") && glob(text.trim_matches('/')).ok()?.is_match(&shown);
        if !fits || shown.split('/').count() != levels || levels < 2 {
            return None;
        }
        let mut out = given.next()?.to_owned();
        for level in [&place.account, &place.region, &place.cluster] {
            out.push('/');
            out.push_str(if level.is_empty() { "*" } else { given.next()? });
        }
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::ClusterId;
    use crate::domain::scope::{ClusterAt, Scope};

    /// A path is shown without the levels that nobody knows. Written so it means others; what was meant is said.
    #[test]
    fn a_path_as_it_is_shown() {
        let unknown = Place { cluster: "local-1".into(), ..Place::default() };
        let part = Place { provider: Provider::Gcp, region: "europe-west1".into(), ..unknown.clone() };
        for (text, of_unknown, of_part) in [
            ("on-prem/local*", Some("on-prem/*/*/local*"), None),
            ("gcp/europe-west1/local-1", None, Some("gcp/*/europe-west1/local-1")),
            ("gcp/*/local-1", None, Some("gcp/*/*/local-1")),
            ("on-prem/*/*/local*", None, None),
            ("**/local-1", None, None),
            ("on-prem", None, None),
            ("aws/local-1", None, None),
        ] {
            let meant = [&unknown, &part].map(|place| PathGlob::meant(text, place));
            assert_eq!((meant[0].as_deref(), meant[1].as_deref()), (of_unknown, of_part), "{text}");
            for (place, meant) in [(&unknown, &meant[0]), (&part, &meant[1])] {
                let at = ClusterAt::new(ClusterId(3), place, "a-context");
                let touches = |text: &str| Scope::globs([PathGlob::parse(text).unwrap()]).touches(at);
                assert!(meant.as_ref().is_none_or(|meant| touches(meant) && !touches(text)), "{text}");
            }
        }
    }

    #[test]
    fn what_may_come_out() {
        let part = Place { provider: Provider::Azure, cluster: "aks-weu".into(), ..Place::default() };
        let nothing = Place { cluster: "local-1".into(), ..Place::default() };
        for (text, of_part, of_nothing) in [
            ("azure/*/westeurope/aks-weu", true, false),
            ("azure/*/westeurope/aks-*", true, false),
            ("azure/0000/**", true, true),
            ("aws/*/*/local-1", false, true),
            ("aws", false, true),
            ("azure/*/*/aks-neu", false, false),
        ] {
            let may = [&part, &nothing].map(|place| PathGlob::may_find(text, place));
            assert_eq!(may, [of_part, of_nothing], "{text}");
        }
    }
}
