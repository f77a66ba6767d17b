//! What this process asks of the system it runs on. Called by `main`, before anything else.

/// Nobody else reads this process's memory, and no core of it is written: it holds credentials.
pub fn guard_memory() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// Each cluster holds a few files open: as many as are allowed at all may be.
pub fn raise_open_files() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum.or(Some(65_536));
        let _ = setrlimit(Resource::Nofile, limit);
    }
}
