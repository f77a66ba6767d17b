//! One pod in words.

use crate::domain::id::ClusterId;
use crate::domain::quantity::{show_bytes, show_cpu};
use crate::domain::text::SafeText;
use crate::domain::{age, pod};
use crate::ui::pane::Seen;

/// What a pod is and how it is, line by line.
pub(super) fn words(seen: Seen<'_>, id: ClusterId, ns: &SafeText, name: &SafeText) -> Vec<String> {
    let Some(p) = seen.fleet.cluster(id).and_then(|c| c.pod(ns, name)) else { return Vec::new() };
    let mut out = vec![
        format!("{} / {}", p.meta.namespace, p.meta.name),
        format!("status    {}   ready {}/{}   restarts {}", p.status, p.ready, p.total, p.restarts),
        format!("node      {}", if p.node.is_empty() { "not scheduled" } else { p.node.as_str() }),
        format!(
            "requests  {} CPU, {}",
            show_cpu(p.compute.requests.cpu_milli),
            show_bytes(p.compute.requests.mem_bytes)
        ),
    ];
    if !p.message.is_empty() {
        out.push(format!("why       {}", p.message));
    }
    out.push(String::new());
    for c in &p.containers {
        let state = match &c.state {
            pod::ContainerState::Running { since } => {
                since.map_or_else(|| "running".to_owned(), |t| format!("running {}", age::show(t, seen.now)))
            }
            pod::ContainerState::Waiting(w) => format!("waiting: {}", w.reason),
            pod::ContainerState::Terminated(t) => format!("ended: {} (exit {})", t.reason, t.exit_code),
            pod::ContainerState::Unknown => "no word yet".to_owned(),
        };
        out.push(format!("{}{}  {}  {state}", if c.init { "init " } else { "" }, c.name, c.image));
        if let Some(last) = &c.last {
            out.push(format!(
                "    last run: {} (exit {}), restarts {}",
                last.reason, last.exit_code, c.restarts
            ));
        }
    }
    out
}
