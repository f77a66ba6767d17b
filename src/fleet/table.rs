//! Rows as cells: the columns of every kind, the same on screen and on the command line.
//!
//! CLUSTER stands before them and is added by who draws. Kinds without own rows take theirs from `domain::columns`.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::domain::columns::served::ServedColumn;
use crate::domain::health::Health;
use crate::domain::kind::Kind;
use crate::domain::node::NodeRow;
use crate::domain::object::{Meta, OtherRow};
use crate::domain::pod::PodRow;
use crate::domain::workload::{WorkloadRow, short_image};
use crate::domain::{age, columns, quantity};

use super::Fleet;
use super::cluster::Cluster;
use super::delta::{NamespaceRow, Row};

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its title, in capitals.
    pub title: Cow<'static, str>,
    /// Numbers stand at the right.
    pub right: bool,
    /// Only when wide columns are asked for.
    pub wide: bool,
    /// Which columns go first when there is no room: the highest. 0 never goes.
    pub rank: u8,
    /// Wider cells are cut.
    pub most: u16,
    /// It is cut to this before any other column goes.
    pub least: u16,
    /// Its cells are names: cut in the middle, for their ends tell them apart.
    pub names: bool,
}

impl Column {
    /// A column of text (left) or numbers (right).
    pub const fn new(title: &'static str, right: bool, rank: u8, most: u16) -> Self {
        column(title, right, false, rank, most)
    }

    /// A column of text that is shown only when wide.
    pub const fn when_wide(title: &'static str, rank: u8, most: u16) -> Self {
        column(title, false, true, rank, most)
    }

    /// A column of names.
    pub const fn names(title: &'static str, rank: u8, most: u16, least: u16) -> Self {
        Self { title: Cow::Borrowed(title), right: false, wide: false, rank, most, least, names: true }
    }

    /// Of a kind as its server prints it.
    fn served(column: &ServedColumn, rank: u8) -> Self {
        let title = Cow::Owned(column.title.to_string());
        Self { title, right: column.right, wide: column.wide, rank, most: 44, least: 16, names: false }
    }
}

const fn column(title: &'static str, right: bool, wide: bool, rank: u8, most: u16) -> Column {
    let least = if most < 24 { most } else { 24 };
    Column { title: Cow::Borrowed(title), right, wide, rank, most, least, names: false }
}

/// The cluster of a row, by its short name.
pub const CLUSTER: Column = Column::names("CLUSTER", 0, 22, 14);
// Two objects of one name are told apart by it, so it goes after all but what says how a row is.
const NAMESPACE: Column = Column::names("NAMESPACE", 1, 24, 9);
const NAME: Column = Column::names("NAME", 0, 60, 24);
/// How a row is: read by its beginning.
const STATUS: Column = Column {
    title: Cow::Borrowed("STATUS"),
    right: false,
    wide: false,
    rank: 0,
    most: 26,
    least: 16,
    names: false,
};
const AGE: Column = column("AGE", true, false, 4, 6);

/// A row of any kind, borrowed from its cluster.
#[derive(Clone, Copy, Debug)]
pub enum RowRef<'a> {
    /// A namespace.
    Namespace(&'a NamespaceRow),
    /// A node.
    Node(&'a NodeRow),
    /// A workload.
    Workload(&'a WorkloadRow),
    /// A pod.
    Pod(&'a PodRow),
    /// Any other kind.
    Other(&'a OtherRow),
}

/// The text of a cell, and a health where the cell speaks of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The text.
    pub text: String,
    /// How what it says is, when it says that.
    pub health: Option<Health>,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, health: None }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), health: None }
    }
}

fn of_health(text: impl Into<String>, health: Health) -> Cell {
    Cell { text: text.into(), health: Some(health) }
}

impl Fleet {
    /// The columns of any kind, without CLUSTER.
    pub fn columns(&self, kind: Kind) -> Vec<Column> {
        printed(kind, self.served_columns(kind))
    }
}

/// The columns of any kind, without CLUSTER: of one that is not built in those that servers print stand before AGE.
pub fn printed(kind: Kind, served: &[ServedColumn]) -> Vec<Column> {
    let mut out = columns(kind);
    if matches!(kind, Kind::Custom(_)) {
        let at = out.len().saturating_sub(1);
        out.splice(at..at, served.iter().zip(1u8..).map(|(c, n)| Column::served(c, n)));
    }
    out
}

/// The columns of a built-in kind, without CLUSTER.
pub fn columns(kind: Kind) -> Vec<Column> {
    match kind {
        Kind::Pod => vec![
            NAMESPACE,
            NAME,
            column("READY", true, false, 1, 7),
            STATUS,
            column("RESTARTS", true, false, 2, 12),
            column("CPU", true, false, 5, 6),
            column("MEM", true, false, 5, 7),
            column("MEM/L", true, false, 6, 6),
            AGE,
            column("IMAGE", false, false, 7, 44),
            column("NODE", false, true, 8, 44),
            column("IP", false, true, 9, 39),
            column("QOS", false, true, 10, 10),
        ],
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => vec![
            NAMESPACE,
            NAME,
            column("READY", true, false, 0, 9),
            STATUS,
            column("UP-TO-DATE", true, false, 4, 10),
            column("AVAILABLE", true, false, 5, 9),
            AGE,
            column("IMAGE", false, false, 3, 44),
            column("CPU/POD", true, true, 6, 7),
            column("MEM/POD", true, true, 6, 7),
            column("MANAGED BY", false, true, 7, 16),
        ],
        Kind::Job => vec![
            NAMESPACE,
            NAME,
            column("DONE", true, false, 0, 9),
            STATUS,
            AGE,
            column("IMAGE", false, false, 3, 44),
        ],
        Kind::CronJob => vec![
            NAMESPACE,
            NAME,
            column("SCHEDULE", false, false, 1, 20),
            column("SUSPENDED", false, false, 2, 9),
            column("ACTIVE", true, false, 2, 6),
            column("LAST RUN", true, false, 2, 8),
            AGE,
            column("IMAGE", false, false, 3, 44),
        ],
        Kind::Node => vec![
            NAME,
            column("STATUS", false, false, 0, 34),
            column("PODS", true, false, 2, 9),
            column("CPU", true, false, 2, 6),
            column("CPU%", true, false, 4, 5),
            column("MEM", true, false, 2, 7),
            column("MEM%", true, false, 4, 5),
            column("TYPE", false, false, 3, 24),
            column("ZONE", false, false, 5, 20),
            column("POOL", false, false, 6, 20),
            column("VERSION", false, false, 6, 24),
            AGE,
            column("ROLES", false, true, 8, 20),
            column("IP", false, true, 9, 39),
            column("TAINTS", false, true, 10, 60),
        ],
        Kind::Namespace => vec![
            NAME,
            column("STATUS", false, false, 0, 12),
            column("WORKLOADS", true, false, 2, 9),
            column("PODS", true, false, 1, 6),
            column("CPU REQ", true, false, 3, 7),
            column("MEM REQ", true, false, 3, 7),
            AGE,
        ],
        // What happened matters more than what the event is called.
        Kind::Event => {
            let least = |title: &str| match title {
                "MESSAGE" | "REASON" | "OBJECT" => 0,
                "SEEN" | "TYPE" => 2,
                _ => 6,
            };
            let own = columns::of(Kind::Event).iter();
            let own = own.map(|c| column(c.title, c.right, c.wide, least(c.title), 120));
            let name = Column { rank: 9, ..NAME };
            [Column { rank: 3, ..NAMESPACE }, name]
                .into_iter()
                .chain(own)
                .chain([Column { rank: 8, ..AGE }])
                .collect()
        }
        other => {
            let mut out = Vec::new();
            if other.info().namespaced {
                out.push(NAMESPACE);
            }
            out.push(NAME);
            let own = columns::of(other).iter().zip(1u8..);
            out.extend(own.map(|(c, n)| column(c.title, c.right, c.wide, n, 60)));
            out.push(AGE);
            out
        }
    }
}

/// The cells of a row, one for each of [`columns()`].
pub fn cells(cluster: &Cluster, row: RowRef<'_>, now: Timestamp) -> Vec<Cell> {
    match row {
        RowRef::Pod(p) => pod(cluster, p, now),
        RowRef::Workload(w) => workload(w, now),
        RowRef::Node(n) => node(cluster, n, now),
        RowRef::Namespace(n) => {
            let t = cluster.tally_in(&n.meta.name);
            let of_pods = |words: String| if t.is_part { Cell::from("–") } else { words.into() };
            let health = if n.phase == "Terminating" { Health::Progressing } else { Health::Ok };
            vec![
                n.meta.name.to_string().into(),
                of_health(n.phase.to_string(), health),
                t.workloads.to_string().into(),
                of_pods(t.pods.to_string()),
                of_pods(quantity::show_cpu(t.requests.cpu_milli)),
                of_pods(quantity::show_bytes(t.requests.mem_bytes)),
                show_age(&n.meta, now),
            ]
        }
        RowRef::Other(o) => {
            let mut out = Vec::new();
            if o.kind.info().namespaced {
                out.push(o.meta.namespace.to_string().into());
            }
            out.push(o.meta.name.to_string().into());
            out.extend(o.cells.iter().map(|c| Cell::from(c.to_string())));
            out.push(show_age(&o.meta, now));
            out
        }
    }
}

impl<'a> RowRef<'a> {
    /// Of an owned row.
    pub fn of(row: &'a Row) -> Self {
        match row {
            Row::Namespace(r) => Self::Namespace(r),
            Row::Node(r) => Self::Node(r),
            Row::Workload(r) => Self::Workload(r),
            Row::Pod(r) => Self::Pod(r),
            Row::Other(r) => Self::Other(r),
        }
    }
}

impl<'a> RowRef<'a> {
    /// Its metadata.
    pub fn meta(&self) -> &'a Meta {
        match self {
            Self::Namespace(r) => &r.meta,
            Self::Node(r) => &r.meta,
            Self::Workload(r) => &r.meta,
            Self::Pod(r) => &r.meta,
            Self::Other(r) => &r.meta,
        }
    }

    /// How it is.
    pub fn health(&self, now: Timestamp) -> Health {
        match self {
            Self::Namespace(_) => Health::Ok,
            Self::Node(r) => r.health(),
            Self::Workload(r) => r.health(),
            Self::Pod(r) => r.health(now),
            Self::Other(r) => r.health,
        }
    }

    /// What a deployment or pod of several clusters is compared by.
    pub fn image(&self) -> Option<String> {
        match self {
            Self::Workload(w) => w.images.first().map(|i| short_image(i).to_owned()),
            Self::Pod(p) => p.containers.iter().find(|c| !c.init).map(|c| short_image(&c.image).to_owned()),
            Self::Namespace(_) | Self::Node(_) | Self::Other(_) => None,
        }
    }
}

/// The texts of the same cells, each ended by a line break: what a filter looks through, of very many rows.
pub fn texts(cluster: &Cluster, row: RowRef<'_>, now: Timestamp, out: &mut String) {
    let RowRef::Pod(p) = row else {
        for cell in cells(cluster, row, now) {
            out.push_str(&cell.text);
            out.push('\n');
        }
        return;
    };
    let mut put = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    put(&p.meta.namespace);
    put(&p.meta.name);
    let usage = cluster.pod_usage(&p.meta.namespace, &p.meta.name);
    if p.ready == 1 && p.total == 1 {
        put("1/1");
    } else {
        put(&format!("{}/{}", p.ready, p.total));
    }
    put(&p.status);
    put(&restarts(p, now));
    match usage {
        None => put("–\n–\n–"),
        Some(u) => {
            put(&quantity::show_cpu(u.cpu_milli));
            put(&quantity::show_bytes(u.mem_bytes));
            put(&percent(u.mem_bytes, p.compute.limits.mem_bytes));
        }
    }
    put(&show_age(&p.meta, now).text);
    put(&image(p));
    put(&p.node);
    put(&p.ip.to_string());
    put(&p.compute.qos);
}

fn restarts(p: &PodRow, now: Timestamp) -> Cow<'static, str> {
    match (p.restarts, p.last_restart) {
        (0, _) => "0".into(),
        (n, Some(at)) => format!("{n} ({})", age::show(at, now)).into(),
        (n, None) => n.to_string().into(),
    }
}

fn image(p: &PodRow) -> Cow<'_, str> {
    let mut images = p.containers.iter().filter(|c| !c.init).map(|c| short_image(&c.image));
    match (images.next(), images.count()) {
        (Some(first), 0) => first.into(),
        (Some(first), n) => format!("{first} +{n}").into(),
        (None, _) => "".into(),
    }
}

fn show_age(meta: &Meta, now: Timestamp) -> Cell {
    meta.created.map_or_else(|| "–".into(), |t| age::show(t, now).into())
}

/// A part of a whole in percent; `–` when there is no whole.
pub fn percent(part: u64, whole: u64) -> String {
    part.saturating_mul(100).checked_div(whole).map_or_else(|| "–".to_owned(), |p| format!("{p}%"))
}

fn pod(cluster: &Cluster, p: &PodRow, now: Timestamp) -> Vec<Cell> {
    let health = p.health(now);
    let usage = cluster.pod_usage(&p.meta.namespace, &p.meta.name);
    let restarts = restarts(p, now).into_owned();
    vec![
        p.meta.namespace.to_string().into(),
        p.meta.name.to_string().into(),
        format!("{}/{}", p.ready, p.total).into(),
        of_health(p.status.to_string(), health),
        if p.restarts > 0 { of_health(restarts, Health::Degraded) } else { restarts.into() },
        usage.map_or_else(|| "–".into(), |u| quantity::show_cpu(u.cpu_milli).into()),
        usage.map_or_else(|| "–".into(), |u| quantity::show_bytes(u.mem_bytes).into()),
        usage.map_or_else(|| "–".into(), |u| percent(u.mem_bytes, p.compute.limits.mem_bytes).into()),
        show_age(&p.meta, now),
        image(p).into_owned().into(),
        p.node.to_string().into(),
        p.ip.to_string().into(),
        p.compute.qos.to_string().into(),
    ]
}

/// The STATUS of a workload.
pub(super) fn workload_status(w: &WorkloadRow) -> String {
    if !w.failure.is_empty() {
        w.failure.to_string()
    } else if w.paused {
        if w.kind == Kind::Job { "suspended".to_owned() } else { "paused".to_owned() }
    } else {
        w.health().word().to_owned()
    }
}

fn workload(w: &WorkloadRow, now: Timestamp) -> Vec<Cell> {
    let health = w.health();
    let image = match w.images.as_slice() {
        [] => String::new(),
        [one] => short_image(one).to_owned(),
        [first, rest @ ..] => format!("{} +{}", short_image(first), rest.len()),
    };
    let status = workload_status(w);
    let head = [Cell::from(w.meta.namespace.to_string()), Cell::from(w.meta.name.to_string())];
    let tail: Vec<Cell> = match w.kind {
        Kind::CronJob => vec![
            w.schedule.to_string().into(),
            if w.paused { "yes" } else { "no" }.into(),
            w.current.to_string().into(),
            w.last.map_or_else(|| "never".into(), |t| age::show(t, now).into()),
            show_age(&w.meta, now),
            image.into(),
        ],
        Kind::Job => {
            vec![w.ready_cell().into(), of_health(status, health), show_age(&w.meta, now), image.into()]
        }
        _ => vec![
            of_health(w.ready_cell(), health),
            of_health(status, health),
            w.updated.to_string().into(),
            w.available.to_string().into(),
            show_age(&w.meta, now),
            image.into(),
            quantity::show_cpu(w.pod_requests.cpu_milli).into(),
            quantity::show_bytes(w.pod_requests.mem_bytes).into(),
            w.managed_by.to_string().into(),
        ],
    };
    head.into_iter().chain(tail).collect()
}

fn node(cluster: &Cluster, n: &NodeRow, now: Timestamp) -> Vec<Cell> {
    let usage = cluster.node_usage(&n.meta.name);
    let known = cluster.watches_all_pods();
    let pods = if known { cluster.pods_on(&n.meta.name).to_string() } else { "–".to_owned() };
    let dash = |t: &str| if t.is_empty() { "–".to_owned() } else { t.to_owned() };
    vec![
        n.meta.name.to_string().into(),
        of_health(n.status(), n.health()),
        format!("{pods}/{}", n.pods_max).into(),
        quantity::show_cpu(n.allocatable.cpu_milli).into(),
        usage.map_or_else(|| "–".into(), |u| percent(u.cpu_milli, n.allocatable.cpu_milli).into()),
        quantity::show_bytes(n.allocatable.mem_bytes).into(),
        usage.map_or_else(|| "–".into(), |u| percent(u.mem_bytes, n.allocatable.mem_bytes).into()),
        dash(&n.instance_type).into(),
        dash(&n.zone).into(),
        dash(&n.pool).into(),
        n.version.to_string().into(),
        show_age(&n.meta, now),
        dash(&n.roles).into(),
        n.ip.to_string().into(),
        n.taints.iter().map(|t| t.as_str()).collect::<Vec<_>>().join(" ").into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents() {
        assert_eq!(percent(71, 100), "71%");
        assert_eq!(percent(1, 0), "–");
    }
}
