//! The functions of `libpcsclite.so.1` that are used, with its types on Linux. All unsafe code of the
//! crate is in this file.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_char, c_long, c_ulong, c_void};
use std::ptr;

/// `SCARDCONTEXT`, `SCARDHANDLE`.
pub(super) type Handle = c_long;
/// `DWORD`.
pub(super) type Dword = c_ulong;
/// `LONG`: a return code.
type Code = c_long;

/// Return codes.
pub(super) mod code {
    pub(in crate::transport::pcsc) const UNKNOWN_READER: u32 = 0x8010_0009;
    pub(in crate::transport::pcsc) const SHARING_VIOLATION: u32 = 0x8010_000B;
    pub(in crate::transport::pcsc) const NO_SMARTCARD: u32 = 0x8010_000C;
    pub(in crate::transport::pcsc) const NOT_TRANSACTED: u32 = 0x8010_0016;
    pub(in crate::transport::pcsc) const READER_UNAVAILABLE: u32 = 0x8010_0017;
    pub(in crate::transport::pcsc) const NO_SERVICE: u32 = 0x8010_001D;
    pub(in crate::transport::pcsc) const SERVICE_STOPPED: u32 = 0x8010_001E;
    pub(in crate::transport::pcsc) const NO_READERS_AVAILABLE: u32 = 0x8010_002E;
    pub(in crate::transport::pcsc) const UNRESPONSIVE_CARD: u32 = 0x8010_0066;
    pub(in crate::transport::pcsc) const UNPOWERED_CARD: u32 = 0x8010_0067;
    pub(in crate::transport::pcsc) const REMOVED_CARD: u32 = 0x8010_0069;
}

const SUCCESS: u32 = 0;
const SCOPE_SYSTEM: Dword = 2;
const SHARE_EXCLUSIVE: Dword = 1;
const PROTOCOL_ANY: Dword = 1 | 2;
const UNPOWER_CARD: Dword = 2;

/// `SCARD_IO_REQUEST`.
#[repr(C)]
struct IoRequest {
    protocol: c_ulong,
    length: c_ulong,
}

type EstablishContext =
    unsafe extern "C" fn(Dword, *const c_void, *const c_void, *mut Handle) -> Code;
type ReleaseContext = unsafe extern "C" fn(Handle) -> Code;
type ListReaders = unsafe extern "C" fn(Handle, *const c_char, *mut c_char, *mut Dword) -> Code;
type Connect =
    unsafe extern "C" fn(Handle, *const c_char, Dword, Dword, *mut Handle, *mut Dword) -> Code;
type Disconnect = unsafe extern "C" fn(Handle, Dword) -> Code;
type Transmit = unsafe extern "C" fn(
    Handle,
    *const IoRequest,
    *const u8,
    Dword,
    *mut IoRequest,
    *mut u8,
    *mut Dword,
) -> Code;

/// The loaded library.
pub(super) struct Library {
    establish_context: EstablishContext,
    release_context: ReleaseContext,
    list_readers: ListReaders,
    connect: Connect,
    disconnect: Disconnect,
    transmit: Transmit,
    /// Keeps the functions above in memory.
    _library: libloading::Library,
}

impl Library {
    /// Loads the library; `None` if it is not installed.
    pub(super) fn load() -> Option<Self> {
        // SAFETY: libpcsclite's initialisers have no preconditions, and the types above are those of
        // its header winscard.h on Linux. The functions are copied out of their symbols, but are used
        // only through `self`, which holds the library.
        unsafe {
            let library = libloading::Library::new("libpcsclite.so.1").ok()?;
            Some(Self {
                establish_context: *library.get(b"SCardEstablishContext\0").ok()?,
                release_context: *library.get(b"SCardReleaseContext\0").ok()?,
                list_readers: *library.get(b"SCardListReaders\0").ok()?,
                connect: *library.get(b"SCardConnect\0").ok()?,
                disconnect: *library.get(b"SCardDisconnect\0").ok()?,
                transmit: *library.get(b"SCardTransmit\0").ok()?,
                _library: library,
            })
        }
    }

    pub(super) fn establish_context(&self) -> Result<Handle, u32> {
        let mut context = 0;
        // SAFETY: the two reserved pointers may be null; `context` outlives the call.
        check(unsafe {
            (self.establish_context)(SCOPE_SYSTEM, ptr::null(), ptr::null(), &raw mut context)
        })?;
        Ok(context)
    }

    pub(super) fn release_context(&self, context: Handle) {
        // SAFETY: takes a number; an invalid one is an error code, of which nothing can be made here.
        unsafe { (self.release_context)(context) };
    }

    /// The names of the readers, each ended by a zero byte.
    pub(super) fn list_readers(&self, context: Handle) -> Result<Vec<u8>, u32> {
        let mut length: Dword = 0;
        // SAFETY: null groups mean all readers; a null buffer asks for the length, which goes to
        // `length`.
        check(unsafe {
            (self.list_readers)(context, ptr::null(), ptr::null_mut(), &raw mut length)
        })?;
        let mut names = vec![0; to_usize(length)];
        // SAFETY: `names` has `length` bytes, which the function does not exceed.
        check(unsafe {
            let buffer = names.as_mut_ptr().cast();
            (self.list_readers)(context, ptr::null(), buffer, &raw mut length)
        })?;
        names.truncate(to_usize(length));
        Ok(names)
    }

    /// Connects exclusively; gives the card's handle and the protocol in use.
    pub(super) fn connect(&self, context: Handle, reader: &CStr) -> Result<(Handle, Dword), u32> {
        let (mut card, mut protocol) = (0, 0);
        // SAFETY: `reader` ends in a zero byte; `card` and `protocol` outlive the call.
        check(unsafe {
            (self.connect)(
                context,
                reader.as_ptr(),
                SHARE_EXCLUSIVE,
                PROTOCOL_ANY,
                &raw mut card,
                &raw mut protocol,
            )
        })?;
        Ok((card, protocol))
    }

    /// Disconnects, and takes the power from the card.
    pub(super) fn disconnect(&self, card: Handle) {
        // SAFETY: takes two numbers; an invalid one is an error code, of which nothing can be made here.
        unsafe { (self.disconnect)(card, UNPOWER_CARD) };
    }

    /// Sends a command; the answer goes to the start of `answer`. Gives its length.
    pub(super) fn transmit(
        &self,
        card: Handle,
        protocol: Dword,
        command: &[u8],
        answer: &mut [u8],
    ) -> Result<usize, u32> {
        let request = IoRequest { protocol, length: size_of::<IoRequest>() as c_ulong };
        let mut length = answer.len() as Dword;
        // SAFETY: `command` and `answer` have the lengths that are passed with them and outlive the
        // call; the header of the answer may be null.
        check(unsafe {
            (self.transmit)(
                card,
                &raw const request,
                command.as_ptr(),
                command.len() as Dword,
                ptr::null_mut(),
                answer.as_mut_ptr(),
                &raw mut length,
            )
        })?;
        Ok(to_usize(length))
    }
}

/// Return codes are 32 bits, wherever `LONG` is longer.
fn check(code: Code) -> Result<(), u32> {
    match code as u32 {
        SUCCESS => Ok(()),
        failure => Err(failure),
    }
}

fn to_usize(length: Dword) -> usize {
    usize::try_from(length).unwrap_or_default()
}
