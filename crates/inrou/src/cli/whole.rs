//! `inrou snapshot`, `inrou reset`, `inrou scenario`: what can be typed.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{Action, DATA};
use crate::whole::Asked;

/// The commands.
pub(super) fn commands(say: &impl Fn(&str) -> String) -> [Command; 3] {
    let name = |help: &str| Arg::new("name").value_name("NAME").required(true).help(say(help));
    let branch = |name: &'static str, about: &str| {
        Command::new(name).about(say(about)).subcommand_required(true).arg_required_else_help(true)
    };
    let named = |command: &'static str, about: &str, help: &str| {
        Command::new(command).about(say(about)).arg(name(help))
    };
    [
        branch("snapshot", "snapshot")
            .subcommand(Command::new("list").about(say("snapshot-list")))
            .subcommand(named("save", "snapshot-save", "snapshot-name"))
            .subcommand(named("restore", "snapshot-restore", "snapshot-name"))
            .subcommand(named("delete", "snapshot-delete", "snapshot-name")),
        Command::new("reset")
            .about(say("reset"))
            .arg(Arg::new("all").long("all").action(ArgAction::SetTrue).help(say("reset-all"))),
        branch("scenario", "scenario")
            .subcommand(Command::new("list").about(say("scenario-list")))
            .subcommand(named("play", "scenario-play", "scenario-name")),
    ]
}

/// What was typed to one of them.
pub(super) fn action(command: &str, matches: &ArgMatches) -> Action {
    let (below, arguments) = matches.subcommand().unwrap_or(("", matches));
    let data: PathBuf = arguments.get_one("data").cloned().unwrap_or_else(|| DATA.into());
    let name = || arguments.get_one::<String>("name").cloned().unwrap_or_default();
    let asked = match (command, below) {
        ("snapshot", "save") => Asked::Save(name()),
        ("snapshot", "restore") => Asked::Restore(name()),
        ("snapshot", "delete") => Asked::Delete(name()),
        ("snapshot", _) => return Action::SnapshotList { data },
        ("scenario", "play") => Asked::Play(name()),
        ("scenario", _) => return Action::ScenarioList,
        _ if matches.get_flag("all") => Asked::ResetAll,
        _ => Asked::Reset,
    };
    Action::Whole { data, asked }
}
