//! SELECT of files, READ BINARY.

use super::application::{Application, Element};
use super::dispatch::Powered;
use crate::apdu::{Answer, Command, StatusWord};
use crate::image::FileId;
use crate::memory::Medium;

impl<M: Medium> Powered<'_, M> {
    /// SELECT of an EF under the selected application (P1 `02`); no file control information.
    ///
    /// SELECT of the master file does what genuine cards do: `9000`, and nothing.
    pub(super) fn select_file(
        &mut self,
        application: Application,
        command: &Command<'_>,
    ) -> Answer {
        match (command.p1, command.p2, command.data) {
            (0x00, 0x00, []) => Ok(Vec::new()),
            (0x00, 0x00 | 0x0C, _) => Err(StatusWord::FILE_NOT_FOUND),
            (0x02, 0x00 | 0x0C, &[high, low]) => {
                let id = FileId(u16::from_be_bytes([high, low]));
                self.element(application, id)
                    .ok_or(StatusWord::FILE_NOT_FOUND)?;
                self.session.current = Some(id);
                Ok(Vec::new())
            }
            (0x02, 0x00 | 0x0C, _) => Err(StatusWord::WRONG_LENGTH),
            _ => Err(StatusWord::WRONG_P1_P2),
        }
    }

    /// READ BINARY: of the current EF from a 15-bit offset, or of the EF with the short identifier in
    /// P1 (`80` and above), which becomes the current one, from the offset in P2.
    pub(super) fn read_binary(
        &mut self,
        application: Application,
        command: &Command<'_>,
    ) -> Answer {
        let expected = match command.expected {
            Some(expected) if command.data.is_empty() && !command.extended => expected,
            _ => return Err(StatusWord::WRONG_LENGTH),
        };
        let (id, offset) = if command.p1 & 0x80 == 0 {
            let id = self.session.current.ok_or(StatusWord::NO_CURRENT_FILE)?;
            (
                id,
                usize::from(u16::from_be_bytes([command.p1, command.p2])),
            )
        } else {
            let id = short_identifier(command.p1)?;
            self.element(application, id)
                .ok_or(StatusWord::FILE_NOT_FOUND)?;
            self.session.current = Some(id);
            (id, usize::from(command.p2))
        };
        let Some(Element::File(access)) = self.element(application, id) else {
            return Err(StatusWord::WRONG_FILE_STRUCTURE);
        };
        if !self.session.satisfies(access) {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        let content = application.content(self.memory.image(), id);
        let content = content.as_deref().ok_or(StatusWord::FILE_NOT_FOUND)?;
        match content.get(offset..) {
            Some(rest) if !rest.is_empty() => Ok(rest[..expected.min(rest.len())].to_vec()),
            _ => Err(StatusWord::OFFSET_OUT_OF_RANGE),
        }
    }

    /// The EF that P2 of a command to a PIN or key means: `80` the current one, `80` and a short
    /// identifier that one, which becomes the current one.
    pub(super) fn referenced(
        &mut self,
        application: Application,
        command: &Command<'_>,
    ) -> Result<(FileId, Element), StatusWord> {
        let id = if command.p2 == 0x80 {
            self.session.current.ok_or(StatusWord::NO_CURRENT_FILE)?
        } else {
            short_identifier(command.p2)?
        };
        let element = self
            .element(application, id)
            .ok_or(StatusWord::DATA_NOT_FOUND)?;
        self.session.current = Some(id);
        Ok((id, element))
    }

    fn element(&self, application: Application, id: FileId) -> Option<Element> {
        application.element(self.memory.image(), id)
    }
}

/// The EF of `100xxxxx`, a short identifier from 1 to 30.
fn short_identifier(byte: u8) -> Result<FileId, StatusWord> {
    match byte {
        0x81..=0x9E => Ok(FileId(u16::from(byte & 0x1F))),
        _ => Err(StatusWord::WRONG_P1_P2),
    }
}
