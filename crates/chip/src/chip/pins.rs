//! VERIFY and CHANGE REFERENCE DATA.

use inrou_rules::{CardFacePin, SignaturePassword, UserAuthenticationPin};

use super::Interface;
use super::application::{Application, Element};
use super::dispatch::Powered;
use crate::apdu::{Answer, Command, StatusWord};
use crate::image::{FileId, Image, Pin};
use crate::issuer::{self, PinReference};
use crate::memory::Medium;

impl<M: Medium> Powered<'_, M> {
    /// VERIFY. Without data it tells the tries left and changes nothing, verified or blocked or not.
    ///
    /// The try is counted and durable before the PIN is compared: who takes the power away learns
    /// nothing for free.
    pub(super) fn verify(&mut self, application: Application, command: &Command<'_>) -> Answer {
        let id = self.referenced_pin(application, command)?;
        if command.p1 != 0x00 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let pin = self.pin(application, id)?;
        let tries_left = pin.tries_left();
        if command.data.is_empty() {
            return Err(StatusWord::tries_left(tries_left));
        }
        if !pin.is_set() {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        if tries_left == 0 {
            return Err(StatusWord::BLOCKED);
        }
        self.session.clear_verified(id);
        self.update_pin(application, id, Pin::spend_try)?;
        if !self.pin(application, id)?.matches(command.data) {
            return Err(StatusWord::tries_left(tries_left - 1));
        }
        self.update_pin(application, id, Pin::restore_tries)?;
        self.session.set_verified(id);
        Ok(Vec::new())
    }

    /// CHANGE REFERENCE DATA (P1 `01`): the data is the new PIN. The old one must have been verified,
    /// or the issuer have given leave to do without (APPLY-5, PIN-2, CARD-6).
    pub(super) fn change_reference_data(
        &mut self,
        application: Application,
        command: &Command<'_>,
    ) -> Answer {
        let id = self.referenced_pin(application, command)?;
        if command.p1 != 0x01 {
            return Err(StatusWord::WRONG_P1_P2);
        }
        let reference =
            application.pin_reference(id).ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        let mut image = self.memory.image().clone();
        let pin = if self.heeds_leave(&image) && image.issuer.gives_leave(reference) {
            issuer::pin_to_set(&mut image, reference)
        } else if self.session.is_verified(id) {
            application.pin_mut(&mut image, id)
        } else {
            None
        };
        let pin = pin.ok_or(StatusWord::SECURITY_STATUS_NOT_SATISFIED)?;
        check_form(reference, command.data).ok_or(StatusWord::WRONG_DATA)?;
        let mut salt = [0; 16];
        self.entropy.fill(&mut salt);
        pin.set(command.data, salt);
        self.memory.commit(image).map_err(|_| StatusWord::MEMORY_FAILURE)?;
        Ok(Vec::new())
    }

    /// On a phone the first PIN is set inside the phone, never over the contactless link.
    fn heeds_leave(&self, image: &Image) -> bool {
        !image.personality.is_phone() || self.session.interface == Interface::Local
    }

    fn referenced_pin(
        &mut self,
        application: Application,
        command: &Command<'_>,
    ) -> Result<FileId, StatusWord> {
        match self.referenced(application, command)? {
            (id, Element::Pin) => Ok(id),
            _ => Err(StatusWord::WRONG_FILE_STRUCTURE),
        }
    }

    fn pin(&self, application: Application, id: FileId) -> Result<&Pin, StatusWord> {
        application.pin(self.memory.image(), id).ok_or(StatusWord::DATA_NOT_FOUND)
    }

    fn update_pin(
        &mut self,
        application: Application,
        id: FileId,
        change: impl FnOnce(&mut Pin),
    ) -> Result<(), StatusWord> {
        let updated = self.memory.update(|image| {
            if let Some(pin) = application.pin_mut(image, id) {
                change(pin);
            }
        });
        updated.map_err(|_| StatusWord::MEMORY_FAILURE)
    }
}

/// The forms of PINs (CARD-4, CARD-5).
fn check_form(reference: PinReference, value: &[u8]) -> Option<()> {
    let typed = std::str::from_utf8(value).ok()?;
    match reference {
        PinReference::Signature => SignaturePassword::parse(typed).map(drop),
        PinReference::UserAuthentication => UserAuthenticationPin::parse(typed).map(drop),
        PinReference::CardFace => CardFacePin::parse(typed).map(drop),
    }
    .ok()
}

#[cfg(test)]
mod tests {
    use crate::chip::Interface;
    use crate::image::Image;
    use crate::memory::{FaultyMedium, InMemoryMedium, Memory};
    use crate::testing::{
        SELECT_CARD_MANAGER, SELECT_FACE_INPUT, SELECT_JPKI, card_image, chip_on, exchange,
        phone_image, powered,
    };

    const TRIES_LEFT: &str = "00 20 00 80";
    const RIGHT_PASSWORD: &str = "00 20 00 9B 06 414243313233";
    const WRONG_PASSWORD: &str = "00 20 00 9B 06 414243313234";
    const RIGHT_PIN: &str = "00 20 00 98 04 31323334";
    const WRONG_PIN: &str = "00 20 00 98 04 31323335";

    #[test]
    fn card_6_five_wrong_signature_passwords_lock_it_and_the_right_one_no_longer_helps() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        for answer in ["63C4", "63C3", "63C2", "63C1", "63C0", "6984", "6984"] {
            assert_eq!(exchange(&mut chip, WRONG_PASSWORD), answer);
        }
        assert_eq!(exchange(&mut chip, RIGHT_PASSWORD), "6984");
        assert_eq!(exchange(&mut chip, "00 20 00 9B"), "63C0", "never 6984 without data");
        assert_eq!(exchange(&mut chip, RIGHT_PIN), "9000", "the other PIN is another matter");
    }

    #[test]
    fn pin_1_three_wrong_user_authentication_pins_lock_it_on_a_phone_as_on_a_card() {
        for image in [card_image(), phone_image()] {
            let mut chip = powered(image);
            exchange(&mut chip, SELECT_JPKI);
            for answer in ["63C2", "63C1", "63C0", "6984"] {
                assert_eq!(exchange(&mut chip, WRONG_PIN), answer);
            }
        }
    }

    #[test]
    fn card_6_a_right_entry_resets_the_count() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        for _ in 0..10 {
            assert_eq!(exchange(&mut chip, WRONG_PASSWORD), "63C4");
            assert_eq!(exchange(&mut chip, RIGHT_PASSWORD), "9000");
        }
    }

    #[test]
    fn a_lock_survives_power_and_process() {
        let medium = InMemoryMedium::default();
        let mut chip = chip_on(medium.clone(), card_image());
        chip.power_on(Interface::Local);
        exchange(&mut chip, SELECT_JPKI);
        for _ in 0..3 {
            exchange(&mut chip, WRONG_PIN);
        }
        chip.power_off();
        chip.power_on(Interface::Local);
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, RIGHT_PIN), "6984");
        let reopened = Memory::open(medium).unwrap();
        assert_eq!(reopened.image().jpki.user_authentication.pin.tries_left(), 0);
    }

    #[test]
    fn verify_without_data_tells_the_tries_left_in_every_state() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, "00 A4 02 0C 02 0018");
        assert_eq!(exchange(&mut chip, TRIES_LEFT), "63C3");
        exchange(&mut chip, RIGHT_PIN);
        assert_eq!(exchange(&mut chip, TRIES_LEFT), "63C3", "verified");
        exchange(&mut chip, WRONG_PIN);
        assert_eq!(exchange(&mut chip, TRIES_LEFT), "63C2");
        assert_eq!(exchange(&mut chip, "00 20 00 80 00"), "63C2", "with Le");
        exchange(&mut chip, WRONG_PIN);
        exchange(&mut chip, WRONG_PIN);
        assert_eq!(exchange(&mut chip, TRIES_LEFT), "63C0", "blocked");
    }

    #[test]
    fn a_wrong_entry_ends_what_the_right_one_opened() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, RIGHT_PASSWORD);
        assert!(exchange(&mut chip, "00 B0 81 00 04").ends_with("9000"));
        exchange(&mut chip, WRONG_PASSWORD);
        assert_eq!(exchange(&mut chip, "00 B0 81 00 04"), "6982");
    }

    #[test]
    fn no_try_is_given_back_wherever_the_power_fails() {
        // One try needs a write and a sync; a right entry needs them twice.
        for (command, operations) in (0..6).flat_map(|n| [(WRONG_PIN, n), (RIGHT_PIN, n)]) {
            for torn_at in [0, 30, 1000, usize::MAX] {
                let disk = InMemoryMedium::default();
                let mut image = card_image();
                image.jpki.user_authentication.pin.spend_try();
                Memory::create(disk.clone(), image.clone()).unwrap();
                let faulty = FaultyMedium::new(disk.clone(), operations, torn_at);
                let mut chip = reopened(faulty);
                exchange(&mut chip, SELECT_JPKI);
                let answer = exchange(&mut chip, command);
                drop(chip);

                let after = Memory::open(disk).unwrap();
                let tries = after.image().jpki.user_authentication.pin.tries_left();
                match (&*answer, command) {
                    // The comparison was made: its price is durable.
                    ("63C1", WRONG_PIN) => assert_eq!(tries, 1),
                    ("9000", RIGHT_PIN) => assert_eq!(tries, 3),
                    // Nothing was learned; one try may be lost, and a right entry may count.
                    ("6581", WRONG_PIN) => assert!(tries == 1 || tries == 2),
                    ("6581", RIGHT_PIN) => assert!((1..=3).contains(&tries)),
                    _ => panic!("{answer}"),
                }
                assert_eq!(answer == "6581", operations < if command == RIGHT_PIN { 4 } else { 2 });
            }
        }
    }

    #[test]
    fn a_pin_is_not_verified_when_its_count_could_not_be_reset() {
        let disk = InMemoryMedium::default();
        Memory::create(disk.clone(), card_image()).unwrap();
        let mut chip = reopened(FaultyMedium::new(disk, 2, 0));
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, RIGHT_PASSWORD), "6581");
        assert_eq!(exchange(&mut chip, "00 B0 81 00 04"), "6982");
    }

    #[test]
    fn pin_2_who_knows_the_old_pin_may_change_it() {
        let mut chip = powered(phone_image());
        exchange(&mut chip, SELECT_JPKI);
        let change = "00 24 01 98 04 39393939";
        assert_eq!(exchange(&mut chip, change), "6982", "not yet verified");
        exchange(&mut chip, RIGHT_PIN);
        assert_eq!(exchange(&mut chip, change), "9000");
        assert_eq!(exchange(&mut chip, RIGHT_PIN), "63C2");
        assert_eq!(exchange(&mut chip, "00 20 00 98 04 39393939"), "9000");
    }

    #[test]
    fn card_4_and_card_5_the_chip_too_checks_the_form_of_a_new_pin() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, RIGHT_PIN);
        exchange(&mut chip, RIGHT_PASSWORD);
        for wrong in [
            "00 24 01 98",
            "00 24 01 98 03 313233",
            "00 24 01 98 05 3132333435",
            "00 24 01 98 04 3132334A",
            "00 24 01 9B 05 4142433132",
            "00 24 01 9B 06 414243444546",
            "00 24 01 9B 06 313233343536",
            "00 24 01 9B 06 616263313233",
            "00 24 01 9B 11 4142433132333435363738393031323334",
            "00 24 01 9B 06 4142433132FF",
        ] {
            assert_eq!(exchange(&mut chip, wrong), "6A80", "{wrong}");
        }
        assert_eq!(exchange(&mut chip, RIGHT_PIN), "9000", "nothing was changed");
        assert_eq!(exchange(&mut chip, RIGHT_PASSWORD), "9000");
        exchange(&mut chip, SELECT_FACE_INPUT);
        exchange(&mut chip, "00 20 00 91 04 35363738");
        assert_eq!(exchange(&mut chip, "00 24 01 91 04 3536373A"), "6A80");
        assert_eq!(exchange(&mut chip, "00 24 01 91 04 30303030"), "9000");
        exchange(&mut chip, "00 20 00 94 0C 313233343536373839303130");
        assert_eq!(exchange(&mut chip, "00 24 01 94 0C 313233343536373839303131"), "6985");
    }

    #[test]
    fn a_pin_that_was_never_set_opens_nothing_and_cannot_be_set_without_leave() {
        let mut chip = powered(without_pins(phone_image()));
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, "00 20 00 98"), "63C0");
        assert_eq!(exchange(&mut chip, RIGHT_PIN), "6985");
        assert_eq!(exchange(&mut chip, "00 24 01 98 04 31323334"), "6982");
    }

    #[test]
    fn references_to_what_is_no_pin_are_refused() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        for (command, answer) in [
            ("00 20 00 80", "6986"),
            ("00 20 01 98", "6A86"),
            ("00 20 00 18", "6A86"),
            ("00 20 00 00", "6A86"),
            ("00 20 00 9F", "6A86"),
            ("00 20 00 9C", "6A88"),
            ("00 20 00 97", "6981"),
            ("00 20 00 86", "6981"),
            ("00 24 00 98 04 31323334", "6A86"),
            ("00 24 01 97 04 31323334", "6981"),
        ] {
            assert_eq!(exchange(&mut chip, command), answer, "{command}");
        }
    }

    #[test]
    fn what_was_verified_lasts_while_the_application_stays_selected() {
        let open = |chip: &mut _| exchange(chip, "00 B0 81 00 04").ends_with("9000");
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, RIGHT_PASSWORD);
        assert!(open(&mut chip));
        exchange(&mut chip, SELECT_JPKI);
        assert!(open(&mut chip), "selected again");
        chip.reset();
        assert!(!open(&mut chip), "nothing is selected after a reset");
        exchange(&mut chip, SELECT_JPKI);
        assert!(open(&mut chip), "a warm reset forgets nothing");
        exchange(&mut chip, "00 A4 04 0C 05 F000000001");
        assert!(open(&mut chip), "no other application was selected");
        for leave in [SELECT_FACE_INPUT, SELECT_CARD_MANAGER] {
            exchange(&mut chip, leave);
            exchange(&mut chip, SELECT_JPKI);
            assert!(!open(&mut chip), "{leave}");
            exchange(&mut chip, RIGHT_PASSWORD);
        }
        chip.power_off();
        chip.power_on(Interface::Contactless);
        exchange(&mut chip, SELECT_JPKI);
        assert!(!open(&mut chip), "the power was off");
    }

    #[test]
    fn a_pin_of_one_application_opens_nothing_in_another() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, RIGHT_PIN);
        exchange(&mut chip, SELECT_FACE_INPUT);
        assert_eq!(exchange(&mut chip, "00 B0 81 00 00"), "6982");
    }

    fn reopened(faulty: FaultyMedium) -> crate::Chip<FaultyMedium> {
        use std::sync::Arc;
        let memory = Memory::open(faulty).unwrap();
        let entropy = Arc::new(inrou_pki::SeededEntropy::new(3));
        let mut chip = crate::Chip::new(memory, entropy, Arc::new(crate::testing::ReadyKeys));
        chip.power_on(Interface::Local);
        chip
    }

    fn without_pins(mut image: Image) -> Image {
        image.jpki.signature.pin.unset_again();
        image.jpki.user_authentication.pin.unset_again();
        image
    }
}
