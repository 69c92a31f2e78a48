//! The chip as a state machine: one command in, one answer out.

mod application;
mod dispatch;
mod files;
mod pins;
mod secure_messaging;
mod session;
mod signing;

use std::fmt;
use std::sync::Arc;

use inrou_pki::{Entropy, KeySource};

use crate::apdu::{Command, Response};
use crate::image::Image;
use crate::issuer;
use crate::memory::{Medium, Memory};
use crate::observer::{Exchange, Masked, Observer};
use application::Application;
use dispatch::Powered;
use session::Session;

/// What a powered chip answers to a reset: T=1 with an information field of 254 bytes. Clients know
/// a My Number card by it.
pub const ANSWER_TO_RESET: [u8; 9] = [0x3B, 0xE0, 0x00, 0xFF, 0x81, 0x31, 0xFE, 0x45, 0x14];

/// By which way a chip is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interface {
    /// Contacts, or the channel inside the phone.
    Local,
    /// The contactless link. A phone shows its JPKI application alone there (REG-4).
    Contactless,
}

/// A chip over its memory.
pub struct Chip<M> {
    memory: Memory<M>,
    entropy: Arc<dyn Entropy>,
    keys: Arc<dyn KeySource>,
    /// What the chip forgets without power; `None` while it has none.
    session: Option<Session>,
    observer: Option<Arc<dyn Observer>>,
}

/// What the card manager may touch while it answers a command.
pub struct IssuerContext<'a> {
    /// The image. What is changed in it is committed before the answer leaves the chip; if the
    /// commit fails, nothing is changed, the channel is closed and the answer is `6581`.
    pub image: &'a mut Image,
    /// What the card manager forgets when another application is selected or the power goes.
    pub channel: &'a mut issuer::Channel,
    /// The chip's random numbers.
    pub entropy: &'a dyn Entropy,
    /// Where the chip's new key pairs come from.
    pub keys: &'a dyn KeySource,
}

impl<M: Medium> Chip<M> {
    /// A chip without power.
    pub fn new(memory: Memory<M>, entropy: Arc<dyn Entropy>, keys: Arc<dyn KeySource>) -> Self {
        Self { memory, entropy, keys, session: None, observer: None }
    }

    /// Lets somebody look on at every command from now on.
    pub fn observed_by(&mut self, observer: Arc<dyn Observer>) {
        self.observer = Some(observer);
    }

    /// The present image.
    pub fn image(&self) -> &Image {
        self.memory.image()
    }

    /// Gives the chip power over `interface`, anew if it had it. Returns the answer to reset.
    pub fn power_on(&mut self, interface: Interface) -> Vec<u8> {
        self.session = Some(Session::new(interface));
        ANSWER_TO_RESET.to_vec()
    }

    /// Resets a chip that has power (a warm reset). Returns the answer to reset, empty without power.
    ///
    /// What was verified survives while no other application is selected (observed on a genuine
    /// card): only [`Chip::power_off`] is sure to end it.
    pub fn reset(&mut self) -> Vec<u8> {
        let Some(session) = &mut self.session else {
            return Vec::new();
        };
        session.reset();
        ANSWER_TO_RESET.to_vec()
    }

    /// Takes the power away: every security status is lost.
    pub fn power_off(&mut self) {
        self.session = None;
    }

    /// Answers a command. Without power the answer is empty.
    pub fn process(&mut self, command: &[u8]) -> Vec<u8> {
        let Some(session) = &mut self.session else {
            return Vec::new();
        };
        let (interface, asked) = (session.interface, session.selected);
        let mut chip = Powered {
            memory: &mut self.memory,
            session,
            entropy: &*self.entropy,
            keys: &*self.keys,
        };
        let answer = match Command::parse(command) {
            Ok(command) => chip.answer(&command),
            Err(status) => Response::from(status),
        }
        .into_bytes();
        if let Some(observer) = &self.observer {
            let image = self.memory.image();
            observer.exchanged(&Exchange {
                chip: image.chip,
                personality: image.personality,
                interface,
                command: Masked::command(command),
                answer: match asked {
                    Some(Application::FaceInput) => Masked::status_of(&answer),
                    _ => Masked::answer(&answer),
                },
            });
        }
        answer
    }
}

impl<M> fmt::Debug for Chip<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chip(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::memory::{InMemoryMedium, Memory};
    use crate::testing::{card_image, chip_on, phone_image};
    use crate::{face_input, jpki};

    proptest! {
        #[test]
        fn whatever_is_sent_there_is_an_answer_and_nothing_is_lost_but_tries(
            on_phone: bool,
            contactless: bool,
            commands in prop::collection::vec(command(), 1..40),
        ) {
            let image = if on_phone { phone_image() } else { card_image() };
            let medium = InMemoryMedium::default();
            let mut chip = chip_on(medium.clone(), image.clone());
            chip.power_on(if contactless { Interface::Contactless } else { Interface::Local });
            for command in commands {
                let answer = chip.process(&command);
                let status = Response::parse(&answer).unwrap().status;
                let [sw1, _] = status.0.to_be_bytes();
                prop_assert!(sw1 == 0x90 || (0x61..=0x6F).contains(&sw1), "{}", status);
                let guarded = &image.jpki.files[&jpki::SIGNATURE_CERTIFICATE][4..];
                prop_assert!(!answer.windows(16).any(|part| part == &guarded[..16]));
            }
            let after = Memory::open(medium).unwrap();
            prop_assert!(without_tries(after.image()) == without_tries(&image));
            for (now, before) in pins(after.image()).into_iter().zip(pins(&image)) {
                prop_assert!(now.tries_left() <= before.tries_left());
            }
        }
    }

    /// Bytes of any kind, or something close to what the chip knows.
    fn command() -> impl Strategy<Value = Vec<u8>> {
        let names = prop::sample::select(vec![
            jpki::AID.to_vec(),
            face_input::AID.to_vec(),
            issuer::AID.to_vec(),
            vec![],
        ]);
        let select =
            names.prop_map(|name| Command::new(0x00, 0xA4, 0x04, 0x0C).with_data(&name).to_bytes());
        let near = (
            prop::sample::select(vec![0x00, 0x08, 0x0C, 0x80, 0x84, 0x90, 0xFF]),
            prop::sample::select(vec![
                0x20, 0x24, 0x2A, 0x50, 0x82, 0x84, 0xA4, 0xAE, 0xB0, 0xB2, 0xC0, 0xCA, 0xE2, 0xFC,
            ]),
            prop::sample::select(vec![0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x7F, 0x81, 0x8A]),
            prop_oneof![Just(0x00), Just(0x0C), 0x80_u8..=0x9F, any::<u8>()],
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                prop::collection::vec(any::<u8>(), 250..270),
                (0_u8..0x20).prop_map(|low| vec![0x00, low]),
            ],
            prop::option::of(prop_oneof![1..=256_usize, Just(65_536)]),
        )
            .prop_map(|(class, instruction, p1, p2, data, expected)| {
                let command = Command::new(class, instruction, p1, p2).with_data(&data);
                Command { expected, ..command }.to_bytes()
            });
        prop_oneof![2 => select, 8 => near, 1 => prop::collection::vec(any::<u8>(), 0..300)]
    }

    fn pins(image: &Image) -> Vec<&crate::image::Pin> {
        let face_input = image.face_input.iter().flat_map(|state| state.pins.values());
        [&image.jpki.signature.pin, &image.jpki.user_authentication.pin]
            .into_iter()
            .chain(face_input)
            .collect()
    }

    fn without_tries(image: &Image) -> Image {
        let mut image = image.clone();
        image.jpki.signature.pin.restore_tries();
        image.jpki.user_authentication.pin.restore_tries();
        for pin in image.face_input.iter_mut().flat_map(|state| state.pins.values_mut()) {
            pin.restore_tries();
        }
        image
    }

    #[test]
    fn debug_shows_nothing_of_a_chip() {
        let chip = chip_on(InMemoryMedium::default(), card_image());
        assert_eq!(format!("{chip:?}"), "Chip(..)");
        let image = format!("{:?}", chip.image());
        let key: &[u8] = chip.image().jpki.signature.key.as_ref().unwrap();
        assert!(!image.contains(&format!("{:?}", &key[..8])));
        assert!(image.contains("SecretBytes(..)") && !image.contains("123456789010"));
    }
}
