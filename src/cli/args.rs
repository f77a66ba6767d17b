//! What can be typed behind `skyfleet`: commands, flags, their help. The only place that names clap.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

mod derived;
mod sim;

pub use self::derived::printed;
pub use self::sim::{ServeArgs, SimCommand};

/// Parses the command line; `Err` holds what to print and whether it is an error (help and version are not).
pub fn parse(from: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Args, (String, bool)> {
    let mut args = Args::try_parse_from(from).map_err(|e| (e.render().to_string(), e.use_stderr()))?;
    if let Some(command) = &mut args.command {
        super::target::settle(command).map_err(|words| (words, true))?;
    }
    Ok(args)
}

/// One terminal for every cluster in every cloud.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "skyfleet",
    version,
    about = "One terminal for every cluster in every cloud.",
    long_about = "One terminal for every cluster in every cloud: reads kubeconfig files, shows all clusters as one live tree,\nand writes to many of them as a plan shown first. Without a command it opens the terminal.",
    after_help = "Examples:\n  skyfleet demo                                     try it: an embedded simulated fleet\n  skyfleet                                          the terminal over your kubeconfig\n  skyfleet problems -o json                         what is broken now, by cause\n  skyfleet get pods -s 'aws/*/eu-*/prod-*' -n shop  rows of many clusters in one table\n  skyfleet scale deploy/web -n shop --context prod-a --context prod-b --replicas 6\n\nExit codes: 0 ok, 1 failed, 2 usage, 3 some clusters failed, 4 nothing matched, 130 interrupted."
)]
pub struct Args {
    /// What to do; nothing opens the terminal.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What is selected.
    #[command(flatten)]
    pub scope: ScopeArgs,
    /// Whose session.
    #[command(flatten)]
    pub session: SessionArgs,
}

/// Which clusters and namespaces.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Scope")]
pub struct ScopeArgs {
    /// A glob on the tree's path cloud/account/region/cluster[/namespace[/workload]]; repeatable
    #[arg(short = 's', long = "scope", global = true, value_name = "GLOB")]
    pub scope: Vec<String>,
    /// Clusters of this cloud; repeatable
    #[arg(long, global = true, value_name = "GLOB")]
    pub cloud: Vec<String>,
    /// Clusters of this account, project or subscription; repeatable
    #[arg(long, global = true, value_name = "GLOB")]
    pub account: Vec<String>,
    /// Clusters in this region; repeatable
    #[arg(long, global = true, value_name = "GLOB")]
    pub region: Vec<String>,
    /// Clusters of this name; repeatable
    #[arg(long, global = true, value_name = "GLOB")]
    pub cluster: Vec<String>,
    /// Clusters reached by this context; repeatable
    #[arg(long, global = true, value_name = "GLOB")]
    pub context: Vec<String>,
    /// Clusters of this environment; repeatable
    #[arg(long, global = true, value_name = "ENV", value_parser = ["prod", "staging", "dev", "unknown"])]
    pub env: Vec<String>,
    /// One namespace; repeatable
    #[arg(short = 'n', long = "namespace", global = true, value_name = "NS")]
    pub namespace: Vec<String>,
    /// All namespaces (that is so without -n too)
    #[arg(short = 'A', long = "all-namespaces", global = true)]
    pub all_namespaces: bool,
    /// Only objects with these labels
    #[arg(short = 'l', long = "selector", global = true, value_name = "SELECTOR")]
    pub selector: Option<String>,
}

/// Whose kubeconfig, as whom, and how it looks.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Session")]
pub struct SessionArgs {
    /// Only these kubeconfig files, in this order; KUBECONFIG is ignored
    #[arg(long, global = true, value_name = "FILE")]
    pub kubeconfig: Vec<PathBuf>,
    /// Over the embedded simulated fleet
    #[arg(long, global = true)]
    pub demo: bool,
    /// Which simulated fleet: a name, or a YAML file
    #[arg(long, global = true, value_name = "NAME|FILE", default_value = "default")]
    pub fleet: String,
    /// A simulated fleet of that many clusters
    #[arg(long, global = true, value_name = "N")]
    pub clusters: Option<usize>,
    /// With that many pods in all, the same number in each cluster
    #[arg(long, global = true, value_name = "N")]
    pub pods: Option<usize>,
    /// The simulation's seed
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// An incident to play into the simulated fleet; repeatable
    #[arg(long, global = true, value_name = "NAME")]
    pub incident: Vec<String>,
    /// No writes at all
    #[arg(long, global = true)]
    pub readonly: bool,
    /// Act as this user
    #[arg(long = "as", global = true, value_name = "USER")]
    pub as_user: Option<String>,
    /// And as a member of this group; repeatable
    #[arg(long = "as-group", global = true, value_name = "GROUP", requires = "as_user")]
    pub as_group: Vec<String>,
    /// Enter a cluster that several contexts lead to by this one; repeatable
    #[arg(long, global = true, value_name = "CONTEXT")]
    pub identity: Vec<String>,
    /// Which credential plugins may run: all, those of trusted files and those you said yes to, none
    #[arg(long, global = true, value_name = "POLICY", value_parser = ["allow", "ask", "deny"])]
    pub exec_policy: Option<String>,
    /// When clusters are connected: those without a plugin at once, those that are seen, none by themselves
    #[arg(long, global = true, value_name = "WHEN", value_parser = ["auto", "visible", "manual"])]
    pub connect: Option<String>,
    /// A theme by name
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// A key map by name
    #[arg(long, global = true, value_name = "NAME")]
    pub keymap: Option<String>,
    /// Colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Draw with ASCII alone
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Where the program's own log goes
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// More in that log; twice: much more
    #[arg(short = 'v', long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Seconds to wait for slow clusters
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 15)]
    pub timeout: u64,
    /// Plans over more targets are refused
    #[arg(long, global = true, value_name = "N")]
    pub max_targets: Option<usize>,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// As the terminal and NO_COLOR say
    #[default]
    Auto,
    /// Even where they say none
    Always,
    /// None
    Never,
}

/// How answers look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Columns for people
    #[default]
    Table,
    /// More columns
    Wide,
    /// One JSON value
    Json,
    /// YAML
    Yaml,
    /// One JSON value a line
    Ndjson,
    /// Comma-separated values
    Csv,
    /// Names alone
    Name,
}

impl Output {
    /// One value for programs, in whichever of their forms.
    pub const fn is_for_programs(self) -> bool {
        matches!(self, Self::Json | Self::Yaml | Self::Ndjson)
    }
}

/// A command.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// The terminal over an embedded simulated fleet: no network, no configuration
    Demo,
    /// The tree: clouds, accounts, regions, clusters, namespaces, workloads
    Tree(TreeArgs),
    /// Objects of a kind over every cluster in scope
    Get(GetArgs),
    /// What happened, in the order of time
    Events(EventsArgs),
    /// One object for people, with its events, in every cluster that has it
    Describe(ObjectArgs),
    /// One object as YAML, in every cluster that has it
    Yaml(YamlArgs),
    /// What is broken now, by cause
    Problems(OutputArgs),
    /// What clusters cost, by list prices
    Costs(CostsArgs),
    /// Logs of many pods and clusters, merged by time
    Logs(LogsArgs),
    /// Apply manifests to every cluster in scope
    Deploy(DeployArgs),
    /// Change the number of replicas in every cluster in scope
    Scale(ScaleArgs),
    /// Restart a workload's pods, a few at a time
    Restart(TargetArgs),
    /// Delete objects
    Delete(TargetArgs),
    /// The contexts of the kubeconfig files, and what each is
    Contexts(OutputArgs),
    /// The cloud identities that local files speak of
    Clouds(CloudsArgs),
    /// What is wrong with files, contexts, plugins and clusters, and how to mend it
    Doctor(OutputArgs),
    /// A screen, drawn without a terminal
    Snapshot(SnapshotArgs),
    /// Completions for a shell
    Completions(CompletionsArgs),
    /// The manual, for man: `skyfleet man | man -l -`
    Man,
    /// The simulated fleet, for other programs
    #[command(subcommand)]
    Sim(SimCommand),
}

/// Of `completions`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  source <(skyfleet completions bash)\n  skyfleet completions fish > ~/.config/fish/completions/skyfleet.fish"
)]
pub struct CompletionsArgs {
    /// Which shell
    pub shell: clap_complete::Shell,
}

/// Of `events`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  skyfleet events --warnings -n shop                 of one namespace, over all clusters\n  skyfleet events -s 'aws/**/prod-*' -o ndjson       one JSON value a line"
)]
pub struct EventsArgs {
    /// Warnings alone
    #[arg(long)]
    pub warnings: bool,
    /// How it is printed
    #[command(flatten)]
    pub output: OutputArgs,
}

impl Command {
    /// Objects are asked for by name or kind, so that `-l` can choose among them.
    pub const fn takes_labels(&self) -> bool {
        matches!(
            self,
            Self::Get(_)
                | Self::Describe(_)
                | Self::Yaml(_)
                | Self::Logs(_)
                | Self::Scale(_)
                | Self::Restart(_)
                | Self::Delete(_)
        )
    }
}

/// The output alone.
#[derive(Clone, Debug, clap::Args)]
pub struct OutputArgs {
    /// How the answer looks
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Of `tree`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  skyfleet tree -L 6\n  skyfleet tree --by app -n checkout   where each of its workloads runs, with which image\n  skyfleet tree --by health"
)]
pub struct TreeArgs {
    /// How deep: 1 clouds … 4 clusters, 5 namespaces, 6 workloads, 7 pods; by app 1 namespaces, 2 workloads, 3 clusters, 4 pods
    #[arg(short = 'L', long, value_name = "LEVEL")]
    pub level: Option<u8>,
    /// By what it is grouped; group: by the groups of config.yaml
    #[arg(long, default_value = "cloud", value_parser = ["cloud", "app", "env", "health", "group", "cluster"])]
    pub by: String,
    /// How the answer looks
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Of `get`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  skyfleet get pods -n shop\n  skyfleet get deploy web -o json\n  skyfleet get nodes --cloud aws -o wide\n  skyfleet get pods -n shop -w"
)]
pub struct GetArgs {
    /// A kind by any of its names: po, pods, Deployment, deployments.apps, a CRD's
    pub kind: String,
    /// One name
    pub name: Option<String>,
    /// Then each that changes, until Ctrl-C
    #[arg(short, long)]
    pub watch: bool,
    /// How the answer looks
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// A kind and a name.
#[derive(Clone, Debug, clap::Args)]
pub struct ObjectArgs {
    /// The kind, or KIND/NAME
    pub kind: String,
    /// The name
    #[arg(default_value = "", hide_default_value = true)]
    pub name: String,
}

/// Of `yaml`.
#[derive(Clone, Debug, clap::Args)]
pub struct YamlArgs {
    /// What
    #[command(flatten)]
    pub object: ObjectArgs,
    /// Show the values of Secrets
    #[arg(long)]
    pub show_secrets: bool,
}

/// Of `costs`.
#[derive(Clone, Debug, clap::Args)]
pub struct CostsArgs {
    /// cloud, cluster, namespace or workload
    #[arg(long, default_value = "cluster", value_parser = ["cloud", "cluster", "namespace", "workload"])]
    pub by: String,
    /// How the answer looks
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Of `logs`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  skyfleet logs deploy/web -n shop -f\n  skyfleet logs web-7c9d8f6b5-2xkqz --previous\n  skyfleet logs -n shop --since 5m -o ndjson"
)]
pub struct LogsArgs {
    /// KIND/NAME or a pod's name; nothing: everything in scope
    pub target: Option<String>,
    /// Go on as lines are written
    #[arg(short, long)]
    pub follow: bool,
    /// The run before the last restart
    #[arg(short, long)]
    pub previous: bool,
    /// Only lines of the last 30s, 5m, 2h
    #[arg(long, value_name = "SPAN")]
    pub since: Option<String>,
    /// At most so many of each container's newest lines to begin with
    #[arg(long, value_name = "N")]
    pub tail: Option<u32>,
    /// Only containers whose name matches
    #[arg(short, long, value_name = "PATTERN")]
    pub container: Option<String>,
    /// Only lines that match
    #[arg(long, value_name = "PATTERN")]
    pub grep: Option<String>,
    /// table or ndjson
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Of every write.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Writing")]
pub struct WriteArgs {
    /// Show the plan and stop
    #[arg(long)]
    pub dry_run: bool,
    /// Go on without asking; never enough for a protected scope
    #[arg(short, long)]
    pub yes: bool,
    /// The word a protected scope asks for
    #[arg(long = "i-mean", value_name = "WORD")]
    pub i_mean: Option<String>,
    /// Do not wait until what was written is ready
    #[arg(long)]
    pub no_wait: bool,
    /// Seconds one step may take to get ready
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    pub deadline: u64,
}

/// Of `deploy`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  skyfleet deploy plan -f app.yaml -s 'aws/**'\n  skyfleet deploy run -f app.yaml --cluster staging-a --yes"
)]
pub struct DeployArgs {
    /// plan shows what each server says would change; run applies it, cluster after cluster
    #[arg(value_parser = ["plan", "run"])]
    pub what: String,
    /// A manifest file or folder; - reads standard input
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    pub file: String,
    /// Take fields over from the controllers that own them (from kubectl and skyfleet they are taken over anyway)
    #[arg(long)]
    pub force_conflicts: bool,
    /// Writing
    #[command(flatten)]
    pub write: WriteArgs,
    /// How the plan looks
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Of `scale`.
#[derive(Clone, Debug, clap::Args)]
pub struct ScaleArgs {
    /// KIND/NAME, or the kind
    pub target: String,
    /// The name
    #[arg(default_value = "", hide_default_value = true)]
    pub name: String,
    /// N, +N or -N
    #[arg(long, allow_hyphen_values = true)]
    pub replicas: String,
    /// Writing
    #[command(flatten)]
    pub write: WriteArgs,
    /// How the plan looks
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Of `restart` and `delete`.
#[derive(Clone, Debug, clap::Args)]
pub struct TargetArgs {
    /// KIND/NAME, or the kind
    pub target: String,
    /// The name
    #[arg(default_value = "", hide_default_value = true)]
    pub name: String,
    /// Writing
    #[command(flatten)]
    pub write: WriteArgs,
    /// How the plan looks
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Of `clouds`.
#[derive(Clone, Debug, clap::Args)]
pub struct CloudsArgs {
    /// Ask AWS who each of its profiles is (GetCallerIdentity)
    #[arg(long)]
    pub identify: bool,
    /// How the answer looks
    #[arg(short, long, value_enum, default_value_t)]
    pub output: Output,
}

/// Of `snapshot`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  skyfleet snapshot --demo --size 120x36 -o svg > overview.svg\n  skyfleet snapshot --demo --keys 'g p' --at 10s"
)]
pub struct SnapshotArgs {
    /// Columns x rows
    #[arg(long, default_value = "120x40", value_name = "WxH")]
    pub size: String,
    /// Keys to press first, parted by blanks
    #[arg(long, default_value = "", value_name = "KEYS")]
    pub keys: String,
    /// Simulated time to pass first
    #[arg(long, default_value = "0s", value_name = "SPAN")]
    pub at: String,
    /// text, ansi or svg
    #[arg(short, long, default_value = "text", value_parser = ["text", "ansi", "svg"])]
    pub output: String,
}

#[cfg(test)]
mod tests;
