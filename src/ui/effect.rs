//! Effects: what a pane or the view wants to happen. Some change the view, the others become tasks or touch the
//! terminal; `View` sorts them.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::id::{ClusterId, ObjectKey};
use crate::domain::logs::Entry;
use crate::domain::plan::Plan;
use crate::domain::scope::TreeNode;
use crate::domain::text::SafeText;
use crate::fleet::cluster::ClusterInfo;
use crate::ops::clouds::CloudProfile;
use crate::ops::deploy::{DeployOptions, DeployTo};
use crate::ops::journal::Past;
use crate::ops::logs::{LogOptions, LogTarget, SourceState};
use crate::ops::reload::Noticed;
use crate::ops::run::RunEvent;
use crate::ops::sign_in::Lasting;

use super::action::Action;
use super::lens::Lens;
use super::looks::Worn;
use super::pane::PaneId;
use super::rank::Ranking;
use super::widget::keys::At;

/// Something that should happen.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Show that pane.
    Show(PaneId),
    /// Make these nodes the scope.
    Scope(Vec<TreeNode>),
    /// Go further in, to what stands below a row; back leads out again.
    Drill(Drill),
    /// Do what this line behind `:` would.
    Command(String),
    /// Do what the key of this action would.
    Act(Action),
    /// Draw in the theme of that name from now on.
    Theme(String),
    /// Say something for a few seconds.
    Toast(Toast),
    /// Ask before a plan is run.
    Confirm(Box<Plan>),
    /// Ask for a line of text.
    Prompt(Prompt),
    /// Show the logs of these, the run before if `previous`.
    Logs {
        /// Whose.
        objects: Vec<ObjectKey>,
        /// The run before the last restart.
        previous: bool,
    },
    /// Open a text view of an object.
    Look(Look, ObjectKey),
    /// Open a text view of this.
    Text {
        /// What it is called where it is saved.
        name: String,
        /// Its title.
        title: String,
        /// The text.
        text: String,
        /// Its lines are wrapped at first.
        wrapped: bool,
    },
    /// Start a task.
    Job(Job),
    /// Try these clusters again now; one that waits for a person is given what it waits for.
    Retry(Vec<ClusterId>),
    /// Try these clusters again now, whatever they wait for.
    Dial(Vec<ClusterId>),
    /// Sign in to this cluster, with the terminal handed over.
    SignIn(ClusterId),
    /// Choose who acts for this cluster.
    Identities(ClusterId),
    /// From now on this context acts for that cluster.
    ActAs(ClusterId, SafeText),
    /// To the clipboard.
    Copy(String),
    /// Draw everything again.
    Redraw,
    /// Into the background.
    Suspend,
    /// Open the demo in place of this.
    Demo,
    /// Leave.
    Quit,
}

/// Where Enter on a row leads.
#[derive(Clone, Debug)]
pub struct Drill {
    /// The scope there.
    pub nodes: Vec<TreeNode>,
    /// What Resources shows there, when that is the pane; else it stays the one that it is.
    pub lens: Option<Lens>,
    /// The row the cursor goes to.
    pub cursor: Option<ObjectKey>,
}

/// Which text of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Everything, for people.
    Describe,
    /// As YAML.
    Yaml,
    /// Who uses it.
    UsedBy,
    /// As YAML, with the values of a secret in plain text.
    Decoded,
}

/// What a line is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Prompt {
    /// `:`.
    Command,
    /// `/`.
    Filter,
    /// A number of replicas for these.
    Scale(Vec<ObjectKey>),
    /// A file or folder of manifests.
    Manifest,
    /// A file to save into; what is saved.
    Save(String),
}

/// A task, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// What it does.
    pub words: String,
    /// Since when.
    pub began: Timestamp,
    /// When it was seen to have ended.
    pub ended: Option<Timestamp>,
}

/// A few words for a few seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toast {
    /// The words.
    pub words: String,
    /// It is about something that failed.
    pub error: bool,
}

impl Effect {
    /// Good news.
    pub fn say(words: impl Into<String>) -> Self {
        Self::Toast(Toast { words: words.into(), error: false })
    }

    /// Bad news.
    pub fn complain(words: impl Into<String>) -> Self {
        Self::Toast(Toast { words: words.into(), error: true })
    }
}

/// A task: runs beside the loop and says how it goes by [`Said`]. Those with a generation are answered with it, and
/// answers of an older generation are dropped.
#[derive(Clone, Debug)]
pub enum Job {
    /// Fetch a text.
    Look {
        /// Generation.
        generation: u64,
        /// Which.
        look: Look,
        /// Of what.
        object: ObjectKey,
        /// In which cluster, as it is known by now.
        info: Box<ClusterInfo>,
    },
    /// Follow logs; ends what was followed before.
    Logs {
        /// Generation.
        generation: u64,
        /// Of whom.
        targets: Vec<LogTarget>,
        /// How.
        options: LogOptions,
    },
    /// Follow these too.
    MoreLogs {
        /// Generation.
        generation: u64,
        /// Of whom; their sources are numbered on.
        targets: Vec<LogTarget>,
    },
    /// A person says that the cluster's credential plugin may run.
    Trust {
        /// Whose plugin.
        cluster: ClusterId,
        /// What the person was shown.
        shown: SafeText,
        /// For how long.
        lasting: Lasting,
    },
    /// Keep who acts for clusters.
    Remember(Vec<String>),
    /// Keeps a query for the next run, or forgets it.
    KeepQuery {
        /// Its name.
        name: String,
        /// Its command line.
        line: Option<String>,
    },
    /// End what is followed.
    StopLogs,
    /// Read manifests and plan them.
    PlanDeploy {
        /// Generation.
        generation: u64,
        /// Where they are.
        path: String,
        /// For these clusters.
        clusters: Vec<DeployTo>,
        /// How.
        options: DeployOptions,
    },
    /// Read the journals of runs before this.
    Past,
    /// Ask the servers about a plan that is shown.
    Preflight {
        /// The plan.
        plan: Box<Plan>,
    },
    /// Nobody waits for what was asked about a plan.
    EndPreflight,
    /// Run a confirmed plan.
    Execute {
        /// The plan.
        plan: Box<Plan>,
        /// What was typed.
        word: Option<String>,
    },
    /// Stop the plan that runs, after the step it is at.
    Abort,
    /// Look for rows that resemble what was typed; ends what was looked for before.
    Rank {
        /// Generation.
        generation: u64,
        /// Where, and for what.
        ranking: Arc<Ranking>,
    },
    /// Nobody waits for rows any more.
    EndRank,
    /// Read the clouds' local files.
    Clouds,
    /// Ask AWS who a profile is.
    Identify {
        /// Profile and region.
        profile: Box<CloudProfile>,
    },
    /// Write a text into a file of the working folder.
    Save {
        /// The file.
        path: String,
        /// The text.
        text: String,
    },
}

/// What a task says.
#[derive(Clone, Debug)]
pub enum Said {
    /// A text, or why not.
    Look {
        /// Generation.
        generation: u64,
        /// The text.
        text: Result<String, String>,
    },
    /// Log lines, in order.
    LogEntries {
        /// Generation.
        generation: u64,
        /// The lines and marks.
        entries: Vec<Entry>,
    },
    /// How a log stream stands.
    LogSource {
        /// Generation.
        generation: u64,
        /// Its number among the targets.
        source: u32,
        /// How.
        state: SourceState,
    },
    /// A deploy plan, or why not.
    DeployPlan {
        /// Generation.
        generation: u64,
        /// The plan.
        plan: Result<Box<Plan>, String>,
    },
    /// Runs before this, newest first.
    Past(Vec<Past>),
    /// A plan with what its servers say to it.
    Preflight {
        /// The plan.
        plan: Box<Plan>,
    },
    /// The rows that resemble what was typed, the best first.
    Ranked {
        /// Generation.
        generation: u64,
        /// Which.
        rows: Vec<At>,
    },
    /// How a running plan goes.
    Run(RunEvent),
    /// What the clouds' files hold.
    Clouds(Vec<CloudProfile>),
    /// Who a profile is.
    Identity {
        /// The profile.
        profile: String,
        /// The ARN, or why not.
        identity: Result<String, String>,
    },
    /// The kubeconfig, or who is signed in, is another.
    Noticed(Noticed),
    /// The theme or the key map is another.
    Worn(Box<Worn>),
    /// A person's yes to a credential plugin was kept, or why not.
    Trusted {
        /// Whose plugin.
        cluster: ClusterId,
        /// How it went.
        outcome: Result<(), String>,
    },
    /// A toast.
    Toast(Toast),
}
