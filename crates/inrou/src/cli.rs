//! What can be typed: commands, options, and their help in the reader's language.

mod audit;
mod call;
mod card;
mod complaint;
mod help;
mod token_keys;
mod verify;
mod whole;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PathBufValueParser;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use inrou_words::{Form, Language, text};

use crate::audit::Asked as AuditAsked;
use crate::call::Asked;
use crate::card::attach::Attachment;
use crate::card::read::Reading;
use crate::fault::Fault;
use crate::token_keys::Asked as TokenKeysAsked;
use crate::verify::Verification;
use crate::whole::Asked as WholeAsked;

/// The folder that a sandbox uses when nobody names one.
pub(crate) const DATA: &str = "inrou-data";

/// The roles that can be served by themselves.
const ROLES: [&str; 7] =
    ["authority", "portal", "provider", "desk", "timestamps", "validation", "phone"];

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
        /// The port; that of the first start if `None`.
        port: Option<u16>,
        /// At what time to begin, as typed.
        at: Option<String>,
        /// Whether over TLS.
        tls: bool,
    },
    /// Run roles by themselves.
    Serve {
        /// The configuration.
        config: PathBuf,
        /// Which of its roles; all if none is named.
        roles: Vec<String>,
    },
    /// Print the configuration of a sandbox's roles.
    PrintConfig {
        /// The data folder.
        data: PathBuf,
        /// The first port; that of the sandbox's first start if `None`.
        port: Option<u16>,
    },
    /// Do something with the keys by which a provider signs ID tokens.
    TokenKeys {
        /// The configuration.
        config: PathBuf,
        /// What.
        asked: TokenKeysAsked,
    },
    /// Play the whole job on a throw-away sandbox.
    Demo {
        /// Where to write what it brings.
        out: Option<PathBuf>,
    },
    /// Ask the running sandbox, signing as a role.
    Call {
        /// The data folder.
        data: PathBuf,
        /// What is asked.
        asked: Asked,
    },
    /// Verify the log of the journal, or a proof of it.
    Audit {
        /// The data folder.
        data: PathBuf,
        /// What is verified.
        asked: AuditAsked,
    },
    /// Show the clock, or turn it.
    Clock {
        /// The data folder.
        data: PathBuf,
        /// Where to, as typed.
        to: Option<String>,
    },
    /// Do something with the running sandbox as a whole.
    Whole {
        /// The data folder.
        data: PathBuf,
        /// What.
        asked: WholeAsked,
    },
    /// List the snapshots.
    SnapshotList {
        /// The data folder.
        data: PathBuf,
    },
    /// List the scenarios.
    ScenarioList,
    /// List the cards and phones.
    CardList {
        /// The data folder.
        data: PathBuf,
    },
    /// Show a chip.
    CardShow {
        /// The data folder.
        data: PathBuf,
        /// The chip's name.
        name: String,
        /// Whether the phone of that name, or of the resident of that name, is meant.
        phone: bool,
    },
    /// Read certificates from a chip.
    CardRead {
        /// The data folder.
        data: PathBuf,
        /// What is to be read.
        reading: Reading,
    },
    /// Put a chip into the virtual reader.
    CardAttach {
        /// The data folder.
        data: PathBuf,
        /// What is attached to what.
        attachment: Attachment,
    },
    /// Verify a file.
    Verify {
        /// The data folder.
        data: PathBuf,
        /// What is to be verified.
        verification: Verification,
    },
}

/// Why there is nothing to do.
#[derive(Debug)]
pub enum Instead {
    /// Help or the version is to be shown.
    Show(clap::Error),
    /// What was typed cannot be understood.
    Complain(Language, Fault),
}

/// Reads what was typed.
///
/// # Errors
/// [`Instead`]: what to say instead of doing something.
pub fn parse(typed: impl IntoIterator<Item = OsString>) -> Result<Invocation, Instead> {
    use clap::error::ErrorKind::{
        DisplayHelp, DisplayHelpOnMissingArgumentOrSubcommand, DisplayVersion,
    };
    let typed: Vec<OsString> = typed.into_iter().collect();
    let language = language(&typed);
    let command = help::localised(command(language), language);
    match command.clone().try_get_matches_from(&typed) {
        Ok(matches) => match without_use(&matches) {
            None => Ok(Invocation { language, action: action(&matches) }),
            Some(fault) => Err(Instead::Complain(language, fault)),
        },
        Err(error) => Err(match error.kind() {
            DisplayHelp | DisplayVersion | DisplayHelpOnMissingArgumentOrSubcommand => {
                Instead::Show(error)
            }
            _ => Instead::Complain(language, complaint::fault(&error, &command, &typed)),
        }),
    }
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
        .help(say("up-port"));
    let at = Arg::new("at").long("at").value_name("TIME").help(say("up-at"));
    let out = Arg::new("out")
        .long("out")
        .value_name("DIR")
        .value_parser(PathBufValueParser::new())
        .help(say("demo-out"));
    let tls = Arg::new("tls").long("tls").action(ArgAction::SetTrue).help(say("up-tls"));
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .value_parser(PathBufValueParser::new())
        .required_unless_present("print-config")
        .help(say("serve-config"));
    let print = Arg::new("print-config")
        .long("print-config")
        .action(ArgAction::SetTrue)
        .conflicts_with("config")
        .help(say("serve-print-config"));
    let roles = Arg::new("role")
        .value_name("ROLE")
        .value_parser(ROLES)
        .action(ArgAction::Append)
        .num_args(0..)
        .conflicts_with("print-config")
        .help(say("serve-role"));
    let to = Arg::new("to").value_name("TIME").help(say("clock-to"));
    Command::new("inrou")
        .version(env!("CARGO_PKG_VERSION"))
        .about(say("about"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .after_help(say("exit-codes"))
        .arg(data.clone())
        .arg(lang)
        .subcommand(Command::new("up").about(say("up")).arg(port.clone()).arg(at).arg(tls))
        .subcommand(Command::new("serve").about(say("serve")).args([
            config,
            print,
            port.conflicts_with("config"),
            roles,
        ]))
        .subcommand(
            // It has no use for a data folder, which it would otherwise take from above.
            Command::new("demo").about(say("demo")).arg(out).arg(data.global(false).hide(true)),
        )
        .subcommand(Command::new("clock").about(say("clock")).arg(to))
        .subcommands(whole::commands(&say))
        .subcommand(card::command(&say))
        .subcommand(token_keys::command(&say))
        .subcommand(verify::command(&say))
        .subcommand(call::command(&say))
        .subcommand(audit::command(&say))
}

/// The error that a data folder is named where it would not be looked at: a demo throws its own away, the
/// scenarios come with the program, and some options say what else to go by.
fn without_use(matches: &ArgMatches) -> Option<Fault> {
    let (name, arguments) = matches.subcommand()?;
    let (name, arguments) = match arguments.subcommand() {
        Some((below, arguments)) => (format!("{name} {below}"), arguments),
        None => (name.to_owned(), arguments),
    };
    let instead = match name.as_str() {
        "demo" => None,
        "serve" => Some("config"),
        "token-keys list" | "token-keys rotate" | "token-keys retire" => Some("config"),
        "verify" => Some("anchors"),
        "card read" => Some("reader"),
        // They come with the program.
        "scenario list" => None,
        // It asks nobody.
        "audit proof" => None,
        _ => return None,
    };
    let typed = |option| arguments.value_source(option) == Some(ValueSource::CommandLine);
    let fault = match instead {
        None => Fault::new("argument-unknown"),
        Some(other) if typed(other) => {
            Fault::new("arguments-conflict").with("other", format!("--{other}"))
        }
        Some(_) => return None,
    };
    let help = format!("inrou {name} --help");
    typed("data").then(|| fault.with("argument", "--data").with("help", help))
}

fn action(matches: &ArgMatches) -> Action {
    let (name, arguments) = matches.subcommand().unwrap_or(("", matches));
    let data = || arguments.get_one::<PathBuf>("data").cloned().unwrap_or_else(|| DATA.into());
    let typed = |name: &str| arguments.get_one::<String>(name).cloned();
    match name {
        "up" => Action::Up {
            data: data(),
            port: arguments.get_one("port").copied(),
            at: typed("at"),
            tls: arguments.get_flag("tls"),
        },
        "serve" if arguments.get_flag("print-config") => {
            Action::PrintConfig { data: data(), port: arguments.get_one("port").copied() }
        }
        "serve" => Action::Serve {
            config: arguments.get_one("config").cloned().unwrap_or_default(),
            roles: arguments.get_many("role").unwrap_or_default().cloned().collect(),
        },
        "demo" => Action::Demo { out: arguments.get_one("out").cloned() },
        "clock" => Action::Clock { data: data(), to: typed("to") },
        "snapshot" | "reset" | "scenario" => whole::action(name, arguments),
        "token-keys" => token_keys::action(arguments),
        "verify" => verify::action(data(), arguments),
        "call" => call::action(data(), arguments),
        "audit" => audit::action(arguments),
        _ => card::action(arguments),
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
    #![allow(clippy::panic, reason = "a test fails by panicking")]

    use super::*;
    use crate::sandbox::DEFAULT_PORT;

    pub(super) fn typed(line: &str) -> Result<Invocation, Instead> {
        parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn the_command_is_sound_in_every_language() {
        for language in Language::ALL {
            help::localised(command(language), language).debug_assert();
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
                    port: Some(0),
                    at: Some("2026-11-21T10:00:00+09:00".to_owned()),
                    tls: false,
                },
            }
        );
        let demo = typed("inrou --lang en demo --out d").unwrap();
        assert_eq!(demo.action, Action::Demo { out: Some("d".into()) });
        let serve = typed("inrou serve --config c.toml portal phone").unwrap();
        let roles = vec!["portal".to_owned(), "phone".to_owned()];
        assert_eq!(serve.action, Action::Serve { config: "c.toml".into(), roles });
        let retire = typed("inrou token-keys retire --config c.toml K").unwrap().action;
        let asked = TokenKeysAsked::Retire("K".to_owned());
        assert_eq!(retire, Action::TokenKeys { config: "c.toml".into(), asked });
        let restore = typed("inrou snapshot restore before --data d").unwrap();
        let asked = WholeAsked::Restore("before".to_owned());
        assert_eq!(restore.action, Action::Whole { data: "d".into(), asked });
        let reset = typed("inrou reset").unwrap().action;
        assert_eq!(reset, Action::Whole { data: DATA.into(), asked: WholeAsked::Reset });
        let reset = typed("inrou reset --all").unwrap().action;
        assert_eq!(reset, Action::Whole { data: DATA.into(), asked: WholeAsked::ResetAll });
        assert_eq!(typed("inrou scenario list").unwrap().action, Action::ScenarioList);
        let play = typed("inrou scenario play fresh --data d").unwrap().action;
        let asked = WholeAsked::Play("fresh".to_owned());
        assert_eq!(play, Action::Whole { data: "d".into(), asked });
        for wrong in [
            "inrou token-keys rotate",
            "inrou serve",
            "inrou serve --config c.toml butler",
            "inrou snapshot save",
        ] {
            assert!(typed(wrong).is_err(), "{wrong}");
        }
        let list = typed("inrou card list --lang=ja").unwrap();
        assert_eq!(list.language, Language::Ja);
        assert_eq!(list.action, Action::CardList { data: DATA.into() });
    }

    #[test]
    fn help_is_in_the_language_asked_for() {
        let help = |line: &str| match typed(line) {
            Err(Instead::Show(help)) => help.to_string(),
            other => panic!("{other:?}"),
        };
        let english = help("inrou --lang en --help");
        for word in ["Usage: inrou [options] <command>", "Commands:", "Options:", "clock"] {
            assert!(english.contains(word), "{word}: {english}");
        }
        for line in ["--help", "up --help", "card --help", "card read -h", "verify --help", "card"]
        {
            let japanese = help(&format!("inrou --lang ja {line}"));
            assert!(japanese.contains("使い方: inrou"), "{japanese}");
            for word in
                ["Usage", "Options", "Commands", "Arguments", "default", "possible", "Print"]
            {
                assert!(!japanese.contains(word), "{line}: {word}: {japanese}");
            }
        }
        assert!(
            help("inrou --lang ja up --help").contains("データフォルダー（初期値 inrou-data）")
        );
        assert!(help("inrou --lang en up --help").contains(&DEFAULT_PORT.to_string()));
        assert!(!help("inrou --lang en demo --help").contains("--data"));
        assert!(help("inrou --lang ja card attach --help").contains("attach [オプション] <NAME>"));
    }

    #[test]
    fn what_cannot_be_understood_is_said_in_two_lines() {
        for (line, code, what, now) in [
            ("dance", "command-unknown", "dance", "inrou --help"),
            ("--data d", "command-missing", "", "inrou --help"),
            ("demo --data d", "argument-unknown", "--data", "inrou demo --help"),
            ("--data d demo", "argument-unknown", "--data", "inrou demo --help"),
            ("serve --config c --data d", "arguments-conflict", "--config", "inrou serve --help"),
            ("serve --config c --port 1", "arguments-conflict", "--port", "inrou serve --help"),
            ("serve --print-config portal", "arguments-conflict", "--print", "inrou serve --help"),
            (
                "--data d verify f --anchors a",
                "arguments-conflict",
                "--data",
                "inrou verify --help",
            ),
            ("card read --data d --reader r", "arguments-conflict", "--reader", "card read --help"),
            ("up --tempo 3", "argument-unknown", "--tempo", "inrou up --help"),
            ("up --port", "value-missing", "--port", "inrou up --help"),
            ("up --port many", "value-not-readable", "many", "inrou up --help"),
            ("card show", "argument-missing", "<NAME>", "inrou card show --help"),
            ("card read", "argument-missing", "NAME", "inrou card read --help"),
            ("card read x --reader y", "arguments-conflict", "--reader", "card read --help"),
            ("card read x --certificate z", "value-not-allowed", "z", "sign, auth"),
            ("--lang fr clock", "value-not-allowed", "fr", "ja-easy"),
        ] {
            for language in ["ja", "ja-easy", "en"] {
                // The last one wins where the line names its own.
                let line = if line.starts_with("--lang") {
                    format!("inrou {line}")
                } else {
                    format!("inrou --lang {language} {line}")
                };
                let Err(Instead::Complain(language, fault)) = typed(&line) else {
                    panic!("{line}");
                };
                assert_eq!(fault.code(), code, "{line}");
                let said = fault.lines(language);
                let lines: Vec<&str> = said.lines().collect();
                assert_eq!(lines.len(), 2, "{said}");
                assert!(lines[0].contains(what) && lines[1].contains(now), "{said}");
                assert!(!said.contains('{'), "{said}");
            }
        }
    }

    #[test]
    fn what_is_typed_cannot_write_to_the_terminal() {
        let Err(Instead::Complain(_, fault)) = typed("inrou \u{1b}[2J") else { panic!() };
        assert!(!fault.lines(Language::En).contains('\u{1b}'));
    }
}
