//! The applications: what was applied for, what was signed, what became of it.

use std::collections::BTreeMap;

use inrou_api::wire::Base64;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// All applications, by their numbers.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Applications(BTreeMap<u32, Application>);

/// An application for an account.
#[derive(Clone, Serialize, Deserialize)]
pub struct Application {
    /// When it was filled in.
    pub made: Timestamp,
    /// The name that was filled in.
    pub name: String,
    /// The address that was filled in.
    pub address: String,
    /// What is signed.
    pub document: String,
    /// What was ordered to be signed, if it was: the provider's name for it.
    pub ordered: Option<String>,
    /// What became of it; `None` until it is signed.
    pub decided: Option<Decided>,
}

/// An application that was signed, and decided.
#[derive(Clone, Serialize, Deserialize)]
pub struct Decided {
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub outcome: Outcome,
    /// The signature that it is decided by.
    pub signed: Signed,
    /// How the certificate stood when it was asked later, newest last.
    pub looks: Vec<Look>,
}

/// What came of an application.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// An account was opened: its number.
    Opened(String),
    /// None was.
    Refused(Reason),
}

/// Why no account was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The signature does not hold.
    SignatureInvalid,
    /// The certificate has another name.
    NameDiffers,
    /// The certificate has another address.
    AddressDiffers,
    /// The person has an account.
    HasAccount,
}

/// A signature, and what it came to.
#[derive(Clone, Serialize, Deserialize)]
pub struct Signed {
    /// What the provider calls the signer here.
    pub subject: String,
    /// A detached CMS SignedData, DER.
    pub signature: Base64,
    /// The signer's certificate, DER.
    pub certificate: Base64,
    /// `TOTAL-PASSED`, `TOTAL-FAILED` or `INDETERMINATE` (EN 319 102-1).
    pub indication: String,
    /// Why, unless it passed.
    pub sub_indication: Option<String>,
    /// Why, by its stable code, unless it passed.
    pub code: Option<String>,
    /// Whether the certificate's name is the one that was filled in; likewise the address.
    pub is_name_same: bool,
    /// See `is_name_same`.
    pub is_address_same: bool,
}

/// How a certificate stood.
#[derive(Clone, Serialize, Deserialize)]
pub struct Look {
    /// When.
    pub at: Timestamp,
    /// Why it does not hold, by its stable code; `None` if it does.
    pub code: Option<String>,
}

impl Applications {
    /// Takes down an application; its number.
    pub fn begin(&mut self, application: impl FnOnce(u32) -> Application) -> u32 {
        let number = self.0.last_key_value().map_or(1, |(last, _)| last.saturating_add(1));
        self.0.insert(number, application(number));
        number
    }

    /// The application of a number.
    pub fn of(&self, number: u32) -> Option<&Application> {
        self.0.get(&number)
    }

    /// All of them, newest first.
    pub fn all(&self) -> impl Iterator<Item = (u32, &Application)> {
        self.0.iter().rev().map(|(number, application)| (*number, application))
    }

    /// Notes what was ordered to be signed.
    pub fn order(&mut self, number: u32, ordered: String) {
        if let Some(application) = self.0.get_mut(&number) {
            application.ordered = Some(ordered);
        }
    }

    /// Decides an application that was signed: an account of that number is opened, or not. One that is
    /// decided stays so.
    pub fn decide(&mut self, number: u32, signed: Signed, account: String, now: Timestamp) {
        let has_account = self.has_account(&signed.subject);
        let Some(application) = self.0.get_mut(&number) else { return };
        if application.decided.is_some() {
            return;
        }
        let reasons = [
            (signed.indication != "TOTAL-PASSED", Reason::SignatureInvalid),
            (!signed.is_name_same, Reason::NameDiffers),
            (!signed.is_address_same, Reason::AddressDiffers),
            (has_account, Reason::HasAccount),
        ];
        let refused = reasons.into_iter().find(|(is_so, _)| *is_so);
        let outcome =
            refused.map_or(Outcome::Opened(account), |(_, reason)| Outcome::Refused(reason));
        application.decided = Some(Decided { at: now, outcome, signed, looks: Vec::new() });
    }

    /// Notes how a certificate stands.
    pub fn note(&mut self, number: u32, look: Look) {
        let application = self.0.get_mut(&number);
        if let Some(decided) = application.and_then(|application| application.decided.as_mut()) {
            decided.looks.push(look);
        }
    }

    fn has_account(&self, subject: &str) -> bool {
        let decided = self.0.values().filter_map(|application| application.decided.as_ref());
        decided
            .filter(|decided| matches!(decided.outcome, Outcome::Opened(_)))
            .any(|decided| decided.signed.subject == subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn signed(subject: &str) -> Signed {
        Signed {
            subject: subject.to_owned(),
            signature: Base64(Vec::new()),
            certificate: Base64(Vec::new()),
            indication: "TOTAL-PASSED".to_owned(),
            sub_indication: None,
            code: None,
            is_name_same: true,
            is_address_same: true,
        }
    }

    /// What comes of another application that is signed like this.
    fn outcome(applications: &mut Applications, signed: Signed) -> Outcome {
        let number = applications.begin(|_| Application {
            made: NOW,
            name: String::new(),
            address: String::new(),
            document: String::new(),
            ordered: None,
            decided: None,
        });
        applications.decide(number, signed, format!("account {number}"), NOW);
        applications.of(number).unwrap().decided.clone().unwrap().outcome
    }

    #[test]
    fn an_account_is_opened_by_a_signature_that_holds_and_says_the_same() {
        let mut all = Applications::default();
        let refused = |reason| Outcome::Refused(reason);
        let broken = Signed { indication: "TOTAL-FAILED".to_owned(), ..signed("a") };
        assert!(outcome(&mut all, broken) == refused(Reason::SignatureInvalid));
        let unknown = Signed { indication: "INDETERMINATE".to_owned(), ..signed("a") };
        assert!(outcome(&mut all, unknown) == refused(Reason::SignatureInvalid));
        let other = Signed { is_name_same: false, ..signed("a") };
        assert!(outcome(&mut all, other) == refused(Reason::NameDiffers));
        let moved = Signed { is_address_same: false, ..signed("a") };
        assert!(outcome(&mut all, moved) == refused(Reason::AddressDiffers));
        assert!(outcome(&mut all, signed("a")) == Outcome::Opened("account 5".to_owned()));
        assert!(outcome(&mut all, signed("a")) == refused(Reason::HasAccount));
        assert!(outcome(&mut all, signed("b")) == Outcome::Opened("account 7".to_owned()));
        // What is decided stays so.
        all.decide(1, signed("c"), "another".to_owned(), NOW);
        assert!(matches!(
            &all.of(1).unwrap().decided,
            Some(Decided { outcome: Outcome::Refused(_), .. })
        ));
    }
}
