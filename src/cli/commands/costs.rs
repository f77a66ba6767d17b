//! `skyfleet costs`.

use std::io;

use jiff::tz::TimeZone;
use serde_json::json;

use super::tree::usd_month;
use super::{gathered, priced};
use crate::cli::Io;
use crate::cli::args::{Args, CostsArgs};
use crate::cli::exit::Exit;
use crate::cli::out::Answer;
use crate::domain::cells;
use crate::domain::cost::money::show_month_exact;
use crate::domain::cost::node::is_old;
use crate::domain::scope::Scope;
use crate::ops::costs::{self, By};
use crate::ops::gather::Want;
use crate::ops::session::Session;

/// Prints them.
pub async fn run(
    a: &CostsArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let by = By::ALL.into_iter().find(|b| b.word() == a.by).unwrap_or(By::Cluster);
    let gathered = gathered(args, session, scope, Want { usage: true, ..priced() }, io).await;
    let sums = costs::of(&gathered.fleet, scope, by);
    let today = session.clock.now().to_zoned(TimeZone::UTC).date();
    let heads = by.headings();
    let mut columns: Vec<(&str, bool)> = heads.iter().map(|h| (*h, false)).collect();
    columns.extend([
        ("PODS", true),
        ("CPU/mo", true),
        ("RAM/mo", true),
        ("GPU/mo", true),
        ("IDLE/mo", true),
        ("FEE/mo", true),
        ("TOTAL/mo", true),
        ("SHARE", true),
    ]);
    let name = |id| session.info(id).map(|i| i.name().clone());
    let priced = sums.rows.is_empty() || sums.rows.iter().any(|r| !r.is_unknown());
    let money = |n: i128| if n == 0 { "-".to_owned() } else { show_month_exact(n) };
    let answer = Answer {
        columns,
        rows: sums
            .rows
            .iter()
            .map(|r| {
                let mut cells: Vec<String> = r.label.iter().map(ToString::to_string).collect();
                cells.resize(heads.len(), String::new());
                cells.extend([
                    if r.pods_unread { "–".to_owned() } else { r.pods.to_string() },
                    money(r.cpu_nano),
                    money(r.mem_nano),
                    money(r.gpu_nano),
                    money(r.idle_nano + r.unread_nano),
                    money(r.fee_nano),
                    if r.is_unknown() { "n/a".to_owned() } else { money(r.total_nano) },
                    if r.is_unknown() { "-".to_owned() } else { format!("{}%", (r.share_permille + 5) / 10) },
                ]);
                cells
            })
            .collect(),
        items: sums
            .rows
            .iter()
            .map(|r| {
                // What is not known is null, not zero.
                let usd = |nano: i128| if r.is_unknown() { None } else { Some(usd_month(nano)) };
                json!({
                    "kind": r.kind, "label": r.label, "name": r.label.iter().rfind(|l| !l.is_empty()),
                    "clusters": r.clusters.iter().map(|id| name(*id)).collect::<Vec<_>>(), "pods": (!r.pods_unread).then_some(r.pods),
                    "cpu_usd_per_month": usd(r.cpu_nano), "ram_usd_per_month": usd(r.mem_nano),
                    "gpu_usd_per_month": usd(r.gpu_nano), "idle_usd_per_month": usd(r.idle_nano).filter(|_| !r.pods_unread),
                    "fee_usd_per_month": usd(r.fee_nano),
                    "total_usd_per_month": usd(r.total_nano),
                    "share_permille": (!r.is_unknown()).then_some(r.share_permille), "efficiency_permille": r.efficiency_permille,
                })
            })
            .collect(),
        whole: None,
        more: vec![
            ("by", json!(by.word())),
            ("estimate", json!(true)),
            ("total_usd_per_month", json!(priced.then(|| usd_month(sums.total_nano)))),
            ("idle_usd_per_month", json!(priced.then(|| usd_month(sums.idle_nano)))),
            ("fee_usd_per_month", json!(priced.then(|| usd_month(sums.fee_nano)))),
            (
                "sources",
                sums.sources
                    .iter()
                    .map(|s| {
                        let old = s.as_of.is_some_and(|day| is_old(day, today));
                        let day = s.as_of.map(|day| day.to_string());
                        json!({"source": s.source, "as_of": day, "old": old, "spot": s.spot, "nodes": s.nodes})
                    })
                    .collect(),
            ),
            (
                "unpriced",
                sums.unpriced
                    .iter()
                    .map(|u| json!({"cluster": name(u.cluster), "node": u.node, "why": u.why}))
                    .collect(),
            ),
            ("partial", json!(sums.partial)),
        ],
        errors: gathered.errors(scope),
    };
    answer.print(a.output, session, io)?;
    for note in sums.notes(today) {
        let width = io.width.and_then(|w| u16::try_from(w).ok()).unwrap_or(u16::MAX);
        for line in cells::wrap(&note, width, 2) {
            writeln!(io.err, "{line}")?;
        }
    }
    Ok(Exit::of(sums.rows.len(), gathered.errors(scope).len()))
}
