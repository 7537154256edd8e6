//! A private certificate authority, and clients that trust it.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::Arc,
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use reqwest::Client;
use rustls::{
    ALL_VERSIONS, ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
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

    /// Puts a new certificate of a client with this common name, and its key, into files.
    pub(crate) fn issue_to_client(&self, common_name: &str, pair: &ServedPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(&pair.certificate, certificate.pem()).unwrap();
        fs::write(&pair.key, key.serialize_pem()).unwrap();
    }

    /// A client that trusts only this authority, and shows a certificate.
    pub(crate) fn client_showing(&self, pair: &ServedPair) -> Client {
        let pem = [&pair.certificate, &pair.key].map(|file| fs::read(file).unwrap());
        let chain = vec![CertificateDer::from_pem_slice(&pem[0]).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(&pem[1]).unwrap();
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots())
            .with_client_auth_cert(chain, key)
            .unwrap();
        client(tls)
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
        client(anonymous(self.roots(), versions, protocols))
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.issuer.pem().as_bytes()).unwrap()).unwrap();
        roots
    }
}

impl ServedPair {
    /// A server that shows this certificate.
    pub(crate) fn server_config(&self) -> ServerConfig {
        let pem = [&self.certificate, &self.key].map(|file| fs::read(file).unwrap());
        let chain = vec![CertificateDer::from_pem_slice(&pem[0]).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(&pem[1]).unwrap();
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap()
    }

    /// The variables of a service that name the files.
    pub(crate) fn paths(&self) -> (&str, &str) {
        (self.certificate.to_str().unwrap(), self.key.to_str().unwrap())
    }
}

/// A client for plain HTTP, without redirects and proxies, with a generous timeout.
pub(crate) fn plain_client() -> Client {
    client(anonymous(RootCertStore::empty(), ALL_VERSIONS, &[b"http/1.1"]))
}

fn anonymous(
    roots: RootCertStore,
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&[u8]],
) -> ClientConfig {
    let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    tls
}

fn client(tls: ClientConfig) -> Client {
    Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(3 * super::patience())
        .tls_backend_preconfigured(tls)
        .build()
        .unwrap()
}
