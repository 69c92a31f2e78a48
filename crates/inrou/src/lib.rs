//! The command: a sandbox of the whole service, and its parts.
//!
//! - [`cli`]: what can be typed; [`fault`]: what is said when it cannot be done
//! - [`up`], [`demo`], [`clock`], [`card`], [`verify`], [`call`], [`whole`], [`token_keys`]: the commands;
//!   `control`: what they ask of a running sandbox
//! - [`serve`]: roles as a configuration says; [`sandbox`]: every role in one process; [`residents`]: who
//!   lives in it

pub mod audit;
pub mod call;
pub mod card;
pub mod cli;
pub mod clock;
mod control;
pub mod demo;
mod facts;
pub mod fault;
mod key_pool;
mod maker;
mod moment;
mod person;
pub mod residents;
pub mod sandbox;
pub mod serve;
mod table;
mod terminal;
pub mod token_keys;
mod unmet;
pub mod up;
pub mod verify;
pub mod whole;

use std::io::IsTerminal;
use std::process::ExitCode;

use inrou_words::Language;
use tracing_subscriber::EnvFilter;

use cli::{Action, Instead, Invocation};
use fault::Fault;

/// A tenth of what a server does is to allocate.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit status of what could not be understood, as of most commands.
const USAGE: u8 = 2;

/// Reads what was typed, does it, and says how it went.
pub fn command() -> ExitCode {
    let invocation = match cli::parse(std::env::args_os()) {
        Ok(invocation) => invocation,
        // Help that was asked for goes to standard output, and is no failure.
        Err(Instead::Show(help)) => help.exit(),
        Err(Instead::Complain(language, fault)) => {
            terminal::complain(&fault.lines(language));
            return ExitCode::from(USAGE);
        }
    };
    // What runs on tells what goes on; what ends at once says itself what went wrong.
    let level = match invocation.action {
        Action::Up { .. } | Action::Serve { .. } => "warn",
        _ => "error",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    // Colours are for people who look on and want them (no-color.org).
    let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(wanted && std::io::stderr().is_terminal())
        .init();
    let language = invocation.language;
    end(run(invocation), language)
}

/// Says what went wrong, if something did: the exit code.
fn end(outcome: Result<(), Fault>, language: Language) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            terminal::complain(&fault.lines(language));
            ExitCode::from(fault.exit_code())
        }
    }
}

fn run(invocation: Invocation) -> Result<(), Fault> {
    let language = invocation.language;
    match invocation.action {
        Action::Up { data, port, at, tls } => up::run(language, &data, port, at.as_deref(), tls),
        Action::Demo { out } => demo::run(language, out.as_deref()),
        Action::Serve { config, roles } => serve::run(language, &config, &roles),
        Action::PrintConfig { data, port } => serve::print(&data, port),
        Action::Call { data, asked } => call::run(language, &data, &asked),
        Action::Audit { data, asked } => audit::run(language, &data, &asked),
        Action::Clock { data, to } => clock::run(language, &data, to.as_deref()),
        Action::Whole { data, asked } => whole::run(language, &data, &asked),
        Action::SnapshotList { data } => whole::list_snapshots(language, &data),
        Action::ScenarioList => {
            whole::list_scenarios(language);
            Ok(())
        }
        Action::CardList { data } => card::list::run(language, &data),
        Action::CardShow { data, name, phone } => card::show::run(language, &data, &name, phone),
        Action::CardRead { data, reading } => card::read::run(language, &data, &reading),
        Action::CardAttach { data, attachment } => card::attach::run(language, &data, &attachment),
        Action::TokenKeys { config, asked } => token_keys::run(language, &config, &asked),
        Action::Verify { data, verification } => verify::run(language, &data, &verification),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_ends_in_failure() {
        let language = Language::En;
        assert_eq!(end(Ok(()), language), ExitCode::SUCCESS);
        assert_eq!(end(Err(Fault::new("demo-step-failed")), language), ExitCode::FAILURE);
        let not_good = Fault::new("file-not-good").with("path", "f").with("status", "revoked");
        assert_eq!(end(Err(not_good), language), ExitCode::from(4));
    }
}
