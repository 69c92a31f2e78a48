//! The test residents' own information: a file by handle, read at each look, so that what is edited shows
//! at once. All of it is invented.

use std::path::PathBuf;

use inrou_api::problem::{OrInternal, Problem};
use inrou_portal::own::{
    Checkup, Medicine, MotherAndChild, OwnInformation, OwnRecords, Vaccination, Value, Words,
};
use inrou_rules::Attributes;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use crate::residents::TestResident;

/// The name of the file in the data folder.
pub(super) const FILE: &str = "own-information.json";

/// The file that comes with the program, to be copied and edited.
const BUILT_IN: &str = include_str!("../../data/own-information.json");

/// The own information of a sandbox.
pub(super) struct OwnFile {
    /// The file, if there is one; else the one that comes with the program is read.
    pub file: PathBuf,
    /// Whose handles the file names.
    pub residents: Vec<TestResident>,
    /// The day on which the sandbox began, from which the file counts back.
    pub begun: Date,
}

impl OwnInformation for OwnFile {
    /// A resident is found by name and date of birth: the portal knows no handle.
    fn of(&self, holder: &Attributes) -> Result<OwnRecords, Problem> {
        let same = |resident: &&TestResident| {
            let attributes = &resident.attributes;
            attributes.name == holder.name && attributes.birth_date == holder.birth_date
        };
        let Some(resident) = self.residents.iter().find(same) else {
            return Ok(OwnRecords::default());
        };
        let text = match std::fs::read_to_string(&self.file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BUILT_IN.to_owned(),
            read => read.or_internal()?,
        };
        let file: File = serde_json::from_str(&text).or_internal()?;
        let handle = resident.handle.as_str();
        let found = file.residents.into_iter().find(|entry| entry.handle == handle);
        Ok(found.map(|entry| entry.records(self.begun)).unwrap_or_default())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: serde::de::IgnoredAny,
    residents: Vec<Entry>,
}

/// What there is of one resident. Days are counted back from the day on which the sandbox began, those of
/// vaccinations on from it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    handle: String,
    #[serde(default)]
    medicines: Vec<MedicineEntry>,
    #[serde(default)]
    checkups: Vec<CheckupEntry>,
    #[serde(default)]
    mother_and_child: Vec<HandbookEntry>,
    #[serde(default)]
    vaccinations: Vec<VaccinationEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MedicineEntry {
    days_ago: u16,
    pharmacy: Words,
    name: Words,
    amount: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckupEntry {
    days_ago: u16,
    place: Words,
    values: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandbookEntry {
    days_ago: u16,
    what: Words,
    note: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VaccinationEntry {
    vaccine: String,
    name: Option<Words>,
    in_days: u16,
    lasts_days: u16,
}

impl Entry {
    fn records(self, begun: Date) -> OwnRecords {
        let on = |days: u16| begun.saturating_sub(i32::from(days).days());
        let medicines = self.medicines.into_iter().map(|entry| {
            let MedicineEntry { days_ago, pharmacy, name, amount } = entry;
            Medicine { on: on(days_ago), pharmacy, name, amount }
        });
        let checkups = self.checkups.into_iter().map(|entry| {
            let CheckupEntry { days_ago, place, values } = entry;
            Checkup { on: on(days_ago), place, values }
        });
        let handbook = self.mother_and_child.into_iter().map(|entry| {
            let HandbookEntry { days_ago, what, note } = entry;
            MotherAndChild { on: on(days_ago), what, note }
        });
        let vaccinations = self.vaccinations.into_iter().map(|entry| {
            let from = begun.saturating_add(i32::from(entry.in_days).days());
            let until = from.saturating_add(i32::from(entry.lasts_days).days());
            Vaccination { vaccine: entry.vaccine, name: entry.name, from, until }
        });
        let mut records = OwnRecords {
            medicines: medicines.collect(),
            checkups: checkups.collect(),
            mother_and_child: handbook.collect(),
            vaccinations: vaccinations.collect(),
        };
        records.medicines.sort_by_key(|entry| std::cmp::Reverse(entry.on));
        records.checkups.sort_by_key(|entry| std::cmp::Reverse(entry.on));
        records.mother_and_child.sort_by_key(|entry| std::cmp::Reverse(entry.on));
        records
    }
}

#[cfg(test)]
mod tests {
    use inrou_rules::japan;

    use super::*;
    use crate::sandbox::DataFolder;
    use crate::sandbox::inhabitants::inhabitants;

    fn of(file: PathBuf, residents: &[TestResident]) -> OwnFile {
        let begun = japan::day("2026-11-21T01:00:00Z".parse().unwrap());
        OwnFile { file, residents: residents.to_vec(), begun }
    }

    #[test]
    fn use_2_a_test_resident_has_own_information_that_can_be_edited_at_any_time() {
        let root = tempfile::tempdir().unwrap();
        let residents = inhabitants(&DataFolder::create(root.path()).unwrap()).unwrap();
        let file = root.path().join(FILE);
        let own = of(file.clone(), &residents);
        let named = |name: &str| {
            let named = residents.iter().find(|one| one.handle.as_str() == name);
            &named.unwrap().attributes
        };
        let records = own.of(named("hana")).unwrap();
        assert!(!records.medicines.is_empty());
        assert!(!records.checkups.is_empty());
        assert!(!records.mother_and_child.is_empty());
        assert!(records.medicines.is_sorted_by(|one, next| one.on >= next.on));
        let mut stranger = named("hana").clone();
        stranger.name = "別の　人".to_owned();
        assert!(own.of(&stranger).unwrap().medicines.is_empty());

        let vaccine = r#"{"vaccine": "x", "name": {"ja": "甲", "reading": "こう", "en": "A"}"#;
        let vaccinations = format!(r#"[{vaccine}, "in_days": 1, "lasts_days": 2}}]"#);
        let hana = format!(r#"{{"handle": "hana", "vaccinations": {vaccinations}}}"#);
        std::fs::write(&file, format!(r#"{{"about": {{}}, "residents": [{hana}]}}"#)).unwrap();
        let vaccination = &own.of(named("hana")).unwrap().vaccinations[0];
        assert_eq!(vaccination.name.as_ref().unwrap().en, "A");
        std::fs::write(&file, r#"{"about": {}, "residents": []}"#).unwrap();
        assert!(own.of(named("hana")).unwrap().medicines.is_empty());
        std::fs::write(&file, r#"{"about": {}, "residents": [{"handle": "hana", "typo": 1}]}"#)
            .unwrap();
        let told = own.of(named("hana")).err().unwrap();
        assert!(told.is(inrou_api::problem::Code::INTERNAL_ERROR));
    }

    #[test]
    fn the_file_that_comes_along_names_test_residents_alone() {
        let root = tempfile::tempdir().unwrap();
        let residents = inhabitants(&DataFolder::create(root.path()).unwrap()).unwrap();
        let file: File = serde_json::from_str(BUILT_IN).unwrap();
        for entry in file.residents {
            assert!(residents.iter().any(|one| one.handle.as_str() == entry.handle));
            for VaccinationEntry { vaccine, name, .. } in entry.vaccinations {
                let is_listed = inrou_words::text(&format!("vaccine.{vaccine}")).exists();
                assert!(is_listed || name.is_some(), "{vaccine}");
            }
        }
    }
}
