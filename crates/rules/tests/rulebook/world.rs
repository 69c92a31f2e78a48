//! One resident, a card, two phones, and a clock to turn.

use inrou_rules::{
    Attributes, CardId, CertificateId, CertificateStatus, Change, ChipId, Command, Departure,
    EnrolmentId, Event, Issuance, Medium, Municipality, OperationId, OperatorAct, Platform,
    Presence, RecordVersion, Refusal, Resident, ResidentId, RevocationReason, RevocationWay,
    Serial, Settings, Sex, Use, Uses, apply, broken_invariants, decide, due_issuance,
};
use jiff::Timestamp;
use jiff::civil::{Date, date};

pub const SIGNATURE: Uses = Uses { signature: true, user_authentication: false };
pub const AUTHENTICATION: Uses = Uses { signature: false, user_authentication: true };
pub const CARD_CHIP: ChipId = ChipId::from_bytes([0xca; 16]);
pub const NEW_CARD_CHIP: ChipId = ChipId::from_bytes([0xcb; 16]);
pub const PHONE: ChipId = ChipId::from_bytes([1; 16]);
pub const OTHER_PHONE: ChipId = ChipId::from_bytes([2; 16]);
pub const ADULT: Date = date(1980, 2, 17);

/// A Saturday at ten in the morning, within the business hours.
pub const TEN: &str = "2026-11-21T10:00:00+09:00";

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn enrolment(number: u8) -> EnrolmentId {
    EnrolmentId::from_bytes([number; 16])
}

pub fn card_id(number: u8) -> CardId {
    CardId::from_bytes([number; 16])
}

pub fn home() -> Municipality {
    "13221".parse().unwrap()
}

pub fn elsewhere() -> Municipality {
    "14100".parse().unwrap()
}

pub fn attributes(birth_date: Date) -> Attributes {
    Attributes {
        name: "印籠　花子".to_owned(),
        name_reading: "いんろう　はなこ".to_owned(),
        name_substitutes: "00000".to_owned(),
        address: "東京都清瀬市中里１".to_owned(),
        address_reading: "とうきょうときよせしなかさと１".to_owned(),
        address_substitutes: "000000000".to_owned(),
        birth_date,
        sex: Sex::Female,
    }
}

#[derive(Clone)]
pub struct World {
    pub resident: Option<Resident>,
    pub attributes: Attributes,
    pub now: Timestamp,
    pub settings: Settings,
    pub next_serial: u64,
}

impl World {
    /// Nobody is admitted yet.
    pub fn empty(birth_date: Date) -> World {
        World {
            resident: None,
            attributes: attributes(birth_date),
            now: at(TEN),
            settings: Settings::default(),
            next_serial: 1,
        }
    }

    /// A resident without a card.
    pub fn admitted(birth_date: Date) -> World {
        let mut world = World::empty(birth_date);
        world.run(&admit());
        world
    }

    /// An adult whose card carries `uses`.
    pub fn with_card(uses: Uses) -> World {
        let mut world = World::admitted(ADULT);
        world.run(&issue_card(uses));
        world.deliver_card();
        world
    }

    /// An adult whose card carries both, and whose phone is registered with `uses`.
    pub fn with_phone(uses: Uses) -> World {
        World::with_phone_of(Platform::Android, uses)
    }

    /// As [`with_phone`](Self::with_phone), of some system.
    pub fn with_phone_of(platform: Platform, uses: Uses) -> World {
        let mut world = World::with_card(Uses::BOTH);
        world.run(&world.application_of(platform, 1, PHONE, uses));
        world.run(&Command::CompleteApplication { enrolment: enrolment(1) });
        world.issue_phone(1);
        world.register(1);
        world
    }

    pub fn resident(&self) -> &Resident {
        self.resident.as_ref().unwrap()
    }

    pub fn resident_mut(&mut self) -> &mut Resident {
        self.resident.as_mut().unwrap()
    }

    pub fn turn_clock(&mut self, to: &str) {
        self.now = at(to);
    }

    pub fn decide(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        decide(self.resident.as_ref(), &self.attributes, command, self.now, &self.settings)
    }

    pub fn refusal(&self, command: &Command) -> Refusal {
        self.decide(command).unwrap_err()
    }

    /// Decides, applies and returns the events; no invariant breaks.
    pub fn run(&mut self, command: &Command) -> Vec<Event> {
        let events = self.decide(command).unwrap();
        self.take(&events);
        events
    }

    pub fn take(&mut self, events: &[Event]) {
        let before = self.resident.clone();
        for event in events {
            self.resident = apply(self.resident.take(), event);
        }
        let broken =
            broken_invariants(before.as_ref(), self.resident(), &self.attributes, self.now);
        assert_eq!(broken, []);
    }

    /// What is due on `medium`, signed, with fresh serials.
    pub fn signed(&mut self, medium: Medium) -> Vec<Issuance> {
        due_issuance(self.resident(), &self.attributes, self.now)
            .into_iter()
            .filter(|due| due.medium == medium)
            .map(|due| {
                self.next_serial += 1;
                Issuance {
                    usage: due.usage,
                    serial: Serial(self.next_serial),
                    not_before: due.not_before,
                    not_after: due.not_after,
                    source: due.source,
                    record: due.record,
                }
            })
            .collect()
    }

    pub fn issue_card_certificates(&mut self) -> Vec<Event> {
        let issued = self.signed(Medium::Card);
        self.run(&Command::RecordCardIssuance { issued })
    }

    /// Issues and activates what is on order for the card.
    pub fn deliver_card(&mut self) {
        if !self.resident().card.as_ref().unwrap().ordered.is_empty() {
            self.issue_card_certificates();
            let certificates = self.waiting(Medium::Card);
            self.run(&Command::ActivateCard { certificates });
        }
    }

    pub fn apply_and_complete(&mut self, number: u8, chip: ChipId, uses: Uses) {
        let command = self.application(number, chip, uses);
        self.run(&command);
        self.run(&Command::CompleteApplication { enrolment: enrolment(number) });
    }

    pub fn issue_phone(&mut self, number: u8) -> Vec<Event> {
        let issued = self.signed(Medium::Phone);
        self.run(&Command::RecordPhoneIssuance { enrolment: enrolment(number), issued })
    }

    pub fn register(&mut self, number: u8) -> Vec<Event> {
        let certificates = self.waiting(Medium::Phone);
        self.run(&Command::ActivatePhone { enrolment: enrolment(number), certificates })
    }

    /// An application, confirmed, signed with the card, on an Android phone.
    pub fn application(&self, number: u8, chip: ChipId, uses: Uses) -> Command {
        self.application_of(Platform::Android, number, chip, uses)
    }

    /// As [`application`](Self::application), on a phone of some system.
    pub fn application_of(
        &self,
        platform: Platform,
        number: u8,
        chip: ChipId,
        uses: Uses,
    ) -> Command {
        Command::Apply {
            enrolment: enrolment(number),
            chip,
            platform,
            uses,
            confirmed: true,
            consent: false,
            signed_with: self.card_signature(),
        }
    }

    /// As [`application`](Self::application), with consent to the end of the old phone's.
    pub fn change_of_phone(&self, number: u8, chip: ChipId, uses: Uses) -> Command {
        consenting(self.application(number, chip, uses))
    }

    pub fn change_record(&self, reissue: bool) -> Command {
        Command::ChangeRecord {
            record: self.resident().record.next(),
            commitment: [8; 32],
            change: Change { address: true, ..Change::default() },
            municipality: elsewhere(),
            reissue,
            presence: Presence::InPerson,
        }
    }

    pub fn revoke_by_phone(&self) -> Command {
        let way = RevocationWay::PhoneSignature(self.live(Medium::Phone, Use::Signature));
        Command::RevokePhone { chip: PHONE, way }
    }

    pub fn revoke_by_card(&self) -> Command {
        let way = RevocationWay::CardSignature(self.card_signature());
        Command::RevokePhone { chip: PHONE, way }
    }

    /// The card's latest signature certificate, whatever its status.
    pub fn card_signature(&self) -> CertificateId {
        let mut all = self.resident().certificates.values().rev();
        all.find(|c| c.medium == Medium::Card && c.id.usage == Use::Signature).unwrap().id
    }

    pub fn live(&self, medium: Medium, usage: Use) -> CertificateId {
        self.resident().live_for(medium, usage, self.now).unwrap().id
    }

    pub fn waiting(&self, medium: Medium) -> Vec<CertificateId> {
        let all = self.resident().certificates.values();
        all.filter(|c| c.medium == medium && c.status == CertificateStatus::Issued)
            .map(|c| c.id)
            .collect()
    }

    pub fn status(&self, id: CertificateId) -> CertificateStatus {
        self.resident().certificates[&id].status
    }

    pub fn reason(&self, id: CertificateId) -> Option<RevocationReason> {
        match self.status(id) {
            CertificateStatus::Revoked { reason, .. } => Some(reason),
            _ => None,
        }
    }
}

/// An application with consent to the end of another phone's certificates.
pub fn consenting(mut application: Command) -> Command {
    if let Command::Apply { consent, .. } = &mut application {
        *consent = true;
    }
    application
}

pub fn renew(uses: Uses) -> Command {
    Command::RenewCardCertificates { uses, presence: Presence::InPerson, by: home() }
}

pub fn find_card(reissue: bool) -> Command {
    Command::FindCard { reissue, presence: Presence::InPerson, by: home() }
}

pub fn depart(departure: Departure) -> Command {
    Command::Depart { departure, by: home() }
}

pub fn operation(number: u8) -> OperationId {
    OperationId::from_bytes([number; 16])
}

pub fn operate(act: OperatorAct, certificates: Vec<CertificateId>) -> Command {
    Command::Operate { operation: operation(1), act, certificates }
}

pub fn admit() -> Command {
    Command::Admit {
        resident: ResidentId::from_bytes([7; 16]),
        municipality: home(),
        commitment: [9; 32],
    }
}

pub fn issue_card(uses: Uses) -> Command {
    Command::IssueCard {
        card: card_id(3),
        chip: CARD_CHIP,
        uses,
        presence: Presence::InPerson,
        by: home(),
    }
}

pub fn choose(uses: Uses) -> Command {
    Command::ChooseCardCertificates { uses, presence: Presence::InPerson, by: home() }
}

pub fn unlock(usage: Option<Use>) -> Command {
    Command::UnlockCard { usage, presence: Presence::InPerson, by: home() }
}

/// The record version `count` changes after admission.
pub fn record(count: u32) -> RecordVersion {
    RecordVersion(RecordVersion::FIRST.0 + count)
}
