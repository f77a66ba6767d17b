//! Faults: what can be wrong between a client and one cluster, and how a person writes them.
//! Never: changes to objects. Set by `Simulation::fault`, read by the server, by `weathered` streams and by incident scripts.

use std::time::Duration;

/// A fault of one cluster's API server or of the way to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Fault {
    /// All is well; heals every other fault.
    #[default]
    None,
    /// Connections are accepted, nothing is answered, running watches fall silent.
    Freeze,
    /// Connections are refused.
    Refuse,
    /// Every answer waits.
    Latency {
        /// Least wait in milliseconds of real time.
        ms: u64,
        /// Up to this much more.
        jitter: u64,
    },
    /// A share of the requests is answered with a status.
    Status {
        /// HTTP code.
        code: u16,
        /// `Retry-After` in seconds.
        retry_after: Option<u32>,
        /// 0 to 1.
        share: f64,
    },
    /// Running watches are cut at once; later ones work.
    DropWatches,
    /// The history is compacted: running watches end with 410, as do watches and pages from older versions.
    Expired410,
    /// Requests that match are answered 403. An empty list matches everything.
    Forbid {
        /// `get`, `list`, ...
        verbs: Vec<String>,
        /// Plural names, `pods/log` for subresources.
        resources: Vec<String>,
        /// Namespaces.
        namespaces: Vec<String>,
    },
    /// Every request is answered 401.
    Unauthorized,
    /// Pieces of what is sent, either way, are lost and come 200 ms later, or twice that, four times …: TCP repeats them.
    Loss {
        /// 0 to 1.
        share: f64,
    },
    /// Open connections are told to end at once, as a server that shuts down gently does: GOAWAY on HTTP/2, where running
    /// answers go on; `connection: close` on HTTP/1.1. Later each request tells its own connection so with this chance.
    GoAway {
        /// 0 to 1; 0 tells the open ones alone.
        share: f64,
    },
    /// Each connection breaks after so many bytes, both ways together.
    Cut {
        /// At least.
        least: u64,
        /// At most.
        most: u64,
    },
}

impl Fault {
    /// Does `Forbid` forbid this?
    pub(crate) fn forbids(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        let has = |list: &[String], item: &str| list.is_empty() || list.iter().any(|x| x == item || x == "*");
        match self {
            Self::Forbid { verbs, resources, namespaces } => {
                has(verbs, verb) && has(resources, resource) && has(namespaces, namespace)
            }
            _ => false,
        }
    }

    /// Reads `KIND` or `KIND=VALUE`, and how often a fault that happens at once comes again.
    pub fn parse(text: &str) -> Result<(Self, Option<Duration>), String> {
        let (kind, value) = text.split_once('=').map_or((text, None), |(kind, value)| (kind, Some(value)));
        let bad = || format!("fault {text:?}: the value is none; {}", Self::FORMS);
        let share = |default: f64| match value.map(str::parse::<f64>) {
            None => Ok(default),
            Some(Ok(share)) if (0.0..=1.0).contains(&share) => Ok(share),
            Some(_) => Err(bad()),
        };
        let pair = |between: char, default: (u64, u64)| -> Result<(u64, u64), String> {
            match value {
                None => Ok(default),
                Some(text) => {
                    let (first, second) = text.split_once(between).unwrap_or((text, "0"));
                    Ok((first.parse().map_err(|_| bad())?, second.parse().map_err(|_| bad())?))
                }
            }
        };
        let every = || match value.map(str::parse::<u64>) {
            None => Ok(Some(Duration::from_secs(10))),
            Some(Ok(seconds)) if seconds > 0 => Ok(Some(Duration::from_secs(seconds))),
            Some(_) => Err(bad()),
        };
        let fault = match kind {
            "freeze" => Self::Freeze,
            "refuse" => Self::Refuse,
            "401" => Self::Unauthorized,
            "403" => Self::Forbid { verbs: Vec::new(), resources: Vec::new(), namespaces: Vec::new() },
            "410" => return Ok((Self::Expired410, every()?)),
            "drop-watches" => return Ok((Self::DropWatches, every()?)),
            "loss" => Self::Loss { share: share(0.02)? },
            "goaway" => Self::GoAway { share: share(0.05)? },
            "latency" => {
                let (ms, jitter) = pair('+', (300, 200))?;
                Self::Latency { ms, jitter }
            }
            "cut" => {
                let (least, most) = pair('-', (1_000, 200_000))?;
                Self::Cut { least, most: most.max(least) }
            }
            "429" => Self::Status { code: 429, retry_after: Some(1), share: share(0.3)? },
            "5xx" => Self::Status { code: 503, retry_after: None, share: share(0.3)? },
            _ => match kind.parse::<u16>() {
                Ok(code @ 500..=599) => Self::Status { code, retry_after: None, share: share(0.3)? },
                _ => return Err(format!("there is no fault {kind:?}; {}", Self::FORMS)),
            },
        };
        Ok((fault, None))
    }

    /// What `parse` reads.
    pub const FORMS: &str = "there are latency[=MS[+JITTER]], loss[=SHARE], 401, 403, 410[=SECONDS], 429[=SHARE], 5xx[=SHARE], goaway[=SHARE], cut[=LEAST-MOST], freeze, refuse, drop-watches[=SECONDS]";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        let read = |text: &str| Fault::parse(text).unwrap();
        assert_eq!(read("latency=20+5").0, Fault::Latency { ms: 20, jitter: 5 });
        assert_eq!(read("cut=10-99").0, Fault::Cut { least: 10, most: 99 });
        assert_eq!(read("503=0.5").0, Fault::Status { code: 503, retry_after: None, share: 0.5 });
        assert_eq!(read("5xx").0, Fault::Status { code: 503, retry_after: None, share: 0.3 });
        assert_eq!(read("410=7"), (Fault::Expired410, Some(Duration::from_secs(7))));
        assert_eq!(read("goaway").1, None);
        for wrong in ["rain", "loss=2", "latency=x", "410=0", "600", "cut=1-x"] {
            assert!(Fault::parse(wrong).unwrap_err().contains("there are latency"), "{wrong}");
        }
    }
}
