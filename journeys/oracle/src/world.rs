//! The world: residents, cards, phones, certificates and applications, as S0 to S4 speak of them.

use jiff::Timestamp;
use jiff::civil::Date;

use super::acts::{Act, Uses};
use super::causes::{Cause, Reason};
use super::expected::{Expected, Rules, Way, in_order};
use super::japan;
use super::pins::Tries;
use super::questions::{Asked, Question};
use super::validity;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResidentId(pub usize);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CardId(pub usize);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PhoneId(pub usize);
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CertificateId(pub usize);
/// A municipality's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Municipality(pub u32);

/// A moment that is known to lie between two, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Between {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Between {
    pub fn at(moment: Timestamp) -> Between {
        Between { from: moment, to: moment }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    Living,
    Dead,
    Abroad,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resident {
    pub birth: Date,
    pub municipality: Municipality,
    /// Counts the changes of name, address, date of birth and sex.
    pub attributes: u32,
    pub life: Life,
    pub card: Option<CardId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    pub holder: ResidentId,
    pub not_after: Timestamp,
    /// Reported lost at the counter; a hold by telephone shows in the certificates.
    pub reported_lost: bool,
    pub signature: Tries,
    pub authentication: Tries,
    pub card_face: Tries,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Signature,
    Authentication,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    Card(CardId),
    Phone(PhoneId),
}

/// Where a certificate is, seen from its chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Issued for a phone, waits for registration.
    NotYet,
    OnChip,
    /// The phone may have deleted it or not; nobody minds.
    PerhapsGone,
    Gone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Good,
    Held {
        since: Timestamp,
    },
    Ended {
        cause: Cause,
        reasons: &'static [Reason],
        /// When it was revoked.
        at: Between,
        /// The date that it bears: of a certificate that was on hold, that of the hold (LOSS-4).
        since: Between,
        /// It had expired before, so that the services may have left it as it was.
        perhaps: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub holder: ResidentId,
    pub usage: Use,
    pub medium: Medium,
    pub issued: Between,
    pub not_after: Timestamp,
    /// Of a phone's: the card's certificate that it rests on (VALID-1).
    pub source: Option<CertificateId>,
    /// The holder's attributes when it was issued.
    pub attributes: u32,
    pub place: Place,
    pub standing: Standing,
    /// What it was before, and until when.
    pub history: Vec<(Timestamp, Standing)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    Android,
    Iphone,
}

/// What a phone has to delete (MOVE-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    Nothing,
    /// For certain. `replaced`: by a change of phone, of which the guides name the 48 hours.
    Due {
        since: Between,
        replaced: bool,
        /// From when on the 48 hours may count: that of the consent, of which S2 4-B⑧ speaks.
        earliest: Timestamp,
    },
    /// No source says: nothing was registered yet, or it had expired before it was revoked, or the
    /// phone gets new certificates already.
    Perhaps,
    /// Done, and the receipt has arrived.
    Confirmed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationKind {
    First,
    ChangeOfPhone,
    /// LOSS-2: what is issued anew after a hold.
    Reissue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationStage {
    /// The card has signed; the PINs are not set.
    Begun,
    /// Complete (HOURS-1): the notice comes not before and not after.
    Waiting {
        from: Timestamp,
        by: Timestamp,
    },
    /// The certificates are issued, and wait for registration.
    Ready,
    Registered,
    /// By its applicant, or by a hold.
    Withdrawn,
    /// Because of the card's certificate (APPLY-4).
    Rejected,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    pub applicant: ResidentId,
    pub kind: ApplicationKind,
    pub uses: Uses,
    /// The card's signature certificate that signed it.
    pub signed_by: CertificateId,
    pub begun: Timestamp,
    pub stage: ApplicationStage,
    pub certificates: Vec<CertificateId>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    pub platform: Platform,
    /// A model and a system that are supported (READY-1, READY-2; an iPhone has iOS 18.5).
    pub supported: bool,
    pub application: Option<Application>,
    pub deletion: Deletion,
    pub signature: Tries,
    pub authentication: Tries,
}

/// Settings of the service that change what the rules lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Settings {
    /// CARD-11: the loss of the card also holds the phone's certificates.
    pub card_hold_includes_phone: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct World {
    pub now: Timestamp,
    /// Public holidays, for the hotline's hours (HOURS-4).
    pub holidays: Vec<Date>,
    pub settings: Settings,
    pub residents: Vec<Resident>,
    pub cards: Vec<Card>,
    pub phones: Vec<Phone>,
    pub certificates: Vec<Certificate>,
    /// Open questions to which the test has learnt the answer.
    pub decided: Vec<(Question, bool)>,
}

impl World {
    pub fn new(now: Timestamp) -> World {
        World {
            now,
            holidays: Vec::new(),
            settings: Settings::default(),
            residents: Vec::new(),
            cards: Vec::new(),
            phones: Vec::new(),
            certificates: Vec::new(),
            decided: Vec::new(),
        }
    }

    pub fn add_resident(&mut self, birth: Date, municipality: Municipality) -> ResidentId {
        let life = Life::Living;
        self.residents.push(Resident { birth, municipality, attributes: 0, life, card: None });
        ResidentId(self.residents.len() - 1)
    }

    pub fn add_phone(&mut self, platform: Platform, supported: bool) -> PhoneId {
        self.phones.push(Phone {
            platform,
            supported,
            application: None,
            deletion: Deletion::Nothing,
            signature: Tries::SIGNATURE,
            authentication: Tries::AUTHENTICATION,
        });
        PhoneId(self.phones.len() - 1)
    }

    /// Carries out an act, after what time has brought until then.
    pub fn act(&mut self, act: &Act, now: Timestamp) -> Expected {
        self.pass(now);
        let mut ways = self.ways(act);
        if ways.len() > 1 {
            return Expected::Either(ways);
        }
        let only = ways.remove(0);
        *self = only.world;
        only.expected
    }

    /// Takes over the world of the way that the service went.
    pub fn settle(&mut self, way: Way) {
        *self = way.world;
    }

    /// Everything that the act may lead to now, without doing it: once under each combination of
    /// answers to the open questions that it meets.
    pub fn ways(&self, act: &Act) -> Vec<Way> {
        let mut ways: Vec<Way> = Vec::new();
        let mut todo = vec![Vec::new()];
        while let Some(given) = todo.pop() {
            let first_new = given.len();
            let mut asked = Asked::new(given, &self.decided);
            let mut world = self.clone();
            let expected = match world.carry_out(act, &mut asked) {
                Ok(()) => {
                    world.retire_phones();
                    Expected::Done(self.changes_to(&world))
                }
                Err(rules) => Expected::Refused { rules: in_order(rules) },
            };
            // Questions met here for the first time were answered "no": look at "yes" as well.
            for open in first_new..asked.made.len() {
                let mut other = asked.made[..open].to_vec();
                other.push((asked.made[open].0, true));
                todo.push(other);
            }
            if !ways.iter().any(|way| way.expected == expected && way.world == world) {
                ways.push(Way { answers: asked.made, expected, world });
            }
        }
        ways
    }

    fn carry_out(&mut self, act: &Act, asked: &mut Asked) -> Result<(), Rules> {
        match act {
            Act::IssueCard { resident, at, uses, by } => {
                self.issue_card(*resident, *at, *uses, *by, asked)
            }
            Act::ReissueCard { resident, at, uses, by } => {
                self.reissue_card(*resident, *at, *uses, *by, asked)
            }
            Act::AddCertificates { resident, at, uses, by } => {
                self.add_certificates(*resident, *at, *uses, *by, asked)
            }
            Act::StopCertificates { resident, at, uses, by } => {
                self.stop_certificates(*resident, *at, *uses, *by, asked)
            }
            Act::RenewCertificates { resident, at, uses, by } => {
                self.renew_certificates(*resident, *at, *uses, *by, asked)
            }
            Act::Change { resident, at, attribute, new_signature, by } => {
                self.change(*resident, *at, *attribute, *new_signature, *by, asked)
            }
            Act::Die { resident, at } => self.leave(*resident, *at, Life::Dead, asked),
            Act::MoveAbroad { resident, at } => self.leave(*resident, *at, Life::Abroad, asked),
            Act::ReportCardLost { resident, at, by } => {
                self.report_card_lost(*resident, *at, *by, asked)
            }
            Act::CardFound { resident, at, new_signature, by } => {
                self.card_found(*resident, *at, *new_signature, *by, asked)
            }
            Act::Unlock { resident, at, key, new, by } => {
                self.unlock(*resident, *at, *key, new, *by, asked)
            }
            Act::HoldCard { resident } => self.hold_card(*resident, asked),
            Act::HoldPhone { resident } => self.hold_phone(*resident, asked),
            Act::RevokePhone { resident } => self.revoke_phone(*resident, asked),
            Act::Apply(apply) => self.apply(apply, asked),
            Act::Complete { phone, pins } => self.complete(*phone, pins, asked),
            Act::Register { phone } => self.register(*phone, asked),
            Act::LogIn { phone, pin } => self.log_in(*phone, *pin, asked),
            Act::Sign { phone, password } => self.sign(*phone, *password, asked),
            Act::ChangePin { phone, key, old, new } => {
                self.change_pin(*phone, *key, *old, new, asked)
            }
            Act::ResetPin { phone, key, card, password, new } => {
                self.reset_pin(*phone, *key, *card, *password, new, asked)
            }
            Act::RevokeOwn { phone, confirmed, by } => {
                self.revoke_own(*phone, *confirmed, *by, asked)
            }
            Act::RevokeOther { from, card, password } => {
                self.revoke_other(*from, *card, *password, asked)
            }
            Act::Resume { phone, card, password } => self.resume(*phone, *card, *password, asked),
            Act::ComeOnline { phone } => {
                self.delete_what_is_due(*phone);
                Ok(())
            }
            Act::CardLogIn { resident, pin } => self.card_log_in(*resident, *pin, asked),
            Act::CardSign { resident, password } => self.card_sign(*resident, *password, asked),
        }
    }

    pub fn is_over(&self, certificate: CertificateId) -> bool {
        validity::is_over(self.certificates[certificate.0].not_after, self.now)
    }

    pub fn has_age(&self, resident: ResidentId, age: i16) -> bool {
        japan::has_age(self.residents[resident.0].birth, age, self.now)
    }
}
