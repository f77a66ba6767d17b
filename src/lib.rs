//! skyfleet: one terminal for every cluster in every cloud.
//!
//! # The layers, and who may use whom
//!
//! ```text
//!            main            wires: session, terminal or command line, simulation
//!           /    \
//!         ui      cli        the terminal; commands and their output. Never each other
//!           \    /
//!            ops   config    use cases without a terminal; settings
//!             |
//!           source    sim    network, kubeconfig, credentials; the simulated fleet (named by main and tests alone)
//!             |
//!           fleet            the model: one struct, one writer (the loop)
//!             |
//!           domain           pure words, rows and rules: functions of (state, input, now)
//! ```
//!
//! `tests/it/architecture.rs` keeps these arrows. ratatui and crossterm are named in `ui` only; kube, k8s-openapi and tower in
//! `source` and `sim`; clap in `cli/args.rs`; cloud SDKs in `source/clouds`.
//!
//! # The way of the data
//!
//! A supervisor per cluster (`source::supervise`) lists and watches, remembers which kinds are not current, turns each object
//! into a slim row (`source::slim`), merges changes and sends deltas
//! (`fleet::delta`) to the loop (`ui::run`). The loop applies them (`fleet::apply`), turns keys into actions (`ui::keymap`, `ui::action`), actions into changes of the view and effects (`ui::view`), and effects
//! into tasks (`ui::tasks`) that call `ops`. `ui::render` draws fleet and view, and changes neither. The command line is the same
//! with `ops::gather` in place of the loop.
//!
//! Architecture invariant: a cluster is reached through one seam, `source::connect::Dial`. A real and a simulated one differ there
//! and nowhere else, so demo and tests run the product's own code.
//!
//! # Where do I add …
//!
//! | what | where |
//! |---|---|
//! | a cloud | rules by host, plugin, names, nodes and version in `domain/cloud/x.rs` and its word in `domain/cloud/mod.rs`, a variant in `domain/place.rs`; local files in `source/clouds/x.rs` and one line in its `mod.rs` |
//! | what a credential plugin says when it cannot sign in | one row in `domain/sign_in/rules.rs` |
//! | a pane | `ui/pane/x.rs` and one line in `ui/pane/mod.rs` |
//! | an action | one row in `ui/action.rs`, a key in `keymaps/default.yaml` |
//! | a triage rule | one function in its family in `domain/triage/` |
//! | a field of typed filters | one row in `domain/filter/field.rs`, what it is worth in `fleet/field.rs` |
//! | a kind's columns | one function in its family in `domain/columns/` |
//! | a verb that writes | `ops/x.rs` making a `domain::plan::Plan`, its request in `ops/write.rs`; `ops/preflight.rs` asks the servers first, `ops/run/` runs it |
//! | what `describe` says of a kind | one file in `ops/look/` |
//! | a case for the engine that runs plans | `tests/runs/mod.rs`: played on the simulation and on real control planes |
//! | what a server does, so that the simulation does it too | a case in `tests/conformance/`: run on the simulation and on real control planes |
//! | a kubectl command beside itself on both | one row in `tests/real/beside/rows.rs` |
//! | a column of `kubectl get` on the simulation | its family in `sim/print/` |
//! | a fault of simulated connections | a variant of `sim::Fault` with its word in `Fault::parse`; `sim/weathered.rs` for streams, `sim/server/mod.rs` for answers |
//! | an answer of a real server to be replayed | `tests/it/recorded/` (its README says how to record) |
//! | a fuzz target | `fuzz/fuzz_targets/x.rs` and one `[[bin]]` in `fuzz/Cargo.toml`; `cargo +nightly fuzz run x` |
//! | a theme, a key map | one YAML file in `themes/` or `keymaps/`, one line in `ui/theme/mod.rs` or `ui/keymap.rs` |
//! | a fleet, an incident for the demo | one YAML file in `demo/` |
//! | a check of the doctor | `ops/doctor/x.rs` and one line in its `mod.rs` |
//! | a command | `cli/commands/x.rs` and one variant in `cli/args.rs` |
//! | what the palette offers | one list in `ui/view/palette.rs` |
//!
//! # Words
//!
//! scope: what is selected. cluster: a real API server; several contexts can lead to it. context: one kubeconfig entry. app: same
//! namespace, kind and name in several clusters. workload: what makes pods. plan, step, journal: a write before, while and after it
//! is done. finding: one broken thing; problem: findings with one cause.

pub mod cli;
pub mod config;
pub mod domain;
pub mod fleet;
pub mod ops;
pub mod sim;
pub mod source;
pub mod ui;
