//! `inrou card show`: what a chip's file says that is no secret and needs no PIN.

use std::path::Path;

use inrou_chip::image::{Image, Pin};
use inrou_chip::{face_input, jpki};
use inrou_pki::Certificate;
use inrou_relying::inspect::certificate_facts;
use inrou_rules::Use;
use inrou_words::{Form, Language, text};

use super::fault::of_tray;
use super::places;
use crate::facts;
use crate::fault::Fault;
use crate::sandbox::DataFolder;
use crate::table::table;
use crate::terminal::{say, words};

/// Shows a chip, whether or not a sandbox runs.
///
/// # Errors
/// `data-folder-missing`, `chip-unknown`, `chip-file-damaged`, `file-access-denied`.
pub fn run(language: Language, data: &Path, name: &str, phone: bool) -> Result<(), Fault> {
    let folder = DataFolder::find(data)?;
    let place = places::find(&folder, name, phone)?;
    let image = place.tray("inrou card show")?.image(&place.name);
    let image = image.map_err(|error| of_tray(error, &place))?;
    say(&format!("{} ({})", place.name, facts::medium(place.medium, language)));
    say(&table(&lines(&image, language)));
    Ok(())
}

/// All that is shown of an image.
fn lines(image: &Image, language: Language) -> Vec<[String; 2]> {
    let label = |code: &str| words(code, language);
    let mut lines = vec![
        [label("cli.chip-id"), image.chip.to_string()],
        [label("cli.chip-token"), image.personality.token_label().to_owned()],
    ];
    if image.personality.is_phone() {
        lines.push([label("cli.chip-device-key"), there(image.issuer.has_device_key(), language)]);
    }
    for usage in Use::ALL {
        lines.push([String::new(), String::new()]);
        lines.push([facts::usage(usage, language), certificate(image, usage, language)]);
        lines.extend(public_facts(image, usage, language));
        let credential = image.jpki.credential(usage);
        lines.push([label("cli.chip-key"), there(credential.has_key(), language)]);
        lines.push([label("cli.chip-pin"), pin(&credential.pin, language)]);
        lines.extend(issuer(image, usage, language));
    }
    let card_face = image.face_input.as_ref().and_then(|face| face.pins.get(&face_input::PIN));
    if let Some(card_face) = card_face {
        lines.push([String::new(), String::new()]);
        lines.push([label("pin.card-face"), pin(card_face, language)]);
    }
    lines
}

/// Whether a certificate is there, and whether it can be read without its PIN: as on genuine chips
/// only the card's user-authentication certificate can.
fn certificate(image: &Image, usage: Use, language: Language) -> String {
    let code = match file(image, usage) {
        None => "cli.chip-absent",
        Some(_) if is_public(image, usage) => "cli.chip-there",
        Some(_) => "cli.chip-behind-pin",
    };
    words(code, language)
}

fn public_facts(image: &Image, usage: Use, language: Language) -> Vec<[String; 2]> {
    let readable = file(image, usage).filter(|_| is_public(image, usage));
    let certificate = readable.and_then(|der| Certificate::from_der(der).ok());
    let facts = certificate.map(|certificate| certificate_facts(&certificate));
    facts.map_or_else(Vec::new, |facts| facts::rows(&facts, language))
}

/// The issuer's generation: all of them have one name, and differ by their key.
fn issuer(image: &Image, usage: Use, language: Language) -> Option<[String; 2]> {
    let der = image.jpki.files.get(&jpki::issuer_certificate(usage))?;
    let certificate = Certificate::from_der(der).ok()?;
    let key = certificate.subject_key_identifier()?;
    let key: String = key.iter().map(|byte| format!("{byte:02X}")).collect();
    Some([words("cli.chip-issuer-key", language), key])
}

fn pin(pin: &Pin, language: Language) -> String {
    let sentence = |code| text(code).in_language(language);
    let sentence = match pin.tries_left() {
        _ if !pin.is_set() => sentence("cli.pin-not-set"),
        0 => sentence("cli.pin-locked"),
        left => sentence("cli.pin-tries").with("left", left).with("most", pin.tries_max()),
    };
    sentence.render(Form::Plain)
}

fn there(there: bool, language: Language) -> String {
    words(if there { "cli.chip-there" } else { "cli.chip-absent" }, language)
}

fn file(image: &Image, usage: Use) -> Option<&[u8]> {
    image.jpki.files.get(&jpki::certificate(usage)).map(|file| &file[..])
}

fn is_public(image: &Image, usage: Use) -> bool {
    usage == Use::UserAuthentication && !image.personality.is_phone()
}
