//! COMPUTE DIGITAL SIGNATURE.

use inrou_pki::digest::{Digest as Hash, HashAlgorithm};
use inrou_pki::{Entropy, Signer, SoftwareKey};
use rsa::pkcs8::DecodePrivateKey;
use rsa::sha2::{Digest, Sha256};
use rsa::{Pkcs1v15Sign, Pss, RsaPrivateKey, rand_core};

use super::application::{Application, Element};
use super::dispatch::Powered;
use crate::apdu::{Answer, Command, StatusWord};
use crate::image::SecretBytes;
use crate::memory::Medium;

/// The most bytes that PKCS#1 v1.5 can sign with a key of 2048 bits.
const VERBATIM_MAXIMUM: usize = 245;

impl<M: Medium> Powered<'_, M> {
    /// COMPUTE DIGITAL SIGNATURE: P1 is the scheme, P2 the key. One VERIFY serves many signatures.
    pub(super) fn sign(&mut self, application: Application, command: &Command<'_>) -> Answer {
        let scheme = Scheme::from_p1(command.p1).ok_or(StatusWord::WRONG_P1_P2)?;
        let (id, element) = match (command.p2, application.default_key()) {
            (0x00, Some(id)) => (id, application.element(self.memory.image(), id)),
            _ => self.referenced(application, command).map(|(id, element)| (id, Some(element)))?,
        };
        let Some(Element::PrivateKey(access)) = element else {
            return Err(StatusWord::WRONG_FILE_STRUCTURE);
        };
        if !self.session.satisfies(access) {
            return Err(StatusWord::SECURITY_STATUS_NOT_SATISFIED);
        }
        let pkcs8 = application.private_key(self.memory.image(), id);
        let pkcs8 = pkcs8.ok_or(StatusWord::CONDITIONS_NOT_SATISFIED)?;
        if command.data.is_empty() {
            return Err(StatusWord::WRONG_LENGTH);
        }
        match rsa_key(pkcs8) {
            Ok(key) => scheme.sign(&key, command.data, &mut ChipRandom(self.entropy)),
            Err(_) => scheme.sign_on_curve(pkcs8, command.data),
        }
    }
}

/// Reads a stored key; `6985` if it is not an RSA key.
pub(super) fn rsa_key(pkcs8: &SecretBytes) -> Result<RsaPrivateKey, StatusWord> {
    RsaPrivateKey::from_pkcs8_der(pkcs8).map_err(|_| StatusWord::CONDITIONS_NOT_SATISFIED)
}

/// What is padded, and how. On a curve, where nothing is, what is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    /// `00`: PKCS#1 v1.5 over the data as it is, usually a DigestInfo. On a curve, over a hash that is
    /// given bare or in a DigestInfo.
    Verbatim,
    /// `01`: PKCS#1 v1.5 over the bare SHA-256 of the data.
    BareHash,
    /// `02`: PKCS#1 v1.5 over the DigestInfo of a SHA-256.
    HashInDigestInfo,
    /// `03`: PKCS#1 v1.5 over the DigestInfo of the SHA-256 of the data.
    DigestInfo,
    /// `04`: PSS over a SHA-256, with 32 bytes of salt.
    HashInPss,
    /// `05`: PSS over the SHA-256 of the data.
    Pss,
}

impl Scheme {
    fn from_p1(p1: u8) -> Option<Self> {
        Some(match p1 {
            0x00 => Self::Verbatim,
            0x01 => Self::BareHash,
            0x02 => Self::HashInDigestInfo,
            0x03 => Self::DigestInfo,
            0x04 => Self::HashInPss,
            0x05 => Self::Pss,
            _ => return None,
        })
    }

    fn sign(self, key: &RsaPrivateKey, data: &[u8], random: &mut ChipRandom<'_>) -> Answer {
        let fits = match self {
            Self::Verbatim => data.len() <= VERBATIM_MAXIMUM,
            Self::HashInDigestInfo | Self::HashInPss => data.len() == Sha256::output_size(),
            Self::BareHash | Self::DigestInfo | Self::Pss => true,
        };
        if !fits {
            return Err(StatusWord::CONDITIONS_NOT_SATISFIED);
        }
        let hash = Sha256::digest(data);
        match self {
            Self::Verbatim => key.sign_with_rng(random, Pkcs1v15Sign::new_unprefixed(), data),
            Self::BareHash => key.sign_with_rng(random, Pkcs1v15Sign::new_unprefixed(), &hash),
            Self::HashInDigestInfo => {
                key.sign_with_rng(random, Pkcs1v15Sign::new::<Sha256>(), data)
            }
            Self::DigestInfo => key.sign_with_rng(random, Pkcs1v15Sign::new::<Sha256>(), &hash),
            Self::HashInPss => key.sign_with_rng(random, Pss::new::<Sha256>(), data),
            Self::Pss => key.sign_with_rng(random, Pss::new::<Sha256>(), &hash),
        }
        .map_err(|_| StatusWord::CONDITIONS_NOT_SATISFIED)
    }

    /// ECDSA with a key on P-256 or P-384, over a hash by SHA-256 or SHA-384 as the curve has it.
    fn sign_on_curve(self, pkcs8: &SecretBytes, data: &[u8]) -> Answer {
        const REFUSED: StatusWord = StatusWord::CONDITIONS_NOT_SATISFIED;
        let key = SoftwareKey::from_pkcs8(pkcs8).map_err(|_| REFUSED)?;
        let hash = key.algorithm().hash();
        let digest = match self {
            Self::Verbatim => given(hash, data),
            Self::HashInDigestInfo => Hash::from_bytes(hash, data),
            Self::DigestInfo => Some(hash.digest(data)),
            Self::BareHash | Self::HashInPss | Self::Pss => None,
        };
        key.sign_digest(&digest.ok_or(REFUSED)?).map_err(|_| REFUSED)
    }
}

/// The hash that was given bare, or in a DigestInfo that names it.
fn given(hash: HashAlgorithm, data: &[u8]) -> Option<Hash> {
    Hash::from_bytes(hash, data).or_else(|| {
        let bare = data.len().checked_sub(hash.length())?;
        let digest = Hash::from_bytes(hash, data.get(bare..)?)?;
        (digest.to_digest_info() == data).then_some(digest)
    })
}

/// The chip's entropy, in the form that crate `rsa` takes.
pub(super) struct ChipRandom<'a>(pub(super) &'a dyn Entropy);

impl rand_core::RngCore for ChipRandom<'_> {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rand_core::CryptoRng for ChipRandom<'_> {}

#[cfg(test)]
mod tests {
    use inrou_pki::{FreshKeys, KeyAlgorithm, KeySource};
    use inrou_rules::Use;
    use rsa::RsaPublicKey;

    use super::*;
    use crate::chip::Chip;
    use crate::image::Bytes;
    use crate::memory::InMemoryMedium;
    use crate::testing::{
        SELECT_FACE_INPUT, SELECT_JPKI, card_image, exchange, phone_image, powered,
    };

    const VERIFY_PIN: &str = "00 20 00 98 04 31323334";
    const VERIFY_PASSWORD: &str = "00 20 00 9B 06 414243313233";
    const MESSAGE: &[u8] = b"any message";

    #[test]
    fn each_scheme_makes_the_signature_that_its_p1_names() {
        let hash = Sha256::digest(MESSAGE);
        let bare = || Pkcs1v15Sign::new_unprefixed();
        let info = || Pkcs1v15Sign::new::<Sha256>();
        for (usage, key) in [(Use::UserAuthentication, "97"), (Use::Signature, "9A")] {
            let public = public_key(usage);
            let verify = |p1: &str, data: &[u8]| Bytes(signature(p1, key, data).unwrap()).to_vec();
            public.verify(bare(), MESSAGE, &verify("00", MESSAGE)).unwrap();
            public.verify(bare(), &hash, &verify("01", MESSAGE)).unwrap();
            public.verify(info(), &hash, &verify("02", &hash)).unwrap();
            public.verify(info(), &hash, &verify("03", MESSAGE)).unwrap();
            public.verify(Pss::new::<Sha256>(), &hash, &verify("04", &hash)).unwrap();
            public.verify(Pss::new::<Sha256>(), &hash, &verify("05", MESSAGE)).unwrap();
            assert!(public.verify(info(), &hash, &verify("01", MESSAGE)).is_err());
        }
    }

    #[test]
    fn verbatim_takes_1_to_245_bytes() {
        for length in [1, 51, 245] {
            assert_eq!(signature("00", "97", &vec![7; length]).unwrap().len(), 256);
        }
        assert_eq!(signature("00", "97", &[7; 246]), Err("6985".to_owned()));
        assert_eq!(signature("00", "97", &[]), Err("6700".to_owned()));
    }

    #[test]
    fn a_hash_has_32_bytes() {
        for (p1, length) in [("02", 31), ("02", 33), ("04", 31), ("04", 33)] {
            assert_eq!(signature(p1, "97", &vec![7; length]), Err("6985".to_owned()));
        }
    }

    #[test]
    fn a_key_on_a_curve_signs_the_hash_of_its_curve() {
        for (algorithm, other) in [
            (KeyAlgorithm::EcP256, HashAlgorithm::Sha384),
            (KeyAlgorithm::EcP384, HashAlgorithm::Sha256),
        ] {
            let (mut chip, key) = chip_with(algorithm);
            let own = key.algorithm().hash();
            let (hash, others) = (own.digest(MESSAGE), other.digest(MESSAGE));
            let (info, others_info) = (hash.to_digest_info(), others.to_digest_info());
            for (p1, data) in [
                ("00", &info[..]),
                ("00", hash.as_bytes()),
                ("02", hash.as_bytes()),
                ("03", MESSAGE),
            ] {
                let signature = sign_with(&mut chip, p1, data).unwrap();
                key.public_key().verify(key.algorithm(), MESSAGE, &signature).unwrap();
            }
            let mut damaged = info.clone();
            damaged[5] ^= 1;
            let long = [&[0x30], info.as_slice()].concat();
            for (p1, data) in [
                ("00", others.as_bytes()),
                ("00", &others_info),
                ("00", &damaged),
                ("00", &long),
                ("00", &info[1..]),
                ("00", &[7]),
                ("01", MESSAGE),
                ("02", &info),
                ("02", others.as_bytes()),
                ("04", hash.as_bytes()),
                ("05", MESSAGE),
            ] {
                assert_eq!(sign_with(&mut chip, p1, data), Err("6985".to_owned()), "{p1} {data:?}");
            }
            assert_eq!(sign_with(&mut chip, "00", &[]), Err("6700".to_owned()));
        }
    }

    #[test]
    fn what_is_no_key_signs_nothing() {
        let mut image = card_image();
        image.jpki.user_authentication.key = Some(SecretBytes::new(vec![0x30, 0x00]));
        let mut chip = powered(image);
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, VERIFY_PIN);
        assert_eq!(sign_with(&mut chip, "03", MESSAGE), Err("6985".to_owned()));
    }

    #[test]
    fn salts_differ() {
        let hash = [7; 32];
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, VERIFY_PIN);
        let sign = format!("80 2A 04 97 20 {} 00", String::from(Bytes(hash.to_vec())));
        assert_ne!(exchange(&mut chip, &sign), exchange(&mut chip, &sign));
    }

    #[test]
    fn other_schemes_and_references_are_refused() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, VERIFY_PIN);
        for (command, answer) in [
            ("80 2A 06 97 01 FF 00", "6A86"),
            ("80 2A FF 97 01 FF 00", "6A86"),
            ("80 2A 00 00 01 FF 00", "6A86"),
            ("80 2A 00 98 01 FF 00", "6981"),
            ("80 2A 00 8A 01 FF 00", "6981"),
            ("80 2A 00 99 01 FF 00", "6A88"),
            ("00 2A 00 97 01 FF 00", "6D00"),
        ] {
            assert_eq!(exchange(&mut chip, command), answer, "{command}");
        }
    }

    #[test]
    fn a_key_needs_its_own_pin_which_then_serves_many_signatures() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        let (authenticate, sign) = ("80 2A 03 97 01 FF 00", "80 2A 03 9A 01 FF 00");
        assert_eq!(exchange(&mut chip, authenticate), "6982");
        exchange(&mut chip, VERIFY_PIN);
        assert_eq!(exchange(&mut chip, sign), "6982");
        exchange(&mut chip, VERIFY_PASSWORD);
        for _ in 0..3 {
            assert!(exchange(&mut chip, authenticate).ends_with("9000"));
            assert!(exchange(&mut chip, sign).ends_with("9000"));
        }
    }

    #[test]
    fn the_current_file_may_be_the_key() {
        let mut chip = powered(phone_image());
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, VERIFY_PIN);
        exchange(&mut chip, "00 A4 02 0C 02 0017");
        assert!(exchange(&mut chip, "80 2A 00 80 01 FF 00").ends_with("9000"));
    }

    #[test]
    fn without_a_key_nothing_is_signed() {
        let mut image = phone_image();
        image.jpki.signature.key = None;
        let mut chip = powered(image);
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, VERIFY_PASSWORD);
        assert_eq!(exchange(&mut chip, "80 2A 03 9A 01 FF 00"), "6985");
    }

    #[test]
    fn a_signature_that_le_does_not_take_waits_or_names_its_length() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, VERIFY_PIN);
        let whole = exchange(&mut chip, "80 2A 03 97 01 FF 00");
        assert_eq!(exchange(&mut chip, "80 2A 03 97 01 FF 80"), "6C00");
        assert_eq!(exchange(&mut chip, "80 2A 03 97 01 FF"), "6100");
        let first = exchange(&mut chip, "00 C0 00 00 80");
        assert!(first.ends_with("6180"));
        let second = exchange(&mut chip, "00 C0 00 00 00");
        assert_eq!([&first[..256], &*second].concat(), whole);
        assert_eq!(exchange(&mut chip, "00 C0 00 00 00"), "6985", "nothing waits any more");
        exchange(&mut chip, "80 2A 03 97 01 FF");
        exchange(&mut chip, "00 20 00 98");
        assert_eq!(exchange(&mut chip, "00 C0 00 00 00"), "6985", "another command came");
    }

    #[test]
    fn the_face_input_application_signs_with_its_own_key_for_anybody() {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_FACE_INPUT);
        assert!(exchange(&mut chip, "80 2A 00 00 01 FF 00").ends_with("9000"));
        assert!(exchange(&mut chip, "80 2A 00 93 01 FF 00").ends_with("9000"));
        assert_eq!(exchange(&mut chip, "00 88 00 93 01 FF 00"), "6985");
        exchange(&mut chip, SELECT_JPKI);
        assert_eq!(exchange(&mut chip, "00 88 00 97 01 FF 00"), "6982");
    }

    fn public_key(usage: Use) -> RsaPublicKey {
        let image = card_image();
        rsa_key(image.jpki.credential(usage).key.as_ref().unwrap()).unwrap().to_public_key()
    }

    /// A card whose user-authentication key is of that kind, its PIN verified, and the key.
    fn chip_with(algorithm: KeyAlgorithm) -> (Chip<InMemoryMedium>, SoftwareKey) {
        let key = FreshKeys.generate(algorithm).unwrap();
        let mut image = card_image();
        image.jpki.user_authentication.key = Some(SecretBytes::new(key.to_pkcs8().to_vec()));
        let mut chip = powered(image);
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, VERIFY_PIN);
        (chip, key)
    }

    /// A signature with a key of a fresh card, or the status word.
    fn signature(p1: &str, key: &str, data: &[u8]) -> Result<Vec<u8>, String> {
        let mut chip = powered(card_image());
        exchange(&mut chip, SELECT_JPKI);
        exchange(&mut chip, VERIFY_PIN);
        exchange(&mut chip, VERIFY_PASSWORD);
        compute(&mut chip, p1, key, data)
    }

    /// A signature with the user-authentication key, or the status word.
    fn sign_with(
        chip: &mut Chip<InMemoryMedium>,
        p1: &str,
        data: &[u8],
    ) -> Result<Vec<u8>, String> {
        compute(chip, p1, "97", data)
    }

    fn compute(
        chip: &mut Chip<InMemoryMedium>,
        p1: &str,
        key: &str,
        data: &[u8],
    ) -> Result<Vec<u8>, String> {
        let hex = String::from(Bytes(data.to_vec()));
        let lc = if data.is_empty() { String::new() } else { format!("{:02X}", data.len()) };
        let answer = exchange(chip, &format!("80 2A {p1} {key} {lc} {hex} 00"));
        match answer.strip_suffix("9000") {
            Some(signature) => Ok(Bytes::try_from(signature.to_owned()).unwrap().to_vec()),
            None => Err(answer),
        }
    }
}
