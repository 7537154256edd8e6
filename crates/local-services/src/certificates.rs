//! Certificates for one run, signed by an authority of that run only.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// The files of a certificate for this machine, which both services present.
#[derive(Clone, Debug)]
pub struct Certificates {
    /// The certificate of the authority that signed it. The authority's key was never written.
    pub ca: PathBuf,
    /// The certificate of both services.
    pub certificate: PathBuf,
    /// Its private key, readable by the current user only.
    pub key: PathBuf,
}

impl Certificates {
    /// Writes new ones into the directory.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub fn create(directory: &Path) -> anyhow::Result<Self> {
        let at = |name| directory.join(name);
        let files = Self { ca: at("ca.crt"), certificate: at("tls.crt"), key: at("tls.key") };
        files.write().context("cannot make certificates")?;
        Ok(files)
    }

    fn write(&self) -> anyhow::Result<()> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.distinguished_name = name("cargo xtask up");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut certificate = CertificateParams::new(names)?;
        certificate.distinguished_name = name("localhost");
        let certificate = certificate.signed_by(&key, &authority)?;
        fs::write(&self.ca, authority.pem())?;
        fs::write(&self.certificate, certificate.pem())?;
        write_secret(&self.key, &key.serialize_pem())?;
        Ok(())
    }
}

fn name(text: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, text);
    name
}

fn write_secret(file: &Path, content: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
    file.write_all(content.as_bytes())
}

/// The TLS configuration of a client of services with these certificates, or of services over
/// plain HTTP.
///
/// # Errors
/// When the certificate of the authority cannot be read.
pub fn client_config(certificates: Option<&Certificates>) -> anyhow::Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    if let Some(certificates) = certificates {
        roots.add(CertificateDer::from_pem_file(&certificates.ca)?)?;
    }
    Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_key_is_private_and_the_authority_is_trusted() {
        let home = tempfile::tempdir().unwrap();
        let certificates = Certificates::create(home.path()).unwrap();
        let mode = certificates.key.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        client_config(Some(&certificates)).unwrap();
    }
}
