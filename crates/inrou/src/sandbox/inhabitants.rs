//! The test residents of a sandbox: those whom the file told of at the first start. What is written
//! into the file later is for another sandbox.

use inrou_api::clock::{Clock, SystemClock};
use inrou_desk::staff::{Duty, NewMember, Office};
use inrou_rules::{Municipality, japan};
use jiff::Timestamp;

use super::{DataFolder, SandboxError};
use crate::residents::{self, Source, TestResident};

/// When the first start began, and who lives in the sandbox since. If this is the first start, both are
/// noted, and it begins at `present`.
pub(super) fn first_start(
    folder: &DataFolder,
    present: Timestamp,
) -> Result<(Timestamp, Vec<TestResident>), SandboxError> {
    let begun = folder.begun()?;
    let at = begun.unwrap_or(present);
    let source = source(folder, begun)?;
    let residents = source.residents(japan::day(at))?;
    if begun.is_none() {
        folder.note_residents(source.text())?;
        folder.note_begun(at)?;
    }
    Ok((at, residents))
}

/// Who lives in the sandbox of a folder; who would, if it had its first start now.
///
/// # Errors
/// [`SandboxError::Folder`], [`SandboxError::Residents`].
pub fn inhabitants(folder: &DataFolder) -> Result<Vec<TestResident>, SandboxError> {
    let begun = folder.begun()?;
    let day = japan::day(begun.unwrap_or_else(|| SystemClock::new().now()));
    Ok(source(folder, begun)?.residents(day)?)
}

/// Whether the residents' file says something else than at the first start.
pub fn is_file_changed(folder: &DataFolder) -> bool {
    let file = folder.root().join(residents::FILE);
    match (Source::read(&folder.residents_noted()), Source::read(&file)) {
        (Ok(Some(noted)), Ok(Some(file))) => noted.text() != file.text(),
        (Ok(Some(_)), Err(_)) => true,
        // None was ever there, or it was taken away; or this is a sandbox of before they were noted.
        _ => false,
    }
}

fn source(folder: &DataFolder, begun: Option<Timestamp>) -> Result<Source, SandboxError> {
    if begun.is_some()
        && let Some(noted) = Source::read(&folder.residents_noted())?
    {
        return Ok(noted);
    }
    let file = Source::read(&folder.root().join(residents::FILE))?;
    Ok(file.unwrap_or_else(Source::built_in))
}

/// The staff whom people play: the hotline's, and a clerk of each municipality in which somebody lives. All are
/// invented.
pub(super) fn staff(municipalities: &[Municipality]) -> Vec<NewMember> {
    use Duty::{Cards, Hold, Journal, Records, Revoke, Staff};
    const CLERKS: [(&str, &str); 6] = [
        ("青木\u{3000}直", "あおき\u{3000}なお"),
        ("石川\u{3000}光", "いしかわ\u{3000}ひかり"),
        ("上田\u{3000}薫", "うえだ\u{3000}かおる"),
        ("小川\u{3000}緑", "おがわ\u{3000}みどり"),
        ("森田\u{3000}忍", "もりた\u{3000}しのぶ"),
        ("山口\u{3000}歩", "やまぐち\u{3000}あゆみ"),
    ];
    let member = |(name, reading): (&str, &str), office, duties: &[Duty]| NewMember {
        name: name.to_owned(),
        name_reading: reading.to_owned(),
        office,
        duties: duties.iter().copied().collect(),
    };
    let hotline = [
        member(("三上\u{3000}結", "みかみ\u{3000}ゆい"), Office::Hotline, &[Hold]),
        member(("野中\u{3000}望", "のなか\u{3000}のぞみ"), Office::Hotline, &[Hold, Revoke]),
        member(
            ("早川\u{3000}司", "はやかわ\u{3000}つかさ"),
            Office::Hotline,
            &[Hold, Revoke, Journal, Staff],
        ),
    ];
    let clerks = municipalities.iter().zip(CLERKS.iter().cycle()).map(|(code, name)| {
        member(*name, Office::Counter(*code), &[Records, Cards, Journal, Staff])
    });
    hotline.into_iter().chain(clerks).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::residents::BUILT_IN;

    #[test]
    fn a_file_that_is_edited_later_is_told_and_changes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::create(root.path()).unwrap();
        let file = root.path().join(residents::FILE);
        let with = |pin: &str| BUILT_IN.replacen("MIZUNO12", pin, 1);
        fs::write(&file, with("FIRST111")).unwrap();
        let at: Timestamp = "2026-11-21T01:00:00Z".parse().unwrap();
        let (began, first) = first_start(&folder, at).unwrap();
        assert_eq!(began, at);
        assert!(!is_file_changed(&folder));

        for later in [with("SECOND22"), "no JSON".to_owned()] {
            fs::write(&file, later).unwrap();
            assert!(is_file_changed(&folder));
            let another_day = "2027-11-21T01:00:00Z".parse().unwrap();
            assert_eq!(first_start(&folder, another_day).unwrap(), (at, first.clone()));
            assert_eq!(inhabitants(&folder).unwrap(), first);
        }
        fs::remove_file(&file).unwrap();
        assert!(!is_file_changed(&folder));
    }

    #[test]
    fn a_file_that_comes_after_the_first_start_is_told_as_well() {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::create(root.path()).unwrap();
        first_start(&folder, "2026-11-21T01:00:00Z".parse().unwrap()).unwrap();
        assert!(!is_file_changed(&folder));
        fs::write(root.path().join(residents::FILE), BUILT_IN.replace("MIZUNO12", "LATER123"))
            .unwrap();
        assert!(is_file_changed(&folder));
    }

    #[test]
    fn a_file_with_a_mistake_can_be_mended_before_the_first_start() {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::create(root.path()).unwrap();
        let file = root.path().join(residents::FILE);
        let at = "2026-11-21T01:00:00Z".parse().unwrap();
        fs::write(&file, "{}").unwrap();
        assert!(matches!(first_start(&folder, at), Err(SandboxError::Residents(_))));
        fs::write(&file, BUILT_IN).unwrap();
        assert!(first_start(&folder, at).is_ok());
    }
}
