//! Reading again: the same files with the same rules, and whether anything of them changed. Files are looked at every few
//! seconds (a rename over one, as editors and clouds' tools write, is seen; so is one that appears); a pipe is read once.
//!
//! Called by `main`, which makes one, and by `ops::reload`.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::contexts::{Loaded, load};
use super::in_cluster::{SERVICE_ACCOUNT, in_cluster};
use super::overrides::Override;
use crate::source::clouds::{Home, local_files};

/// Which files are read, and how.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// The kubeconfig files, in order.
    pub files: Vec<PathBuf>,
    /// Where the clouds' tools keep theirs.
    pub home: Home,
    /// What skyfleet's own settings say of single clusters.
    pub overrides: Vec<Override>,
    /// Where no file is there, the pod's own service account is looked for.
    pub in_pod: bool,
}

/// How a set of files looked: another one when anything was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamp(Vec<Option<(SystemTime, u64, u64)>>);

impl Reader {
    /// Whether it can be read again: what a pipe held is gone.
    pub fn is_lasting(&self) -> bool {
        self.files.iter().all(|f| f.metadata().map_or(true, |m| m.is_file()))
    }

    /// Reads everything.
    pub fn read(&self) -> Loaded {
        let mut loaded = load(&self.files, &local_files(&self.home));
        if self.in_pod && loaded.files.iter().all(|f| f.missing) {
            let account = Path::new(SERVICE_ACCOUNT);
            if let Some(pod) = in_cluster(|name| std::env::var(name).ok(), account) {
                loaded.contexts = pod.contexts;
            }
        }
        super::overrides::apply(&self.overrides, &mut loaded);
        loaded
    }

    /// How the kubeconfig files look now.
    pub fn stamp(&self) -> Stamp {
        Stamp(self.files.iter().map(|f| look(f)).collect())
    }

    /// How the places look where the clouds' tools keep who is signed in.
    pub fn sign_ins(&self) -> Stamp {
        let home = &self.home.home;
        let in_home = |parts: &[&str]| parts.iter().fold(home.clone(), |path, part| path.join(part));
        let gcloud = self.home.gcloud.clone().unwrap_or_else(|| in_home(&[".config", "gcloud"]));
        let azure = self.home.azure.clone().unwrap_or_else(|| in_home(&[".azure"]));
        let credentials =
            self.home.aws_credentials.clone().unwrap_or_else(|| in_home(&[".aws", "credentials"]));
        let config = self.home.aws_config.clone().unwrap_or_else(|| in_home(&[".aws", "config"]));
        let places = [
            in_home(&[".aws", "sso", "cache"]),
            credentials,
            config,
            gcloud.join("credentials.db"),
            gcloud.join("access_tokens.db"),
            gcloud.join("application_default_credentials.json"),
            azure.join("msal_token_cache.json"),
            azure.join("azureProfile.json"),
            in_home(&[".kube", "cache", "kubelogin"]),
            in_home(&[".tsh"]),
        ];
        // A file that is written in place leaves its folder as it is.
        let inside = [in_home(&[".aws", "sso", "cache"]), in_home(&[".kube", "cache", "oidc-login"])];
        let inside = inside.iter().filter_map(|dir| std::fs::read_dir(dir).ok()).flat_map(|files| {
            let mut files: Vec<PathBuf> = files.flatten().take(FILES_MOST).map(|f| f.path()).collect();
            files.sort();
            files
        });
        Stamp(places.iter().cloned().chain(inside).map(|p| look(&p)).collect())
    }
}

/// So many files of a cache are looked at.
const FILES_MOST: usize = 100;

fn look(path: &Path) -> Option<(SystemTime, u64, u64)> {
    let meta = std::fs::metadata(path).ok()?;
    if !meta.is_file() && !meta.is_dir() {
        return None;
    }
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&meta);
    #[cfg(not(unix))]
    let number = 0;
    Some((meta.modified().ok()?, meta.len(), number))
}
