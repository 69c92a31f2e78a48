//! The card that is found again, and the end of everything with its holder's death or departure.

use inrou_rules::{
    CertificateStatus, Command, Departure, Event, HoldCause, Medium, Presence, Refusal,
    RevocationReason, Standing, Use, Uses, due_issuance,
};
use jiff::civil::date;

use crate::world::*;

const CARD_LOST: Command = Command::Hold { medium: Medium::Card };
const STOPPED: Option<RevocationReason> = Some(RevocationReason::CessationOfOperation);

#[test]
fn card_12_a_found_cards_user_authentication_returns_and_its_signature_does_not() {
    let mut world = World::with_card(Uses::BOTH);
    let delivered = world.now;
    let (signature, authentication) =
        (world.card_signature(), world.live(Medium::Card, Use::UserAuthentication));
    world.run(&CARD_LOST);
    world.turn_clock("2026-11-25T10:00:00+09:00");
    let at = world.now;
    let events = world.run(&find_card(false));
    let reason = RevocationReason::CessationOfOperation;
    let resumed = Event::CertificateResumed { id: authentication, at, cause: HoldCause::Loss };
    let revoked = Event::CertificateRevoked { id: signature, at, reason };
    assert_eq!(events, [Event::CardFound { at }, resumed, revoked]);
    assert_eq!(world.status(authentication), CertificateStatus::Active { since: delivered });
    let card = world.resident().card.as_ref().unwrap();
    assert_eq!((card.lost_since, card.ordered), (None, Uses::NONE));
    assert_eq!(world.refusal(&find_card(false)), Refusal::CardNotLost);
}

#[test]
fn card_12_a_new_signature_certificate_is_issued_on_request() {
    let mut world = World::with_card(Uses::BOTH);
    let old = world.card_signature();
    world.run(&CARD_LOST);
    let ordered = Event::CardCertificatesOrdered { uses: SIGNATURE };
    assert_eq!(world.run(&find_card(true)).last(), Some(&ordered));
    world.deliver_card();
    assert_ne!(world.live(Medium::Card, Use::Signature), old);
    assert_eq!(world.resident().live(Medium::Card, world.now).count(), 2);
}

#[test]
fn card_12_it_is_done_at_the_counter_in_person_with_a_card_in_force() {
    let mut world = World::with_card(Uses::BOTH);
    assert_eq!(world.refusal(&find_card(false)), Refusal::CardNotLost);
    assert_eq!(World::admitted(ADULT).refusal(&find_card(false)), Refusal::NoCard);
    world.run(&CARD_LOST);
    let by = |presence, by| Command::FindCard { reissue: false, presence, by };
    assert_eq!(world.refusal(&by(Presence::Proxy, home())), Refusal::InPersonOnly);
    assert_eq!(world.refusal(&by(Presence::InPerson, elsewhere())), Refusal::OtherMunicipality);
    let mut young = world.clone();
    young.attributes = attributes(date(2012, 2, 17));
    assert_eq!(young.refusal(&find_card(true)), Refusal::UnderFifteen);
    world.turn_clock("2036-02-18T00:00:00+09:00");
    let expires = date(2036, 2, 17);
    assert_eq!(world.refusal(&find_card(false)), Refusal::CardExpired { expires });
}

#[test]
fn card_12_what_was_on_its_way_to_a_lost_card_waits_for_it_again() {
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(AUTHENTICATION));
    world.issue_card_certificates();
    let id = world.live(Medium::Card, Use::UserAuthentication);
    world.run(&CARD_LOST);
    world.run(&find_card(false));
    assert_eq!(world.status(id), CertificateStatus::Issued);
    // An order that was not carried out is due again.
    let mut world = World::admitted(ADULT);
    world.run(&issue_card(Uses::BOTH));
    world.run(&CARD_LOST);
    world.run(&find_card(false));
    assert_eq!(due_issuance(world.resident(), &world.attributes, world.now).len(), 2);
}

#[test]
fn valid_4_a_found_cards_signature_certificate_takes_the_phones_with_it() {
    let mut world = World::with_phone(Uses::BOTH);
    let phones = Use::ALL.map(|usage| world.live(Medium::Phone, usage));
    world.run(&CARD_LOST);
    world.run(&find_card(true));
    assert_eq!(phones.map(|id| world.reason(id)), [STOPPED, None]);
}

#[test]
fn card_13_death_and_moving_abroad_end_everything() {
    for departure in [Departure::Died, Departure::MovedAbroad] {
        let mut world = World::with_phone(AUTHENTICATION);
        world.apply_and_complete(2, PHONE, SIGNATURE);
        world.run(&choose(SIGNATURE));
        world.run(&choose(Uses::BOTH));
        let live: Vec<_> = Medium::ALL
            .into_iter()
            .flat_map(|medium| world.resident().live(medium, world.now))
            .map(|certificate| certificate.id)
            .collect();
        let (at, standing) = (world.now, Standing::from(departure));
        let events = world.run(&depart(departure));
        assert_eq!(events[0], Event::Departed { departure, at });
        assert_eq!(events[1], Event::CardCertificatesOrdered { uses: Uses::NONE });
        let resident = world.resident();
        assert_eq!(resident.standing, standing);
        assert_eq!((&resident.application, &resident.phone), (&None, &None));
        for id in live {
            assert_eq!(world.reason(id), Some(RevocationReason::AffiliationChanged));
        }
        assert_eq!(world.run(&depart(departure)), []);
    }
}

#[test]
fn card_13_an_application_on_its_way_is_rejected_and_the_phone_told_to_delete() {
    let mut world = World::with_phone(AUTHENTICATION);
    world.apply_and_complete(2, PHONE, SIGNATURE);
    let events = world.run(&depart(Departure::Died));
    let (enrolment, code) = (enrolment(2), "not-on-register".to_owned());
    assert!(events.contains(&Event::ApplicationRejected { enrolment, code }));
    assert_eq!(world.resident().former_phones[0].chip, PHONE);
    assert_eq!(world.run(&Command::ConfirmDeletion { chip: PHONE }).len(), 1);
}

#[test]
fn card_13_a_phone_whose_certificates_have_expired_is_emptied_too() {
    let mut world = World::with_phone(Uses::BOTH);
    world.turn_clock("2031-02-18T10:00:00+09:00");
    let events = world.run(&depart(Departure::MovedAbroad));
    assert!(matches!(events[..], [_, Event::PhoneRetired { chip: PHONE, .. }]));
}

#[test]
fn card_13_only_the_municipality_of_residence_says_so_and_once() {
    let mut world = World::with_card(Uses::BOTH);
    let there = Command::Depart { departure: Departure::Died, by: elsewhere() };
    assert_eq!(world.refusal(&there), Refusal::OtherMunicipality);
    world.run(&depart(Departure::MovedAbroad));
    let standing = Standing::MovedAbroad;
    assert_eq!(world.refusal(&depart(Departure::Died)), Refusal::NotOnRegister { standing });
}

#[test]
fn card_13_afterwards_every_procedure_is_refused() {
    let mut world = World::with_phone(Uses::BOTH);
    let signed_with = world.card_signature();
    let before = [
        issue_card(Uses::BOTH),
        choose(Uses::NONE),
        renew(Uses::BOTH),
        find_card(false),
        world.change_record(false),
        unlock(None),
        world.application(2, PHONE, Uses::BOTH),
        CARD_LOST,
    ];
    let of_phone = [
        Command::Hold { medium: Medium::Phone },
        Command::ResumePhone { chip: PHONE, signed_with },
        Command::RevokeOtherPhone { asked_on: OTHER_PHONE, signed_with },
        Command::ResetPhonePin { chip: PHONE, usage: Use::Signature, signed_with },
    ];
    world.run(&depart(Departure::Died));
    for command in before {
        let standing = Standing::Died;
        assert_eq!(world.refusal(&command), Refusal::NotOnRegister { standing }, "{command:?}");
    }
    for command in of_phone {
        world.refusal(&command);
    }
}
