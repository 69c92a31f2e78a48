//! The relying party: paths, signatures, and the statuses that are published, asked for at the
//! addresses that stand in the certificates.

use std::sync::Arc;

use inrou_api::clock::{Clock, SandboxClock};
use inrou_api::wire::transaction::Purpose;
use inrou_pki::digest::HashAlgorithm;
use inrou_pki::ocsp::{request_to_path, write_request};
use inrou_pki::path::{self, Evidence};
use inrou_pki::status::Moment;
use inrou_pki::{Certificate, Status, SystemEntropy};
use inrou_relying::{Invalid, Settings, SignedContent, StatusClient, Validator, anchors};
use inrou_rules::{Medium, Use};

use crate::sandbox::Sandbox;
use crate::unmet::{Unmet, same};

/// The longest answer or CRL that is fetched, in bytes: the sandbox has one resident.
const LONGEST: usize = 1024 * 1024;

/// Someone who relies on the certificates.
pub(super) struct RelyingParty {
    validator: Validator,
    fetch: StatusClient,
    clock: Arc<SandboxClock>,
}

/// What was published about one certificate.
pub(super) struct Published {
    /// The file name of the certificate, without its end.
    pub(super) name: &'static str,
    /// An OCSP response, DER; none for an issuer's own certificate, which names no responder.
    pub(super) ocsp: Option<Vec<u8>>,
    /// The CRL of its partition, DER.
    pub(super) crl: Vec<u8>,
    /// What both say.
    status: Status,
}

impl RelyingParty {
    /// Trusts the issuers that the sandbox publishes.
    pub(super) async fn of(sandbox: &Sandbox) -> Result<Self, Unmet> {
        let pem = sandbox.anybody("/ca")?.get("/anchors.pem").bytes().await?;
        let trusted = anchors::from_bytes(&pem);
        let trusted = trusted.map_err(|error| Unmet::new("trust anchors", error))?;
        let settings = Settings::default();
        let client = || {
            let client = StatusClient::new(&settings, Arc::new(SystemEntropy));
            client.map_err(|error| Unmet::new("a client of status services", error))
        };
        Ok(Self {
            fetch: client()?,
            validator: Validator::new(trusted, settings.clone(), client()?),
            clock: sandbox.clock.clone(),
        })
    }

    /// The certificate of its issuer.
    pub(super) fn issuer(&self, certificate: &Certificate) -> Result<Certificate, Unmet> {
        let anchors = self.validator.anchors();
        anchors
            .issuer_of(certificate)
            .cloned()
            .map_err(|error| Unmet::new("a trusted issuer", error))
    }

    /// Whether a trusted path leads to it, and it is of that use and on that medium.
    pub(super) fn accepts(
        &self,
        certificate: &Certificate,
        usage: Use,
        medium: Medium,
    ) -> Result<(), Unmet> {
        let purpose = match usage {
            Use::Signature => Purpose::Sign,
            Use::UserAuthentication => Purpose::LogIn,
        };
        let kind = self.validator.check_path(certificate, self.clock.now(), purpose);
        let kind = kind.map_err(|invalid| Unmet::new("a trusted certificate", invalid))?;
        let shown = |usage, medium| format!("{usage:?} on a {medium:?}");
        same("the certificate", shown(usage, medium), shown(kind.usage, kind.medium))
    }

    /// What OCSP responder and CRLs say about certificates; each is shown by its name.
    pub(super) async fn ask(
        &self,
        certificates: &[(&'static str, Certificate)],
    ) -> Result<Vec<Published>, Unmet> {
        let mut published = Vec::new();
        for (name, certificate) in certificates {
            published.push(self.ask_about(name, certificate).await?);
        }
        Ok(published)
    }

    async fn ask_about(
        &self,
        name: &'static str,
        certificate: &Certificate,
    ) -> Result<Published, Unmet> {
        let points = certificate.distribution_points();
        let address = points.iter().find_map(|point| point.uri());
        let address = address.ok_or_else(|| Unmet::new("an address of a CRL", "none"))?;
        let crl = self.download(address).await?;
        let status = self.status(certificate, Evidence::Crl(&crl))?;
        if certificate.is_issuer() {
            return Ok(Published { name, ocsp: None, crl, status });
        }
        let address = certificate.ocsp_uri();
        let address =
            address.ok_or_else(|| Unmet::new("an address of an OCSP responder", "none"))?;
        let issuer = self.issuer(certificate)?;
        // SHA-1, as OpenSSL and GnuTLS name an issuer unless they are told otherwise.
        let request = write_request(&issuer, certificate, HashAlgorithm::Sha1, None);
        let request = request.map_err(|error| Unmet::new("an OCSP request", error))?;
        let ocsp = self.download(&format!("{address}/{}", request_to_path(&request))).await?;
        let response = Evidence::Ocsp { response: &ocsp, nonce: None };
        let by_ocsp = self.status(certificate, response)?;
        same(&format!("{name} by OCSP as by CRL"), said(status), said(by_ocsp))?;
        Ok(Published { name, ocsp: Some(ocsp), crl, status })
    }

    async fn download(&self, address: &str) -> Result<Vec<u8>, Unmet> {
        let fetched = self.fetch.download(address, LONGEST).await;
        fetched.map_err(|error| Unmet::new(format_args!("an answer from {address}"), error))
    }

    fn status(&self, certificate: &Certificate, evidence: Evidence<'_>) -> Result<Status, Unmet> {
        let moment = Moment::new(self.clock.now());
        let status = path::status(certificate, &self.validator.anchors(), evidence, moment);
        status.map_err(|error| Unmet::new("evidence that holds", error))
    }

    /// Judges a detached signature, with the signer's status of this moment.
    pub(super) async fn verify(
        &self,
        cms: &[u8],
        content: &[u8],
    ) -> Result<SignedContent, Invalid> {
        self.validator.verify_cms(cms, Some(content), self.clock.now()).await
    }
}

/// Whether each certificate has the status expected of it, in the words of [`said`].
pub(super) fn are(
    published: &[Published],
    expected: impl Fn(&str) -> &'static str,
) -> Result<(), Unmet> {
    published
        .iter()
        .try_for_each(|one| same(one.name, expected(one.name).to_owned(), said(one.status)))
}

/// `good`.
pub(super) const GOOD: &str = "good";

/// A status in a word or two.
fn said(status: Status) -> String {
    match status {
        Status::Good => GOOD.to_owned(),
        Status::Revoked { reason, .. } => format!("revoked: {reason:?}"),
        Status::OnHold { .. } => "on hold".to_owned(),
        Status::Unknown => "unknown".to_owned(),
    }
}
