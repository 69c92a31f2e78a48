//! `inrou card` and what stands below it: what can be typed.

use clap::builder::PathBufValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};
use inrou_chip::transport::vpcd::DEFAULT_ADDRESS;

use super::{Action, DATA};
use crate::card::attach::Attachment;
use crate::card::pin::PinSource;
use crate::card::read::{CertificateName, Reading, Source};

/// The command.
pub(super) fn command(say: &impl Fn(&str) -> String) -> Command {
    let name = Arg::new("name").value_name("NAME").required(true).help(say("card-name"));
    let phone = Arg::new("phone").long("phone").action(ArgAction::SetTrue).help(say("card-phone"));
    let option = |long: &'static str, value: &'static str, help: &str| {
        Arg::new(long).long(long).value_name(value).help(say(help))
    };
    let certificates = option("certificate", "WHICH", "card-certificate")
        .value_delimiter(',')
        .value_parser(CertificateName::ALL.map(|(name, _)| name));
    let reader = option("reader", "READER", "card-reader").conflicts_with_all(["name", "phone"]);
    Command::new("card")
        .about(say("card"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(Command::new("list").about(say("card-list")))
        .subcommand(
            Command::new("show").about(say("card-show")).args([name.clone(), phone.clone()]),
        )
        .subcommand(
            Command::new("read")
                .about(say("card-read"))
                .arg(name.clone().required(false).required_unless_present("reader"))
                .args([phone.clone(), reader, certificates])
                .arg(option("out", "FILE", "card-out").value_parser(PathBufValueParser::new()))
                .arg(
                    Arg::new("pin-stdin")
                        .long("pin-stdin")
                        .action(ArgAction::SetTrue)
                        .help(say("card-pin-stdin")),
                ),
        )
        .subcommand(
            Command::new("attach").about(say("card-attach")).args([name, phone]).arg(option(
                "address",
                "HOST:PORT",
                "card-address",
            )),
        )
}

/// What was typed to it.
pub(super) fn action(matches: &ArgMatches) -> Action {
    let (command, arguments) = matches.subcommand().unwrap_or(("", matches));
    let data = arguments.get_one("data").cloned().unwrap_or_else(|| DATA.into());
    let typed = |name: &str| arguments.get_one::<String>(name).cloned();
    let flag = |name: &str| arguments.get_flag(name);
    let name = || typed("name").unwrap_or_default();
    match command {
        "show" => Action::CardShow { data, name: name(), phone: flag("phone") },
        "read" => {
            let sandbox = || Source::Sandbox { name: name(), phone: flag("phone") };
            let certificates = arguments.get_many::<String>("certificate").into_iter().flatten();
            let mut certificates: Vec<_> =
                certificates.filter_map(|name| CertificateName::named(name)).collect();
            if certificates.is_empty() {
                certificates.extend(CertificateName::named("auth"));
            }
            let reading = Reading {
                from: typed("reader").map_or_else(sandbox, Source::Reader),
                certificates,
                out: arguments.get_one("out").cloned(),
                pins: if flag("pin-stdin") {
                    PinSource::StandardInput
                } else {
                    PinSource::Terminal
                },
            };
            Action::CardRead { data, reading }
        }
        "attach" => {
            let (host, port) = DEFAULT_ADDRESS;
            let address = typed("address").unwrap_or_else(|| format!("{host}:{port}"));
            let attachment = Attachment { name: name(), phone: flag("phone"), address };
            Action::CardAttach { data, attachment }
        }
        _ => Action::CardList { data },
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::tests::typed;
    use super::*;

    #[test]
    fn the_card_commands_are_read_with_their_options() {
        let data = || PathBuf::from(DATA);
        let name = || "hana".to_owned();
        let show = typed("inrou card show hana --phone").unwrap().action;
        assert_eq!(show, Action::CardShow { data: data(), name: name(), phone: true });
        let attach = typed("inrou card attach hana").unwrap().action;
        let address = "127.0.0.1:35963".to_owned();
        let attachment = Attachment { name: name(), phone: false, address };
        assert_eq!(attach, Action::CardAttach { data: data(), attachment });
        let read =
            typed("inrou card read --reader R --certificate sign,ca-auth --pin-stdin --out f");
        let reading = Reading {
            from: Source::Reader("R".to_owned()),
            certificates: ["sign", "ca-auth"]
                .map(|name| CertificateName::named(name).unwrap())
                .into(),
            out: Some("f".into()),
            pins: PinSource::StandardInput,
        };
        assert_eq!(read.unwrap().action, Action::CardRead { data: data(), reading });
    }
}
