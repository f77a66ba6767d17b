//! What the field of a row is worth: read from the row itself, and the same as its cell says where it has one (`table`).
//!
//! Never: how a value is compared (`domain::filter::term`). Called by the tables, for the typed terms of their filters.

use jiff::Timestamp;

use crate::domain::environment::Environment;
use crate::domain::filter::field::Field;
use crate::domain::filter::term::Value;
use crate::domain::kind::Kind;
use crate::domain::node::NodeRow;
use crate::domain::object::OtherRow;
use crate::domain::pod::PodRow;
use crate::domain::resources::Amount;
use crate::domain::text::SafeText;
use crate::domain::workload::WorkloadRow;
use crate::domain::{age, columns};

use super::cluster::Cluster;
use super::delta::NamespaceRow;
use super::table::{RowRef, workload_status};

/// The field whose value stands in the column of that title.
pub fn of_column(title: &str) -> Option<Field> {
    match title {
        "NAMESPACE" => Some(Field::Namespace),
        "CPU REQ" | "CPU/POD" => Some(Field::CpuRequest),
        "MEM REQ" | "MEM/POD" => Some(Field::MemRequest),
        "MEM/L" => Some(Field::MemPart),
        "DONE" => Some(Field::Ready),
        title => Field::parse(title),
    }
}

/// What a field of a row is worth; `None` when that is not known, or rows of this kind have no such field.
pub fn value<'a>(cluster: &'a Cluster, row: RowRef<'a>, field: Field, now: Timestamp) -> Option<Value<'a>> {
    match field {
        Field::Cluster | Field::Cloud | Field::Region | Field::Account | Field::Env => {
            return of_cluster(cluster, field);
        }
        Field::Name => return Some(known(&row.meta().name)),
        Field::Age => return row.meta().created.map(|t| Value::Seconds(age::seconds(t, now))),
        // A namespace is in itself.
        Field::Namespace => {
            let meta = row.meta();
            let namespace = if matches!(row, RowRef::Namespace(_)) { &meta.name } else { &meta.namespace };
            return said(namespace);
        }
        _ => {}
    }
    match row {
        RowRef::Pod(p) => of_pod(cluster, p, field),
        RowRef::Workload(w) => of_workload(w, field),
        RowRef::Node(n) => of_node(cluster, n, field),
        RowRef::Namespace(n) => of_namespace(cluster, n, field),
        RowRef::Other(o) => of_other(o, field),
    }
}

/// What a field is worth that is the same in all rows of a cluster.
pub fn of_cluster(cluster: &Cluster, field: Field) -> Option<Value<'_>> {
    let place = &cluster.info.place;
    match field {
        Field::Cluster => Some(known(cluster.info.name())),
        Field::Cloud => Some(Value::text(place.provider.tree_word())),
        Field::Region => said(&place.region),
        Field::Account => said(&place.account),
        Field::Env => match cluster.info.environment {
            Environment::Unknown => None,
            known => Some(Value::text(known.word())),
        },
        _ => None,
    }
}

/// A text that is known, be it empty.
fn known(text: &SafeText) -> Value<'_> {
    Value::text(text.as_str())
}

/// A text that stays empty while nobody knows it.
fn said(text: &SafeText) -> Option<Value<'_>> {
    (!text.is_empty()).then(|| known(text))
}

fn percent<'a>(part: u64, whole: u64) -> Option<Value<'a>> {
    part.saturating_mul(100).checked_div(whole).map(Value::Percent)
}

fn requests<'a>(amount: Amount, field: Field) -> Option<Value<'a>> {
    match field {
        Field::CpuRequest => Some(Value::CpuMilli(amount.cpu_milli)),
        Field::MemRequest => Some(Value::Bytes(amount.mem_bytes)),
        _ => None,
    }
}

fn of_pod<'a>(cluster: &'a Cluster, p: &'a PodRow, field: Field) -> Option<Value<'a>> {
    let usage = || cluster.pod_usage(&p.meta.namespace, &p.meta.name);
    let limits = p.compute.limits;
    match field {
        Field::Status => Some(known(&p.status)),
        Field::Ready => Some(Value::Part(p.ready.into(), p.total.into())),
        Field::Restarts => Some(Value::Count(p.restarts.into())),
        Field::Node => Some(known(&p.node)),
        Field::Ip => Some(Value::text(p.ip.to_string())),
        Field::Image => {
            Some(Value::Images(p.containers.iter().filter(|c| !c.init).map(|c| c.image.as_str()).collect()))
        }
        Field::Cpu => usage().map(|u| Value::CpuMilli(u.cpu_milli)),
        Field::Mem => usage().map(|u| Value::Bytes(u.mem_bytes)),
        Field::CpuPart => usage().and_then(|u| percent(u.cpu_milli, limits.cpu_milli)),
        Field::MemPart => usage().and_then(|u| percent(u.mem_bytes, limits.mem_bytes)),
        Field::Qos => Some(known(&p.compute.qos)),
        _ => requests(p.compute.requests, field),
    }
}

fn of_workload(w: &WorkloadRow, field: Field) -> Option<Value<'_>> {
    let is_run_by_time = w.kind == Kind::CronJob;
    match field {
        Field::Status if !is_run_by_time => Some(Value::text(workload_status(w))),
        Field::Ready if !is_run_by_time => Some(Value::Part(w.ready.into(), w.desired.into())),
        Field::Replicas if !is_run_by_time => Some(Value::Count(w.desired.into())),
        Field::Image => Some(Value::Images(w.images.iter().map(SafeText::as_str).collect())),
        _ => requests(w.pod_requests, field),
    }
}

fn of_node<'a>(cluster: &'a Cluster, n: &'a NodeRow, field: Field) -> Option<Value<'a>> {
    let usage = || cluster.node_usage(&n.meta.name);
    let (own, all) = (&n.meta.name, n.allocatable);
    match field {
        Field::Status => Some(Value::text(n.status())),
        Field::Node => Some(known(own)),
        Field::Ip => Some(known(&n.ip)),
        // As in the table: what it has. What of it is used is `cpu%`.
        Field::Cpu => Some(Value::CpuMilli(all.cpu_milli)),
        Field::Mem => Some(Value::Bytes(all.mem_bytes)),
        Field::CpuPart => usage().and_then(|u| percent(u.cpu_milli, all.cpu_milli)),
        Field::MemPart => usage().and_then(|u| percent(u.mem_bytes, all.mem_bytes)),
        Field::Type => said(&n.instance_type),
        Field::Zone => said(&n.zone),
        Field::Pool => said(&n.pool),
        Field::Version => Some(known(&n.version)),
        Field::Pods if cluster.watches_all_pods() => {
            Some(Value::Part(cluster.pods_on(own).into(), n.pods_max.into()))
        }
        _ => None,
    }
}

fn of_namespace<'a>(cluster: &'a Cluster, n: &'a NamespaceRow, field: Field) -> Option<Value<'a>> {
    let sums = cluster.tally_in(&n.meta.name);
    match field {
        Field::Status => Some(known(&n.phase)),
        // Where they are not watched nobody knows.
        _ if sums.is_part => None,
        Field::Pods => Some(Value::Count(sums.pods.into())),
        _ => requests(sums.requests, field),
    }
}

/// Of the other kinds the column of the field's name.
fn of_other(o: &OtherRow, field: Field) -> Option<Value<'_>> {
    let title = field.word();
    let at = columns::of(o.kind).iter().position(|c| c.title.eq_ignore_ascii_case(title))?;
    let cell = o.cells.get(at)?;
    Value::read(field.sort(), cell)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::filter::Query;
    use crate::domain::id::ClusterId;
    use crate::domain::object::Meta;
    use crate::domain::place::{Place, Provider};
    use crate::domain::pod::{Compute, ContainerRow};
    use crate::fleet::cluster::ClusterInfo;
    use crate::fleet::table;
    use crate::fleet::usage::{Measured, Usage};

    fn now() -> Timestamp {
        "2026-11-23T14:00:00Z".parse().unwrap()
    }

    fn meta(namespace: &str, name: &str) -> Meta {
        Meta {
            namespace: namespace.into(),
            name: name.into(),
            created: "2026-11-23T10:00:00Z".parse::<Timestamp>().ok().map(Into::into),
            ..Meta::default()
        }
    }

    fn amount(cpu_milli: u64, mem_bytes: u64) -> Amount {
        Amount { cpu_milli, mem_bytes, gpu: 0 }
    }

    /// A cluster in which a pod and a node are measured.
    fn cluster() -> Cluster {
        let place = Place { provider: Provider::Aws, region: "eu-west-1".into(), ..Place::default() };
        let mut cluster =
            Cluster::new(ClusterInfo { id: ClusterId(0), ..ClusterInfo::sample("prod-a", place) });
        cluster.loads.insert(Kind::Pod, crate::fleet::cluster::Load::Ready);
        let pods = vec![(("shop".into(), "web-1".into()), amount(120, 300 << 20))];
        let usage = Usage::new(vec![("n1".into(), amount(900, 3 << 30))], pods);
        cluster.measured = Measured::of(usage, std::iter::empty());
        cluster
    }

    fn pod(name: &str) -> PodRow {
        PodRow {
            meta: meta("shop", name),
            node: "n1".into(),
            status: "CrashLoopBackOff".into(),
            ready: 1,
            total: 2,
            restarts: 14,
            ip: "10.0.0.7".into(),
            compute: Arc::new(Compute {
                qos: "Burstable".into(),
                requests: amount(250, 1 << 29),
                limits: amount(0, 1 << 29),
            }),
            containers: vec![ContainerRow {
                image: "reg.example/web:2.41.0".into(),
                ..ContainerRow::default()
            }],
            ..PodRow::default()
        }
    }

    fn node() -> NodeRow {
        NodeRow {
            meta: meta("", "n1"),
            ready: Some(true),
            instance_type: "m5.large".into(),
            version: "v1.31.2".into(),
            ip: "10.0.0.1".into(),
            allocatable: amount(2_000, 8 << 30),
            pods_max: 29,
            ..NodeRow::default()
        }
    }

    /// Each field of a column's name is worth what its cell says, and a cell that says `–` is not known.
    #[test]
    fn values_are_what_the_cells_say() {
        let cluster = cluster();
        let workload = |kind| WorkloadRow {
            desired: 3,
            ready: 2,
            images: vec!["reg.example/web:2".into()],
            ..WorkloadRow::new(kind, meta("shop", "web"))
        };
        let pods = [pod("web-1"), pod("not-measured")];
        let workloads =
            [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::CronJob].map(workload);
        let nodes = [node()];
        let namespaces = [NamespaceRow { meta: meta("", "shop"), phase: "Active".into() }];
        let rows = pods.iter().map(|p| (Kind::Pod, RowRef::Pod(p)));
        let rows = rows.chain(workloads.iter().map(|w| (w.kind, RowRef::Workload(w))));
        let rows = rows.chain(nodes.iter().map(|n| (Kind::Node, RowRef::Node(n))));
        let rows = rows.chain(namespaces.iter().map(|n| (Kind::Namespace, RowRef::Namespace(n))));
        let mut compared = 0;
        for (kind, row) in rows {
            for (column, cell) in table::columns(kind).iter().zip(table::cells(&cluster, row, now())) {
                let Some(field) = of_column(&column.title) else { continue };
                let value = value(&cluster, row, field, now());
                compared += 1;
                let shown = match &value {
                    None => "–".to_owned(),
                    Some(Value::Images(images)) => {
                        images.iter().map(|i| crate::domain::workload::short_image(i)).collect()
                    }
                    Some(value) => value.show().into_owned(),
                };
                assert_eq!(shown, cell.text, "{kind:?} {}", column.title);
            }
        }
        assert!(compared > 50, "{compared}");
    }

    #[test]
    fn what_is_found() {
        let (cluster, measured, other, node) = (cluster(), pod("web-1"), pod("not-measured"), node());
        for (text, row, hit) in [
            ("cluster=prod-a cloud=aws region~eu env=dev", RowRef::Pod(&measured), true),
            ("account!=1", RowRef::Pod(&measured), false),
            ("restarts>5 age<1d ready<2 status~crash", RowRef::Pod(&measured), true),
            ("image!~:latest image~reg.example qos=burstable", RowRef::Pod(&measured), true),
            ("cpu>100m mem<1Gi mem>50% cpu-req=250m mem-req<=512Mi", RowRef::Pod(&measured), true),
            ("cpu%>0", RowRef::Pod(&measured), false),
            ("cpu>0", RowRef::Pod(&other), false),
            ("cpu<=0", RowRef::Pod(&other), false),
            ("cpu!=0", RowRef::Pod(&other), false),
            ("zone!=x", RowRef::Pod(&other), false),
            ("type~m5 version>=1.31 pods<1 cpu=2 cpu<50% mem%<50", RowRef::Node(&node), true),
            ("zone!=x", RowRef::Node(&node), false),
            ("ns=shop", RowRef::Node(&node), false),
        ] {
            let query = Query::parse(text).unwrap();
            assert_eq!(query.holds(&row.meta().labels, |f| value(&cluster, row, f, now())), hit, "{text}");
        }
    }
}
