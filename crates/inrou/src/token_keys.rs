//! `inrou token-keys`: the keys by which the provider of a configuration signs ID tokens.

use std::path::Path;

use inrou_pki::{FreshKeys, SystemEntropy};
use inrou_words::{Form, Language, Term, text};

use crate::fault::Fault;
use crate::serve::{Config, TokenKeys};
use crate::terminal::say;

/// What is to be done, as typed.
#[derive(Debug, PartialEq, Eq)]
pub enum Asked {
    /// To list them.
    List,
    /// To have a new one sign.
    Rotate,
    /// To forget the one of that name.
    Retire(String),
}

/// Does it. A provider that runs goes by it from its next start on.
///
/// # Errors
/// `file-not-readable`, `config-invalid`; `no-role` if the configuration has no provider; `token-keys-not-made`
/// before the provider's first start; `keys-not-opened`; `token-key-unknown`.
pub fn run(language: Language, config: &Path, asked: &Asked) -> Result<(), Fault> {
    let missing = || Fault::new("no-role").with("path", config.display());
    let role = Config::read(config)?.provider.ok_or_else(missing)?;
    let unmade = || Fault::new("token-keys-not-made").with("path", role.folder.display());
    let keys = role.made_token_keys()?.ok_or_else(unmade)?;
    let tell = |code: &str, name: &str| {
        let name = Term { text: name, reading: "" };
        say(&text(code).in_language(language).with("name", name).render(Form::Plain));
    };
    match asked {
        Asked::List => list(&keys, tell)?,
        Asked::Rotate => tell("cli.token-keys-rotated", &keys.rotate(&FreshKeys, &SystemEntropy)?),
        Asked::Retire(name) if keys.retire(name)? => tell("cli.token-keys-retired", name),
        Asked::Retire(name) => return Err(Fault::new("token-key-unknown").with("name", name)),
    }
    Ok(())
}

fn list(keys: &TokenKeys, tell: impl Fn(&str, &str)) -> Result<(), Fault> {
    let (signs, former) = keys.names()?;
    tell("cli.token-keys-signs", &signs);
    former.iter().for_each(|name| tell("cli.token-keys-former", name));
    Ok(())
}
