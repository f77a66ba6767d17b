//! `skyfleet describe` and `skyfleet yaml`: one object in every cluster that has it.

use std::io;
use std::time::Duration;

use serde_json::Value;

use super::get::{by_served, not_served};
use crate::cli::Io;
use crate::cli::args::{Args, ObjectArgs, YamlArgs};
use crate::cli::exit::Exit;
use crate::domain::id::ObjectKey;
use crate::domain::kind::Kinds;
use crate::domain::scope::Scope;
use crate::domain::text::{SafeText, clean};
use crate::ops::get::{ClusterResult, Found, Query, get};
use crate::ops::session::Session;
use crate::ops::{describe, look};

/// Describes it.
pub async fn describe(
    a: &ObjectArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    each(a, None, args, session, scope, io).await
}

/// Prints it as YAML.
pub async fn yaml(
    a: &YamlArgs,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    each(&a.object, Some(a.show_secrets), args, session, scope, io).await
}

async fn each(
    a: &ObjectArgs,
    yaml: Option<bool>,
    args: &Args,
    session: &Session,
    scope: &Scope,
    io: &mut Io<'_>,
) -> io::Result<Exit> {
    let labels = args.scope.selector.clone();
    let query = Query { kind: a.kind.clone(), name: Some(a.name.clone()), labels };
    let limit = Duration::from_secs(args.session.timeout.max(1));
    let (mut found, mut errors) = (0, 0);
    let results = get(session, scope, &query, limit, |_, _| {}).await;
    if !results.is_empty() && results.iter().all(ClusterResult::is_unknown_kind) {
        writeln!(io.err, "no cluster in scope knows a kind named {}", clean(&a.kind))?;
        return Ok(Exit::Usage);
    }
    let (results, without) = by_served(results);
    let mut kinds = Kinds::default();
    let kind = results.iter().find_map(|result| result.kind(&mut kinds));
    for result in results {
        let objects = match result.result {
            Ok(objects) => objects,
            Err(fault) => {
                errors += 1;
                writeln!(io.err, "{} ({}): {fault}", result.info.name(), result.info.context)?;
                continue;
            }
        };
        for Found { object, .. } in objects {
            let namespace = object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or("");
            if found > 0 {
                writeln!(io.out, "---")?;
            }
            if let Some(secrets) = yaml {
                let word = kind.map_or_else(|| a.kind.to_lowercase(), |k| k.info().short().to_owned());
                let at = clean(namespace);
                let slash = if at.is_empty() { "" } else { " / " };
                writeln!(
                    io.out,
                    "# {} / {at}{slash}{}/{}",
                    result.info.place.path(),
                    clean(&word),
                    clean(&a.name)
                )?;
                // As it is: the writer has escaped what a terminal would obey, and a cut line is another object.
                write!(io.out, "{}", look::as_yaml(object, secrets))?;
                found += 1;
                continue;
            }
            let Some(kind) = kind else { continue };
            let key = ObjectKey {
                cluster: result.info.id,
                kind,
                namespace: SafeText::new(namespace),
                name: SafeText::new(&a.name),
            };
            match describe::describe(session, &result.info, &key).await {
                Ok(text) => {
                    for line in text.lines() {
                        writeln!(io.out, "{}", clean(line))?;
                    }
                    found += 1;
                }
                Err(fault) => {
                    errors += 1;
                    writeln!(io.err, "{} ({}): {fault}", result.info.name(), result.info.context)?;
                }
            }
        }
    }
    not_served(&a.kind, &without, io)?;
    if found == 0 && errors == 0 {
        let word = kind.map_or_else(|| a.kind.to_lowercase(), |k| k.info().name.to_lowercase());
        writeln!(io.err, "no {} named {} in this scope", clean(&word), clean(&a.name))?;
    }
    Ok(Exit::of(found, errors))
}
