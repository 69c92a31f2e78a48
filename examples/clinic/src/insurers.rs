//! Who is insured where. In the service that is the insurers' own system, which all clinics ask; here it is
//! made up from the age, by the law's thresholds.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Who has registered the use as a health-insurance card: by subject.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Insurers(BTreeSet<String>);

/// What a clinic is told of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Eligibility {
    /// Who pays.
    pub scheme: Scheme,
    /// How much of the cost the patient pays, in tenths (健康保険法 74条, 高齢者医療確保法 67条, at ordinary
    /// income).
    pub tenths: u64,
}

/// Which insurance it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// 国民健康保険.
    National,
    /// 後期高齢者医療制度: from 75 years on.
    Elderly,
}

/// Somebody has not registered the use as a health-insurance card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not registered for insurance use")]
pub struct NotRegistered;

impl Insurers {
    /// Somebody registers the use as a health-insurance card. Repeating it changes nothing.
    pub fn register(&mut self, subject: &str) {
        self.0.insert(subject.to_owned());
    }

    /// What a clinic is told of somebody who was born on that day.
    ///
    /// # Errors
    /// [`NotRegistered`].
    pub fn eligibility(
        &self,
        subject: &str,
        born: Date,
        today: Date,
    ) -> Result<Eligibility, NotRegistered> {
        if !self.0.contains(subject) {
            return Err(NotRegistered);
        }
        Ok(match age(born, today) {
            // Until school begins.
            ..6 => Eligibility { scheme: Scheme::National, tenths: 2 },
            6..70 => Eligibility { scheme: Scheme::National, tenths: 3 },
            70..75 => Eligibility { scheme: Scheme::National, tenths: 2 },
            75.. => Eligibility { scheme: Scheme::Elderly, tenths: 1 },
        })
    }
}

fn age(born: Date, today: Date) -> i16 {
    let had_birthday = (today.month(), today.day()) >= (born.month(), born.day());
    today.year() - born.year() - i16::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn use_4_only_who_has_registered_is_told_and_pays_by_age() {
        let (mut insurers, today) = (Insurers::default(), date(2026, 11, 24));
        let asked = |insurers: &Insurers, born| insurers.eligibility("a", born, today);
        assert_eq!(asked(&insurers, date(1988, 6, 12)), Err(NotRegistered));
        insurers.register("a");
        insurers.register("a");
        for (born, scheme, tenths) in [
            (date(2020, 11, 25), Scheme::National, 2),
            (date(2020, 11, 24), Scheme::National, 3),
            (date(1956, 11, 25), Scheme::National, 3),
            (date(1956, 11, 24), Scheme::National, 2),
            (date(1951, 11, 25), Scheme::National, 2),
            (date(1951, 11, 24), Scheme::Elderly, 1),
        ] {
            assert_eq!(asked(&insurers, born), Ok(Eligibility { scheme, tenths }), "{born}");
        }
    }
}
