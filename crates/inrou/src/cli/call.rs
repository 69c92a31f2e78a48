//! `inrou call`: what can be typed.

use std::path::PathBuf;

use clap::builder::PathBufValueParser;
use clap::{Arg, ArgMatches, Command};

use super::Action;
use crate::call::{Asked, Method};
use crate::sandbox::Role;

/// The command.
pub(super) fn command(say: &impl Fn(&str) -> String) -> Command {
    Command::new("call")
        .about(say("call"))
        .arg(
            Arg::new("as")
                .long("as")
                .value_name("ROLE")
                .value_parser(Role::ALL.map(Role::name))
                .required(true)
                .help(say("call-as")),
        )
        .arg(
            Arg::new("method")
                .value_name("METHOD")
                .value_parser(Method::ALL.map(|(name, _)| name))
                .required(true)
                .help(say("call-method")),
        )
        .arg(Arg::new("path").value_name("PATH").required(true).help(say("call-path")))
        .arg(
            Arg::new("body")
                .long("body")
                .value_name("FILE")
                .value_parser(PathBufValueParser::new())
                .help(say("call-body")),
        )
        .arg(Arg::new("key").long("key").value_name("KEY").help(say("call-key")))
}

/// What was typed to it.
pub(super) fn action(data: PathBuf, matches: &ArgMatches) -> Action {
    let typed = |name: &str| matches.get_one::<String>(name).cloned();
    let named = |name: String| Method::ALL.into_iter().find(|(typed, _)| *typed == name);
    let asked = Asked {
        role: typed("as").and_then(|name| Role::named(&name)).unwrap_or(Role::Clerk),
        method: typed("method").and_then(named).map_or(Method::Get, |(_, method)| method),
        path: typed("path").unwrap_or_default(),
        body: matches.get_one("body").cloned(),
        key: typed("key"),
    };
    Action::Call { data, asked }
}
