//! What can be typed: commands, options, and their help in the reader's language.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PathBufValueParser;
use clap::{Arg, ArgMatches, Command, value_parser};
use inrou_words::{Form, Language, text};

/// The folder that a sandbox uses when nobody names one.
const DATA: &str = "inrou-data";

/// The port of a sandbox when nobody names one.
const PORT: u16 = 8765;

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The language of everything that is said.
    pub language: Language,
    /// What to do.
    pub action: Action,
}

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Run the sandbox.
    Up {
        /// The data folder.
        data: PathBuf,
        /// The port.
        port: u16,
        /// At what time to begin, as typed.
        at: Option<String>,
    },
    /// Show the clock, or turn it.
    Clock {
        /// The data folder.
        data: PathBuf,
        /// Where to, as typed.
        to: Option<String>,
    },
    /// List the cards and phones.
    CardList {
        /// The data folder.
        data: PathBuf,
    },
}

/// Reads what was typed. `Err` is what to print instead: help, the version, or what is wrong.
pub fn parse(typed: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let typed: Vec<OsString> = typed.into_iter().collect();
    let language = language(&typed);
    let matches = command(language).try_get_matches_from(&typed)?;
    Ok(Invocation { language, action: action(&matches) })
}

/// The whole command.
fn command(language: Language) -> Command {
    let say = |name: &str| text(&format!("cli.{name}")).in_language(language).render(Form::Plain);
    let data = Arg::new("data")
        .long("data")
        .value_name("DIR")
        .value_parser(PathBufValueParser::new())
        .default_value(DATA)
        .global(true)
        .help(say("data"));
    let lang = Arg::new("lang")
        .long("lang")
        .value_name("LANG")
        .value_parser(Language::ALL.map(Language::code))
        .global(true)
        .help(say("lang"));
    let port = Arg::new("port")
        .long("port")
        .value_name("N")
        .value_parser(value_parser!(u16))
        .default_value(PORT.to_string())
        .help(say("up-port"));
    let at = Arg::new("at").long("at").value_name("TIME").help(say("up-at"));
    let to = Arg::new("to").value_name("TIME").help(say("clock-to"));
    Command::new("inrou")
        .version(env!("CARGO_PKG_VERSION"))
        .about(say("about"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(data)
        .arg(lang)
        .subcommand(Command::new("up").about(say("up")).arg(port).arg(at))
        .subcommand(Command::new("clock").about(say("clock")).arg(to))
        .subcommand(
            Command::new("card")
                .about(say("card"))
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(Command::new("list").about(say("card-list"))),
        )
}

fn action(matches: &ArgMatches) -> Action {
    let (name, arguments) = matches.subcommand().unwrap_or(("", matches));
    let data = || arguments.get_one::<PathBuf>("data").cloned().unwrap_or_else(|| DATA.into());
    let typed = |name: &str| arguments.get_one::<String>(name).cloned();
    match name {
        "up" => Action::Up {
            data: data(),
            port: arguments.get_one("port").copied().unwrap_or(PORT),
            at: typed("at"),
        },
        "clock" => Action::Clock { data: data(), to: typed("to") },
        _ => Action::CardList { data: data() },
    }
}

/// The language asked for by `--lang`, else that of the environment, else English. It is looked for
/// before anything else is read, so that help and complaints are in it as well.
fn language(typed: &[OsString]) -> Language {
    let words: Vec<&str> = typed.iter().filter_map(|word| word.to_str()).collect();
    let after = words.windows(2).find(|pair| pair[0] == "--lang").map(|pair| pair[1]);
    let joined = words.iter().find_map(|word| word.strip_prefix("--lang="));
    after.or(joined).and_then(|code| code.parse().ok()).unwrap_or_else(|| {
        let environment = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(|name| env::var(name).ok())
            .find(|value| !value.is_empty());
        match environment {
            Some(locale) if locale.starts_with("ja") => Language::Ja,
            _ => Language::En,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Result<Invocation, clap::Error> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_command_is_sound_in_every_language() {
        for language in Language::ALL {
            command(language).debug_assert();
        }
    }

    #[test]
    fn commands_are_read_with_their_options() {
        let up = typed("inrou --lang en up --data d --port 0 --at 2026-11-21T10:00:00+09:00");
        assert_eq!(
            up.unwrap(),
            Invocation {
                language: Language::En,
                action: Action::Up {
                    data: "d".into(),
                    port: 0,
                    at: Some("2026-11-21T10:00:00+09:00".to_owned()),
                },
            }
        );
        let list = typed("inrou card list --lang=ja").unwrap();
        assert_eq!(list.language, Language::Ja);
        assert_eq!(list.action, Action::CardList { data: DATA.into() });
    }

    #[test]
    fn help_is_in_the_language_asked_for() {
        for (language, word) in [("ja", "時計"), ("en", "clock")] {
            let help = typed(&format!("inrou --lang {language} --help")).unwrap_err();
            assert!(help.to_string().contains(word), "{help}");
        }
        assert!(typed("inrou dance").is_err());
    }
}
