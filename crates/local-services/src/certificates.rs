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
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// The name by which node gateways recognise a front (the default of `GATEWAY_FRONT_NAMES`).
const FRONT: &str = "logs-gateway-front";

/// The files of the certificates of one run.
#[derive(Clone, Debug)]
pub struct Certificates {
    /// The certificate of the authority that signed them. The authority's key was never written.
    pub ca: PathBuf,
    /// The certificate for this machine, which all services present.
    pub certificate: PathBuf,
    /// Its private key, readable by the current user only.
    pub key: PathBuf,
    /// The certificate that a front presents to node gateways.
    pub front_certificate: PathBuf,
    /// Its private key, readable by the current user only.
    pub front_key: PathBuf,
}

impl Certificates {
    /// Writes new ones into the directory.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub fn create(directory: &Path) -> anyhow::Result<Self> {
        let at = |name| directory.join(name);
        let files = Self {
            ca: at("ca.crt"),
            certificate: at("tls.crt"),
            key: at("tls.key"),
            front_certificate: at("front.crt"),
            front_key: at("front.key"),
        };
        files.write().context("cannot make certificates")?;
        Ok(files)
    }

    fn write(&self) -> anyhow::Result<()> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.distinguished_name = name("cargo xtask up");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        fs::write(&self.ca, authority.pem())?;
        let server = of_names(&["localhost", "127.0.0.1"])?;
        write_signed(&server, &authority, &self.certificate, &self.key)?;
        let mut front = of_names(&[FRONT])?;
        front.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        write_signed(&front, &authority, &self.front_certificate, &self.front_key)
    }
}

fn of_names(names: &[&str]) -> anyhow::Result<CertificateParams> {
    let alternatives: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut certificate = CertificateParams::new(alternatives)?;
    certificate.distinguished_name = name(names[0]);
    Ok(certificate)
}

fn write_signed(
    parameters: &CertificateParams,
    authority: &CertifiedIssuer<'_, KeyPair>,
    certificate: &Path,
    key: &Path,
) -> anyhow::Result<()> {
    let new_key = KeyPair::generate()?;
    fs::write(certificate, parameters.signed_by(&new_key, authority)?.pem())?;
    write_secret(key, &new_key.serialize_pem())?;
    Ok(())
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
    fn keys_are_private_and_the_authority_is_trusted() {
        let home = tempfile::tempdir().unwrap();
        let certificates = Certificates::create(home.path()).unwrap();
        for key in [&certificates.key, &certificates.front_key] {
            let mode = key.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        client_config(Some(&certificates)).unwrap();
    }
}
