//! How what a server sends of a kind becomes rows: by way of its slim type alone, or, where a person has columns of their own
//! for it, by way of the whole object, out of which their values are taken.
//!
//! Called by `watcher`, for its lists and for its events.

use futures::AsyncBufRead;
use http::Request;
use kube::Client;
use kube::api::WatchEvent;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::domain::columns::own::{Own, Paths};
use crate::domain::columns::served::Definition;
use crate::domain::kind::Kind;
use crate::fleet::delta::Row;
use crate::source::answer::{Events, NoEvent, Turns, page_in_turn};
use crate::source::fault::Fault;
use crate::source::page::Page;

/// How objects of a kind become rows.
pub(super) trait Rows<K>: Send + Sync {
    /// The row.
    fn row(&self, object: K) -> Row;

    /// The columns that came with it, where it is a Table.
    fn columns<'a>(&self, _object: &'a K) -> &'a [Definition] {
        &[]
    }

    /// The object itself in what is read.
    fn whole<'a>(&self, read: &'a Value) -> &'a Value {
        read
    }
}

impl<K, F: Fn(K) -> Row + Send + Sync> Rows<K> for F {
    fn row(&self, object: K) -> Row {
        self(object)
    }
}

/// What is read, and how.
pub(super) struct Reading<'a, R> {
    pub(super) kind: Kind,
    pub(super) make: &'a R,
    pub(super) paths: Paths,
}

impl<R> Reading<'_, R> {
    /// One page of a list; `keep` is given each row.
    pub(super) async fn page<K: DeserializeOwned>(
        &self,
        client: &Client,
        asked: Request<Vec<u8>>,
        turns: &Turns,
        mut keep: impl FnMut(Row),
    ) -> Result<Page, Fault>
    where
        R: Rows<K>,
    {
        if self.paths.is_empty() {
            let keep = |object: K| keep(self.make.row(object));
            return page_in_turn(client, asked, self.kind, turns, keep).await;
        }
        let mut garbage = None;
        let keep = |read: Value| match self.parted(read) {
            Ok((object, own)) => keep(with(self.make.row(object), own)),
            Err(fault) => garbage = Some(fault),
        };
        let page = page_in_turn(client, asked, self.kind, turns, keep).await?;
        garbage.map_or(Ok(page), Err)
    }

    /// The next event of a watch, and what a person's own columns show of its object.
    pub(super) async fn event<K: DeserializeOwned>(
        &self,
        events: &mut Events<impl AsyncBufRead + Unpin>,
    ) -> Result<(WatchEvent<K>, Own), NoEvent>
    where
        R: Rows<K>,
    {
        if self.paths.is_empty() {
            return Ok((events.next().await?, Own::default()));
        }
        let parted = |read: Value| self.parted(read).map_err(NoEvent::Garbage);
        Ok(match events.next::<WatchEvent<Value>>().await? {
            WatchEvent::Added(read) => {
                let (object, own) = parted(read)?;
                (WatchEvent::Added(object), own)
            }
            WatchEvent::Modified(read) => {
                let (object, own) = parted(read)?;
                (WatchEvent::Modified(object), own)
            }
            WatchEvent::Deleted(read) => (WatchEvent::Deleted(parted(read)?.0), Own::default()),
            WatchEvent::Bookmark(mark) => (WatchEvent::Bookmark(mark), Own::default()),
            WatchEvent::Error(status) => (WatchEvent::Error(status), Own::default()),
        })
    }

    fn parted<K: DeserializeOwned>(&self, read: Value) -> Result<(K, Own), Fault>
    where
        R: Rows<K>,
    {
        let own = self.paths.values(self.kind, self.make.whole(&read));
        let object = serde_json::from_value(read).map_err(|e| Fault::of(&kube::Error::SerdeError(e)))?;
        Ok((object, own))
    }
}

/// A row with what a person's own columns show of it.
pub(super) fn with(mut row: Row, own: Own) -> Row {
    row.meta_mut().own = own;
    row
}
