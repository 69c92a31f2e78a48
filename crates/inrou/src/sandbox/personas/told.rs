//! The files that tell of personas with cards: the program's, and the data folder's if there is one.

use jiff::civil::Date;

use super::making::will_register;
use super::story::Story;
use super::{MOST_CARDS, WITHOUT_CARD, numbered};
use crate::residents::{Fault, ResidentsError, Source, TestResident};

/// Those that come with the program.
const BUILT_IN: &str = include_str!("../../../data/personas.json");

/// The file in the data folder that adds some.
pub(in crate::sandbox) const FILE: &str = "personas.json";

/// The files, of which the data folder's is `own`.
///
/// # Errors
/// There is a mistake in the folder's, or a name in it is taken or too long.
pub(in crate::sandbox) fn files(
    own: Option<Source>,
    day: Date,
) -> Result<Vec<Source>, ResidentsError> {
    let mut files = vec![Source::of_text(BUILT_IN)];
    let mut names: Vec<String> = WITHOUT_CARD.map(|(name, _)| name.to_owned()).into();
    names.extend(files[0].residents(day)?.into_iter().map(|persona| persona.handle.to_string()));
    if let Some(own) = own {
        for persona in own.residents(day)? {
            if names.iter().any(|name| name == persona.handle.as_str()) {
                return Err(own.fault(&persona.handle, "handle", Fault::PersonaNameTaken));
            }
            if numbered(&persona, MOST_CARDS).is_err() {
                return Err(own.fault(&persona.handle, "handle", Fault::PersonaNameLong));
            }
            if persona.phones.len() > 1 {
                return Err(own.fault(&persona.handle, "phones", Fault::PersonaPhones));
            }
        }
        files.push(own);
    }
    Ok(files)
}

/// Those of the files who are made at the first start, on that day, of a sandbox with all its residents: who
/// has outlived the certificates, and whose phones' applications would wait for the morning if they were made
/// at night (HOURS-1).
///
/// # Errors
/// There is a mistake in a file.
pub(in crate::sandbox) fn of_first_start(
    files: &[Source],
    day: Date,
) -> Result<Vec<TestResident>, ResidentsError> {
    let mut all = Vec::new();
    for file in files {
        all.extend(file.residents(day)?);
    }
    all.retain(|persona| match Story::of(persona.handle.as_str()) {
        Story::Outlived => true,
        _ => will_register(persona),
    });
    Ok(all)
}
