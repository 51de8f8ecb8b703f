//! TLS for clients that ask for it, as Amazon's drivers do. Each server is an authority of its own: who wants to be sure
//! reads its certificate. Its key is in memory only, and dropped as soon as the one certificate is signed.

use std::net::Ipv4Addr;
use std::sync::Arc;

use pgwire::tokio::TlsAcceptor;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

pub struct Tls {
    pub acceptor: TlsAcceptor,
    /// The authority's certificate, PEM.
    pub authority: String,
}

impl Tls {
    /// For every address that a warehouse may answer at.
    pub fn new() -> Result<Self, BoxError> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.distinguished_name.push(DnType::CommonName, "sparkify-infra local serve");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

        let addresses = (1..=254).map(|last| Ipv4Addr::new(127, 0, 0, last).to_string());
        let mut server =
            CertificateParams::new(addresses.chain(["localhost".into(), "::1".into()]).collect::<Vec<_>>())?;
        server.distinguished_name.push(DnType::CommonName, "localhost");
        server.use_authority_key_identifier_extension = true;
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = server.signed_by(&key, &authority)?;

        let provider = Arc::new(aws_lc_rs::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?.with_no_client_auth();
        let key = PrivateKeyDer::try_from(key.serialize_der())?;
        let config = config.with_single_cert(vec![certificate.der().clone()], key)?;
        Ok(Self { acceptor: Arc::new(config).into(), authority: authority.pem() })
    }
}
