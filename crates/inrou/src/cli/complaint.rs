//! What is wrong with what was typed, as an error of the command: one line of what, one of what to do.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

use crate::facts::printable;
use crate::fault::Fault;

/// The error that `error` is, where `typed` was typed to `command`.
pub(super) fn fault(error: &Error, command: &Command, typed: &[OsString]) -> Fault {
    let said = |kind| context(error, kind).unwrap_or_default();
    let argument = said(ContextKind::InvalidArg);
    let value = said(ContextKind::InvalidValue);
    let allowed = said(ContextKind::ValidValue);
    let fault = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            Fault::new("command-unknown").with("command", said(ContextKind::InvalidSubcommand))
        }
        ErrorKind::MissingSubcommand => Fault::new("command-missing"),
        ErrorKind::UnknownArgument => Fault::new("argument-unknown").with("argument", argument),
        ErrorKind::MissingRequiredArgument => {
            Fault::new("argument-missing").with("argument", argument)
        }
        ErrorKind::ArgumentConflict => Fault::new("arguments-conflict")
            .with("argument", argument)
            .with("other", said(ContextKind::PriorArg)),
        _ if value.is_empty() => Fault::new("value-missing").with("argument", argument),
        _ if !allowed.is_empty() => Fault::new("value-not-allowed")
            .with("argument", argument)
            .with("value", value)
            .with("allowed", allowed),
        _ => Fault::new("value-not-readable").with("argument", argument).with("value", value),
    };
    fault.with("help", help(command, typed))
}

/// How the help of the command that was typed is called: `inrou card show --help`.
fn help(command: &Command, typed: &[OsString]) -> String {
    let mut path = command.get_name().to_owned();
    let mut at = command;
    for word in typed.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(below) = at.find_subcommand(word) {
            at = below;
            path = format!("{path} {word}");
        }
    }
    format!("{path} --help")
}

fn context(error: &Error, kind: ContextKind) -> Option<String> {
    let text = match error.get(kind)? {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join(", "),
        other => other.to_string(),
    };
    Some(printable(&text))
}
