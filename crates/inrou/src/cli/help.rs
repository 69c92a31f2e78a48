//! Help in the reader's language: clap has its own words in English alone.

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command};
use inrou_words::{Form, Language, Term, text};

use crate::terminal::words;

/// A command and all below it, with everything that clap would say of itself in `language`.
pub(super) fn localised(command: Command, language: Language) -> Command {
    let say = |code: &str| words(code, language);
    let option = |name: &'static str, short, action, help: &str| {
        Arg::new(name).long(name).short(short).action(action).help(say(help))
    };
    let help = option("help", 'h', ArgAction::Help, "cli.help").global(true);
    let version = option("version", 'V', ArgAction::Version, "cli.version");
    let command = command
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .args([help, version]);
    branch(command, "", language)
}

/// A command that stands after `path`, and those below it.
fn branch(command: Command, path: &str, language: Language) -> Command {
    let path = format!("{path}{}", command.get_name());
    let below: Vec<String> =
        command.get_subcommands().map(|each| each.get_name().to_owned()).collect();
    let usage = usage(&command, &path, language);
    let command = command
        .override_usage(usage)
        .help_template(format!(
            "{{about}}\n\n{} {{usage}}\n\n{{all-args}}{{after-help}}",
            words("cli.heading-usage", language)
        ))
        .subcommand_help_heading(words("cli.heading-commands", language))
        .mut_args(|argument| labelled(argument, language));
    below.into_iter().fold(command, |command, name| {
        command.mut_subcommand(name, |each| branch(each, &format!("{path} "), language))
    })
}

/// `inrou card show [options] <NAME>`
fn usage(command: &Command, path: &str, language: Language) -> String {
    let mut usage = format!("{path} [{}]", words("cli.usage-options", language));
    for positional in command.get_positionals() {
        let name = positional.get_value_names().into_iter().flatten().next();
        let name = name.map_or_else(|| positional.get_id().as_str(), |name| name.as_str());
        let required = positional.is_required_set();
        usage.push_str(&if required { format!(" <{name}>") } else { format!(" [{name}]") });
    }
    if command.has_subcommands() {
        usage.push_str(&format!(" <{}>", words("cli.usage-command", language)));
    }
    usage
}

/// Under a heading of the language, with its default in the language. Which values there are stands in
/// the help itself.
fn labelled(argument: Arg, language: Language) -> Arg {
    let heading =
        if argument.is_positional() { "cli.heading-arguments" } else { "cli.heading-options" };
    let argument = argument.help_heading(words(heading, language));
    if !argument.get_action().takes_values() {
        return argument;
    }
    let help = argument.get_help().map(StyledStr::to_string).unwrap_or_default();
    let default = argument.get_default_values().first().map(|value| value.to_string_lossy());
    let help = match default {
        None => help,
        Some(value) => {
            let term = |text| Term { text, reading: "" };
            let default = text("cli.default").in_language(language);
            default.with("help", term(&help)).with("value", term(&value)).render(Form::Plain)
        }
    };
    argument.help(help).hide_default_value(true).hide_possible_values(true)
}
