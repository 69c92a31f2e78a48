//! Everything that a person can do, each named after the rule that tells of it.

use jiff::civil::Date;

pub use super::pins::{Entry, Twice};
pub use super::world::{Municipality, PhoneId, ResidentId, Use};

/// Which of the two certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uses {
    pub signature: bool,
    pub authentication: bool,
}

impl Uses {
    pub const NONE: Uses = Uses { signature: false, authentication: false };
    pub const SIGNATURE: Uses = Uses { signature: true, authentication: false };
    pub const AUTHENTICATION: Uses = Uses { signature: false, authentication: true };
    pub const BOTH: Uses = Uses { signature: true, authentication: true };

    pub fn has(self, usage: Use) -> bool {
        match usage {
            Use::Signature => self.signature,
            Use::Authentication => self.authentication,
        }
    }

    /// Signature first.
    pub fn each(self) -> impl Iterator<Item = Use> {
        [Use::Signature, Use::Authentication].into_iter().filter(move |usage| self.has(*usage))
    }
}

/// Who comes to the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Person {
    InPerson,
    Proxy,
}

/// What changes about a resident (CARD-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attribute {
    Name,
    /// Within the municipality.
    Address,
    /// To another municipality.
    MoveTo(Municipality),
    BirthDate(Date),
    Sex,
    /// The readings of the name alone: nothing lapses by it (a decision of the service's own).
    Readings,
}

/// What the counter unlocks on a card (CARD-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardKey {
    Signature,
    Authentication,
    CardFace,
}

/// The two menu items by which one applies (APPLY-1, MOVE-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    First,
    /// 「機種変更」; `consent` is 「同意して次へ」 to the end of the old phone's certificates.
    ChangeOfPhone {
        consent: bool,
    },
}

/// An application up to the reading of the card (S0 2-C, S2 3-C).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Apply {
    pub phone: PhoneId,
    /// Whose card lies on the phone: that person is the applicant (APPLY-4).
    pub card: ResidentId,
    pub menu: Menu,
    pub uses: Uses,
    /// 「確認しました」, on an iPhone the terms of use (APPLY-3, IPHONE-1).
    pub confirmed: bool,
    /// The card's signature password.
    pub password: Entry,
    /// iPhone only: the card-face input PIN (IPHONE-1).
    pub card_face_pin: Entry,
    /// iPhone only: the face filmed is that of the card's photo (IPHONE-3).
    pub face_matches: bool,
}

/// The PINs of the last screen; only what is entered is there (APPLY-5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPins {
    pub signature: Option<Twice>,
    pub authentication: Option<Twice>,
}

/// By what somebody proves to be the one who may end the use of a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The phone's signature password (END-2).
    PhonePassword(Entry),
    /// The card at hand and its signature password (END-3).
    Card(ResidentId, Entry),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    // At the counter of municipality `at`. What is issued gets a new PIN in the same visit.
    /// CARD-1: a card with the certificates chosen.
    IssueCard {
        resident: ResidentId,
        at: Municipality,
        uses: Uses,
        by: Person,
    },
    /// CARD-1: another card in place of one that is lost.
    ReissueCard {
        resident: ResidentId,
        at: Municipality,
        uses: Uses,
        by: Person,
    },
    /// CARD-1: the choice is changed later.
    AddCertificates {
        resident: ResidentId,
        at: Municipality,
        uses: Uses,
        by: Person,
    },
    /// CARD-10.
    StopCertificates {
        resident: ResidentId,
        at: Municipality,
        uses: Uses,
        by: Person,
    },
    /// CARD-9.
    RenewCertificates {
        resident: ResidentId,
        at: Municipality,
        uses: Uses,
        by: Person,
    },
    /// CARD-7.
    Change {
        resident: ResidentId,
        at: Municipality,
        attribute: Attribute,
        new_signature: bool,
        by: Person,
    },
    /// CARD-13.
    Die {
        resident: ResidentId,
        at: Municipality,
    },
    /// CARD-13.
    MoveAbroad {
        resident: ResidentId,
        at: Municipality,
    },
    /// CARD-11.
    ReportCardLost {
        resident: ResidentId,
        at: Municipality,
        by: Person,
    },
    /// CARD-12.
    CardFound {
        resident: ResidentId,
        at: Municipality,
        new_signature: bool,
        by: Person,
    },
    /// CARD-6.
    Unlock {
        resident: ResidentId,
        at: Municipality,
        key: CardKey,
        new: String,
        by: Person,
    },

    // By telephone.
    /// CARD-11.
    HoldCard {
        resident: ResidentId,
    },
    /// LOSS-1.
    HoldPhone {
        resident: ResidentId,
    },
    /// LOSS-3.
    RevokePhone {
        resident: ResidentId,
    },

    // On a phone.
    /// APPLY-1, MOVE-1, IPHONE-1: up to the reading of the card.
    Apply(Apply),
    /// APPLY-5: new PINs, and the application is complete.
    Complete {
        phone: PhoneId,
        pins: NewPins,
    },
    /// REG-1.
    Register {
        phone: PhoneId,
    },
    /// USE-1.
    LogIn {
        phone: PhoneId,
        pin: Entry,
    },
    /// USE-1.
    Sign {
        phone: PhoneId,
        password: Entry,
    },
    /// PIN-2: by who knows the old one.
    ChangePin {
        phone: PhoneId,
        key: Use,
        old: Entry,
        new: Twice,
    },
    /// PIN-2: with the card and its signature password.
    ResetPin {
        phone: PhoneId,
        key: Use,
        card: ResidentId,
        password: Entry,
        new: Twice,
    },
    /// END-2, END-3, END-4; `confirmed` is the box that is ticked before it begins.
    RevokeOwn {
        phone: PhoneId,
        confirmed: bool,
        by: Proof,
    },
    /// MOVE-6: from this phone, the one that the card's holder has elsewhere.
    RevokeOther {
        from: PhoneId,
        card: ResidentId,
        password: Entry,
    },
    /// LOSS-2: without or with a card.
    Resume {
        phone: PhoneId,
        card: Option<ResidentId>,
        password: Entry,
    },
    /// MOVE-3: the phone is on the network, deletes what it has to, and sends the receipt.
    ComeOnline {
        phone: PhoneId,
    },

    // The card itself on a reader (CARD-14).
    CardLogIn {
        resident: ResidentId,
        pin: Entry,
    },
    CardSign {
        resident: ResidentId,
        password: Entry,
    },
}
