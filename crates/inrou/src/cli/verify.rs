//! `inrou verify`: what can be typed.

use std::path::PathBuf;

use clap::builder::PathBufValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::Action;
use crate::verify::Verification;

/// The command.
pub(super) fn command(say: &impl Fn(&str) -> String) -> Command {
    let path = |name: &'static str, value: &'static str, help: &str| {
        let parser = PathBufValueParser::new();
        Arg::new(name).value_name(value).value_parser(parser).help(say(help))
    };
    Command::new("verify")
        .about(say("verify"))
        .arg(path("file", "FILE", "verify-file").required(true))
        .arg(path("anchors", "PEM", "verify-anchors").long("anchors"))
        .arg(
            path("time-stamp-anchors", "PEM", "verify-time-stamp-anchors")
                .long("time-stamp-anchors"),
        )
        .arg(path("seal-anchors", "PEM", "verify-seal-anchors").long("seal-anchors"))
        .arg(path("content", "FILE", "verify-content").long("content"))
        .arg(
            Arg::new("digest")
                .long("digest")
                .value_name("HEX")
                .help(say("verify-digest"))
                .conflicts_with("content"),
        )
        .arg(
            path("status", "FILE", "verify-status")
                .long("status")
                .action(ArgAction::Append)
                .conflicts_with("offline"),
        )
        .arg(Arg::new("serial").long("serial").value_name("HEX").help(say("verify-serial")))
        .arg(Arg::new("at").long("at").value_name("TIME").help(say("verify-at")))
        .arg(
            Arg::new("offline")
                .long("offline")
                .action(ArgAction::SetTrue)
                .help(say("verify-offline")),
        )
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help(say("verify-json")))
        .after_help(say("verify-exit-codes"))
}

/// What was typed to it.
pub(super) fn action(data: PathBuf, matches: &ArgMatches) -> Action {
    let path = |name: &str| matches.get_one::<PathBuf>(name).cloned();
    let verification = Verification {
        file: path("file").unwrap_or_default(),
        anchors: path("anchors"),
        time_stamp_anchors: path("time-stamp-anchors"),
        seal_anchors: path("seal-anchors"),
        content: path("content"),
        digest: matches.get_one("digest").cloned(),
        status: matches.get_many("status").unwrap_or_default().cloned().collect(),
        serial: matches.get_one("serial").cloned(),
        at: matches.get_one("at").cloned(),
        offline: matches.get_flag("offline"),
        json: matches.get_flag("json"),
    };
    Action::Verify { data, verification }
}
