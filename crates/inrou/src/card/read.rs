//! `inrou card read`: reads certificates from a chip by the commands that every client sends, from one
//! of the sandbox's chips or from a card in a PC/SC reader.

use std::fs;
use std::path::{Path, PathBuf};

use inrou_chip::client::{CardError, JpkiClient};
use inrou_chip::image::Personality;
use inrou_chip::transport::Transport;
use inrou_chip::transport::pcsc::{LastTries, Pcsc, PcscError};
use inrou_pki::Certificate;
use inrou_relying::inspect::certificate_facts;
use inrou_rules::{Medium, Use};
use inrou_words::{Form, Language, Term, text};

use super::fault::{of_chip, of_reader};
use super::loan::borrow;
use super::pin::{self, PinSource};
use super::places;
use crate::facts;
use crate::fault::Fault;
use crate::sandbox::DataFolder;
use crate::table::table;
use crate::terminal::say;

/// What is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// From which chip.
    pub from: Source,
    /// Which certificates, in this order.
    pub certificates: Vec<CertificateName>,
    /// Where PEM is written; to standard output if `None`.
    pub out: Option<PathBuf>,
    /// Where PINs come from.
    pub pins: PinSource,
}

/// Where a chip is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the sandbox.
    Sandbox {
        /// Its name.
        name: String,
        /// Whether the phone of that name, or of the resident of that name, is meant.
        phone: bool,
    },
    /// In the PC/SC reader of that name.
    Reader(String),
}

/// One of the four certificates on a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateName {
    usage: Use,
    issuer: bool,
}

impl CertificateName {
    /// All of them, by the name that is typed.
    pub const ALL: [(&str, Self); 4] = [
        ("sign", Self { usage: Use::Signature, issuer: false }),
        ("auth", Self { usage: Use::UserAuthentication, issuer: false }),
        ("ca-sign", Self { usage: Use::Signature, issuer: true }),
        ("ca-auth", Self { usage: Use::UserAuthentication, issuer: true }),
    ];

    /// The certificate of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(each, _)| *each == name).map(|(_, certificate)| certificate)
    }
}

/// Reads certificates, asking for a PIN only where the chip wants one. A person's own card in a reader
/// is spared its last two tries.
///
/// # Errors
/// `chip-unknown`, `reader-unknown`, `card-busy`, `wrong-pin`, and what else can go wrong with a chip;
/// `file-access-denied` if the file cannot be written.
pub fn run(language: Language, data: &Path, reading: &Reading) -> Result<(), Fault> {
    let read = match &reading.from {
        Source::Sandbox { name, phone } => {
            let folder = DataFolder::find(data)?;
            let place = places::find(&folder, name, *phone)?;
            let mut chip = borrow(&folder, &place, "inrou card read")?;
            read_all(&mut *chip, reading, language)?
        }
        Source::Reader(name) => {
            let mut card = connect(name)?;
            read_all(&mut card, reading, language)?
        }
    };
    let pem: String = read.iter().map(Certificate::to_pem).collect();
    for certificate in &read {
        say(&table(&facts::rows(&certificate_facts(certificate), language)));
        say("");
    }
    match &reading.out {
        None => say(pem.trim_end()),
        Some(path) => {
            let denied = |_| Fault::new("file-access-denied").with("path", path.display());
            fs::write(path, pem).map_err(denied)?;
            let shown = path.display().to_string();
            let path = Term { text: &shown, reading: "" };
            let written = text("cli.written").in_language(language).with("path", path);
            say(&written.render(Form::Plain));
        }
    }
    Ok(())
}

fn connect(name: &str) -> Result<impl Transport, Fault> {
    let pcsc = Pcsc::open().map_err(of_reader)?;
    pcsc.connect(name, LastTries::Spare).map_err(|error| match error {
        PcscError::NoReader => match pcsc.readers() {
            Ok(readers) if !readers.is_empty() => {
                Fault::new("reader-unknown").with("name", name).with("readers", readers.join(", "))
            }
            _ => of_reader(error),
        },
        error => of_reader(error),
    })
}

fn read_all<T: Transport>(
    chip: &mut T,
    reading: &Reading,
    language: Language,
) -> Result<Vec<Certificate>, Fault> {
    let unlike = |error| of_chip(error, Use::UserAuthentication, Medium::Card);
    let mut client = JpkiClient::select(chip).map_err(unlike)?;
    // Older cards have labels of their own.
    let medium = match client.personality().map_err(unlike)? {
        Some(Personality::Android | Personality::Ios) => Medium::Phone,
        Some(Personality::Card) | None => Medium::Card,
    };
    let mut read = Vec::new();
    for &CertificateName { usage, issuer } in &reading.certificates {
        let fault = |error| of_chip(error, usage, medium);
        let der = match read_one(&mut client, usage, issuer) {
            Err(CardError::PinRequired) => {
                pin::verify(&mut client, usage, medium, reading.pins, language)?;
                read_one(&mut client, usage, issuer).map_err(fault)?
            }
            other => other.map_err(fault)?,
        };
        read.push(Certificate::from_der(&der).map_err(|_| fault(CardError::Malformed))?);
    }
    Ok(read)
}

fn read_one<T: Transport>(
    client: &mut JpkiClient<'_, T>,
    usage: Use,
    issuer: bool,
) -> Result<Vec<u8>, CardError> {
    if issuer { client.issuer_certificate(usage) } else { client.certificate(usage) }
}
