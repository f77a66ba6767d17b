//! Rows of what makes pods.
//! Called by `print`.

use serde_json::{Value, json};

use super::Printer;
use super::cells::{NONE, age, ago, containers, int, labels, name, or, selector, since};
use crate::sim::clock::{self, Millis};
use crate::sim::json as j;

/// Name, numbers, age; then containers, images and the selector in wide tables.
fn wide(mut cells: Vec<Value>, spec: &Value, chosen: Option<&Value>) -> Vec<Value> {
    cells.extend(containers(spec));
    cells.extend(chosen.map(|s| json!(selector(s))));
    cells
}

pub(super) const DEPLOYMENT: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Ready", "string", 0),
        ("Up-to-date", "string", 0),
        ("Available", "string", 0),
        ("Age", "string", 0),
        ("Containers", "string", 1),
        ("Images", "string", 1),
        ("Selector", "string", 1),
    ],
    cells: |v, now| {
        let cells = vec![
            name(v),
            json!(ready(v)),
            int(v, "status.updatedReplicas"),
            int(v, "status.availableReplicas"),
            age(v, now),
        ];
        wide(cells, j::at(v, "spec.template.spec"), Some(j::at(v, "spec.selector")))
    },
};

fn ready(v: &Value) -> String {
    let wanted = j::int(v, "spec.replicas").unwrap_or(0);
    format!("{}/{wanted}", j::int(v, "status.readyReplicas").unwrap_or(0))
}

pub(super) const REPLICA_SET: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Desired", "integer", 0),
        ("Current", "integer", 0),
        ("Ready", "integer", 0),
        ("Age", "string", 0),
        ("Containers", "string", 1),
        ("Images", "string", 1),
        ("Selector", "string", 1),
    ],
    cells: |v, now| {
        let cells = vec![
            name(v),
            int(v, "spec.replicas"),
            int(v, "status.replicas"),
            int(v, "status.readyReplicas"),
            age(v, now),
        ];
        wide(cells, j::at(v, "spec.template.spec"), Some(j::at(v, "spec.selector")))
    },
};

pub(super) const STATEFUL_SET: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Ready", "string", 0),
        ("Age", "string", 0),
        ("Containers", "string", 1),
        ("Images", "string", 1),
    ],
    cells: |v, now| wide(vec![name(v), json!(ready(v)), age(v, now)], j::at(v, "spec.template.spec"), None),
};

pub(super) const DAEMON_SET: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Desired", "integer", 0),
        ("Current", "integer", 0),
        ("Ready", "integer", 0),
        ("Up-to-date", "integer", 0),
        ("Available", "integer", 0),
        ("Node Selector", "string", 0),
        ("Age", "string", 0),
        ("Containers", "string", 1),
        ("Images", "string", 1),
        ("Selector", "string", 1),
    ],
    cells: |v, now| {
        let mut cells = vec![name(v)];
        let counts = [
            "desiredNumberScheduled",
            "currentNumberScheduled",
            "numberReady",
            "updatedNumberScheduled",
            "numberAvailable",
        ];
        cells.extend(counts.map(|field| int(v, &format!("status.{field}"))));
        cells.push(json!(labels(j::at(v, "spec.template.spec.nodeSelector"))));
        cells.push(age(v, now));
        wide(cells, j::at(v, "spec.template.spec"), Some(j::at(v, "spec.selector")))
    },
};

pub(super) const JOB: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Status", "string", 0),
        ("Completions", "string", 0),
        ("Duration", "string", 0),
        ("Age", "string", 0),
        ("Containers", "string", 1),
        ("Images", "string", 1),
        ("Selector", "string", 1),
    ],
    cells: job,
};

fn job(v: &Value, now: Millis) -> Vec<Value> {
    let done = j::int(v, "status.succeeded").unwrap_or(0);
    let completions = match (j::int(v, "spec.completions"), j::int(v, "spec.parallelism").unwrap_or(0)) {
        (Some(wanted), _) => format!("{done}/{wanted}"),
        (None, many) if many > 1 => format!("{done}/1 of {many}"),
        _ => format!("{done}/1"),
    };
    let begun = clock::parse(j::text(v, "status.startTime"));
    let ended = clock::parse(j::text(v, "status.completionTime")).unwrap_or(now);
    let has = |kind: &str| {
        j::find(j::list(v, "status.conditions"), "type", kind).is_some_and(|c| j::text(c, "status") == "True")
    };
    let status = if has("Complete") {
        "Complete"
    } else if has("Failed") {
        "Failed"
    } else if !j::at(v, "metadata.deletionTimestamp").is_null() {
        "Terminating"
    } else if has("Suspended") {
        "Suspended"
    } else if has("FailureTarget") {
        "FailureTarget"
    } else if has("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    };
    let duration = begun.map_or_else(String::new, |begun| since(begun, ended));
    let cells = vec![name(v), json!(status), json!(completions), json!(duration), age(v, now)];
    wide(cells, j::at(v, "spec.template.spec"), Some(j::at(v, "spec.selector")))
}

pub(super) const CRON_JOB: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Schedule", "string", 0),
        ("Timezone", "string", 0),
        ("Suspend", "boolean", 0),
        ("Active", "integer", 0),
        ("Last Schedule", "string", 0),
        ("Age", "string", 0),
        ("Containers", "string", 1),
        ("Images", "string", 1),
        ("Selector", "string", 1),
    ],
    cells: |v, now| {
        let last = match j::text(v, "status.lastScheduleTime") {
            "" => NONE.to_string(),
            _ => ago(v, "status.lastScheduleTime", now),
        };
        let suspended = match j::at(v, "spec.suspend") {
            Value::Bool(true) => "True",
            Value::Bool(false) => "False",
            _ => "<unset>",
        };
        let cells = vec![
            name(v),
            json!(j::text(v, "spec.schedule")),
            json!(or(j::text(v, "spec.timeZone"), NONE)),
            json!(suspended),
            json!(j::list(v, "status.active").len()),
            json!(last),
            age(v, now),
        ];
        let spec = j::at(v, "spec.jobTemplate.spec");
        let chosen = match j::at(spec, "selector") {
            Value::Null => &Value::Bool(false),
            chosen => chosen,
        };
        wide(cells, j::at(spec, "template.spec"), Some(chosen))
    },
};

pub(super) const REVISION: Printer = Printer {
    columns: &[
        ("Name", "string", 0),
        ("Controller", "string", 0),
        ("Revision", "string", 0),
        ("Age", "string", 0),
    ],
    cells: |v, now| {
        let owners = j::list(v, "metadata.ownerReferences");
        let controller = owners.iter().find(|o| j::at(o, "controller") == true).map_or_else(
            || NONE.to_string(),
            |o| {
                let group = j::text(o, "apiVersion").split_once('/').map_or("", |(group, _)| group);
                let kind = j::text(o, "kind").to_lowercase();
                let dot = if group.is_empty() { "" } else { "." };
                format!("{kind}{dot}{group}/{}", j::text(o, "name"))
            },
        );
        vec![name(v), json!(controller), int(v, "revision"), age(v, now)]
    },
};
