//! The residents on the table: how each one's card and phones stand.

use inrou_api::problem::{Code, OrInternal, Problem};
use inrou_api::wire::authority::{CertificateView, EnrolmentStage};
use inrou_chip::image::Image;
use inrou_chip::jpki;
use inrou_phone::Glance;
use inrou_pki::{Certificate, Status};
use inrou_rules::{CertificateStatus, Serial, Use};
use inrou_web::{Said, Visit};
use inrou_words::{Form, Language, Term};
use jiff::Timestamp;

use crate::residents::TestResident;
use crate::sandbox::World;

/// From so many tries on, how many are left is nothing to speak of.
const FEW_TRIES: u8 = 2;

/// A resident with her things, as the chips and phones say at one moment.
pub(super) struct Shown {
    pub(super) resident: TestResident,
    /// How each key of the card stands.
    card: [(Use, CardUse); 2],
    /// Who has the card, if another program has.
    pub(super) lent: Option<String>,
    pub(super) phones: Vec<ShownPhone>,
}

/// A phone on the table.
pub(super) struct ShownPhone {
    pub(super) name: String,
    pub(super) model: String,
    standing: &'static str,
}

/// How a card's key stands.
enum CardUse {
    Absent,
    Held,
    Revoked,
    Locked,
    Expired(Timestamp),
    Good { until: Timestamp, left: u8 },
}

/// How many residents a page shows: more would make it heavy.
const PAGE: usize = 20;

/// Some of the residents, in the order of their file.
pub(super) struct People {
    pub(super) shown: Vec<Shown>,
    /// Whether there are others before them.
    pub(super) is_first: bool,
    /// Where those after them begin, if there are any.
    pub(super) next: Option<usize>,
}

/// A page of residents from a place in their list on. Blocks.
///
/// # Errors
/// `internal-error` if a chip's file or a phone's cannot be read.
pub(super) fn page(world: &World, from: usize, now: Timestamp) -> Result<People, Problem> {
    let all = &world.residents;
    let from = if from < all.len() { from } else { 0 };
    let shown = all.iter().skip(from).take(PAGE).map(|resident| Shown::of(resident, world, now));
    let next = from + PAGE;
    Ok(People {
        shown: shown.collect::<Result<_, Problem>>()?,
        is_first: from == 0,
        next: (next < all.len()).then_some(next),
    })
}

impl Shown {
    fn of(resident: &TestResident, world: &World, now: Timestamp) -> Result<Self, Problem> {
        let name = resident.handle.as_str().parse().or_internal()?;
        let image = world.tray.image(&name).or_internal()?;
        let uses = [Use::UserAuthentication, Use::Signature];
        let phones = resident.phones.iter().map(|phone| {
            let name = phone.name.to_string();
            Ok(match world.fleet.glance(&name) {
                Err(problem) if problem.is(Code::NOT_FOUND) => None,
                glance => Some(ShownPhone::of(name, glance?, world, now)),
            })
        });
        Ok(Self {
            resident: resident.clone(),
            card: uses.map(|usage| (usage, CardUse::of(&image, usage, world, now))),
            lent: world.tray.borrower(&name),
            phones: phones.filter_map(Result::transpose).collect::<Result<_, Problem>>()?,
        })
    }

    /// The name, with its reading in easy Japanese.
    pub(super) fn name<'a>(&'a self, v: &Visit) -> Said<'a> {
        let attributes = &self.resident.attributes;
        let name = Term { text: &attributes.name, reading: &attributes.name_reading };
        v.say("value.term").with("value", name)
    }

    /// What the resident is good for, as HTML if it has readings.
    pub(super) fn about(&self, v: &Visit) -> About {
        match (v.language, &self.resident.about.ja_easy) {
            (Language::JaEasy, Some(easy)) => About::Html(easy.render(Form::Html)),
            (language, _) => About::Text(self.resident.about.in_language(language).into_owned()),
        }
    }

    /// Each key of the card: the code of its name, a class of the style sheet, the words.
    pub(super) fn card<'a>(
        &'a self,
        v: &'a Visit,
    ) -> impl Iterator<Item = (&'static str, &'static str, Said<'a>)> {
        self.card.iter().map(|(usage, standing)| {
            let (class, said) = standing.said(v);
            (use_code(*usage), class, said)
        })
    }

    /// The card's PINs: the code of each one's name, and the digits.
    pub(super) fn pins(&self) -> Vec<(&'static str, String)> {
        let pins = &self.resident.card.pins;
        let shown = |pin: &[u8]| String::from_utf8_lossy(pin).into_owned();
        let signature = pins.signature.as_ref().map(|pin| shown(pin.as_bytes()));
        let digits = pins.user_authentication.as_ref().map(|pin| shown(pin.as_bytes()));
        let card_face = Some(shown(pins.card_face.as_bytes()));
        let all = [
            ("home.signature-pin", signature),
            ("home.user-authentication-pin", digits),
            ("home.card-face-pin", card_face),
        ];
        all.into_iter().filter_map(|(name, pin)| Some((name, pin?))).collect()
    }
}

/// What a resident is good for, written by whoever wrote the residents' file.
pub(super) enum About {
    /// To be escaped.
    Text(String),
    /// Escaped already.
    Html(String),
}

impl ShownPhone {
    fn of(name: String, glance: Glance, world: &World, now: Timestamp) -> Self {
        let standing = standing(&glance, world, now);
        Self { name, model: glance.model, standing }
    }

    /// How it stands: a class of the style sheet, and the words.
    pub(super) fn standing<'a>(&self, v: &Visit) -> (&'static str, Said<'a>) {
        let class = match self.standing {
            "phone-state.registered" => "good",
            "phone-state.waits" | "phone-state.ready" => "waits",
            "phone-state.empty" => "",
            _ => "bad",
        };
        (class, v.say(self.standing))
    }
}

/// The code of the words for how a phone stands: what it carries it has heard, how that stands the
/// authority knows.
fn standing(glance: &Glance, world: &World, now: Timestamp) -> &'static str {
    match glance.enrolment.as_ref().map(|enrolment| &enrolment.stage) {
        Some(EnrolmentStage::Completed { .. }) => return "phone-state.waits",
        Some(EnrolmentStage::Ready { .. }) => return "phone-state.ready",
        _ => {}
    }
    if glance.certificates.is_empty() {
        let carries = glance.supported;
        return if carries { "phone-state.empty" } else { "phone-state.unsupported" };
    }
    let states = glance.certificates.iter().map(|view| certificate_state(view, world, now));
    // The best of them counts, but a hold is not to be overlooked.
    let order = [
        "phone-state.held",
        "phone-state.registered",
        "phone-state.ready",
        "phone-state.expired",
        "phone-state.revoked",
    ];
    let rank = |state: &&str| order.iter().position(|known| known == state);
    states.min_by_key(rank).unwrap_or("phone-state.empty")
}

fn certificate_state(view: &CertificateView, world: &World, now: Timestamp) -> &'static str {
    let serial = u64::from_str_radix(&view.serial, 16).map(Serial);
    let known = serial.ok().map(|serial| world.status(view.usage, serial));
    match (view.status, known) {
        (_, Some(Status::OnHold { .. })) => "phone-state.held",
        (_, Some(Status::Revoked { .. })) | (CertificateStatus::Revoked { .. }, _) => {
            "phone-state.revoked"
        }
        (CertificateStatus::Held { .. }, _) => "phone-state.held",
        (CertificateStatus::Issued, _) => "phone-state.ready",
        (CertificateStatus::Active { .. }, _) if now > view.not_after => "phone-state.expired",
        (CertificateStatus::Active { .. }, _) => "phone-state.registered",
    }
}

impl CardUse {
    fn of(image: &Image, usage: Use, world: &World, now: Timestamp) -> Self {
        let file = image.jpki.files.get(&jpki::certificate(usage));
        let Some(read) = file.and_then(|der| Certificate::from_der(der).ok()) else {
            return Self::Absent;
        };
        let until = read.not_after();
        if now > until {
            return Self::Expired(until);
        }
        match read.serial().map(|serial| world.status(usage, serial)) {
            Some(Status::OnHold { .. }) => return Self::Held,
            Some(Status::Revoked { .. }) => return Self::Revoked,
            _ => {}
        }
        match image.jpki.credential(usage).pin.tries_left() {
            0 => Self::Locked,
            left => Self::Good { until, left },
        }
    }

    fn said<'a>(&self, v: &Visit) -> (&'static str, Said<'a>) {
        match *self {
            Self::Absent => ("", v.say("card-use.absent")),
            Self::Held => ("bad", v.say("card-use.held")),
            Self::Revoked => ("bad", v.say("card-use.revoked")),
            Self::Locked => ("bad", v.say("card-use.locked")),
            Self::Expired(until) => ("bad", v.say("card-use.expired").with("until", until)),
            Self::Good { left, .. } if left <= FEW_TRIES => {
                ("waits", v.say("card-use.tries").with("left", left))
            }
            Self::Good { until, .. } => ("good", v.say("card-use.good").with("until", until)),
        }
    }
}

fn use_code(usage: Use) -> &'static str {
    match usage {
        Use::Signature => "use.signature",
        Use::UserAuthentication => "use.user-authentication",
    }
}
