//! The Action table: everything a person can do is one row here. Key maps, help, the palette, the key line and read-only
//! mode are all derived from it; a verb that is not a row does not exist.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher};

/// Where an action means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// Everywhere.
    Global,
    /// In the tree.
    Tree,
    /// On a row of a table.
    Rows,
    /// In a text view.
    Text,
    /// In the log pane.
    Logs,
    /// In the deploy pane.
    Deploy,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct ActionInfo {
    /// The action.
    pub action: Action,
    /// Its name in key maps, `goto-logs`.
    pub name: &'static str,
    /// Two words for the key line.
    pub title: &'static str,
    /// A sentence for the help.
    pub help: &'static str,
    /// Where it means something.
    pub scope: Where,
    /// It leads to a write, an exec or a secret: gone in read-only mode.
    pub writes: bool,
}

macro_rules! actions {
    ($($action:ident $name:literal $title:literal $scope:ident $writes:literal $help:literal;)*) => {
        /// Something a person can do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each variant's words are in the table")]
        pub enum Action { $($action),* }

        /// Every action.
        pub static ACTIONS: &[ActionInfo] = &[$(ActionInfo {
            action: Action::$action, name: $name, title: $title, help: $help, scope: Where::$scope, writes: $writes,
        }),*];

        impl Action {
            /// Its row.
            pub const fn info(self) -> ActionInfo {
                match self {
                    $(Self::$action => ActionInfo {
                        action: Self::$action, name: $name, title: $title, help: $help, scope: Where::$scope, writes: $writes,
                    }),*
                }
            }
        }
    };
}

actions! {
    Quit "quit" "quit" Global false "Leave skyfleet.";
    Command "command" "command" Global false "Type a command: a kind (`:deploy`), a pane (`:logs`), `:ns NAME`, `:q`.";
    Filter "filter" "filter" Global false "Show only rows that hold these words; `!` leaves them out; `restarts>5` and `-f` are said below.";
    Palette "palette" "palette" Global false "Everything there is to do or to go to, found by a few letters.";
    Help "help" "help" Global false "All keys of the place you are in.";
    Open "open" "open" Global false "In the tree: make this the scope. On a row: look closer, or go where the row points.";
    Back "back" "back" Global false "One step back: close, clear, out of what Enter led into, or to the tree.";
    NextPane "next-pane" "pane" Global false "The next pane.";
    PrevPane "prev-pane" "previous pane" Global false "The pane before.";
    GotoOverview "goto-overview" "overview" Global false "Overview: clusters, worst first.";
    GotoResources "goto-resources" "resources" Global false "Resources of the scope.";
    GotoProblems "goto-problems" "problems" Global false "What is broken, by cause.";
    GotoDeploy "goto-deploy" "deploy" Global false "Apply manifests to the scope.";
    GotoScale "goto-scale" "scale" Global false "Scale workloads of the scope.";
    GotoLogs "goto-logs" "logs" Global false "Logs of the scope, merged by time.";
    GotoCosts "goto-costs" "costs" Global false "What the scope costs.";
    Up "up" "up" Global false "One row up.";
    Down "down" "down" Global false "One row down.";
    Left "left" "left" Global false "Close the tree row, or go to the tree; scroll left.";
    Right "right" "right" Global false "Open the tree row, or go to the first below it; scroll right.";
    PageUp "page-up" "page up" Global false "One page up.";
    PageDown "page-down" "page down" Global false "One page down.";
    HalfPageUp "half-page-up" "half page up" Global false "Half a page up.";
    HalfPageDown "half-page-down" "half page down" Global false "Half a page down.";
    Top "top" "top" Global false "The first row.";
    Bottom "bottom" "bottom" Global false "The last row.";
    FocusTree "focus-tree" "tree" Global false "To the tree.";
    FocusPane "focus-pane" "pane" Global false "To the pane.";
    Toggle "toggle" "fold" Tree false "Open or close: a row of the tree, a problem, columns of clusters that are treated alike.";
    Expand "expand" "unfold" Tree false "Open the tree row.";
    Collapse "collapse" "fold" Tree false "Close the tree row, or go to its parent.";
    Connect "connect" "connect" Global false "Connect a cluster now: one that is idle, unreachable, or waits for a sign-in.";
    Identity "identity" "identity" Global false "Choose by which of its contexts a cluster is entered.";
    Mark "mark" "mark" Global false "Mark or unmark the row; marks together are the scope, or the targets.";
    MarkRange "mark-range" "mark range" Rows false "Mark the rows from the last marked to this one.";
    ClearMarks "clear-marks" "clear marks" Global false "Unmark everything.";
    Describe "describe" "describe" Rows false "Describe the object, with its events.";
    Yaml "yaml" "yaml" Rows false "The object as YAML; secret values are masked.";
    UsedBy "used-by" "used by" Rows false "Which workloads and pods refer to a config map, secret, claim or service account.";
    Decode "decode" "decode" Text true "In the YAML of a secret: its values in plain text; again: masked.";
    Logs "logs" "logs" Rows false "Logs of the row or of the marked rows.";
    PreviousLogs "previous-logs" "previous logs" Rows false "Logs of the run before the last restart.";
    ShowNode "show-node" "node" Rows false "From a pod to the node it is on.";
    ShowOwner "show-owner" "owner" Rows false "From a pod to the workload it belongs to.";
    Scale "scale" "scale" Rows true "Scale the workload or the marked workloads.";
    Restart "restart" "restart" Rows true "Restart the workload's pods, a few at a time; on a pod, those of its workload.";
    Delete "delete" "delete" Rows true "Delete the object; asks first.";
    Kill "kill" "kill" Rows true "Delete the pod; asks first.";
    Copy "copy" "copy" Global false "Copy the row's name, or the text, to the clipboard (OSC 52).";
    Save "save" "save" Global false "Save the table, text or log to a file.";
    Wide "wide" "wide" Rows false "Wide: more columns; left and right scroll what there is no room for.";
    FaultsOnly "faults-only" "faults" Rows false "Only rows that are not well.";
    AllNamespaces "all-namespaces" "all namespaces" Global false "All namespaces of the scope again.";
    Favourite1 "favourite-1" "namespace 1" Global false "Only the first of your namespaces: `favourites` in config.yaml, then those gone to by `:ns`.";
    Favourite2 "favourite-2" "namespace 2" Global false "Only the second.";
    Favourite3 "favourite-3" "namespace 3" Global false "Only the third.";
    Favourite4 "favourite-4" "namespace 4" Global false "Only the fourth.";
    Favourite5 "favourite-5" "namespace 5" Global false "Only the fifth.";
    Favourite6 "favourite-6" "namespace 6" Global false "Only the sixth.";
    Favourite7 "favourite-7" "namespace 7" Global false "Only the seventh.";
    Favourite8 "favourite-8" "namespace 8" Global false "Only the eighth.";
    Favourite9 "favourite-9" "namespace 9" Global false "Only the ninth.";
    Aliases "aliases" "aliases" Global false "Every word that stands for a kind or for a command line.";
    SortName "sort-name" "sort by name" Rows false "Sort by name; again: the other way.";
    SortAge "sort-age" "sort by age" Rows false "Sort by age; again: the other way.";
    SortStatus "sort-status" "sort by status" Rows false "Sort by health, worst first; again: the other way.";
    SortNamespace "sort-namespace" "sort by namespace" Rows false "Sort by namespace; again: the other way.";
    SortColumn "sort-column" "sort by column" Rows false "Sort by the column that was chosen; again: the other way.";
    ChooseNext "choose-next" "next column" Rows false "Choose the next column to sort by.";
    ChoosePrev "choose-prev" "previous column" Rows false "Choose the column before to sort by.";
    HistoryBack "history-back" "back in history" Global false "The place before.";
    HistoryLast "history-last" "last place" Global false "The place before; again: back to this one.";
    HistoryForward "history-forward" "forward" Global false "The place after.";
    Refresh "refresh" "again" Global false "Draw everything again; in the deploy pane: plan anew.";
    LogAutoscroll "log-autoscroll" "autoscroll" Logs false "Follow the newest line, or stay.";
    LogWrap "log-wrap" "wrap" Logs false "Wrap long lines.";
    LogTime "log-time" "time" Logs false "Show times or not.";
    LogMark "log-mark" "mark" Logs false "Put a mark into the log.";
    LogPause "log-pause" "pause" Logs false "Hold the view; lines go on coming in and are counted.";
    LogNextMatch "log-next-match" "next match" Logs false "The next line that matches.";
    LogPrevMatch "log-prev-match" "previous match" Logs false "The line before that matches.";
    LogNextError "log-next-error" "next error" Logs false "The next error.";
    LogPrevError "log-prev-error" "previous error" Logs false "The error before.";
    LogNextWarning "log-next-warning" "next warning" Logs false "The next warning.";
    LogPrevWarning "log-prev-warning" "previous warning" Logs false "The warning before.";
    SinceTail "since-tail" "tail" Logs false "The newest lines.";
    SinceHead "since-head" "head" Logs false "From the beginning.";
    Since1m "since-1m" "last 1 min" Logs false "The last minute.";
    Since5m "since-5m" "last 5 min" Logs false "The last five minutes.";
    Since15m "since-15m" "last 15 min" Logs false "The last quarter of an hour.";
    Since30m "since-30m" "last 30 min" Logs false "The last half hour.";
    Since1h "since-1h" "last hour" Logs false "The last hour.";
    Run "run" "run" Deploy true "Run the plan that is shown; asks first.";
    ForceConflicts "force-conflicts" "take over" Deploy false "Plan anew, taking fields over from the controllers that own them.";
    Abort "abort" "stop" Deploy false "Stop the run after the step it is at.";
    Plan "plan" "plan" Deploy false "Choose manifests and plan them.";
    Runs "runs" "runs before" Deploy false "What was run before, and what came of it.";
    CloudIdentity "cloud-identity" "who am I" Global false "In the clouds list: ask AWS who the profile is.";
    Pivot "pivot" "group by" Global false "The tree by cloud, app, environment, health or group, or the clusters alone; costs by cloud, cluster, namespace or workload.";
    Demo "demo" "demo" Global false "From the welcome screen: open the demo, a simulated fleet.";
    Suspend "suspend" "suspend" Global false "Put skyfleet into the background; `fg` brings it back.";
}

impl Action {
    /// The action of that name.
    pub fn parse(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|a| a.name == name).map(|a| a.action)
    }

    /// The name that resembles it most, if one does.
    pub fn near(name: &str) -> Option<&'static str> {
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::parse(name, CaseMatching::Ignore, Normalization::Smart);
        let found = pattern.match_list(ACTIONS.iter().map(|a| a.name), &mut matcher);
        found.into_iter().next().map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_stand_for_one_action() {
        let mut names: Vec<_> = ACTIONS.iter().map(|a| a.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ACTIONS.len());
        for a in ACTIONS {
            assert_eq!(Action::parse(a.name), Some(a.action));
            assert!(a.help.ends_with('.'), "{}", a.name);
        }
    }
}
