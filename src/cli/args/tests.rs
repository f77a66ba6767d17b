//! Tests of the command line's definition.

use super::*;
use clap::CommandFactory;

#[test]
fn the_definition_holds_together() {
    Args::command().debug_assert();
}

#[test]
fn scope_flags_stand_behind_the_command_too() {
    let words = ["skyfleet", "get", "pods", "-s", "aws/**", "-n", "a", "-n", "b", "-o", "json", "--demo"];
    let args = parse(words.map(Into::into)).unwrap();
    assert_eq!(args.scope.namespace, ["a", "b"]);
    assert!(args.session.demo);
    assert!(matches!(args.command, Some(Command::Get(GetArgs { output: Output::Json, .. }))));
    assert!(parse(["skyfleet", "nonsense"].map(Into::into)).unwrap_err().1);
    assert!(!parse(["skyfleet", "--help"].map(Into::into)).unwrap_err().1);
    let (words, error) = parse(["skyfleet", "tree", "--env", "qa"].map(Into::into)).unwrap_err();
    assert!(error && words.contains("prod, staging, dev, unknown"), "{words}");
}
