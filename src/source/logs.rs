//! Log streams: one container's lines, reopened after a break without losing or repeating one.

use std::time::Duration;

use futures::io::{AsyncBufRead, AsyncBufReadExt};
use http::Request;
use jiff::Timestamp;
use kube::Client;
use tokio::sync::mpsc;

use super::api::{self, Resource};
use super::fault::{Fault, FaultClass};
use crate::domain::kind::Kind;
use crate::domain::logs::{Entry, Mark, MarkKind, Resume, SourceId, parse_line};
use crate::domain::text::SafeText;

/// Longer lines are cut; the rest of the line is read and dropped.
const LINE_MOST: usize = 256 * 1024;
/// The first pause before a stream is opened again.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// How long the first byte of an answer may take.
const OPEN_LIMIT: Duration = Duration::from_secs(10);

/// Which lines of which container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRequest {
    /// Its namespace.
    pub namespace: String,
    /// The pod.
    pub pod: String,
    /// Its uid; another pod of its name is another log.
    pub uid: String,
    /// The container.
    pub container: String,
    /// The run before this one.
    pub previous: bool,
    /// Go on as lines are written.
    pub follow: bool,
    /// At most so many of the newest lines to begin with.
    pub tail: Option<u32>,
    /// Only lines of the last so many seconds.
    pub since_seconds: Option<u32>,
}

/// What a stream tells.
#[derive(Clone, Debug)]
pub enum LogSaid {
    /// It is open.
    Open,
    /// A line, or a mark between lines.
    Entry(Entry),
    /// It broke; it is tried again.
    Broken(Fault),
    /// It is over: the container ended, or what was there was read.
    Ended,
    /// It cannot be read.
    Refused(Fault),
}

/// The longest pause before a followed stream that has ended is opened again: a container that restarts is read again no
/// later than this.
const QUIET_MOST: Duration = Duration::from_secs(5);
/// A log that is not followed is tried so often.
const TRIES: u32 = 4;

/// Reads a stream until it is over or the receiver is gone. A break of the connection is mended. A followed stream that
/// ends cleanly is opened again, for load balancers and rotations end streams cleanly and a container that restarts goes
/// on in a new run; it is over only when the pod is gone or has finished.
pub async fn stream(
    client: Client,
    source: SourceId,
    what: LogRequest,
    now: impl Fn() -> Timestamp,
    out: mpsc::Sender<(SourceId, LogSaid)>,
) {
    let mut resume = Resume::new();
    let mut seq = 0u64;
    let mut fails = 0;
    let (mut wait, mut quiet) = (FIRST_WAIT, FIRST_WAIT);
    let mut first = true;
    loop {
        let since = resume.reopen();
        let said = match open(&client, &what, since).await {
            Ok(reader) => {
                if out.send((source, LogSaid::Open)).await.is_err() {
                    return;
                }
                wait = FIRST_WAIT;
                let before = seq;
                let end = read(reader, source, &mut seq, &mut resume, &now, &out).await;
                let brought = seq > before;
                match end {
                    End::Closed => return,
                    End::Clean if !what.follow => LogSaid::Ended,
                    // Lines came: perhaps more do at once.
                    End::Clean if !brought && is_over(&client, &what).await => LogSaid::Ended,
                    End::Clean => {
                        first = false;
                        tokio::time::sleep(quiet).await;
                        quiet = if brought { FIRST_WAIT } else { (quiet * 2).min(QUIET_MOST) };
                        continue;
                    }
                    End::Broken(fault) => LogSaid::Broken(fault),
                }
            }
            Err(fault) if what.follow && !first && fault.class == FaultClass::NotFound => LogSaid::Ended,
            Err(fault) if first || matches!(fault.class, FaultClass::NotFound | FaultClass::Forbidden) => {
                LogSaid::Refused(fault)
            }
            // 400: the container waits to start again; that is no reason to give up a followed stream.
            Err(fault) => LogSaid::Broken(fault),
        };
        fails += 1;
        let over = matches!(said, LogSaid::Ended | LogSaid::Refused(_)) || (!what.follow && fails >= TRIES);
        if out.send((source, said)).await.is_err() || over {
            return;
        }
        first = false;
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(20));
    }
}

/// Whether no run of a container can follow: the pod is gone, is another one of its name, or has finished. When the
/// server does not say, it may.
async fn is_over(client: &Client, what: &LogRequest) -> bool {
    match api::get(client, &Resource::from(Kind::Pod), &what.namespace, &what.pod).await {
        Ok(None) => true,
        Ok(Some(pod)) => {
            let text = |p: &str| pod.pointer(p).and_then(serde_json::Value::as_str).unwrap_or("");
            matches!(text("/status/phase"), "Succeeded" | "Failed")
                || (!what.uid.is_empty() && text("/metadata/uid") != what.uid)
        }
        Err(_) => false,
    }
}

async fn open(
    client: &Client,
    what: &LogRequest,
    since: Option<Timestamp>,
) -> Result<impl AsyncBufRead + Unpin + use<>, Fault> {
    let mut path = format!(
        "/api/v1/namespaces/{}/pods/{}/log?container={}&timestamps=true",
        api::escape(&what.namespace),
        api::escape(&what.pod),
        api::escape(&what.container)
    );
    if what.follow && !what.previous {
        path.push_str("&follow=true");
    }
    if what.previous {
        path.push_str("&previous=true");
    }
    match since {
        // A whole second, as it is: rounding it up would lose lines.
        Some(since) => path.push_str(&format!("&sinceTime={}", api::escape(&since.to_string()))),
        None => {
            if let Some(tail) = what.tail {
                path.push_str(&format!("&tailLines={tail}"));
            }
            if let Some(seconds) = what.since_seconds {
                path.push_str(&format!("&sinceSeconds={}", seconds.max(1)));
            }
        }
    }
    let request = Request::get(path)
        .body(Vec::new())
        .map_err(|e| Fault::new(FaultClass::Other, &format!("bad request: {e}")))?;
    match tokio::time::timeout(OPEN_LIMIT, client.request_stream(request)).await {
        Ok(Ok(reader)) => Ok(Box::pin(reader)),
        Ok(Err(error)) => Err(Fault::of(&error)),
        Err(_) => Err(Fault::timeout("log stream", OPEN_LIMIT.as_secs())),
    }
}

enum End {
    Clean,
    Broken(Fault),
    Closed,
}

async fn read(
    mut reader: impl AsyncBufRead + Unpin,
    source: SourceId,
    seq: &mut u64,
    resume: &mut Resume,
    now: &impl Fn() -> Timestamp,
    out: &mpsc::Sender<(SourceId, LogSaid)>,
) -> End {
    let mut line = Vec::new();
    loop {
        line.clear();
        match read_line(&mut reader, &mut line).await {
            Ok(0) => return End::Clean,
            Ok(_) => {}
            Err(error) => return End::Broken(Fault::of_chain(&error)),
        }
        let parsed = parse_line(source, *seq, &line);
        if let Some(time) = parsed.time {
            if !resume.accept(time) {
                continue;
            }
            let missing = resume.take_missing();
            if missing > 0 {
                let mark = Mark {
                    time,
                    source: Some(source),
                    kind: MarkKind::Gap,
                    text: SafeText::new(
                        "lines may be missing here: the log was rotated while the stream was down",
                    ),
                };
                if out.send((source, LogSaid::Entry(Entry::Mark(mark)))).await.is_err() {
                    return End::Closed;
                }
            }
        }
        *seq += 1;
        let mut parsed = parsed;
        // A line without a time (an error of the kubelet in the stream) stands where it arrived.
        parsed.time = parsed.time.or_else(|| Some(now()));
        if out.send((source, LogSaid::Entry(Entry::Line(parsed)))).await.is_err() {
            return End::Closed;
        }
    }
}

/// Reads up to the next line end; returns the bytes taken from the stream, 0 at its end.
async fn read_line(reader: &mut (impl AsyncBufRead + Unpin), line: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut taken = 0;
    loop {
        let chunk = reader.fill_buf().await?;
        if chunk.is_empty() {
            return Ok(taken);
        }
        let end = chunk.iter().position(|b| *b == b'\n');
        let n = end.map_or(chunk.len(), |at| at + 1);
        let room = LINE_MOST.saturating_sub(line.len());
        line.extend_from_slice(chunk.get(..n.min(room)).unwrap_or(chunk));
        reader.consume_unpin(n);
        taken += n;
        if end.is_some() {
            return Ok(taken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_without_end_does_not_fill_memory() {
        let mut text = vec![b'x'; 3 * LINE_MOST];
        text.extend_from_slice(b"\nnext\n");
        let mut reader = futures::io::Cursor::new(text);
        let mut line = Vec::new();
        assert_eq!(read_line(&mut reader, &mut line).await.unwrap(), 3 * LINE_MOST + 1);
        assert_eq!(line.len(), LINE_MOST);
        line.clear();
        read_line(&mut reader, &mut line).await.unwrap();
        assert_eq!(line, b"next\n");
        assert_eq!(read_line(&mut reader, &mut line).await.unwrap(), 0);
    }
}
