//! JSON Web Encryption (RFC 7516), compact form: results that go to a relying party through others.
//!
//! Key management by ECDH-ES+A256KW on P-256 or RSA-OAEP-256, content by A256GCM (RFC 7518 §4, §5). Nothing
//! is compressed, and no other algorithm is taken.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap};
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inrou_pki::Entropy;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

const ECDH_ES: &str = "ECDH-ES+A256KW";
const RSA_OAEP: &str = "RSA-OAEP-256";
const A256GCM: &str = "A256GCM";

/// Bytes of a GCM tag.
const TAG: usize = 16;

/// Bytes of a GCM nonce.
const NONCE: usize = 12;

/// To whom something is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    /// A key on P-256.
    EcP256 {
        /// The coordinates, 32 bytes each.
        x: Vec<u8>,
        /// See `x`.
        y: Vec<u8>,
    },
    /// An RSA key.
    Rsa {
        /// The modulus, big-endian.
        n: Vec<u8>,
        /// The public exponent.
        e: Vec<u8>,
    },
}

/// The private key of a recipient.
#[derive(Debug)]
pub enum RecipientKey {
    /// A key on P-256.
    EcP256(PrivateKey),
    /// An RSA key.
    Rsa(OaepPrivateDecryptingKey),
}

/// Why something was not encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing can be encrypted to that key")]
pub struct NotEncrypted;

/// Why something was not decrypted: one reason for whatever does not hold, so that nobody learns from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it cannot be decrypted")]
pub struct NotDecrypted;

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    enc: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cty: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epk: Option<EphemeralKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    apu: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    apv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crit: Option<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zip: Option<serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
struct EphemeralKey {
    kty: String,
    crv: String,
    x: String,
    y: String,
}

/// Encrypts `content`, of type `cty`, to the key that is named `kid`.
///
/// # Errors
/// [`NotEncrypted`] if the key is none, or below 2048 bits.
pub fn encrypt(
    content: &[u8],
    cty: &str,
    (recipient, kid): (&Recipient, Option<&str>),
    entropy: &dyn Entropy,
) -> Result<String, NotEncrypted> {
    let mut key = Zeroizing::new([0; 32]);
    let mut nonce = [0; NONCE];
    entropy.fill(key.as_mut_slice());
    entropy.fill(&mut nonce);
    let (alg, epk, wrapped) = match recipient {
        Recipient::EcP256 { x, y } => {
            let (epk, wrapped) = wrap_by_ecdh(&key, x, y)?;
            (ECDH_ES, Some(epk), wrapped)
        }
        Recipient::Rsa { n, e } => (RSA_OAEP, None, wrap_by_rsa(&key, n, e)?),
    };
    let header = Header {
        alg: alg.to_owned(),
        enc: A256GCM.to_owned(),
        kid: kid.map(str::to_owned),
        cty: Some(cty.to_owned()),
        epk,
        apu: None,
        apv: None,
        crit: None,
        zip: None,
    };
    let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(|_| NotEncrypted)?);
    let mut sealed = content.to_vec();
    let cipher = cipher(&key).ok_or(NotEncrypted)?;
    let aad = Aad::from(header.as_bytes());
    let tag = cipher
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
        .map_err(|_| NotEncrypted)?;
    let parts = [wrapped.as_slice(), &nonce, &sealed, tag.as_ref()];
    Ok(parts.iter().fold(header, |token, part| format!("{token}.{}", URL_SAFE_NO_PAD.encode(part))))
}

/// Decrypts what was encrypted to that key.
///
/// # Errors
/// [`NotDecrypted`].
pub fn decrypt(token: &str, key: &RecipientKey) -> Result<Zeroizing<Vec<u8>>, NotDecrypted> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, wrapped, nonce, sealed, tag] = parts.as_slice() else { return Err(NotDecrypted) };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| NotDecrypted);
    let said: Header = serde_json::from_slice(&decode(header)?).map_err(|_| NotDecrypted)?;
    if said.enc != A256GCM || said.crit.is_some() || said.zip.is_some() {
        return Err(NotDecrypted);
    }
    let content_key = unwrap(&said, &decode(wrapped)?, key)?;
    let nonce: [u8; NONCE] = decode(nonce)?.try_into().map_err(|_| NotDecrypted)?;
    let tag = decode(tag)?;
    if tag.len() != TAG {
        return Err(NotDecrypted);
    }
    let mut content = Zeroizing::new(decode(sealed)?);
    content.extend_from_slice(&tag);
    let cipher = cipher(&content_key).ok_or(NotDecrypted)?;
    let aad = Aad::from(header.as_bytes());
    cipher
        .open_in_place(Nonce::assume_unique_for_key(nonce), aad, &mut content)
        .map_err(|_| NotDecrypted)?;
    let length = content.len().saturating_sub(TAG);
    content.truncate(length);
    Ok(content)
}

type ContentKey = Zeroizing<[u8; 32]>;

fn cipher(key: &[u8; 32]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new)
}

fn wrap_by_ecdh(
    key: &[u8; 32],
    x: &[u8],
    y: &[u8],
) -> Result<(EphemeralKey, Vec<u8>), NotEncrypted> {
    let own = PrivateKey::generate(&ECDH_P256).map_err(|_| NotEncrypted)?;
    let public = own.compute_public_key().map_err(|_| NotEncrypted)?;
    let kek = agreed(&own, x, y, (&[], &[])).ok_or(NotEncrypted)?;
    let mut wrapped = vec![0; 40];
    let kek = AesKek::new(&AES_256, kek.as_slice()).map_err(|_| NotEncrypted)?;
    kek.wrap(key, &mut wrapped).map_err(|_| NotEncrypted)?;
    let (x, y) =
        public.as_ref().get(1..).unwrap_or_default().split_at_checked(32).ok_or(NotEncrypted)?;
    let epk = EphemeralKey {
        kty: "EC".to_owned(),
        crv: "P-256".to_owned(),
        x: URL_SAFE_NO_PAD.encode(x),
        y: URL_SAFE_NO_PAD.encode(y),
    };
    Ok((epk, wrapped))
}

fn wrap_by_rsa(key: &[u8; 32], n: &[u8], e: &[u8]) -> Result<Vec<u8>, NotEncrypted> {
    let public = PublicKeyComponents { n, e }.try_into().map_err(|_| NotEncrypted)?;
    let public = OaepPublicEncryptingKey::new(public).map_err(|_| NotEncrypted)?;
    let mut wrapped = vec![0; public.ciphertext_size()];
    let wrapped = public
        .encrypt(&OAEP_SHA256_MGF1SHA256, key, &mut wrapped, None)
        .map_err(|_| NotEncrypted)?;
    Ok(wrapped.to_vec())
}

fn unwrap(said: &Header, wrapped: &[u8], key: &RecipientKey) -> Result<ContentKey, NotDecrypted> {
    let mut unwrapped = Zeroizing::new(vec![0; 1024]);
    let found = match (key, said.alg.as_str(), &said.epk) {
        (RecipientKey::EcP256(key), ECDH_ES, Some(epk))
            if epk.kty == "EC" && epk.crv == "P-256" && wrapped.len() == 40 =>
        {
            let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| NotDecrypted);
            let info = |text: &Option<String>| decode(text.as_deref().unwrap_or_default());
            let (apu, apv) = (info(&said.apu)?, info(&said.apv)?);
            let kek = agreed(key, &decode(&epk.x)?, &decode(&epk.y)?, (&apu, &apv));
            let kek = AesKek::new(&AES_256, kek.ok_or(NotDecrypted)?.as_slice());
            kek.and_then(|kek| kek.unwrap(wrapped, &mut unwrapped).map(|key| key.to_vec()))
        }
        (RecipientKey::Rsa(key), RSA_OAEP, None) => key
            .decrypt(&OAEP_SHA256_MGF1SHA256, wrapped, &mut unwrapped, None)
            .map(|key| key.to_vec()),
        _ => return Err(NotDecrypted),
    };
    let found = Zeroizing::new(found.map_err(|_| NotDecrypted)?);
    Ok(Zeroizing::new(found.as_slice().try_into().map_err(|_| NotDecrypted)?))
}

/// The key on which two keys on P-256 agree; `None` if the other one is no point of the curve.
fn agreed(own: &PrivateKey, x: &[u8], y: &[u8], info: (&[u8], &[u8])) -> Option<ContentKey> {
    if (x.len(), y.len()) != (32, 32) {
        return None;
    }
    let point = [&[4], x, y].concat();
    let other = UnparsedPublicKey::new(&ECDH_P256, point);
    agree(own, other, (), |shared| Ok(concat_kdf(shared, ECDH_ES, info))).ok()
}

/// The Concat KDF by SHA-256, of which one block is enough (RFC 7518 §4.6.2).
fn concat_kdf(shared: &[u8], algorithm: &str, (apu, apv): (&[u8], &[u8])) -> ContentKey {
    kdf_block(shared, algorithm, (apu, apv), 256)
}

fn kdf_block(shared: &[u8], algorithm: &str, (apu, apv): (&[u8], &[u8]), bits: u32) -> ContentKey {
    let mut input = Zeroizing::new(1_u32.to_be_bytes().to_vec());
    input.extend_from_slice(shared);
    for part in [algorithm.as_bytes(), apu, apv] {
        input.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        input.extend_from_slice(part);
    }
    input.extend_from_slice(&bits.to_be_bytes());
    let mut derived = Zeroizing::new([0; 32]);
    derived.copy_from_slice(digest(&SHA256, &input).as_ref());
    derived
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
    use aws_lc_rs::rsa::{KeySize, PrivateDecryptingKey};
    use inrou_pki::SystemEntropy;

    use super::*;

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    fn ec() -> (Recipient, RecipientKey) {
        let key = PrivateKey::generate(&ECDH_P256).unwrap();
        let point = key.compute_public_key().unwrap();
        let (x, y) = point.as_ref()[1..].split_at(32);
        (Recipient::EcP256 { x: x.to_vec(), y: y.to_vec() }, RecipientKey::EcP256(key))
    }

    #[test]
    fn rfc_7518_c_the_kdf_gives_the_key_of_the_example() {
        let alice = decode("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo");
        let own = PrivateKey::from_private_key(&ECDH_P256, &alice).unwrap();
        let raw: EcPrivateKeyBin<'_> = own.as_be_bytes().unwrap();
        assert_eq!(raw.as_ref(), alice);
        let bob = [
            vec![4],
            decode("weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ"),
            decode("e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck"),
        ]
        .concat();
        let other = UnparsedPublicKey::new(&ECDH_P256, bob);
        let derived = agree(&own, other, (), |shared| {
            Ok(kdf_block(shared, "A128GCM", (b"Alice", b"Bob"), 128))
        });
        assert_eq!(URL_SAFE_NO_PAD.encode(&derived.unwrap()[..16]), "VqqN6vgjbSBcIijNcacQGg");
    }

    #[test]
    fn rfc_3394_4_6_a_key_is_wrapped_as_in_the_example() {
        let hex = |text: &str| -> Vec<u8> {
            (0..text.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
                .collect()
        };
        let kek = hex("000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F");
        let key = hex("00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F");
        let mut wrapped = [0; 40];
        AesKek::new(&AES_256, &kek).unwrap().wrap(&key, &mut wrapped).unwrap();
        let expected =
            "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21";
        assert_eq!(wrapped.to_vec(), hex(expected));
    }

    #[test]
    fn what_was_encrypted_is_decrypted_by_its_recipient_alone() {
        let (recipient, key) = ec();
        let (_, other) = ec();
        let token = encrypt(b"content", "json", (&recipient, Some("k1")), &SystemEntropy).unwrap();
        assert_eq!(decrypt(&token, &key).unwrap().as_slice(), b"content");
        assert_eq!(decrypt(&token, &other), Err(NotDecrypted));
        let rsa = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let rsa = RecipientKey::Rsa(OaepPrivateDecryptingKey::new(rsa).unwrap());
        assert_eq!(decrypt(&token, &rsa), Err(NotDecrypted));
    }

    #[test]
    fn every_character_counts() {
        let (recipient, key) = ec();
        let token = encrypt(b"content", "json", (&recipient, None), &SystemEntropy).unwrap();
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = match bytes[at] {
                b'.' => b'A',
                b'A' => b'Q',
                _ => b'A',
            };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(decrypt(&changed, &key), Err(NotDecrypted), "{at} of {token}");
        }
        for cut in 0..token.len() {
            assert_eq!(decrypt(&token[..cut], &key), Err(NotDecrypted));
        }
    }

    #[test]
    fn a_key_that_is_no_point_of_the_curve_is_refused() {
        let (recipient, _) = ec();
        let Recipient::EcP256 { x, mut y } = recipient else { unreachable!() };
        y[31] ^= 1;
        for (x, y) in [(x.clone(), y), (x.clone(), Vec::new()), (vec![0; 32], vec![0; 32])] {
            let off = Recipient::EcP256 { x, y };
            assert_eq!(encrypt(b"", "json", (&off, None), &SystemEntropy), Err(NotEncrypted));
        }
        let short = Recipient::Rsa { n: vec![0xc1; 128], e: vec![1, 0, 1] };
        assert_eq!(encrypt(b"", "json", (&short, None), &SystemEntropy), Err(NotEncrypted));
    }
}
