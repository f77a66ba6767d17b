//! `skyfleet clouds`.

use std::io;

use serde_json::{Value, json};

use crate::cli::Io;
use crate::cli::args::{CloudsArgs, Output};
use crate::cli::exit::Exit;
use crate::cli::out;
use crate::domain::text::clean;
use crate::ops::clouds;
use crate::ops::clouds::CloudProfile;

/// Prints the identities of local files; asks AWS about its profiles when told to.
pub async fn run(a: &CloudsArgs, io: &mut Io<'_>) -> io::Result<Exit> {
    let mut profiles = clouds::found().await;
    if a.identify {
        for p in profiles.iter_mut().filter(|p| p.provider == "aws") {
            p.identity = Some(clouds::identify(p).await);
        }
    }
    if profiles.is_empty() {
        writeln!(
            io.err,
            "no cloud profile in ~/.aws, ~/.config/gcloud or ~/.azure; sign in with `aws configure sso`, `gcloud auth login` or `az login`"
        )?;
    }
    let exit = if profiles.is_empty() { Exit::Nothing } else { Exit::Ok };
    if a.output.is_for_programs() {
        let items: Vec<Value> = profiles.iter().map(item).collect();
        if a.output == Output::Ndjson {
            for item in &items {
                writeln!(io.out, "{item}")?;
            }
        } else {
            out::value(io.out, a.output, &json!({"profiles": items}))?;
        }
        return Ok(exit);
    }
    if a.output == Output::Name {
        for p in &profiles {
            writeln!(io.out, "{}", clean(&p.name))?;
        }
        return Ok(exit);
    }
    let dash = |t: &Option<String>| t.clone().unwrap_or_else(|| "-".to_owned());
    let rows: Vec<Vec<String>> = profiles
        .iter()
        .map(|p| {
            vec![
                p.provider.to_owned(),
                p.name.clone(),
                dash(&p.account),
                dash(&p.region),
                p.method.clone(),
                match &p.identity {
                    Some(Ok(who) | Err(who)) => who.clone(),
                    None => "-".to_owned(),
                },
            ]
        })
        .collect();
    if rows.is_empty() {
        return Ok(exit);
    }
    let columns = [
        ("CLOUD", false),
        ("PROFILE", false),
        ("ACCOUNT", false),
        ("REGION", false),
        ("SIGNS IN BY", false),
        ("WHO", false),
    ];
    if a.output == Output::Csv {
        out::csv(io.out, &columns, &rows)?
    } else {
        out::table(io.out, io.width, &columns, &rows)?
    }
    Ok(exit)
}

/// One profile; what is not known, or was not asked, is null.
fn item(p: &CloudProfile) -> Value {
    let identity = p.identity.as_ref();
    json!({
        "provider": p.provider, "name": p.name, "account": p.account, "region": p.region,
        "method": p.method, "default": p.default, "file": p.file.display().to_string(),
        "identity": identity.and_then(|i| i.as_ref().ok()),
        "error": identity.and_then(|i| i.as_ref().err()),
    })
}
