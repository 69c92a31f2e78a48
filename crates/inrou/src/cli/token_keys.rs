//! `inrou token-keys`: what can be typed.

use std::path::PathBuf;

use clap::builder::PathBufValueParser;
use clap::{Arg, ArgMatches, Command};

use super::Action;
use crate::token_keys::Asked;

/// The command.
pub(super) fn command(say: &impl Fn(&str) -> String) -> Command {
    let config = || {
        Arg::new("config")
            .long("config")
            .value_name("FILE")
            .value_parser(PathBufValueParser::new())
            .required(true)
            .help(say("serve-config"))
    };
    let below =
        |name: &'static str, about: &str| Command::new(name).about(say(about)).arg(config());
    let name = Arg::new("name").value_name("NAME").required(true).help(say("token-keys-name"));
    Command::new("token-keys")
        .about(say("token-keys"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(below("list", "token-keys-list"))
        .subcommand(below("rotate", "token-keys-rotate"))
        .subcommand(below("retire", "token-keys-retire").arg(name))
}

/// What was typed to it.
pub(super) fn action(matches: &ArgMatches) -> Action {
    let (below, arguments) = matches.subcommand().unwrap_or(("", matches));
    let config: PathBuf = arguments.get_one("config").cloned().unwrap_or_default();
    let asked = match below {
        "rotate" => Asked::Rotate,
        "retire" => Asked::Retire(arguments.get_one("name").cloned().unwrap_or_default()),
        _ => Asked::List,
    };
    Action::TokenKeys { config, asked }
}
