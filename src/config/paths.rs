//! Where settings and state live: the XDG folders, or those of `SKYFLEET_CONFIG_DIR` and `SKYFLEET_STATE_DIR`.

use std::path::PathBuf;

use directories::{BaseDirs, ProjectDirs};

/// The folders of this person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// `config.yaml`, `themes/`, `keymaps/`.
    pub config: Option<PathBuf>,
    /// Journals, the audit log, the program's log.
    pub state: Option<PathBuf>,
    /// The person's home.
    pub home: Option<PathBuf>,
}

impl Paths {
    /// By the environment; `get` reads a variable.
    pub fn of(get: impl Fn(&str) -> Option<String>) -> Self {
        let own = |name: &str| get(name).filter(|v| !v.is_empty()).map(PathBuf::from);
        let project = ProjectDirs::from("", "", "skyfleet");
        Self {
            config: own("SKYFLEET_CONFIG_DIR")
                .or_else(|| project.as_ref().map(|p| p.config_dir().to_owned())),
            state: own("SKYFLEET_STATE_DIR").or_else(|| {
                let p = project.as_ref()?;
                Some(p.state_dir().unwrap_or_else(|| p.data_local_dir()).to_owned())
            }),
            home: BaseDirs::new().map(|b| b.home_dir().to_owned()),
        }
    }
}
