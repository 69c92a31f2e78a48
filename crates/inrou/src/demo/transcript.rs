//! Every APDU of the demo, in order.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use inrou_api::clock::SandboxClock;
use inrou_chip::Interface;
use inrou_chip::observer::{Exchange, Observer};
use jiff::Timestamp;
use serde::Serialize;

/// What cards and phones were told and answered. PINs never reach it: see [`inrou_chip::observer`].
pub struct Transcript {
    /// Where the sandbox's clock is, once the sandbox has made it.
    folder: PathBuf,
    clock: OnceLock<SandboxClock>,
    entries: Mutex<Vec<Entry>>,
}

/// One APDU and its answer. *This type is written to files.*
#[derive(Serialize)]
struct Entry {
    /// From 1.
    seq: usize,
    /// `card` or `phone`.
    chip: &'static str,
    /// `local`: contacts, or the inside of the phone; `contactless`.
    interface: &'static str,
    /// The sandbox's time of the answer.
    time: Option<Timestamp>,
    /// Hexadecimal; `**` is a byte that is not shown.
    command: String,
    /// As the command; the status word stands at its end.
    response: String,
}

impl Transcript {
    /// Of the sandbox in this folder.
    pub fn of(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), clock: OnceLock::new(), entries: Mutex::default() }
    }

    /// As JSON: an array, one entry a line.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = entries.iter().map(serde_json::to_string);
        Ok(format!("[\n{}\n]\n", lines.collect::<Result<Vec<_>, _>>()?.join(",\n")))
    }

    fn now(&self) -> Option<Timestamp> {
        if self.clock.get().is_none()
            && let Ok(clock) = SandboxClock::open(&self.folder)
        {
            // Whoever was quicker has opened the same file.
            let _ = self.clock.set(clock);
        }
        Some(self.clock.get()?.state().now)
    }
}

impl Observer for Transcript {
    fn exchanged(&self, exchange: &Exchange) {
        let time = self.now();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = Entry {
            seq: entries.len() + 1,
            chip: if exchange.personality.is_phone() { "phone" } else { "card" },
            interface: match exchange.interface {
                Interface::Local => "local",
                Interface::Contactless => "contactless",
            },
            time,
            command: exchange.command.to_string(),
            response: exchange.answer.to_string(),
        };
        entries.push(entry);
    }
}
