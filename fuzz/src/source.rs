//! The loader of kubeconfigs and what it needs, compiled with the same paths as in the package. What the clouds' tools keep
//! is not looked at: those files are others' to fuzz, and their reader brings a cloud's SDK.

#[path = "../../src/source/expiry.rs"]
pub mod expiry;
#[path = "../../src/source/kubeconfig/mod.rs"]
pub mod kubeconfig;
#[path = "../../src/source/proxy.rs"]
pub mod proxy;

/// Nothing is known of any cloud.
pub mod clouds {
    use std::path::PathBuf;

    use crate::domain::cloud::LocalFiles;

    /// Where the clouds' tools would keep their files.
    #[derive(Clone, Debug, Default)]
    pub struct Home {
        pub home: PathBuf,
        pub aws_config: Option<PathBuf>,
        pub aws_credentials: Option<PathBuf>,
        pub gcloud: Option<PathBuf>,
        pub azure: Option<PathBuf>,
    }

    /// Nothing.
    pub fn local_files(_: &Home) -> LocalFiles {
        LocalFiles::default()
    }
}
