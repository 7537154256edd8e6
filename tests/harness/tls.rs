//! A certificate authority of a test's own, and who believes it.

use std::{fs, path::PathBuf, sync::Arc};

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

/// A private certificate authority with a directory for what it signs.
#[derive(Debug)]
pub(crate) struct PrivateCa {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

/// Where a service looks for its certificate and key.
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
        // Under the name of what it signs, OpenSSL would take that for signed by itself.
        params.distinguished_name.push(DnType::CommonName, "the authority of a test");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = super::scratch();
        fs::write(directory.path().join("ca.crt"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    /// Where its own certificate lies.
    pub(crate) fn file(&self) -> String {
        self.directory.path().join("ca.crt").to_str().unwrap().to_owned()
    }

    /// The files of that name, which need not be there.
    pub(crate) fn files(&self, name: &str) -> ServedPair {
        let at = |ending| self.directory.path().join(name).with_extension(ending);
        ServedPair { certificate: at("crt"), key: at("key") }
    }

    /// Puts a new certificate for 127.0.0.1 and its key into files.
    pub(crate) fn issue_into(&self, pair: &ServedPair) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(&pair.certificate, certificate.pem()).unwrap();
        fs::write(&pair.key, key.serialize_pem()).unwrap();
    }

    /// A client that believes this authority and no other, and offers these protocols over any
    /// version of TLS.
    pub(crate) fn client(&self, protocols: &[&[u8]]) -> Client {
        self.client_of(ALL_VERSIONS, protocols)
    }

    /// The same over these versions of TLS.
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

/// A client for plain HTTP. It goes where it is told and nowhere else, and is patient.
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
