//! What can be typed behind `skyfleet sim`.

use std::path::PathBuf;

use clap::Subcommand;

/// Of `sim`.
#[derive(Clone, Debug, Subcommand)]
pub enum SimCommand {
    /// Serve it on 127.0.0.1 over TLS, one port a cluster, until Ctrl-C: for kubectl, or for skyfleet over real connections
    Serve(ServeArgs),
}

/// Of `sim serve`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  skyfleet sim serve --kubeconfig-out /tmp/sim.yaml\n  KUBECONFIG=/tmp/sim.yaml kubectl get pods -A\n  skyfleet sim serve --clusters 200 --pods 100000 --changes 500 --kubeconfig-out /tmp/sim.yaml   500 pods in each\n  skyfleet sim serve --fault 'latency=300+200:*eu-west*' --fault 429=0.2:kind-gamma --kubeconfig-out /tmp/sim.yaml\n  skyfleet sim serve --user vera:viewers --kubeconfig-out /tmp/sim.yaml   then kubectl --user vera"
)]
pub struct ServeArgs {
    /// Where its kubeconfig is written, readable by you alone: one context a cluster, with a token made for this run
    #[arg(long, value_name = "FILE")]
    pub kubeconfig_out: PathBuf,
    /// So many changes of pod statuses a second, spread over the fleet
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub changes: u32,
    /// Nothing changes by itself: cron jobs and autoscalers wait
    #[arg(long, conflicts_with = "changes")]
    pub still: bool,
    /// A fault of the clusters whose context matches; repeatable, of several for one cluster the last counts
    #[arg(long, value_name = "KIND[=VALUE]:CONTEXT-GLOB", long_help = ServeArgs::FAULTS)]
    pub fault: Vec<String>,
    /// A further user in the kubeconfig, in these groups; repeatable. The fleet knows the groups viewers and developers
    #[arg(long, value_name = "NAME[:GROUP...]")]
    pub user: Vec<String>,
}

impl ServeArgs {
    const FAULTS: &str = "A fault of the clusters whose context matches; repeatable, of several for one cluster the last counts:\nlatency[=MS[+JITTER]]  every answer waits\nloss[=SHARE]           pieces come late, as lost ones do\n401, 403               every request is refused\n429[=SHARE], 5xx[=SHARE]  a share of the requests is refused; 500 to 599 name one answer\n410[=SECONDS]          the history is compacted, again and again\ndrop-watches[=SECONDS] running watches are cut, again and again\ngoaway[=SHARE]         connections are told to end: all at once, then with each request by this chance\ncut[=LEAST-MOST]       each connection breaks after so many bytes\nfreeze, refuse         nothing is answered; nobody listens";
}
