//! Pairwise identifiers: what a role may call a resident by.
//!
//! The resident's sixteen bytes are one AES block, encrypted under a key of the role: the same for
//! one role each time, unlinkable between roles, and read back here alone.

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aws_lc_rs::hmac;
use inrou_rules::ResidentId;
use zeroize::Zeroizing;

/// Makes and reads pairwise identifiers.
pub(crate) struct Subjects {
    secret: Zeroizing<[u8; 32]>,
}

impl Subjects {
    /// Under a secret that must stay the same for good.
    pub(crate) fn new(secret: Zeroizing<[u8; 32]>) -> Self {
        Self { secret }
    }

    /// The secret, from which identifiers of created things are derived as well.
    pub(crate) fn secret(&self) -> &[u8] {
        self.secret.as_slice()
    }

    /// What `role` calls a resident by: 32 hexadecimal digits.
    pub(crate) fn seal(&self, role: &str, resident: ResidentId) -> String {
        let mut block = (*resident.as_bytes()).into();
        self.cipher(role).encrypt_block(&mut block);
        ResidentId::from_bytes(block.into()).to_string()
    }

    /// Whom `role` means. Any 32 digits mean somebody; whether there is such a resident is the
    /// store's matter.
    pub(crate) fn open(&self, role: &str, subject: &str) -> Option<ResidentId> {
        let sealed: ResidentId = subject.parse().ok()?;
        let mut block = (*sealed.as_bytes()).into();
        self.cipher(role).decrypt_block(&mut block);
        Some(ResidentId::from_bytes(block.into()))
    }

    fn cipher(&self, role: &str) -> Aes256 {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.as_slice());
        let mut role_key = Zeroizing::new([0; 32]);
        role_key.copy_from_slice(hmac::sign(&key, role.as_bytes()).as_ref());
        Aes256::new((&*role_key).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_read_back_by_its_own_role_alone() {
        let subjects = Subjects::new(Zeroizing::new([7; 32]));
        let resident = ResidentId::from_bytes([1; 16]);
        let at_portal = subjects.seal("portal", resident);
        assert_eq!(at_portal, subjects.seal("portal", resident));
        assert_eq!(subjects.open("portal", &at_portal), Some(resident));
        assert_ne!(subjects.seal("kiosk", resident), at_portal);
        assert_ne!(subjects.open("kiosk", &at_portal), Some(resident));
        assert_eq!(subjects.open("portal", "x"), None);
    }
}
