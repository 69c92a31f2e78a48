//! The data files. A new file is named here; nothing else changes.

use crate::loader::ErrorFile;

/// Errors, in the order of the documentation.
pub(crate) const ERRORS: &[ErrorFile] = &[
    refusals(
        "The person, the card and the counter",
        include_str!("../texts/error/rules-card.toml"),
    ),
    refusals("Applying for certificates", include_str!("../texts/error/rules-applying.toml")),
    refusals("New PINs of a phone", include_str!("../texts/error/rules-pins.toml")),
    refusals("Issuance, registration, revocation", include_str!("../texts/error/rules-phone.toml")),
    problems("Requests", include_str!("../texts/error/request.toml")),
    problems("Requests signed by a phone", include_str!("../texts/error/phone-proof.toml")),
    problems("Sessions and signed statements", include_str!("../texts/error/session.toml")),
    problems("Procedures under way", include_str!("../texts/error/procedure.toml")),
    problems("Certificates", include_str!("../texts/error/certificate.toml")),
    problems("Transactions: log-in and signing", include_str!("../texts/error/transaction.toml")),
    of_sites("Sites that ask for a log-in", include_str!("../texts/error/site.toml")),
    of_sites("Validation over HTTP", include_str!("../texts/error/validation.toml")),
    problems("PINs and passwords", include_str!("../texts/error/pin.toml")),
    problems("Cards, chips, readers", include_str!("../texts/error/chip.toml")),
    problems("The staff’s desk", include_str!("../texts/error/desk.toml")),
    problems("The service and the command", include_str!("../texts/error/service.toml")),
    problems("The sandbox’s acts", include_str!("../texts/error/sandbox.toml")),
    problems("What is typed on the command line", include_str!("../texts/error/usage.toml")),
];

/// Notices.
pub(crate) const NOTICES: &str = include_str!("../texts/notices.toml");

/// Texts in families.
pub(crate) const WORDS: &[&str] = &[
    include_str!("../texts/words.toml"),
    include_str!("../texts/history.toml"),
    include_str!("../texts/cli.toml"),
    include_str!("../texts/demo.toml"),
    include_str!("../texts/screens.toml"),
    include_str!("../texts/phone.toml"),
    include_str!("../texts/moving.toml"),
    include_str!("../texts/portal.toml"),
    include_str!("../texts/office.toml"),
    include_str!("../texts/desk.toml"),
    include_str!("../texts/consents.toml"),
    include_str!("../texts/sandbox.toml"),
    include_str!("../texts/provider.toml"),
    include_str!("../texts/console.toml"),
    include_str!("../texts/places.toml"),
    include_str!("../texts/kiosk.toml"),
];

const fn refusals(heading: &'static str, toml: &'static str) -> ErrorFile {
    ErrorFile { heading, refusals: true, of_sites: false, toml }
}

const fn problems(heading: &'static str, toml: &'static str) -> ErrorFile {
    ErrorFile { heading, refusals: false, of_sites: false, toml }
}

const fn of_sites(heading: &'static str, toml: &'static str) -> ErrorFile {
    ErrorFile { heading, refusals: false, of_sites: true, toml }
}
