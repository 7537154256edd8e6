//! A private certificate authority, and clients that trust it.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::Arc,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use reqwest::Client;
use rustls::{
    ALL_VERSIONS, ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use tempfile::TempDir;

/// A private certificate authority with a directory for its certificates.
#[derive(Debug)]
pub(crate) struct PrivateCa {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

/// The paths of a service's certificate and key.
#[derive(Debug, Clone)]
pub(crate) struct ServedPair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl PrivateCa {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        // With the same name for issuer and subject, OpenSSL would take certificates for
        // self-signed.
        params.distinguished_name.push(DnType::CommonName, "the authority of a test");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = super::scratch();
        fs::write(directory.path().join("ca.crt"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    /// The path of its own certificate.
    pub(crate) fn file(&self) -> String {
        self.directory.path().join("ca.crt").to_str().unwrap().to_owned()
    }

    /// The paths of files with this name, which need not exist.
    pub(crate) fn files(&self, name: &str) -> ServedPair {
        let at = |ending| self.directory.path().join(name).with_extension(ending);
        ServedPair { certificate: at("crt"), key: at("key") }
    }

    /// Puts a new certificate for 127.0.0.1 and its key into files.
    pub(crate) fn issue_into(&self, pair: &ServedPair) {
        self.issue_for(Ipv4Addr::LOCALHOST.into(), pair);
    }

    /// Puts a new certificate for a host and its key into files.
    pub(crate) fn issue_for(&self, host: IpAddr, pair: &ServedPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([host.to_string()]).unwrap();
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(&pair.certificate, certificate.pem()).unwrap();
        fs::write(&pair.key, key.serialize_pem()).unwrap();
    }

    /// A client that trusts only this authority, and offers these protocols over any version of
    /// TLS.
    pub(crate) fn client(&self, protocols: &[&[u8]]) -> Client {
        self.client_of(ALL_VERSIONS, protocols)
    }

    /// A client as above, over these versions of TLS.
    pub(crate) fn client_of(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        protocols: &[&[u8]],
    ) -> Client {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.issuer.pem().as_bytes()).unwrap()).unwrap();
        client(roots, versions, protocols)
    }
}

impl ServedPair {
    /// The variables of a service that name the files.
    pub(crate) fn paths(&self) -> (&str, &str) {
        (self.certificate.to_str().unwrap(), self.key.to_str().unwrap())
    }
}

/// A client for plain HTTP, without redirects and proxies, with a generous timeout.
pub(crate) fn plain_client() -> Client {
    client(RootCertStore::empty(), ALL_VERSIONS, &[b"http/1.1"])
}

fn client(
    roots: RootCertStore,
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&[u8]],
) -> Client {
    let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(3 * super::patience())
        .tls_backend_preconfigured(tls)
        .build()
        .unwrap()
}
