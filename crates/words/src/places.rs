//! Prefectures and municipalities: their names in kanji, in kana, and as a certificate's subject
//! writes them.

use std::sync::LazyLock;

use inrou_rules::Municipality;

/// A municipality and the prefecture around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The municipality's code.
    pub code: Municipality,
    /// The prefecture (都道府県).
    pub prefecture: PlaceName,
    /// The municipality (市区町村).
    pub municipality: PlaceName,
}

/// One name in three writings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceName {
    /// As the register writes it: `清瀬市`.
    pub kanji: &'static str,
    /// In hiragana: `きよせし`.
    pub reading: &'static str,
    /// Romanised, as a certificate's subject has it: `Kiyose-shi`, `Tokyo-to`, `Hokkaido`.
    pub romaji: &'static str,
}

/// The municipality with this code, or `None` if the table does not have it.
pub fn place(code: Municipality) -> Option<&'static Place> {
    let at = PLACES.binary_search_by_key(&code, |place| place.code).ok()?;
    PLACES.get(at)
}

/// Every municipality of the table, in the order of the codes.
pub fn places() -> &'static [Place] {
    &PLACES
}

static TABLE: &str = include_str!("../data/places.tsv");

static PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| {
    let mut prefecture = None;
    let mut places = Vec::new();
    for (code, name) in rows() {
        match (code.parse(), prefecture) {
            (Ok(code), Some(prefecture)) => {
                places.push(Place { code, prefecture, municipality: name });
            }
            _ => prefecture = Some(name),
        }
    }
    places
});

/// The table's rows. A prefecture's row stands before those of its municipalities.
fn rows() -> impl Iterator<Item = (&'static str, PlaceName)> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut columns = line.split('\t');
        let code = columns.next()?;
        let name =
            PlaceName { kanji: columns.next()?, reading: columns.next()?, romaji: columns.next()? };
        columns.next().is_none().then_some((code, name))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn code(digits: &str) -> Municipality {
        digits.parse().unwrap()
    }

    #[test]
    fn a_place_is_found_by_its_code() {
        let kiyose = place(code("13221")).unwrap();
        assert_eq!(kiyose.prefecture.kanji, "東京都");
        assert_eq!(kiyose.prefecture.romaji, "Tokyo-to");
        assert_eq!(kiyose.municipality.kanji, "清瀬市");
        assert_eq!(kiyose.municipality.reading, "きよせし");
        assert_eq!(kiyose.municipality.romaji, "Kiyose-shi");
    }

    #[test]
    fn an_unknown_code_has_no_place() {
        for digits in ["00000", "13000", "13999", "99999"] {
            assert_eq!(place(code(digits)), None, "{digits}");
        }
    }

    #[test]
    fn every_line_of_the_table_is_a_row() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows().count(), lines);
        assert_eq!(lines, places().len() + 47);
    }

    #[test]
    fn codes_ascend_and_stand_under_their_prefecture() {
        assert!(places().is_sorted_by(|one, next| one.code < next.code));
        let mut prefecture = 0;
        let mut number: Option<&str> = None;
        for (digits, _) in rows() {
            match digits.len() {
                2 => {
                    prefecture += 1;
                    assert_eq!(digits, format!("{prefecture:02}"));
                    number = Some(digits);
                }
                5 => assert!(digits.starts_with(number.unwrap()), "{digits}"),
                _ => panic!("{digits} is no code"),
            }
        }
        assert_eq!(prefecture, 47);
    }

    #[test]
    fn names_are_unique_where_they_must_be() {
        let prefectures: BTreeSet<_> = places().iter().map(|p| p.prefecture.kanji).collect();
        assert_eq!(prefectures.len(), 47);
        // A partition of a revocation list is named by prefecture and municipality in romaji.
        let partitions: BTreeSet<_> =
            places().iter().map(|p| (p.prefecture.romaji, p.municipality.romaji)).collect();
        assert_eq!(partitions.len(), places().len());
    }

    #[test]
    fn the_three_writings_of_a_name_agree_in_kind() {
        let kinds = [
            ("道", "どう", "do"),
            ("都", "と", "-to"),
            ("府", "ふ", "-fu"),
            ("県", "けん", "-ken"),
            ("市", "し", "-shi"),
            ("区", "く", "-ku"),
            ("町", "まち", "-machi"),
            ("村", "むら", "-mura"),
        ];
        for (digits, name) in rows() {
            let (_, kana, romaji) = kinds
                .into_iter()
                .find(|(kanji, _, _)| name.kanji.ends_with(kanji))
                .unwrap_or_else(|| panic!("{digits} {} is of no kind", name.kanji));
            assert!(name.reading.ends_with(kana), "{digits} {}", name.reading);
            let stem = name.romaji.strip_suffix(romaji).unwrap_or_default();
            assert!(stem.starts_with(|c: char| c.is_ascii_uppercase()), "{digits} {}", name.romaji);
            assert!(stem.chars().skip(1).all(|c| c.is_ascii_lowercase()), "{digits}");
            assert!(name.reading.chars().all(|c| matches!(c, 'ぁ'..='ゖ')), "{digits}");
        }
    }

    #[test]
    fn every_prefectural_capital_and_every_ward_of_tokyo_is_there() {
        let capitals = "01100 02201 03201 04100 05201 06201 07201 08201 09201 10201 11100 12100 \
            13104 14100 15100 16201 17201 18201 19201 20201 21201 22100 23100 24201 25201 26100 \
            27100 28100 29201 30201 31201 32201 33100 34100 35203 36201 37201 38201 39201 40130 \
            41201 42201 43100 44201 45201 46201 47201";
        let wards = (13101..=13123).map(|number| number.to_string());
        for digits in capitals.split_whitespace().map(str::to_owned).chain(wards) {
            assert!(place(code(&digits)).is_some(), "{digits}");
        }
    }
}
