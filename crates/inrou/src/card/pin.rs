//! PINs as they are typed: on the terminal without echo, or on standard input. Never on the command
//! line, where other users could see them.

use std::io::{self, BufRead};

use inrou_chip::client::{CardError, JpkiClient, Pin};
use inrou_chip::transport::Transport;
use inrou_rules::{Medium, PinForm, SignaturePassword, Use, UserAuthenticationPin};
use inrou_words::{Form, Language, text};
use zeroize::Zeroizing;

use super::fault::{of_chip, pin_name};
use crate::fault::Fault;

/// Where PINs are typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinSource {
    /// On the terminal, without echo.
    Terminal,
    /// On standard input, a line each, in the order in which they are needed.
    StandardInput,
}

/// Asks for the PIN of a certificate and presents it to the chip, once.
///
/// # Errors
/// `wrong-pin`, `pin-blocked`, `last-tries`, `pin-form`, `pin-not-given`, and what the chip says.
pub(super) fn verify<T: Transport>(
    client: &mut JpkiClient<'_, T>,
    usage: Use,
    medium: Medium,
    source: PinSource,
    language: Language,
) -> Result<(), Fault> {
    let left = client.tries_left(usage).map_err(|error| of_chip(error, usage, medium))?;
    if left == 0 {
        return Err(of_chip(CardError::Blocked, usage, medium));
    }
    let name = pin_name(usage, medium);
    let typed = match source {
        PinSource::Terminal => ask(name, left, language),
        PinSource::StandardInput => next_line(),
    };
    let typed = typed.map_err(|error| {
        tracing::debug!(%error, "no PIN was typed");
        Fault::new("pin-not-given")
    })?;
    let form = |form| of_form(form, name);
    let verified = match usage {
        Use::Signature => {
            // As all clients do: the password is upper-case on the chip.
            let typed = Zeroizing::new(typed.to_ascii_uppercase());
            let password = SignaturePassword::parse(&typed).map_err(form)?;
            client.verify(Pin::Signature(&password))
        }
        Use::UserAuthentication => {
            let pin = UserAuthenticationPin::parse(&typed).map_err(form)?;
            client.verify(Pin::UserAuthentication(&pin))
        }
    };
    verified.map_err(|error| of_chip(error, usage, medium))
}

fn ask(pin: &str, left: u8, language: Language) -> io::Result<Zeroizing<String>> {
    let prompt = text("cli.pin-prompt").in_language(language);
    let prompt = prompt.with_all([("pin", pin)]).with("left", left).render(Form::Plain);
    rpassword::prompt_password(format!("{prompt} ")).map(Zeroizing::new)
}

fn next_line() -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    if io::stdin().lock().read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Zeroizing::new(line.trim_end_matches(['\n', '\r']).to_owned()))
}

/// The chip was not asked: no try is spent.
fn of_form(form: PinForm, pin: &'static str) -> Fault {
    let fault = match form {
        PinForm::Length => "length",
        PinForm::Character => "character",
        PinForm::NoLetter => "no-letter",
        PinForm::NoDigit => "no-digit",
    };
    Fault::new("pin-form").with("pin", pin).with("fault", fault)
}
