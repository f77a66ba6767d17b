//! One page of a list, or of a Table, read object by object: what is kept of one is made before the next is read, so that a page of five
//! hundred pods costs the memory of its text and of its rows, and leaves no holes behind.
//!
//! Called by each watch for its lists.

use std::fmt;
use std::marker::PhantomData;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::domain::columns::served::Definition;

/// What is kept of a page.
#[derive(Debug)]
pub(super) struct Page {
    /// The list's own metadata.
    pub(super) metadata: ListMeta,
    /// The columns of a Table; of a list there are none.
    pub(super) columns: Vec<Definition>,
}

/// Reads a page; `keep` is given each object of it, in order.
pub(super) fn read<K: DeserializeOwned>(text: &[u8], keep: impl FnMut(K)) -> Result<Page, serde_json::Error> {
    let mut parser = serde_json::Deserializer::from_slice(text);
    let page = List { keep, of: PhantomData }.deserialize(&mut parser)?;
    parser.end()?;
    Ok(page)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Field {
    Metadata,
    /// Of a Table they are rows.
    #[serde(alias = "rows")]
    Items,
    ColumnDefinitions,
    #[serde(other)]
    Other,
}

struct List<K, F> {
    keep: F,
    of: PhantomData<K>,
}

impl<'de, K: DeserializeOwned, F: FnMut(K)> DeserializeSeed<'de> for List<K, F> {
    type Value = Page;
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Page, D::Error> {
        d.deserialize_map(self)
    }
}

impl<'de, K: DeserializeOwned, F: FnMut(K)> Visitor<'de> for List<K, F> {
    type Value = Page;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Page, A::Error> {
        let (mut metadata, mut has_items, mut columns) = (None, false, Vec::new());
        while let Some(field) = map.next_key()? {
            match field {
                Field::Metadata if metadata.is_some() => {
                    return Err(serde::de::Error::duplicate_field("metadata"));
                }
                Field::Items if has_items => return Err(serde::de::Error::duplicate_field("items")),
                Field::Metadata => metadata = Some(map.next_value()?),
                Field::Items => {
                    has_items = true;
                    map.next_value_seed(Items { keep: &mut self.keep, of: PhantomData })?;
                }
                Field::ColumnDefinitions => {
                    columns = map.next_value::<Option<Vec<Definition>>>()?.unwrap_or_default();
                }
                Field::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match metadata {
            Some(metadata) if has_items => Ok(Page { metadata, columns }),
            Some(_) => Err(serde::de::Error::missing_field("items")),
            None => Err(serde::de::Error::missing_field("metadata")),
        }
    }
}

struct Items<'a, K, F> {
    keep: &'a mut F,
    of: PhantomData<K>,
}

impl<'de, K: DeserializeOwned, F: FnMut(K)> DeserializeSeed<'de> for Items<'_, K, F> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<(), D::Error> {
        d.deserialize_any(self)
    }
}

impl<'de, K: DeserializeOwned, F: FnMut(K)> Visitor<'de> for Items<'_, K, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the objects of a list")
    }

    /// Servers written in Go say `null` of an empty list.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(object) = items.next_element()? {
            (self.keep)(object);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn names(text: &str) -> Result<(Vec<u64>, Option<String>), String> {
        let mut seen = Vec::new();
        let page = read(text.as_bytes(), |object: Value| seen.push(object["n"].as_u64().unwrap()));
        page.map(|page| (seen, page.metadata.continue_)).map_err(|e| e.to_string())
    }

    #[test]
    fn pages() {
        let whole =
            r#"{"kind":"PodList","items":[{"n":1},{"n":2}],"metadata":{"continue":"x"},"more":{"a":[1]}}"#;
        assert_eq!(names(whole).unwrap(), (vec![1, 2], Some("x".to_owned())));
        assert_eq!(names(r#"{"metadata":{},"items":null}"#).unwrap(), (vec![], None));
        assert_eq!(names(r#"{"metadata":{},"items":[]}"#).unwrap(), (vec![], None));
        let table = r#"{"kind":"Table","metadata":{},"columnDefinitions":[{"name":"Teeth","type":"integer"}],"rows":[{"n":3}]}"#;
        assert_eq!(names(table).unwrap(), (vec![3], None));
        let page = read(table.as_bytes(), |_: Value| ()).unwrap();
        assert_eq!(page.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["Teeth"]);
        for (text, wrong) in [
            (r#"{"metadata":{}}"#, "missing field `items`"),
            (r#"{"metadata":{},"items":[],"items":[]}"#, "duplicate field `items`"),
            (r#"{"metadata":{},"metadata":{}}"#, "duplicate field `metadata`"),
            (r#"{"items":[]}"#, "missing field `metadata`"),
            (r#"{"metadata":{},"items":7}"#, "the objects of a list"),
            (r#"{"metadata":{},"items":[{"n":1}"#, "EOF"),
            (r#"{"metadata":{},"items":[]} more"#, "trailing characters"),
            ("[]", "a list of objects"),
            ("<html>", "expected value"),
        ] {
            let why = names(text).unwrap_err();
            assert!(why.contains(wrong), "{text}: {why}");
        }
    }
}
