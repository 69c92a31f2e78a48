//! Command and response APDUs (ISO/IEC 7816-4 §5), short and extended, in all four cases.

use std::fmt;

/// The largest answer to a short command: Le of one byte, `00` meaning 256.
pub const SHORT_MAXIMUM: usize = 256;

/// The largest answer to an extended command: Le of two bytes, `0000` meaning 65 536.
pub const EXTENDED_MAXIMUM: usize = 65_536;

/// A command APDU, parsed.
///
/// `Debug` shows the header and the lengths; the data may be a PIN.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Command<'a> {
    /// CLA.
    pub class: u8,
    /// INS.
    pub instruction: u8,
    /// P1.
    pub p1: u8,
    /// P2.
    pub p2: u8,
    /// The command data; empty when there is no Lc.
    pub data: &'a [u8],
    /// Ne, the most bytes that the answer may have: 1 to 65 536; `None` without Le.
    pub expected: Option<usize>,
    /// Whether the lengths are of the extended form.
    pub extended: bool,
}

impl<'a> Command<'a> {
    /// A short command without data and without Le (case 1).
    pub const fn new(class: u8, instruction: u8, p1: u8, p2: u8) -> Self {
        Self { class, instruction, p1, p2, data: &[], expected: None, extended: false }
    }

    /// The same command with `data`.
    pub const fn with_data(self, data: &'a [u8]) -> Self {
        Self { data, ..self }
    }

    /// The same command asking for an answer of up to `expected` bytes.
    pub const fn expecting(self, expected: usize) -> Self {
        Self { expected: Some(expected), ..self }
    }

    /// Parses the bytes of a command.
    ///
    /// # Errors
    /// [`StatusWord::WRONG_LENGTH`] if they are not a command APDU of one of the four cases.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, StatusWord> {
        let (&[class, instruction, p1, p2], body) =
            bytes.split_first_chunk().ok_or(StatusWord::WRONG_LENGTH)?;
        let header = Self::new(class, instruction, p1, p2);
        match body {
            [] => Ok(header),
            &[le] => Ok(header.expecting(length_or(le.into(), SHORT_MAXIMUM))),
            &[0, high, low] => Ok(Self {
                extended: true,
                ..header.expecting(length_or(u16::from_be_bytes([high, low]), EXTENDED_MAXIMUM))
            }),
            [0, high, low, rest @ ..] => {
                header.parse_extended(u16::from_be_bytes([*high, *low]), rest)
            }
            [lc, rest @ ..] => header.parse_short(*lc, rest),
        }
    }

    /// The bytes of the command. Data over 255 bytes or an Ne over 256 makes it extended; data
    /// over 65 535 bytes is cut off there, as is an Ne over 65 536.
    pub fn to_bytes(&self) -> Vec<u8> {
        let data = &self.data[..self.data.len().min(EXTENDED_MAXIMUM - 1)];
        let extended = self.extended
            || data.len() >= SHORT_MAXIMUM
            || self.expected.is_some_and(|expected| expected > SHORT_MAXIMUM);
        let mut bytes = vec![self.class, self.instruction, self.p1, self.p2];
        if extended && (!data.is_empty() || self.expected.is_some()) {
            bytes.push(0);
        }
        if !data.is_empty() {
            push_length(&mut bytes, data.len(), extended);
            bytes.extend_from_slice(data);
        }
        if let Some(expected) = self.expected {
            push_length(&mut bytes, expected, extended);
        }
        bytes
    }

    fn parse_short(self, lc: u8, rest: &'a [u8]) -> Result<Self, StatusWord> {
        let (data, le) =
            rest.split_at_checked(lc.into()).filter(|_| lc != 0).ok_or(StatusWord::WRONG_LENGTH)?;
        let command = self.with_data(data);
        match le {
            [] => Ok(command),
            &[le] => Ok(command.expecting(length_or(le.into(), SHORT_MAXIMUM))),
            _ => Err(StatusWord::WRONG_LENGTH),
        }
    }

    fn parse_extended(self, lc: u16, rest: &'a [u8]) -> Result<Self, StatusWord> {
        let (data, le) =
            rest.split_at_checked(lc.into()).filter(|_| lc != 0).ok_or(StatusWord::WRONG_LENGTH)?;
        let command = Self { extended: true, ..self.with_data(data) };
        match le {
            [] => Ok(command),
            &[high, low] => {
                Ok(command.expecting(length_or(u16::from_be_bytes([high, low]), EXTENDED_MAXIMUM)))
            }
            _ => Err(StatusWord::WRONG_LENGTH),
        }
    }
}

impl fmt::Debug for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, instruction, p1, p2, .. } = self;
        write!(f, "Command({class:02X} {instruction:02X} {p1:02X} {p2:02X}")?;
        write!(f, ", {} bytes, expecting {:?})", self.data.len(), self.expected)
    }
}

/// A response APDU.
///
/// `Debug` shows the length of the data, not the data.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The response data.
    pub data: Vec<u8>,
    /// SW1-SW2.
    pub status: StatusWord,
}

impl Response {
    /// `9000` with data.
    pub fn success(data: Vec<u8>) -> Self {
        Self { data, status: StatusWord::SUCCESS }
    }

    /// Parses the bytes of an answer; `None` if there are not even two.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (data, &status) = bytes.split_last_chunk()?;
        Some(Self { data: data.to_vec(), status: StatusWord(u16::from_be_bytes(status)) })
    }

    /// The bytes of the answer.
    pub fn into_bytes(self) -> Vec<u8> {
        let mut bytes = self.data;
        bytes.extend_from_slice(&self.status.0.to_be_bytes());
        bytes
    }
}

/// The data of a `9000` answer, or the status word that says why there is none.
pub type Answer = Result<Vec<u8>, StatusWord>;

impl From<StatusWord> for Response {
    fn from(status: StatusWord) -> Self {
        Self { data: Vec::new(), status }
    }
}

impl From<Answer> for Response {
    fn from(answer: Answer) -> Self {
        answer.map_or_else(Self::from, Self::success)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({} bytes, {})", self.data.len(), self.status)
    }
}

/// SW1-SW2. Its text form is four upper-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// Done.
    pub const SUCCESS: Self = Self(0x9000);
    /// The memory could not be written; nothing was changed.
    pub const MEMORY_FAILURE: Self = Self(0x6581);
    /// Lc or Le does not fit the command.
    pub const WRONG_LENGTH: Self = Self(0x6700);
    /// Logical channels are not supported.
    pub const CHANNEL_NOT_SUPPORTED: Self = Self(0x6881);
    /// The current file is not one that the command works on.
    pub const WRONG_FILE_STRUCTURE: Self = Self(0x6981);
    /// The PIN that guards this has not been verified.
    pub const SECURITY_STATUS_NOT_SATISFIED: Self = Self(0x6982);
    /// The PIN is blocked.
    pub const BLOCKED: Self = Self(0x6984);
    /// The conditions of use are not satisfied.
    pub const CONDITIONS_NOT_SATISFIED: Self = Self(0x6985);
    /// No file is selected.
    pub const NO_CURRENT_FILE: Self = Self(0x6986);
    /// The secure-messaging data objects are missing.
    pub const SECURE_MESSAGING_MISSING: Self = Self(0x6987);
    /// The secure-messaging data objects are wrong.
    pub const SECURE_MESSAGING_INCORRECT: Self = Self(0x6988);
    /// The command data is wrong.
    pub const WRONG_DATA: Self = Self(0x6A80);
    /// No such file or application.
    pub const FILE_NOT_FOUND: Self = Self(0x6A82);
    /// No room left in the memory.
    pub const NOT_ENOUGH_MEMORY: Self = Self(0x6A84);
    /// P1-P2 are not supported.
    pub const WRONG_P1_P2: Self = Self(0x6A86);
    /// No such data object.
    pub const DATA_NOT_FOUND: Self = Self(0x6A88);
    /// The offset lies beyond the end of the file.
    pub const OFFSET_OUT_OF_RANGE: Self = Self(0x6B00);
    /// The instruction is not supported here.
    pub const INSTRUCTION_NOT_SUPPORTED: Self = Self(0x6D00);
    /// The class is not supported.
    pub const CLASS_NOT_SUPPORTED: Self = Self(0x6E00);

    /// `63Cx`: `tries` are left, at most 15.
    pub fn tries_left(tries: u8) -> Self {
        Self(0x63C0 | u16::from(tries.min(15)))
    }

    /// The x of `63Cx`.
    pub fn as_tries_left(self) -> Option<u8> {
        let [sw1, sw2] = self.0.to_be_bytes();
        (sw1 == 0x63 && sw2 & 0xF0 == 0xC0).then_some(sw2 & 0x0F)
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StatusWord({self})")
    }
}

fn length_or(length: u16, maximum: usize) -> usize {
    if length == 0 { maximum } else { length.into() }
}

/// Appends a length in its short or extended form; the maximum of each form is written as zero.
fn push_length(bytes: &mut Vec<u8>, length: usize, extended: bool) {
    let [.., high, low] = length.min(EXTENDED_MAXIMUM).to_be_bytes();
    if extended {
        bytes.push(high);
    }
    bytes.push(low);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_four_cases_are_told_apart_short_and_extended() {
        let header = Command::new(0x00, 0xB0, 0x01, 0x02);
        let with_data = header.with_data(&[0xAA, 0xBB]);
        let extended = |command| Command { extended: true, ..command };
        for (bytes, command) in [
            ("00B00102", header),
            ("00B0010210", header.expecting(16)),
            ("00B0010200", header.expecting(256)),
            ("00B0010202AABB", with_data),
            ("00B0010202AABB10", with_data.expecting(16)),
            ("00B0010202AABB00", with_data.expecting(256)),
            ("00B00102000010", extended(header.expecting(16))),
            ("00B00102000000", extended(header.expecting(65_536))),
            ("00B00102000002AABB", extended(with_data)),
            ("00B00102000002AABB0010", extended(with_data.expecting(16))),
            ("00B00102000002AABB0000", extended(with_data.expecting(65_536))),
        ] {
            let bytes = hex(bytes);
            assert_eq!(Command::parse(&bytes), Ok(command));
            assert_eq!(command.to_bytes(), bytes);
        }
    }

    #[test]
    fn lengths_that_do_not_fit_are_refused() {
        for bytes in [
            "",
            "00",
            "00B001",
            "00B0010203AABB",
            "00B0010202AABBCC00",
            "00B0010200AA",
            "00B00102000000AABB",
            "00B00102000003AABB",
            "00B00102000002AABB00",
            "00B00102000002AABB000000",
        ] {
            assert_eq!(Command::parse(&hex(bytes)), Err(StatusWord::WRONG_LENGTH), "{bytes}");
        }
    }

    #[test]
    fn the_longest_command_is_parsed_and_a_longer_one_refused() {
        let data = vec![7; 65_535];
        let longest = Command::new(0x00, 0xE2, 0x00, 0x00).with_data(&data).expecting(65_536);
        let mut bytes = longest.to_bytes();
        assert_eq!(Command::parse(&bytes).unwrap().data.len(), 65_535);
        bytes.push(0);
        assert_eq!(Command::parse(&bytes), Err(StatusWord::WRONG_LENGTH));
        bytes.resize(1 << 20, 0);
        assert_eq!(Command::parse(&bytes), Err(StatusWord::WRONG_LENGTH));
    }

    #[test]
    fn debug_shows_no_data() {
        let command = Command::new(0x00, 0x20, 0x00, 0x80).with_data(b"1234").expecting(1);
        assert_eq!(format!("{command:?}"), "Command(00 20 00 80, 4 bytes, expecting Some(1))");
        let response = Response::success(b"1234".to_vec());
        assert_eq!(format!("{response:?}"), "Response(4 bytes, 9000)");
    }

    #[test]
    fn an_answer_ends_in_its_status() {
        assert_eq!(Response::parse(&[0x90]), None);
        let response = Response::parse(&[1, 2, 0x90, 0x00]).unwrap();
        assert_eq!((&*response.data, response.status), (&[1, 2][..], StatusWord::SUCCESS));
        assert_eq!(response.into_bytes(), [1, 2, 0x90, 0x00]);
    }

    #[test]
    fn tries_left_are_the_last_digit_of_63cx() {
        assert_eq!(StatusWord::tries_left(5), StatusWord(0x63C5));
        assert_eq!(StatusWord::tries_left(200), StatusWord(0x63CF));
        assert_eq!(StatusWord(0x63C0).as_tries_left(), Some(0));
        assert_eq!(StatusWord(0x6300).as_tries_left(), None);
        assert_eq!(StatusWord(0x64C1).as_tries_left(), None);
    }

    proptest! {
        #[test]
        fn any_command_survives_writing_and_parsing(
            header: [u8; 4],
            data in prop::collection::vec(any::<u8>(), 0..600),
            expected in prop::option::of(1..=EXTENDED_MAXIMUM),
        ) {
            let [class, instruction, p1, p2] = header;
            let command =
                Command { expected, ..Command::new(class, instruction, p1, p2).with_data(&data) };
            let bytes = command.to_bytes();
            let parsed = Command::parse(&bytes).unwrap();
            prop_assert_eq!((parsed.data, parsed.expected), (command.data, command.expected));
            prop_assert_eq!(parsed.to_bytes(), bytes);
        }

        #[test]
        fn any_bytes_are_parsed_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(command) = Command::parse(&bytes) {
                prop_assert_eq!(command.to_bytes(), bytes);
            }
        }
    }

    fn hex(text: &str) -> Vec<u8> {
        crate::image::Bytes::try_from(text.to_owned()).unwrap().0
    }
}
