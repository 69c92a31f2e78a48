//! `inrou audit`: what can be typed.

use std::path::PathBuf;

use clap::builder::PathBufValueParser;
use clap::{Arg, ArgMatches, Command};

use super::{Action, DATA};
use crate::audit::Asked;

/// The command.
pub(super) fn command(say: &impl Fn(&str) -> String) -> Command {
    let file = |name: &'static str, help: &str| {
        Arg::new(name).value_name("FILE").value_parser(PathBufValueParser::new()).help(say(help))
    };
    Command::new("audit")
        .about(say("audit"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("verify")
                .about(say("audit-verify"))
                .arg(file("since", "audit-since").long("since"))
                .arg(file("keep", "audit-keep").long("keep")),
        )
        .subcommand(
            Command::new("proof")
                .about(say("audit-proof"))
                .arg(file("file", "audit-file").required(true))
                .arg(file("entry", "audit-entry").long("entry").required(true))
                .arg(
                    Arg::new("key")
                        .long("key")
                        .value_name("KEY")
                        .required(true)
                        .help(say("audit-key")),
                ),
        )
}

/// What was typed to it.
pub(super) fn action(matches: &ArgMatches) -> Action {
    let (below, arguments) = matches.subcommand().unwrap_or(("", matches));
    let path = |name: &str| arguments.get_one::<PathBuf>(name).cloned();
    let asked = match below {
        "proof" => Asked::Proof {
            file: path("file").unwrap_or_default(),
            entry: path("entry").unwrap_or_default(),
            key: arguments.get_one("key").cloned().unwrap_or_default(),
        },
        _ => Asked::Whole { since: path("since"), keep: path("keep") },
    };
    Action::Audit { data: path("data").unwrap_or_else(|| DATA.into()), asked }
}
