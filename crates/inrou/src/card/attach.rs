//! `inrou card attach`: puts a chip into vsmartcard's virtual reader, until Ctrl+C or the reader goes.

use std::path::Path;

use inrou_chip::Interface;
use inrou_chip::transport::vpcd::Slot;
use inrou_words::{Form, Language, Term, text};

use super::loan::borrow;
use super::places;
use crate::fault::Fault;
use crate::sandbox::DataFolder;
use crate::terminal::{interrupted, say};

/// What is attached to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The chip's name.
    pub name: String,
    /// Whether the phone of that name, or of the resident of that name, is meant.
    pub phone: bool,
    /// Where vpcd listens, `HOST:PORT`.
    pub address: String,
}

/// Answers for the chip in the reader. A running sandbox cannot use it meanwhile.
///
/// # Errors
/// `chip-unknown`, `contactless-not-allowed`, `card-busy`, `phone-busy`, `vpcd-unavailable`.
pub fn run(language: Language, data: &Path, attachment: &Attachment) -> Result<(), Fault> {
    let folder = DataFolder::find(data)?;
    let place = places::find(&folder, &attachment.name, attachment.phone)?;
    let mut chip = borrow(&folder, &place, "inrou card attach")?;
    let unavailable = |error: std::io::Error| {
        tracing::debug!(%error, "vpcd cannot be reached");
        Fault::new("vpcd-unavailable").with("address", &attachment.address)
    };
    let slot = Slot::connect(&attachment.address).map_err(unavailable)?;
    let eject = slot.eject().map_err(unavailable)?;
    let name = Term { text: place.name.as_str(), reading: "" };
    let said = |code: &'static str| {
        text(code).in_language(language).with("name", name).render(Form::Plain)
    };
    let runtime = tokio::runtime::Runtime::new().map_err(|_| Fault::new("internal-error"))?;
    say(&said("cli.attached"));
    runtime.block_on(async {
        let mut serving =
            tokio::task::spawn_blocking(move || slot.serve(&mut chip, Interface::Contactless));
        let served = tokio::select! {
            served = &mut serving => served,
            () = interrupted() => {
                eject.eject();
                serving.await
            }
        };
        match served {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(unavailable(error)),
            Err(_) => Err(Fault::new("internal-error")),
        }
    })?;
    say(&said("cli.detached"));
    Ok(())
}
