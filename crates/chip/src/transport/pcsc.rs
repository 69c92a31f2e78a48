//! Cards in PC/SC readers, a person's own My Number card among them, on Linux with pcscd.
//!
//! The system's library is loaded when it is first needed, so that nothing of PC/SC has to be
//! installed to build or to use the rest.

mod library;

use std::ffi::CString;
use std::sync::Arc;

use thiserror::Error;

use super::{Transport, TransportError};
use library::{Library, code};

/// The most bytes of an answer: an extended one with its status.
const LONGEST_ANSWER: usize = 65_536 + 2;

/// Whether the last two tries of a PIN may be spent. On a genuine card a lock means a walk to the
/// municipal counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastTries {
    /// Refuse to verify a PIN that has only two tries left.
    Spare,
    /// The holder has said that they may be spent.
    Spend,
}

/// Why PC/SC is of no use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PcscError {
    /// The library is not installed.
    #[error("libpcsclite.so.1 is not installed")]
    NoLibrary,
    /// The service does not run.
    #[error("the PC/SC service (pcscd) does not run")]
    NoService,
    /// There is no such reader.
    #[error("there is no such reader")]
    NoReader,
    /// There is no card in the reader.
    #[error("there is no card in the reader")]
    NoCard,
    /// Another program holds the card.
    #[error("another program holds the card")]
    Busy,
    /// PC/SC failed, with this code.
    #[error("PC/SC failed with code {0:08X}")]
    Failed(u32),
}

/// The PC/SC service.
#[derive(Clone)]
pub struct Pcsc {
    context: Arc<Context>,
}

/// A card in a reader. No other program can use it meanwhile; dropping this takes its power away, so
/// that nothing stays verified.
pub struct PcscCard {
    /// Goes after the card.
    context: Arc<Context>,
    handle: library::Handle,
    protocol: library::Dword,
    last_tries: LastTries,
}

struct Context {
    library: Library,
    handle: library::Handle,
}

impl Pcsc {
    /// Loads the library and connects to the service.
    ///
    /// # Errors
    /// [`PcscError::NoLibrary`], [`PcscError::NoService`].
    pub fn open() -> Result<Self, PcscError> {
        let library = Library::load().ok_or(PcscError::NoLibrary)?;
        let handle = library.establish_context().map_err(PcscError::from_code)?;
        Ok(Self { context: Arc::new(Context { library, handle }) })
    }

    /// The names of the readers.
    ///
    /// # Errors
    /// The service failed.
    pub fn readers(&self) -> Result<Vec<String>, PcscError> {
        let Context { library, handle } = &*self.context;
        match library.list_readers(*handle) {
            Ok(names) => Ok(names
                .split(|&byte| byte == 0)
                .filter(|name| !name.is_empty())
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect()),
            Err(code::NO_READERS_AVAILABLE) => Ok(Vec::new()),
            Err(code) => Err(PcscError::from_code(code)),
        }
    }

    /// Connects to the card in a reader, for this program alone.
    ///
    /// # Errors
    /// [`PcscError::NoReader`], [`PcscError::NoCard`], [`PcscError::Busy`].
    pub fn connect(&self, reader: &str, last_tries: LastTries) -> Result<PcscCard, PcscError> {
        let name = CString::new(reader).map_err(|_| PcscError::NoReader)?;
        let Context { library, handle } = &*self.context;
        let (handle, protocol) = library.connect(*handle, &name).map_err(PcscError::from_code)?;
        Ok(PcscCard { context: Arc::clone(&self.context), handle, protocol, last_tries })
    }
}

impl Transport for PcscCard {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, TransportError> {
        let mut answer = vec![0; LONGEST_ANSWER];
        let length = self
            .context
            .library
            .transmit(self.handle, self.protocol, command, &mut answer)
            .map_err(transport_error)?;
        answer.truncate(length);
        Ok(answer)
    }

    fn spares_last_tries(&self) -> bool {
        self.last_tries == LastTries::Spare
    }
}

impl Drop for PcscCard {
    fn drop(&mut self) {
        self.context.library.disconnect(self.handle);
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        self.library.release_context(self.handle);
    }
}

impl PcscError {
    fn from_code(code: u32) -> Self {
        match code {
            code::NO_SERVICE | code::SERVICE_STOPPED => Self::NoService,
            code::UNKNOWN_READER | code::NO_READERS_AVAILABLE | code::READER_UNAVAILABLE => {
                Self::NoReader
            }
            code::NO_SMARTCARD | code::REMOVED_CARD | code::UNPOWERED_CARD => Self::NoCard,
            code::UNRESPONSIVE_CARD => Self::NoCard,
            code::SHARING_VIOLATION => Self::Busy,
            other => Self::Failed(other),
        }
    }
}

fn transport_error(code: u32) -> TransportError {
    match PcscError::from_code(code) {
        PcscError::NoCard | PcscError::NoReader => TransportError::Removed,
        PcscError::Busy => TransportError::Busy,
        // So it says when the card goes while it answers, before the service has noticed.
        PcscError::Failed(code::NOT_TRANSACTED) => TransportError::Removed,
        other => TransportError::Reader(other.to_string()),
    }
}
