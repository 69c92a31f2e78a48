//! The operation check (動作確認, REG-2): each certificate is used once as it will be used.

use std::sync::Arc;

use inrou_api::idempotency::IdempotencyKey;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::phone::{Consent, Typed};
use inrou_api::wire::portal::{LoginBegun, LoginView};
use inrou_api::wire::transaction::TransactionState;
use inrou_chip::client::{CardError, JpkiClient};
use inrou_chip::transport::Transport;
use inrou_pki::Certificate;
use inrou_pki::cms::SignedMessage;
use inrou_rules::{SignaturePassword, Use};
use jiff::Timestamp;

use crate::card;
use crate::fleet::Fleet;
use crate::phone::Phone;
use crate::problem::of_chip;
use crate::secrets::{PinName, password};

/// What is signed for the check, and nothing else.
const TEXT: &[u8] = b"inrou: operation check of the smartphone signature certificate";

/// A certificate that was used for a check and worked.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    /// What it is for.
    pub(crate) usage: Use,
    /// When it was checked.
    pub(crate) at: Timestamp,
    /// Its serial number, hexadecimal, where the check has read the certificate.
    pub(crate) serial: String,
    /// First second of validity.
    pub(crate) not_before: Timestamp,
    /// Last second of validity.
    pub(crate) not_after: Timestamp,
}

impl Checked {
    fn of(usage: Use, certificate: &Certificate, at: Timestamp) -> Self {
        let serial = serial(certificate);
        let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
        Self { usage, at, serial, not_before, not_after }
    }
}

/// A serial number as the authority writes it: hexadecimal, six digits or more.
pub(crate) fn serial(certificate: &Certificate) -> String {
    let digits = certificate.serial_bytes().iter();
    let digits: String = digits.map(|byte| format!("{byte:02x}")).collect();
    format!("{digits:0>6}")
}

impl Phone {
    /// Logs in to the first site that the app answers, as a person would: the site checks certificate,
    /// signature and status. Then it logs out again (USE-7).
    ///
    /// # Errors
    /// `service-unavailable` if there is no such site; those of a log-in.
    pub(crate) async fn check_login(
        self: Arc<Self>,
        fleet: Arc<Fleet>,
        pin: Typed,
    ) -> Result<(), Problem> {
        let asker = fleet.askers.first().ok_or_else(|| Problem::new(Code::SERVICE_UNAVAILABLE))?;
        let key = IdempotencyKey::new(&*self.parts.entropy);
        let begun: LoginBegun = asker.client.post("/logins").once(&key).answer().await?;
        let link = fleet.link(&begun.link)?;
        let (id, site) = (link.id.clone(), asker.client.clone());
        self.clone().open_transaction(link).await?;
        let done = self.clone().consent(id, Consent::Approve { pin, proof: None }).await?;
        if done.state != TransactionState::Done {
            return Err(Problem::new(Code::LOGIN_SIGNATURE_INVALID));
        }
        let opened: LoginView = site.get(&format!("/logins/{}", begun.login)).answer().await?;
        if let Some(session) = opened.session {
            site.showing(session).post("/logout").answer::<()>().await?;
        }
        let usage = Use::UserAuthentication;
        let certificate = self.live().stored.certificates.iter().rev().find_map(|view| {
            (view.usage == usage).then(|| Checked {
                usage,
                at: self.parts.clock.now(),
                serial: view.serial.clone(),
                not_before: view.not_before,
                not_after: view.not_after,
            })
        });
        self.has_checked(certificate);
        Ok(())
    }

    /// Signs a fixed text with the chip, and verifies the signature with the certificate in it. The
    /// text goes nowhere. Blocks.
    ///
    /// # Errors
    /// `pin-form`, `wrong-pin`, `pin-blocked`, `phone-carries-none`, `certificate-expired`.
    pub(crate) fn check_signing(&self, typed: &Typed) -> Result<(), Problem> {
        let name = PinName::Phone(Use::Signature);
        let (password, now) = (password(typed, name)?, self.parts.clock.now());
        let signed = self.chip.jpki(|client| sign_and_verify(client, &password, now))?;
        let certificate = signed.map_err(|error| of_chip(error, name))?;
        if certificate.not_after() < now {
            return Err(Problem::new(Code::CERTIFICATE_EXPIRED));
        }
        self.has_checked(Some(Checked::of(Use::Signature, &certificate, now)));
        Ok(())
    }

    fn has_checked(&self, checked: Option<Checked>) {
        if let Some(checked) = checked {
            let mut live = self.live();
            live.checked.retain(|before| before.usage != checked.usage);
            live.checked.push(checked);
        }
    }
}

fn sign_and_verify<T: Transport + ?Sized>(
    client: &mut JpkiClient<'_, T>,
    password: &SignaturePassword,
    now: Timestamp,
) -> Result<Certificate, CardError> {
    let cms = card::sign(client, password, TEXT, false, now)?;
    let message = SignedMessage::from_der(&cms).map_err(|_| CardError::Malformed)?;
    message.verify_detached(TEXT).map_err(|_| CardError::Malformed)?;
    message.signer().cloned().map_err(|_| CardError::Malformed)
}
