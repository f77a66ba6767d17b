//! What kinds of programs write: access logs, JSON lines, Java, PostgreSQL, Redis, klog.
//! Called by `logs`.

use crate::sim::clock::{self, Millis};
use crate::sim::kubelet::Fate;
use crate::sim::object::Stored;
use crate::sim::rng::Rng;

/// A kind of program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    Web,
    Java,
    Worker,
    Postgres,
    Redis,
    Klog,
    Plain,
}

const PATHS: [&str; 8] = [
    "/",
    "/api/v1/cart",
    "/api/v1/orders",
    "/checkout",
    "/static/app.js",
    "/healthz",
    "/api/v1/products?page=2",
    "/login",
];
const QUEUES: [&str; 4] = ["orders.created", "payments.settled", "mail.outbox", "search.reindex"];
const CLASSES: [&str; 4] = [
    "c.a.orders.OrderService",
    "c.a.pricing.RateClient",
    "o.h.engine.jdbc.SqlHelper",
    "c.a.http.AccessFilter",
];

fn pick<'a>(rng: &mut Rng, list: &[&'a str]) -> &'a str {
    let n = u64::try_from(list.len()).unwrap_or(1);
    usize::try_from(rng.below(n)).ok().and_then(|i| list.get(i)).copied().unwrap_or("")
}

impl Flavour {
    /// Chosen by the pod's component label, else by its image.
    pub(crate) fn of(pod: &Stored, image: &str) -> Self {
        let last = image.rsplit('/').next().unwrap_or(image);
        match pod.label("app.kubernetes.io/component").unwrap_or("") {
            "web" => return Self::Web,
            "api" => return Self::Java,
            "worker" | "cron" => return Self::Worker,
            "db" => return Self::Postgres,
            "cache" => return Self::Redis,
            "system" => return Self::Klog,
            _ => {}
        }
        if &*pod.key.ns == "kube-system" {
            Self::Klog
        } else if last.starts_with("nginx") || last.starts_with("web") {
            Self::Web
        } else if last.starts_with("postgres") {
            Self::Postgres
        } else if last.starts_with("redis") {
            Self::Redis
        } else {
            Self::Plain
        }
    }

    /// Lines a second writes.
    pub(crate) fn rate(self, rng: &mut Rng, second: i64) -> u64 {
        match self {
            Self::Web => 1 + rng.below(3),
            Self::Java => rng.below(3),
            Self::Worker => rng.below(2),
            Self::Plain => u64::from(second % 2 == 0),
            Self::Postgres => u64::from(second % 7 == 0),
            Self::Redis => u64::from(second % 60 == 0),
            Self::Klog => u64::from(second % 11 == 0),
        }
    }

    /// What it says when it starts.
    pub(crate) fn greeting(self, app: &str) -> Vec<String> {
        let lines: &[&str] = match self {
            Self::Web => &["listening on :8080", "upstreams loaded: 4", "ready to serve"],
            Self::Java => &[
                "Starting Application using Java 21.0.8 with PID 1",
                "The following 1 profile is active: \"production\"",
                "HikariPool-1 - Start completed.",
                "Tomcat started on port 8080 (http) with context path '/'",
            ],
            Self::Worker => &["worker started", "connected to broker", "subscribed"],
            Self::Postgres => &[
                "starting PostgreSQL 17.6 on x86_64-pc-linux-gnu",
                "listening on IPv4 address \"0.0.0.0\", port 5432",
                "database system is ready to accept connections",
            ],
            Self::Redis => &[
                "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo",
                "Running mode=standalone, port=6379.",
                "Ready to accept connections tcp",
            ],
            Self::Klog => &["Starting", "Waiting for caches to sync", "Caches are synced"],
            Self::Plain => &["starting", "configuration read", "ready"],
        };
        lines
            .iter()
            .map(|l| if matches!(self, Self::Plain) { format!("{app}: {l}") } else { (*l).to_string() })
            .collect()
    }

    /// Puts a text into the program's line format.
    pub(crate) fn dress(self, at: Millis, text: &str, rng: &mut Rng) -> String {
        let (year, month, day, hour, minute, second) = clock::civil(at);
        let ms = at.rem_euclid(1000);
        match self {
            Self::Web | Self::Worker => format!(
                "{{\"ts\":\"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z\",\"level\":\"info\",\"msg\":\"{}\"}}",
                text.replace('"', "'")
            ),
            Self::Java => format!(
                "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{ms:03}  INFO 1 --- [main] {:<32} : {text}",
                pick(rng, &CLASSES)
            ),
            Self::Postgres => format!(
                "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{ms:03} UTC [1] LOG:  {text}"
            ),
            Self::Redis => format!(
                "1:M {day:02} {} {year} {hour:02}:{minute:02}:{second:02}.{ms:03} * {text}",
                month_name(month)
            ),
            Self::Klog => format!(
                "I{month:02}{day:02} {hour:02}:{minute:02}:{second:02}.{ms:03}000       1 controller.go:{}] {text}",
                80 + rng.below(300)
            ),
            Self::Plain => format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z level=info msg=\"{text}\""
            ),
        }
    }

    /// One entry of the running program (a stack trace is several lines).
    pub(crate) fn line(self, at: Millis, app: &str, pod: &str, rng: &mut Rng) -> Vec<String> {
        let (year, month, day, hour, minute, second) = clock::civil(at);
        let ms = at.rem_euclid(1000);
        let odd = rng.below(100);
        match self {
            Self::Web => {
                let status = if odd < 2 {
                    502
                } else if odd < 5 {
                    404
                } else if odd < 9 {
                    304
                } else {
                    200
                };
                let ip = format!("10.{}.{}.{}", 40 + rng.below(8), rng.below(255), rng.between(2, 254));
                vec![format!(
                    "{ip} - - [{day:02}/{}/{year}:{hour:02}:{minute:02}:{second:02} +0000] \"GET {} HTTP/1.1\" {status} {} \"-\" \"Mozilla/5.0\" {}.{:03}",
                    month_name(month),
                    pick(rng, &PATHS),
                    180 + rng.below(42_000),
                    rng.below(2),
                    rng.below(999)
                )]
            }
            Self::Java => {
                let head = |level: &str, class: &str| {
                    format!(
                        "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{ms:03} {level:>5} 1 --- [http-nio-8080-exec-{}] {class:<32} :",
                        1 + odd % 9
                    )
                };
                if odd < 2 {
                    return vec![
                        format!(
                            "{} request failed id={}",
                            head("ERROR", "c.a.http.ErrorHandler"),
                            rng.hex(8)
                        ),
                        "java.net.SocketTimeoutException: Read timed out".into(),
                        "\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:278)".into(),
                        "\tat com.acme.pricing.RateClient.fetch(RateClient.java:88)".into(),
                        "\tat com.acme.orders.OrderService.total(OrderService.java:141)".into(),
                        "Caused by: java.io.IOException: connection reset by peer".into(),
                        "\t... 12 common frames omitted".into(),
                    ];
                }
                let (level, text) =
                    if odd < 7 { ("WARN", "slow query") } else { ("INFO", "handled request") };
                vec![format!(
                    "{} {text} path={} ms={}",
                    head(level, pick(rng, &CLASSES)),
                    pick(rng, &PATHS),
                    3 + rng.below(if odd < 7 { 4_000 } else { 180 })
                )]
            }
            Self::Worker => {
                let (level, text) = if odd < 2 {
                    ("error", "job failed, will retry")
                } else if odd < 6 {
                    ("warn", "job took long")
                } else {
                    ("info", "job done")
                };
                vec![format!(
                    "{{\"ts\":\"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z\",\"level\":\"{level}\",\"app\":\"{app}\",\"queue\":\"{}\",\"job\":\"{}\",\"ms\":{},\"msg\":\"{text}\"}}",
                    pick(rng, &QUEUES),
                    rng.hex(12),
                    4 + rng.below(900)
                )]
            }
            Self::Postgres => {
                let text = match odd {
                    0..=4 => "ERROR:  deadlock detected".to_string(),
                    5..=40 => format!(
                        "LOG:  checkpoint complete: wrote {} buffers ({}.{}%)",
                        rng.below(3_000),
                        rng.below(20),
                        rng.below(9)
                    ),
                    _ => format!(
                        "LOG:  duration: {}.{:03} ms  statement: SELECT * FROM orders WHERE id = $1",
                        100 + rng.below(900),
                        rng.below(999)
                    ),
                };
                vec![format!(
                    "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{ms:03} UTC [{}] {text}",
                    60 + rng.below(400)
                )]
            }
            Self::Redis => vec![self.dress(
                at,
                &format!("{} changes in 60 seconds. Saving...", 100 + rng.below(9_000)),
                rng,
            )],
            Self::Klog => {
                if odd < 4 {
                    return vec![format!(
                        "E{month:02}{day:02} {hour:02}:{minute:02}:{second:02}.{ms:03}000       1 reflector.go:{}] \"Unhandled Error\" err=\"failed to list: context deadline exceeded\"",
                        120 + odd
                    )];
                }
                vec![self.dress(
                    at,
                    &format!("\"Reconciled\" object=\"{pod}\" duration=\"{}ms\"", 1 + rng.below(90)),
                    rng,
                )]
            }
            Self::Plain => vec![format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z level={} msg=\"tick\" app={app} n={}",
                if odd < 3 { "warn" } else { "info" },
                rng.below(10_000)
            )],
        }
    }

    /// What it says when it ends.
    pub(crate) fn farewell(self, at: Millis, code: i64, fate: Fate, app: &str, rng: &mut Rng) -> Vec<String> {
        match (fate, code) {
            (Fate::Oom, _) => match self {
                Self::Java => vec![
                    "java.lang.OutOfMemoryError: Java heap space".into(),
                    "\tat java.base/java.util.Arrays.copyOf(Arrays.java:3537)".into(),
                ],
                _ => vec![
                    self.dress(at, "cache warm-up: 180000 of 240000 items", rng),
                    "fatal error: runtime: out of memory".into(),
                ],
            },
            (_, 0) => vec![self.dress(at, "done", rng)],
            (_, 143) => vec![self.dress(at, "received SIGTERM, shutting down", rng)],
            _ => vec![
                format!("panic: {app}: required setting DATABASE_URL is empty"),
                String::new(),
                "goroutine 1 [running]:".into(),
                "main.main()".into(),
                "\t/src/cmd/server/main.go:61 +0x1d8".into(),
            ],
        }
    }
}

fn month_name(month: i64) -> &'static str {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    usize::try_from(month - 1).ok().and_then(|m| NAMES.get(m)).copied().unwrap_or("Jan")
}
