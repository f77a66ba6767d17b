//! `skyfleet clouds`.

use std::io;

use serde_json::json;

use crate::cli::Io;
use crate::cli::args::{CloudsArgs, Output};
use crate::cli::exit::Exit;
use crate::cli::out;
use crate::ops::clouds;

/// Prints the identities of local files; asks AWS about its profiles when told to.
pub async fn run(a: &CloudsArgs, io: &mut Io<'_>) -> io::Result<Exit> {
    let mut profiles = clouds::found().await;
    if a.identify {
        for p in profiles.iter_mut().filter(|p| p.provider == "aws") {
            p.identity = Some(clouds::identify(p).await);
        }
    }
    if matches!(a.output, Output::Json | Output::Yaml | Output::Ndjson) {
        out::json(io.out, &json!({"profiles": profiles}))?;
        return Ok(Exit::Ok);
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
        writeln!(
            io.err,
            "no cloud profile in ~/.aws, ~/.config/gcloud or ~/.azure; sign in with `aws configure sso`, `gcloud auth login` or `az login`"
        )?;
        return Ok(Exit::Nothing);
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
        out::table(io.out, &columns, &rows)?
    }
    Ok(Exit::Ok)
}
