//! `KIND NAME` and `KIND/NAME`: the same, wherever one of them is asked for. Called when the command line was read.

use super::args::Command;

/// Makes one form of both.
pub fn settle(command: &mut Command) -> Result<(), String> {
    let (kind, name) = match command {
        Command::Describe(a) => (&mut a.kind, &mut a.name),
        Command::Yaml(a) => (&mut a.object.kind, &mut a.object.name),
        Command::Restart(a) | Command::Delete(a) => return joined(&mut a.target, &a.name),
        Command::Scale(a) => return joined(&mut a.target, &a.name),
        Command::Get(a) => {
            if let (None, Some((kind, name))) = (&a.name, a.kind.split_once('/')) {
                (a.name, a.kind) = (Some(name.to_owned()), kind.to_owned());
            }
            return match a.kind.as_str() {
                "all" => Err("get takes one kind; `skyfleet tree -L 6` shows all workloads\n".to_owned()),
                kinds if kinds.contains(',') => Err(format!("get takes one kind, not `{kinds}`\n")),
                _ => Ok(()),
            };
        }
        _ => return Ok(()),
    };
    if let ("", Some((k, n))) = (name.as_str(), kind.split_once('/')) {
        (*kind, *name) = (k.to_owned(), n.to_owned());
    }
    if name.is_empty() {
        return Err("a name is missing: KIND NAME or KIND/NAME, e.g. deploy/web\n".to_owned());
    }
    Ok(())
}

fn joined(target: &mut String, name: &str) -> Result<(), String> {
    match (target.contains('/'), name) {
        (_, "") => Ok(()),
        (false, name) => {
            *target = format!("{target}/{name}");
            Ok(())
        }
        (true, _) => Err(format!("`{target} {name}`: KIND/NAME or KIND NAME, not both\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::parse;

    #[test]
    fn kind_and_name_in_either_form() {
        let read = |words: &[&str]| parse(words.iter().map(Into::into));
        for words in [&["skyfleet", "describe", "deploy/web"][..], &["skyfleet", "describe", "deploy", "web"]]
        {
            let Some(Command::Describe(a)) = read(words).unwrap().command else { panic!("{words:?}") };
            assert_eq!((a.kind.as_str(), a.name.as_str()), ("deploy", "web"));
        }
        for words in [&["skyfleet", "restart", "deploy/web"][..], &["skyfleet", "restart", "deploy", "web"]] {
            let Some(Command::Restart(a)) = read(words).unwrap().command else { panic!("{words:?}") };
            assert_eq!(a.target, "deploy/web");
        }
        for words in [&["describe", "deploy"][..], &["restart", "deploy/a", "b"], &["get", "po,deploy"]] {
            let words: Vec<&str> = ["skyfleet"].iter().chain(words).copied().collect();
            assert!(read(&words).unwrap_err().1, "{words:?}");
        }
    }
}
