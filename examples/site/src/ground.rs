//! Where a site stands.

use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use inrou_api::clock::Clock;
use inrou_pki::Entropy;

/// Where a site stands.
#[derive(Clone)]
pub struct Ground {
    /// Where the provider is: `http://localhost:8765`.
    pub provider: String,
    /// Where the site is: `http://pay.localhost:8765`.
    pub own: String,
    /// The certificates trusted for TLS, DER; if there are none, the operating system's.
    pub roots: Vec<Vec<u8>>,
    /// The site's folder.
    pub folder: PathBuf,
    /// What time it is: the sandbox's clock may be turned.
    pub clock: Arc<dyn Clock>,
    /// Where random bytes come from.
    pub entropy: Arc<dyn Entropy>,
}

impl Ground {
    /// The provider's name, as its ID tokens have it.
    pub(crate) fn issuer(&self) -> String {
        format!("{}/api/realms/main", self.provider)
    }

    /// 256 random bits, base64url.
    pub fn random(&self) -> String {
        let mut bytes = [0; 32];
        self.entropy.fill(&mut bytes);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// That many random digits.
    pub fn digits(&self, count: usize) -> String {
        let mut bytes = vec![0; count];
        let mut digits = String::new();
        while digits.len() < count {
            self.entropy.fill(&mut bytes);
            // Bytes from 250 on would make some digits more likely than others.
            let fair = bytes.iter().filter(|byte| **byte < 250);
            digits.extend(fair.map(|byte| char::from(b'0' + byte % 10)));
        }
        digits.truncate(count);
        digits
    }
}
