//! TLS on this computer: a CA of the sandbox's own, whose certificate people may trust in a browser.
//!
//! It may only certify names of this computer (RFC 5280 §4.2.1.10), so that trusting it costs little.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::OriginalUri;
use axum::response::Redirect;
use inrou_api::server::{ListenError, tls_config};
use inrou_chip::files::Folder;
use inrou_rules::japan;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::folder::DataFolder;
use super::sites;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The CA's files cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A certificate could not be made.
    #[error(transparent)]
    Made(#[from] rcgen::Error),
    /// Certificate and key cannot be used.
    #[error(transparent)]
    Config(#[from] ListenError),
}

/// The sandbox's TLS.
pub(super) struct Tls {
    /// For the listener.
    pub config: Arc<ServerConfig>,
    /// The CA's certificate, DER.
    pub ca: Vec<u8>,
    /// The server's own, DER.
    pub own: Vec<u8>,
}

/// The file with the CA's key.
const KEY: &str = "ca.key";

/// The file with the CA's certificate.
const CERTIFICATE: &str = "ca.pem";

/// The names of this computer under which the sandbox is called.
const NAMES: [&str; 5] =
    ["localhost", "phone.localhost", "office.localhost", "desk.localhost", "hotline.localhost"];

impl Tls {
    /// Takes up the CA in `folder`, or founds one there, and certifies a new key for this start, `now`
    /// being the time that browsers know.
    ///
    /// # Errors
    /// [`TlsError`].
    pub(super) fn open(folder: &DataFolder, now: Timestamp) -> Result<Self, TlsError> {
        let files = Folder::from(&folder.tls());
        let failed = |name: &str, cause| TlsError::File { path: folder.tls().join(name), cause };
        files.make().map_err(|cause| failed("", cause))?;
        let kept = |name: &str, make: &dyn Fn() -> Result<String, rcgen::Error>| {
            let pem = match files.read(name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let made = make()?.into_bytes();
                    files.replace(name, &made).map(|()| made)
                }
                read => read,
            };
            pem.map_err(|cause| failed(name, cause))
        };
        let pem = kept(KEY, &|| Ok(KeyPair::generate()?.serialize_pem()))?;
        let key = KeyPair::from_pem(&String::from_utf8_lossy(&pem))?;
        let params = ca_params();
        let pem = kept(CERTIFICATE, &|| Ok(params.self_signed(&key)?.pem()))?;
        let ca = der(&pem).ok_or_else(|| failed(CERTIFICATE, io::ErrorKind::InvalidData.into()))?;
        let own_key = KeyPair::generate()?;
        let own = server_params(now)?.signed_by(&own_key, &Issuer::new(params, key))?;
        let private = PrivateKeyDer::Pkcs8(own_key.serialize_der().into());
        let chain = vec![own.der().clone(), CertificateDer::from(ca.clone())];
        Ok(Self { config: tls_config(chain, private)?, ca, own: own.der().to_vec() })
    }
}

/// Sends who came over plain HTTP to the address with TLS.
pub(super) fn elsewhere(base: String) -> Router {
    Router::new().fallback(async move |OriginalUri(uri): OriginalUri| {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Redirect::permanent(&format!("{base}{path}"))
    })
}

fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name("Inrou sandbox, this computer only");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("localhost".to_owned()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8)),
        ],
        excluded_subtrees: Vec::new(),
    });
    (params.not_before, params.not_after) = (date_time_ymd(2025, 1, 1), date_time_ymd(2055, 1, 1));
    params
}

fn server_params(now: Timestamp) -> Result<CertificateParams, rcgen::Error> {
    let names = NAMES.into_iter().chain(sites::names()).map(str::to_owned);
    let mut params = CertificateParams::new(names.collect::<Vec<_>>())?;
    params.subject_alt_names.push(rcgen::SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    params.distinguished_name = name("localhost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    // Browsers refuse certificates that are valid for years.
    let day = |days: i64| {
        let date = japan::day(now).saturating_add(days.days());
        let [month, day] = [date.month(), date.day()].map(i8::unsigned_abs);
        date_time_ymd(date.year().into(), month, day)
    };
    (params.not_before, params.not_after) = (day(-2), day(90));
    Ok(params)
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}

fn der(pem: &[u8]) -> Option<Vec<u8>> {
    use rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_slice(pem).ok().map(|certificate| certificate.to_vec())
}
