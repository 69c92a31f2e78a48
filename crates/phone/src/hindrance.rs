//! Why a phone cannot do what a site asks for.

use inrou_api::problem::{Code, Problem};
use inrou_api::wire::phone::PhoneState;
use inrou_api::wire::transaction::Hindrance;
use inrou_rules::{CertificateStatus, Refusal, Use};
use jiff::Timestamp;

use crate::secrets::PinName;

/// What is wrong with the phone's latest certificate of a use, if something is.
pub(crate) fn of_certificate(phone: &PhoneState, usage: Use, now: Timestamp) -> Option<Hindrance> {
    let Some(view) = phone.certificates.iter().rev().find(|view| view.usage == usage) else {
        return Some(match phone.supported {
            true => Hindrance::NoCertificate,
            false => Hindrance::PhoneNotSupported,
        });
    };
    match view.status {
        CertificateStatus::Issued => Some(Hindrance::NoCertificate),
        CertificateStatus::Held { .. } => Some(Hindrance::CertificateHeld),
        CertificateStatus::Revoked { .. } => Some(Hindrance::CertificateRevoked),
        CertificateStatus::Active { .. } if now > view.not_after => {
            Some(Hindrance::CertificateExpired)
        }
        CertificateStatus::Active { .. } => None,
    }
}

/// What keeps the phone from answering with the certificate of a use, if something does. `tries_left` are
/// those of its PIN or password, where that is known.
pub(crate) fn of_answer(
    phone: &PhoneState,
    usage: Use,
    tries_left: Option<u8>,
    now: Timestamp,
) -> Option<Hindrance> {
    let locked = || (tries_left == Some(0)).then_some(Hindrance::PinBlocked);
    of_certificate(phone, usage, now).or_else(locked)
}

/// As the person is told.
pub(crate) fn problem(hindrance: Hindrance, usage: Use) -> Problem {
    let pin = PinName::Phone(usage);
    match hindrance {
        Hindrance::NoCertificate | Hindrance::PhoneNotSupported => {
            Refusal::PhoneCarriesNone { usage }.into()
        }
        Hindrance::CertificateHeld => Refusal::CertificateHeld { usage }.into(),
        Hindrance::CertificateRevoked => Problem::new(Code::CERTIFICATE_REVOKED),
        Hindrance::CertificateExpired => Problem::new(Code::CERTIFICATE_EXPIRED),
        Hindrance::PinBlocked => {
            Problem::new(Code::PIN_BLOCKED).by_rule(pin.rule()).with("pin", pin.as_str())
        }
        Hindrance::WrongPin => Problem::new(hindrance.code()),
    }
}
