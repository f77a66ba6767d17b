//! A list of whole objects and what changes after it, until nobody hears: what `kubectl get -w` shows. Of trouble it says a word
//! and goes on; what changed meanwhile comes out when it lists again.
//!
//! Never: rows of the fleet, which supervisors watch. Called by `ops::get`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use http::Request;
use http::header::{ACCEPT, HeaderValue};
use kube::Client;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::answer::{NoEvent, events};
use super::api::{self, ANSWER_LIMIT, Found, ListOptions, Resource, TABLE};
use super::fault::{Fault, FaultClass};
use crate::domain::columns::served::Definition;
use crate::domain::json::text;

/// The first and the longest pause after trouble.
const WAIT_FIRST: Duration = Duration::from_millis(500);
const WAIT_MOST: Duration = Duration::from_secs(20);
/// A server ends a watch after so many seconds, as asked; one that is silent for longer is asked anew.
const WATCH_SECONDS: u64 = 290;
const WATCH_LIMIT: Duration = Duration::from_secs(WATCH_SECONDS + 10);

/// What is said of a list.
#[derive(Clone, Debug)]
pub enum Change {
    /// The columns of what follows.
    Columns(Vec<Definition>),
    /// An object, and what became of it.
    Is(Box<Found>, Became),
    /// The list was read whole.
    Whole,
    /// It cannot be read now, and is tried again.
    Trouble(Fault),
}

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// It was there at first.
    There,
    /// It is new.
    Added,
    /// It is another than before.
    Changed,
    /// It is gone.
    Deleted,
}

impl Became {
    /// The word; nothing for what was there.
    pub const fn word(self) -> &'static str {
        match self {
            Self::There => "",
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
        }
    }
}

/// A client after this fault: another where who one is was refused. Tokens end before people do.
pub type Renew = Arc<dyn Fn(Fault) -> BoxFuture<'static, Result<Client, Fault>> + Send + Sync>;

/// Follows the objects of a kind, as rows too where the server is to print them; ends when nobody hears.
pub async fn follow(
    client: Client,
    renew: Renew,
    what: Resource,
    options: ListOptions,
    as_rows: bool,
    out: mpsc::Sender<Change>,
) -> Option<()> {
    let mut one =
        One { client, what, options, as_rows, out, known: BTreeMap::new(), was_whole: false, told: false };
    let mut wait = WAIT_FIRST;
    loop {
        // Who refuses or ends each watch at once is not asked in a circle, however well its list is.
        let fault = match one.list().await? {
            Err(fault) => fault,
            Ok(mut version) => loop {
                let started = Instant::now();
                one.told = false;
                let ended = one.watch(&mut version).await?;
                if one.told || started.elapsed() > WAIT_MOST {
                    wait = WAIT_FIRST;
                }
                match ended {
                    // What was missed comes out of the list.
                    Err(fault) => break fault,
                    Ok(()) if one.told => {}
                    Ok(()) => {
                        sleep(wait).await;
                        wait = (wait * 2).min(WAIT_MOST);
                    }
                }
            },
        };
        if fault.class == FaultClass::Gone {
            sleep(wait).await;
        } else {
            one.out.send(Change::Trouble(fault.clone())).await.ok()?;
            sleep(wait).await;
            // Where there is none, the one there is tries again, and why is said.
            match renew(fault).await {
                Ok(client) => one.client = client,
                Err(why) => one.out.send(Change::Trouble(why)).await.ok()?,
            }
        }
        wait = (wait * 2).min(WAIT_MOST);
    }
}

struct One {
    client: Client,
    what: Resource,
    options: ListOptions,
    as_rows: bool,
    out: mpsc::Sender<Change>,
    /// Versions of what is there, by namespace and name.
    known: BTreeMap<(String, String), String>,
    was_whole: bool,
    /// The watch that runs has said something.
    told: bool,
}

fn key(object: &Value) -> (String, String) {
    (text(object, "/metadata/namespace").to_owned(), text(object, "/metadata/name").to_owned())
}

impl One {
    /// Reads the list and says what is another since the one before; its version.
    async fn list(&mut self) -> Option<Result<String, Fault>> {
        let form = self.as_rows.then_some(TABLE);
        let listed = match api::pages(&self.client, &self.what, &self.options, form).await {
            Ok(listed) if listed.version.is_empty() => {
                let words = "the server's list has no resourceVersion; it cannot be watched";
                return Some(Err(Fault::new(FaultClass::Other, words)));
            }
            Ok(listed) => listed,
            Err(fault) => return Some(Err(fault)),
        };
        if !listed.columns.is_empty() {
            self.out.send(Change::Columns(listed.columns)).await.ok()?;
        }
        let mut gone = std::mem::take(&mut self.known);
        for found in listed.found {
            let at = gone.remove(&key(&found.object));
            let is_same = at.as_deref() == Some(text(&found.object, "/metadata/resourceVersion"));
            let became = match at {
                _ if !self.was_whole => Became::There,
                None => Became::Added,
                Some(_) => Became::Changed,
            };
            self.remember(&found.object);
            if !is_same {
                self.out.send(Change::Is(Box::new(found), became)).await.ok()?;
            }
        }
        for (namespace, name) in gone.into_keys() {
            let mut object = if namespace.is_empty() {
                json!({"metadata": {"name": name}})
            } else {
                json!({"metadata": {"name": name, "namespace": namespace}})
            };
            self.what.name_in(&mut object);
            let found = Found { object, cells: Vec::new() };
            self.out.send(Change::Is(Box::new(found), Became::Deleted)).await.ok()?;
        }
        self.was_whole = true;
        self.out.send(Change::Whole).await.ok()?;
        Some(Ok(listed.version))
    }

    fn remember(&mut self, object: &Value) {
        self.known.insert(key(object), text(object, "/metadata/resourceVersion").to_owned());
    }

    /// Says what happens after that version, until the server ends the watch.
    async fn watch(&mut self, version: &mut String) -> Option<Result<(), Fault>> {
        let request = match self.asked(version) {
            Ok(request) => request,
            Err(fault) => return Some(Err(fault)),
        };
        let mut events = match timeout(ANSWER_LIMIT, events(&self.client, request)).await {
            Ok(Ok(events)) => events,
            Ok(Err(fault)) => return Some(Err(fault)),
            Err(_) => return Some(Err(Fault::timeout("watch", ANSWER_LIMIT.as_secs()))),
        };
        loop {
            let next = tokio::select! {
                next = timeout(WATCH_LIMIT, events.next::<Value>()) => next,
                () = self.out.closed() => return None,
            };
            let mut event = match next {
                Ok(Ok(event)) => event,
                Ok(Err(NoEvent::End)) | Err(_) => return Some(Ok(())),
                Ok(Err(NoEvent::Broken(fault) | NoEvent::Garbage(fault))) => return Some(Err(fault)),
            };
            let word = text(&event, "/type").to_owned();
            let mut object = event.get_mut("object").map(Value::take).unwrap_or_default();
            if word == "ERROR" {
                let status = serde_json::from_value(object).unwrap_or_default();
                return Some(Err(Fault::of(&kube::Error::Api(Box::new(status)))));
            }
            self.told = true;
            if word == "BOOKMARK" {
                let at = ["/metadata/resourceVersion", "/rows/0/object/metadata/resourceVersion"];
                if let Some(at) = at.map(|at| text(&object, at)).into_iter().find(|at| !at.is_empty()) {
                    at.clone_into(version);
                }
                continue;
            }
            let mut cells = Vec::new();
            if object.get("rows").is_some() {
                let (columns, found) = api::parts(&mut object);
                if !columns.is_empty() {
                    self.out.send(Change::Columns(columns)).await.ok()?;
                }
                let Some(one) = found.into_iter().next() else { continue };
                (object, cells) = (one.object, one.cells);
            }
            self.what.name_in(&mut object);
            let own = text(&object, "/metadata/resourceVersion");
            if !own.is_empty() {
                own.clone_into(version);
            }
            let became = match word.as_str() {
                "ADDED" => Became::Added,
                "DELETED" => Became::Deleted,
                _ => Became::Changed,
            };
            let before = self.known.remove(&key(&object));
            if became != Became::Deleted {
                self.remember(&object);
                // It was in the list.
                if before.is_some_and(|at| at == text(&object, "/metadata/resourceVersion")) {
                    continue;
                }
            }
            self.out.send(Change::Is(Box::new(Found { object, cells }), became)).await.ok()?;
        }
    }

    fn asked(&self, version: &str) -> Result<Request<Vec<u8>>, Fault> {
        let base = self.what.path(self.options.namespace.as_deref(), None);
        let mut path = format!(
            "{base}?watch=true&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}&resourceVersion={}",
            api::escape(version)
        );
        if self.as_rows {
            path.push_str("&includeObject=Object");
        }
        path.push_str(&self.options.selectors());
        let mut asked = Request::builder()
            .uri(&path)
            .body(Vec::new())
            .map_err(|error| Fault::new(FaultClass::Other, &format!("bad request {path}: {error}")))?;
        if self.as_rows {
            asked.headers_mut().insert(ACCEPT, HeaderValue::from_static(TABLE));
        }
        Ok(asked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::Kind;
    use http::Response;
    use http_body_util::Full;
    use hyper::body::Bytes;
    use kube::client::Body;
    use std::convert::Infallible;
    use std::sync::Mutex;

    /// A server that answers lists and watches, each with the next of its texts; where there is none any more, it is silent.
    fn server(lists: &[(u16, Value)], watches: &[(u16, Value)]) -> Client {
        let turned =
            |texts: &[(u16, Value)]| Arc::new(Mutex::new(texts.iter().rev().cloned().collect::<Vec<_>>()));
        let (lists, watches) = (turned(lists), turned(watches));
        let answer = move |request: Request<Body>| {
            let is_watch = request.uri().query().is_some_and(|q| q.contains("watch=true"));
            let next = (if is_watch { &watches } else { &lists }).lock().unwrap().pop();
            async move {
                let Some((status, text)) = next else { std::future::pending().await };
                let body = Full::new(Bytes::from(text.to_string() + "\n"));
                Ok::<_, Infallible>(Response::builder().status(status).body(body).unwrap())
            }
        };
        Client::new(tower::service_fn(answer), "default")
    }

    fn pod(name: &str, version: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": "x", "resourceVersion": version}})
    }

    fn list(pods: &[Value]) -> (u16, Value) {
        (200, json!({"metadata": {"resourceVersion": "9"}, "items": pods}))
    }

    fn status(code: u16, reason: &str) -> Value {
        json!({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": reason})
    }

    /// What is said, until this many lists were whole.
    async fn said(client: Client, after: Client, whole: usize) -> Vec<String> {
        let (out, mut heard) = mpsc::channel(64);
        let renew: Renew = Arc::new(move |fault| {
            let after = after.clone();
            Box::pin(
                async move { if fault.class == FaultClass::Unauthorized { Ok(after) } else { Err(fault) } },
            )
        });
        let options = ListOptions::default();
        tokio::spawn(follow(client, renew, Resource::from(Kind::Pod), options, false, out));
        let (mut said, mut left) = (Vec::new(), whole);
        while left > 0 {
            match timeout(Duration::from_mins(5), heard.recv()).await.unwrap().unwrap() {
                Change::Is(found, became) => {
                    said.push(format!("{} {}", became.word(), text(&found.object, "/metadata/name")));
                }
                Change::Whole => left -= 1,
                Change::Trouble(fault) => said.push(format!("{:?}", fault.class)),
                Change::Columns(_) => {}
            }
        }
        said
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_missed_comes_out_of_the_list() {
        let expired = json!({"type": "ERROR", "object": status(410, "Expired")});
        let lists = [list(&[pod("a", "1"), pod("b", "2")]), list(&[pod("a", "5"), pod("c", "6")])];
        let client = server(&lists, &[(200, expired)]);
        let none = server(&[], &[]);
        assert_eq!(said(client, none, 2).await, [" a", " b", "changed a", "added c", "deleted b"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_ended_is_another_client() {
        let refused = (401, status(401, "Unauthorized"));
        let client = server(&[list(&[pod("a", "1")]), refused.clone()], &[refused.clone(), refused]);
        let after = server(&[list(&[pod("a", "1"), pod("b", "2")])], &[]);
        assert_eq!(said(client, after, 2).await, [" a", "Unauthorized", "added b"]);
    }
}
