//! The four attributes (基本4情報) that a signature certificate carries.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Sex as the register records it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Sex {
    /// 男
    Male,
    /// 女
    Female,
    /// 不明
    Unknown,
}

/// Name, address, birth date, sex, as of one version of a resident's record.
///
/// `Debug` shows none of the values: they must not reach logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(example = json!({
    "name": "水野\u{3000}花", "name_reading": "みずの\u{3000}はな", "name_substitutes": "0000",
    "address": "東京都清瀬市見本町１－２－３",
    "address_reading": "とうきょうときよせしみほんちょういちのにのさん",
    "address_substitutes": "00000000000000",
    "birth_date": "1988-06-12", "sex": "female"
})))]
pub struct Attributes {
    /// Family name, U+3000, given name.
    pub name: String,
    /// The name's reading in hiragana, with the same U+3000. Screens use it; certificates do not.
    pub name_reading: String,
    /// One `0` or `1` for each character of `name`: `1` where a substitute stands for a character
    /// that the character set lacks (代替文字).
    pub name_substitutes: String,
    /// Address, prefecture first, full-width digits, at most 200 characters.
    pub address: String,
    /// The address's reading in hiragana.
    pub address_reading: String,
    /// As `name_substitutes`, for `address`.
    pub address_substitutes: String,
    /// Date of birth.
    #[cfg_attr(feature = "schema", schema(value_type = String, format = Date))]
    pub birth_date: Date,
    /// Sex.
    pub sex: Sex,
}

impl Attributes {
    /// Which of the four differ between `self` and `new`. Readings are not among the four.
    pub fn change_to(&self, new: &Attributes) -> Change {
        Change {
            name: self.name != new.name || self.name_substitutes != new.name_substitutes,
            address: self.address != new.address
                || self.address_substitutes != new.address_substitutes,
            birth_date: self.birth_date != new.birth_date,
            sex: self.sex != new.sex,
        }
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attributes(..)")
    }
}

/// Which of the four attributes changed, without their values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The name.
    pub name: bool,
    /// The address.
    pub address: bool,
    /// The date of birth.
    pub birth_date: bool,
    /// The sex.
    pub sex: bool,
}

impl Change {
    /// Whether anything changed.
    pub fn any(self) -> bool {
        self.name || self.address || self.birth_date || self.sex
    }
}
