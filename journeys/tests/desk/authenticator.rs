//! A device's authenticator, as WebAuthn has it, in software.

use std::sync::Arc;

use inrou_api::wire::Base64;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::{Entropy, FreshKeys, KeyAlgorithm, KeySource, Signer, SoftwareKey, SystemEntropy};
use serde_json::json;

use crate::house::House;
use crate::http::Page;

#[derive(Clone)]
pub struct Authenticator {
    key: Arc<SoftwareKey>,
    credential: Vec<u8>,
    /// That the person was there, and was verified.
    flags: u8,
    site: &'static str,
    origin: String,
}

impl Authenticator {
    /// With a passkey for that host.
    pub fn at(site: &'static str, house: &House) -> Self {
        let mut credential = vec![0; 16];
        SystemEntropy.fill(&mut credential);
        let key = Arc::new(FreshKeys.generate(KeyAlgorithm::EcP256).unwrap());
        Self { key, credential, flags: 0b101, site, origin: house.at_host(site) }
    }

    /// The same passkey, used by who is there and was not verified.
    pub fn that_verifies_nobody(self) -> Self {
        Self { flags: 0b001, ..self }
    }

    /// The fields that the script fills in for a new passkey.
    pub fn registers(&self, page: &Page) -> Vec<(&'static str, String)> {
        let key = self.key.public_key().spki().to_vec();
        let mut fields = self.answers(page);
        fields.push(("key", Base64(key).into()));
        fields
    }

    /// Those for one that is used.
    pub fn answers(&self, page: &Page) -> Vec<(&'static str, String)> {
        let challenge = page.between("data-challenge=\"", "\"");
        let challenge = challenge.trim_end_matches('=').replace('+', "-").replace('/', "_");
        let client = json!({
            "type": "webauthn.get", "challenge": challenge, "origin": self.origin,
            "crossOrigin": false,
        });
        let client = client.to_string().into_bytes();
        let sha256 = |bytes: &[u8]| HashAlgorithm::Sha256.digest(bytes).as_bytes().to_vec();
        let data = [sha256(self.site.as_bytes()), vec![self.flags, 0, 0, 0, 0]].concat();
        let signature = self.key.sign(&[data.clone(), sha256(&client)].concat()).unwrap();
        let fields = [
            ("credential", self.credential.clone()),
            ("authenticator", data),
            ("client", client),
            ("signature", signature),
        ];
        fields.map(|(name, value)| (name, Base64(value).into())).into()
    }
}
