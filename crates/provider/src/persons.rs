//! Who is the same person: by the authority's linkage of certificates, as a pairwise identifier.

use inrou_api::client::ClientError;
use inrou_api::problem::{Code, Problem};
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{FindLinkage, Linkage};
use inrou_pki::cms::SignedMessage;
use inrou_rules::{Medium, Use};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Provider;
use crate::clients::Client;
use crate::refused::Refused;

/// Why nobody is known behind a certificate.
const UNLINKED: [Code; 3] =
    [Code::CERTIFICATE_NOT_LINKED, Code::CERTIFICATE_NOT_ISSUED, Code::CERTIFICATE_UNTRUSTED];

/// Two certificates, or signatures with theirs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "first": {"certificate": "MIIFajCCBFKgAwIBAgIB"}, "second": {"signature": "MIIKCgYJKoZIhvcNAQcC"}
}))]
pub(crate) struct TwoCertificates {
    /// One.
    first: Shown,
    /// The other.
    second: Shown,
}

/// By what a person is shown.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Shown {
    /// A certificate, DER.
    Certificate(Base64),
    /// A signature that has its signer's certificate in it: CMS SignedData, DER. It is not validated here.
    Signature(Base64),
}

/// Whether two certificates are of the same person.
#[derive(Serialize, ToSchema)]
pub(crate) struct SamePerson {
    answer: Sameness,
    /// Who is behind the first.
    first: PersonShown,
    /// Who is behind the second.
    second: PersonShown,
}

/// Whether it is the same person.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Sameness {
    /// It is.
    Same,
    /// It is another.
    Different,
    /// Nothing links the two: the first has never had a certificate of the second's use.
    NotLinked,
}

/// Who is behind a certificate.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonShown {
    /// Who: as the ID token of a log-in says it.
    sub: String,
    /// What the certificate is for.
    usage: Use,
    /// On what it is.
    medium: Medium,
}

impl Provider {
    /// Whether two certificates are of the same person.
    ///
    /// # Errors
    /// `certificate-not-issued`, `certificate-untrusted`; `service-unavailable`.
    pub(crate) async fn same_person(
        &self,
        client: &Client,
        two: &TwoCertificates,
    ) -> Result<SamePerson, Refused> {
        let (first, second) = (two.first.certificate()?, two.second.certificate()?);
        let of_first = self.linkage(&first, None).await??;
        let of_second = self.linkage(&second, None).await??;
        let answer = match of_first.person == of_second.person {
            true => Sameness::Same,
            false => match self.linkage(&first, Some(of_second.usage)).await? {
                Ok(_) => Sameness::Different,
                Err(refused) if refused.code() == Code::CERTIFICATE_NOT_LINKED.as_str() => {
                    Sameness::NotLinked
                }
                Err(refused) => return Err(refused),
            },
        };
        let shown = |linkage: Linkage| PersonShown {
            sub: self.subject(client, &linkage.person),
            usage: linkage.usage,
            medium: linkage.medium,
        };
        Ok(SamePerson { answer, first: shown(of_first), second: shown(of_second) })
    }

    /// Asks the authority who is behind a certificate, and that the same person has one of that use.
    ///
    /// # Errors
    /// Inside: `certificate-not-linked`, `certificate-not-issued`, `certificate-untrusted`. Outside:
    /// `service-unavailable`.
    pub(crate) async fn linkage(
        &self,
        certificate: &[u8],
        linked_to: Option<Use>,
    ) -> Result<Result<Linkage, Refused>, Problem> {
        let request = FindLinkage { certificate: Base64(certificate.to_vec()), linked_to };
        match self.authority.post("/linkages").json(&request).answer().await {
            Ok(linkage) => Ok(Ok(linkage)),
            Err(error) => refused_by_authority(error, &UNLINKED).map(Err),
        }
    }

    /// What a client may call a person that the authority calls so.
    pub(crate) fn subject(&self, client: &Client, person: &str) -> String {
        self.secrets.subject(&client.registration.sector, person)
    }
}

impl Shown {
    fn certificate(&self) -> Result<Vec<u8>, Refused> {
        let unreadable = |_| Refused::new(Code::CERTIFICATE_UNTRUSTED);
        match self {
            Shown::Certificate(Base64(der)) => Ok(der.clone()),
            Shown::Signature(Base64(der)) => {
                let message = SignedMessage::from_der(der).map_err(unreadable)?;
                Ok(message.signer().map_err(unreadable)?.as_der().to_vec())
            }
        }
    }
}

/// What a site is told of an answer of the authority, if it is one of these.
///
/// # Errors
/// `service-unavailable`: that the authority does not do what the provider asks of it is no matter of the
/// site's.
pub(crate) fn refused_by_authority(error: ClientError, told: &[Code]) -> Result<Refused, Problem> {
    let code = match &error {
        ClientError::Problem(problem) => told.iter().find(|code| problem.is(**code)),
        _ => None,
    };
    match code {
        Some(code) => Ok(Refused::new(*code)),
        None => Err(Problem::new(Code::SERVICE_UNAVAILABLE).caused_by(error)),
    }
}
