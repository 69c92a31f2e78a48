//! The JPKI application (公的個人認証AP): its name and its files, as chip and clients know them.

use inrou_rules::{ChipId, SignaturePassword, Use, UserAuthenticationPin};

use crate::image::{Bytes, FileId, JpkiState, Personality};

/// The application identifier (AID).
pub const AID: [u8; 10] = [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];

/// The signature certificate, DER.
pub const SIGNATURE_CERTIFICATE: FileId = FileId(0x0001);
/// The certificate of the signature certificate's issuer, DER.
pub const SIGNATURE_ISSUER_CERTIFICATE: FileId = FileId(0x0002);
/// Token information (PKCS#11 `CK_TOKEN_INFO`), 160 bytes that begin with the token label.
pub const TOKEN_INFORMATION: FileId = FileId(0x0006);
/// Which certificates there are: three bytes, see [`availability`].
pub const AVAILABILITY: FileId = FileId(0x0008);
/// The user-authentication certificate, DER.
pub const USER_AUTHENTICATION_CERTIFICATE: FileId = FileId(0x000A);
/// The certificate of the user-authentication certificate's issuer, DER.
pub const USER_AUTHENTICATION_ISSUER_CERTIFICATE: FileId = FileId(0x000B);
/// The user-authentication private key.
pub const USER_AUTHENTICATION_KEY: FileId = FileId(0x0017);
/// The user-authentication PIN.
pub const USER_AUTHENTICATION_PIN: FileId = FileId(0x0018);
/// The signature private key.
pub const SIGNATURE_KEY: FileId = FileId(0x001A);
/// The signature password.
pub const SIGNATURE_PASSWORD: FileId = FileId(0x001B);

/// The EF of the holder's certificate.
pub const fn certificate(usage: Use) -> FileId {
    match usage {
        Use::Signature => SIGNATURE_CERTIFICATE,
        Use::UserAuthentication => USER_AUTHENTICATION_CERTIFICATE,
    }
}

/// The EF of the issuer's certificate.
pub const fn issuer_certificate(usage: Use) -> FileId {
    match usage {
        Use::Signature => SIGNATURE_ISSUER_CERTIFICATE,
        Use::UserAuthentication => USER_AUTHENTICATION_ISSUER_CERTIFICATE,
    }
}

/// The EF of the private key.
pub const fn private_key(usage: Use) -> FileId {
    match usage {
        Use::Signature => SIGNATURE_KEY,
        Use::UserAuthentication => USER_AUTHENTICATION_KEY,
    }
}

/// The EF of the PIN that guards the private key.
pub const fn pin(usage: Use) -> FileId {
    match usage {
        Use::Signature => SIGNATURE_PASSWORD,
        Use::UserAuthentication => USER_AUTHENTICATION_PIN,
    }
}

/// How many wrong entries in a row lock the PIN (CARD-6, PIN-1).
pub const fn tries(usage: Use) -> u8 {
    match usage {
        Use::Signature => SignaturePassword::TRIES,
        Use::UserAuthentication => UserAuthenticationPin::TRIES,
    }
}

/// Whose PIN an EF is.
pub fn usage_of_pin(id: FileId) -> Option<Use> {
    Use::ALL.into_iter().find(|&usage| pin(usage) == id)
}

/// Whose private key an EF is.
pub fn usage_of_private_key(id: FileId) -> Option<Use> {
    Use::ALL.into_iter().find(|&usage| private_key(usage) == id)
}

/// EF 0008: `8F` for a certificate that is there, first the signature certificate's, then the
/// user-authentication certificate's; the third byte was only ever seen as `00`.
pub fn availability(state: &JpkiState) -> [u8; 3] {
    let mark = |usage| {
        if state.files.contains_key(&certificate(usage)) { 0x8F } else { 0x00 }
    };
    [mark(Use::Signature), mark(Use::UserAuthentication), 0x00]
}

/// EF 0006 of a new chip. Label and layout are the observed ones; manufacturer and model say that
/// this is Inrou, and the serial number is the start of the chip's identity.
pub fn token_information(personality: Personality, chip: ChipId) -> Bytes {
    let mut information = Vec::with_capacity(160);
    let mut push_text = |text: &str, width: usize| {
        information.extend(text.bytes().chain(std::iter::repeat(b' ')).take(width));
    };
    push_text(personality.token_label(), 32);
    push_text("INROU SANDBOX", 32);
    push_text("INROU", 16);
    push_text(&chip.to_string(), 16);
    // Flags (RNG, login required, PIN and token initialised), sessions at most, sessions,
    // read-write sessions at most, read-write sessions, longest and shortest PIN.
    for number in [0x040D, 1, 0, 1, 0, 16, 6] {
        information.extend(u32::to_be_bytes(number));
    }
    // Public and private memory, total and free: unavailable.
    information.extend([0xFF; 16]);
    // Versions of hardware and firmware, in ASCII as observed; no clock.
    information.extend(*b"0301");
    information.extend([b'9'; 16]);
    Bytes(information)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_information_begins_with_the_label_that_tells_a_card_from_a_phone() {
        for (personality, label) in [
            (Personality::Card, "JPKIAPICCTOKEN2"),
            (Personality::Android, "JPKIAPGPSETOKEN"),
            (Personality::Ios, "JPKIAPIOSTOKEN"),
        ] {
            let information = token_information(personality, ChipId::from_bytes([0xAB; 16]));
            assert_eq!(information.len(), 160);
            assert_eq!(&information[..32], format!("{label:<32}").as_bytes());
            assert_eq!(&information[80..96], b"abababababababab");
            assert_eq!(&information[116..124], [0, 0, 0, 16, 0, 0, 0, 6]);
        }
    }
}
