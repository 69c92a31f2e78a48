//! A chip of the sandbox for this process's own use: lent by the sandbox that runs, or taken from its
//! folder if none does.

use std::ops::{Deref, DerefMut};

use inrou_chip::memory::FileMedium;
use inrou_chip::tray::Taken;
use inrou_chip::{Chip, Interface};

use super::fault::of_tray;
use super::places::Place;
use crate::control::{Answer, Connection, Lend, Request, ask};
use crate::fault::Fault;
use crate::sandbox::DataFolder;

/// A chip that nobody else uses until this is dropped. The chip's file is the truth: what is done to
/// it stays done.
pub(super) struct Borrowed {
    /// Closed before it is given back.
    chip: Taken,
    _loan: Option<Connection>,
}

/// Borrows a chip to reach it over the contactless link, as a reader does; who lends it sees to it that
/// a phone's holder has allowed that (REG-4). `borrower` is what others are told about who has it.
///
/// # Errors
/// `card-busy` or `phone-busy` if it is in use, `contactless-not-allowed`, `chip-unknown`,
/// `chip-file-damaged`, `file-not-readable`.
pub(super) fn borrow(
    folder: &DataFolder,
    place: &Place,
    borrower: &str,
) -> Result<Borrowed, Fault> {
    let lend = Lend {
        medium: place.medium,
        name: place.name.to_string(),
        to: format!("{borrower} ({})", std::process::id()),
    };
    let loan = match ask(folder, &Request::Lend(lend))? {
        Some((connection, Answer::Lent)) => Some(connection),
        Some(_) => return Err(Fault::new("internal-error")),
        // Nobody else keeps the chip's file open then, or its lock says so.
        None => {
            place.may_be_lent()?;
            None
        }
    };
    let mut chip =
        place.tray(borrower)?.take(&place.name).map_err(|error| of_tray(error, place))?;
    chip.power_on(Interface::Contactless);
    Ok(Borrowed { chip, _loan: loan })
}

impl Deref for Borrowed {
    type Target = Chip<FileMedium>;

    fn deref(&self) -> &Self::Target {
        &self.chip
    }
}

impl DerefMut for Borrowed {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.chip
    }
}
