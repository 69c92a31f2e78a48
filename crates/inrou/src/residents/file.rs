//! The file's form, and what is checked about it.

use std::collections::BTreeSet;

use inrou_chip::face_input::MyNumber;
use inrou_pki::PersonalAttributes;
use inrou_rules::{
    Attributes, CardFacePin, Municipality, PinForm, Sex, SignaturePassword, UserAuthenticationPin,
    Uses, japan, validity,
};
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::dates::{Ago, BirthDate};
use super::{
    About, CardPins, Fault, Handle, ResidentsError, TestCard, TestPhone, TestResident, WrongTries,
};

const FULL_WIDTH_SPACE: char = '\u{3000}';

/// Reads the file. Each resident is first taken as a piece of the text, so that a fault can be told
/// with its line and the resident's handle.
pub(super) fn parse(text: &str, start: Date) -> Result<Vec<TestResident>, ResidentsError> {
    // Editors of some systems begin a file with a byte order mark.
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let mut residents = Vec::new();
    let mut names = Names::default();
    let pieces = pieces(text).map_err(|error| form_fault(&error, 1, None))?;
    let pieces = pieces.into_iter().map(|piece| match serde_json::from_str(piece.text) {
        Ok(entry) => Ok((piece, entry)),
        Err(error) => Err(form_fault(&error, piece.first_line, piece.handle())),
    });
    let entries = pieces.collect::<Result<Vec<(Piece<'_>, Entry)>, _>>()?;
    for (piece, entry) in &entries {
        names.take_resident(entry).map_err(|found| piece.error(found))?;
    }
    for (piece, entry) in entries {
        let checked = names.take_phones(&entry).and_then(|()| entry.resolve(start));
        residents.push(checked.map_err(|found| piece.error(found))?);
    }
    if residents.is_empty() {
        return Err(ResidentsError {
            file: None,
            line: None,
            resident: None,
            fault: Fault::Nobody,
        });
    }
    Ok(residents)
}

/// A fault of a member of the entry of a resident who is in the file.
pub(super) fn locate(
    text: &str,
    resident: &Handle,
    member: &'static str,
    fault: Fault,
) -> ResidentsError {
    let own = |piece: &Piece<'_>| piece.handle().as_deref() == Some(resident.as_str());
    match pieces(text).unwrap_or_default().into_iter().find(own) {
        Some(piece) => piece.error(Found(member, fault)),
        None => {
            ResidentsError { file: None, line: None, resident: Some(resident.to_string()), fault }
        }
    }
}

/// Each resident's part of the file.
fn pieces(text: &str) -> Result<Vec<Piece<'_>>, serde_json::Error> {
    let file: File<'_> = serde_json::from_str(text)?;
    let pieces = file.residents.into_iter().map(RawValue::get);
    Ok(pieces.map(|piece| Piece { text: piece, first_line: line_of(text, piece) }).collect())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    #[serde(rename = "about")]
    _about: Option<About>,
    #[serde(borrow)]
    residents: Vec<&'a RawValue>,
}

/// A resident, as the file has one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    handle: Handle,
    about: About,
    municipality: Municipality,
    attributes: AttributesEntry,
    my_number: String,
    card: CardEntry,
    #[serde(default)]
    phones: Vec<TestPhone>,
}

/// [`Attributes`], but the birth date may be told by the age, and without substitutes nothing is
/// substituted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttributesEntry {
    name: String,
    name_reading: String,
    name_substitutes: Option<String>,
    address: String,
    address_reading: String,
    address_substitutes: Option<String>,
    birth_date: BirthDate,
    sex: Sex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardEntry {
    issued: Ago,
    certificates: Uses,
    pins: PinsEntry,
    #[serde(default)]
    wrong_tries: WrongTries,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PinsEntry {
    signature: Option<String>,
    user_authentication: Option<String>,
    card_face: String,
}

/// What is wrong, and the member of the entry that says so.
struct Found(&'static str, Fault);

impl Entry {
    fn resolve(self, start: Date) -> Result<TestResident, Found> {
        let attributes = self.attributes.resolve(start, self.municipality)?;
        let my_number = MyNumber::parse(self.my_number.as_bytes())
            .map_err(|_| Found("my_number", Fault::MyNumberForm))?;
        if my_number.has_right_check_digit() {
            return Err(Found("my_number", Fault::MyNumberReal));
        }
        let card = self.card.resolve(start, attributes.birth_date)?;
        Ok(TestResident {
            handle: self.handle,
            about: self.about,
            municipality: self.municipality,
            attributes,
            my_number,
            card,
            phones: self.phones,
        })
    }
}

impl AttributesEntry {
    fn resolve(self, start: Date, municipality: Municipality) -> Result<Attributes, Found> {
        let place = inrou_words::place(municipality)
            .ok_or(Found("municipality", Fault::MunicipalityUnknown))?;
        let (prefecture, town) = (place.prefecture.kanji, place.municipality.kanji);
        if !is_in(&self.address, prefecture, town) {
            let place = format!("{prefecture}{town}");
            return Err(Found("address", Fault::AddressElsewhere(place)));
        }
        let parts = self.name.split(FULL_WIDTH_SPACE);
        if parts.clone().count() < 2 || parts.clone().any(str::is_empty) {
            return Err(Found("name", Fault::NameForm));
        }
        for (member, text) in [("name", &self.name), ("address", &self.address)] {
            if text.contains(|c: char| c.is_ascii()) {
                return Err(Found(member, Fault::HalfWidth));
            }
        }
        let readings = self.name_reading.split(FULL_WIDTH_SPACE);
        if readings.clone().count() != parts.count() || !readings.into_iter().all(is_hiragana) {
            return Err(Found("name_reading", Fault::Reading));
        }
        if !is_hiragana(&self.address_reading) {
            return Err(Found("address_reading", Fault::Reading));
        }
        let birth_date =
            self.birth_date.resolve(start).ok_or(Found("birth_date", Fault::NoSuchDay))?;
        let none = |text: &str| "0".repeat(text.chars().count());
        let attributes = Attributes {
            name_substitutes: self.name_substitutes.unwrap_or_else(|| none(&self.name)),
            address_substitutes: self.address_substitutes.unwrap_or_else(|| none(&self.address)),
            name: self.name,
            name_reading: self.name_reading,
            address: self.address,
            address_reading: self.address_reading,
            birth_date,
            sex: self.sex,
        };
        PersonalAttributes::from(&attributes)
            .check()
            .map_err(|invalid| Found("attributes", Fault::Attributes(invalid)))?;
        Ok(attributes)
    }
}

impl CardEntry {
    fn resolve(self, start: Date, birth_date: Date) -> Result<TestCard, Found> {
        let wrong = |fault| Found("issued", fault);
        let issued = self.issued.resolve(start).ok_or(wrong(Fault::NoSuchDay))?;
        if issued >= start {
            return Err(wrong(Fault::IssuedTooLate));
        }
        if issued < birth_date {
            return Err(wrong(Fault::IssuedBeforeBirth));
        }
        if validity::card_expires(issued, birth_date) < start {
            return Err(wrong(Fault::CardExpired));
        }
        if self.certificates.signature && !japan::has_reached(birth_date, 15, issued) {
            return Err(Found("certificates", Fault::SignatureUnder15));
        }
        let WrongTries { signature, user_authentication, card_face } = self.wrong_tries;
        let most = WrongTries::MOST;
        if signature > most.signature
            || user_authentication > most.user_authentication
            || card_face > most.card_face
        {
            return Err(Found("wrong_tries", Fault::TooManyTries));
        }
        let pins = self.pins.resolve(self.certificates, self.wrong_tries)?;
        Ok(TestCard {
            issued,
            certificates: self.certificates,
            pins,
            wrong_tries: self.wrong_tries,
        })
    }
}

impl PinsEntry {
    fn resolve(self, certificates: Uses, wrong_tries: WrongTries) -> Result<CardPins, Found> {
        Ok(CardPins {
            signature: pin(
                "signature password",
                self.signature.as_deref(),
                certificates.signature,
                wrong_tries.signature,
                SignaturePassword::parse,
            )?,
            user_authentication: pin(
                "user-authentication PIN",
                self.user_authentication.as_deref(),
                certificates.user_authentication,
                wrong_tries.user_authentication,
                UserAuthenticationPin::parse,
            )?,
            card_face: CardFacePin::parse(&self.card_face)
                .map_err(|_| Found("card_face", Fault::PinForm("card-face input PIN")))?,
        })
    }
}

/// A PIN, which is there exactly if its certificate is, and of which no try can be spent otherwise.
fn pin<P>(
    name: &'static str,
    typed: Option<&str>,
    certificate: bool,
    wrong_tries: u8,
    parse: fn(&str) -> Result<P, PinForm>,
) -> Result<Option<P>, Found> {
    if typed.is_some() != certificate || (!certificate && wrong_tries > 0) {
        return Err(Found("pins", Fault::PinAndCertificate(name)));
    }
    typed.map(parse).transpose().map_err(|_| Found("pins", Fault::PinForm(name)))
}

/// Whether the address begins with the prefecture and the municipality, between which a town or
/// village may name its district (郡).
fn is_in(address: &str, prefecture: &str, municipality: &str) -> bool {
    address.strip_prefix(prefecture).is_some_and(|rest| {
        let after_district = rest.split_once('郡').map(|(_, rest)| rest);
        rest.starts_with(municipality)
            || after_district.is_some_and(|rest| rest.starts_with(municipality))
    })
}

fn is_hiragana(reading: &str) -> bool {
    !reading.is_empty() && reading.chars().all(|c| matches!(c, 'ぁ'..='ゖ' | 'ー'))
}

/// The names and numbers that are taken.
#[derive(Default)]
struct Names {
    residents: BTreeSet<Handle>,
    numbers: BTreeSet<String>,
    phones: BTreeSet<Handle>,
}

impl Names {
    fn take_resident(&mut self, entry: &Entry) -> Result<(), Found> {
        if !self.residents.insert(entry.handle.clone()) {
            return Err(Found("handle", Fault::NameTwice));
        }
        if !self.numbers.insert(entry.my_number.clone()) {
            return Err(Found("my_number", Fault::MyNumberTwice));
        }
        Ok(())
    }

    /// Once all residents are known: a card is called by the name of its resident.
    fn take_phones(&mut self, entry: &Entry) -> Result<(), Found> {
        for TestPhone { name, .. } in &entry.phones {
            if self.residents.contains(name) {
                return Err(Found("phones", Fault::NameOfCard));
            }
            if !self.phones.insert(name.clone()) {
                return Err(Found("phones", Fault::NameTwice));
            }
        }
        Ok(())
    }
}

/// One resident's part of the file.
struct Piece<'a> {
    text: &'a str,
    first_line: usize,
}

impl Piece<'_> {
    /// The handle, if that much can be read.
    fn handle(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Named {
            handle: String,
        }
        serde_json::from_str::<Named>(self.text).ok().map(|named| named.handle)
    }

    fn error(&self, Found(member, fault): Found) -> ResidentsError {
        let at = self.text.find(&format!("\"{member}\"")).unwrap_or_default();
        let line = self.first_line + newlines(self.text, at);
        ResidentsError { file: None, line: Some(line), resident: self.handle(), fault }
    }
}

fn form_fault(
    error: &serde_json::Error,
    first_line: usize,
    resident: Option<String>,
) -> ResidentsError {
    let line = first_line + error.line().saturating_sub(1);
    let place = format!(" at line {} column {}", error.line(), error.column());
    let what = error.to_string().replace(&place, "");
    ResidentsError { file: None, line: Some(line), resident, fault: Fault::Form(what) }
}

/// The line of the text, from 1, on which a piece of it begins.
fn line_of(text: &str, piece: &str) -> usize {
    let at = (piece.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    1 + newlines(text, at)
}

fn newlines(text: &str, end: usize) -> usize {
    text.bytes().take(end).filter(|&byte| byte == b'\n').count()
}
