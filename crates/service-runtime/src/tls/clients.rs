//! Certificates of clients, and which of them are trusted to speak for users.

use std::{fmt, path::PathBuf, sync::Arc};

use rustls::{pki_types::CertificateDer, server::danger::ClientCertVerifier};
use x509_cert::{
    Certificate,
    der::Decode,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

use super::trust::{Trust, TrustFault};

/// The clients that are trusted to speak for users: those with a certificate of an authority that
/// holds one of some names.
///
/// A certificate is asked of every client, and none needs to have one.
#[derive(Clone)]
pub struct TrustedClients {
    verifier: Arc<dyn ClientCertVerifier>,
    names: Arc<[String]>,
}

impl TrustedClients {
    /// Certificates that an authority in this file signed, with one of these names as the common
    /// name of the subject, as kube-apiserver compares it (`--requestheader-allowed-names`), or as a
    /// DNS name.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no authority that can be used.
    pub fn signed_by(authorities: PathBuf, names: Vec<String>) -> Result<Self, TrustFault> {
        let verifier = Trust::only(authorities.clone())?.client_verifier(authorities)?;
        Ok(Self { verifier, names: names.into() })
    }

    pub(super) fn verifier(&self) -> Arc<dyn ClientCertVerifier> {
        self.verifier.clone()
    }

    /// Whether the client that presented this chain, which was verified, is one of them.
    pub(crate) fn include(&self, chain: &[CertificateDer<'_>]) -> bool {
        let certificate = chain.first().and_then(|own| Certificate::from_der(own).ok());
        certificate.is_some_and(|certificate| self.name(&certificate))
    }

    /// Whether a name in the certificate is one of theirs.
    fn name(&self, certificate: &Certificate) -> bool {
        let certificate = certificate.tbs_certificate();
        let is_known = |name: &str| self.names.iter().any(|known| known == name);
        let common = certificate.subject().common_name().ok().flatten();
        let alternative = certificate.get_extension::<SubjectAltName>().ok().flatten();
        common.is_some_and(|name| is_known(&name.value()))
            || alternative.is_some_and(|(_, SubjectAltName(names))| {
                names.iter().any(|name| match name {
                    GeneralName::DnsName(name) => is_known(name.as_str()),
                    _ => false,
                })
            })
    }
}

impl fmt::Debug for TrustedClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedClients").field("names", &self.names).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertificateParams, DnType, KeyPair};
    use rustls::pki_types::pem::PemObject;

    use super::*;
    use crate::tls::pair::tests::generate;

    /// A certificate with this common name and these DNS names.
    fn certificate(common: &str, names: &[&str]) -> CertificateDer<'static> {
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, common);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap()
    }

    #[test]
    fn a_client_is_trusted_by_its_common_name_or_a_dns_name() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ca.crt");
        fs::write(&file, generate().0).unwrap();
        let names = ["front", "front.logs"].map(str::to_owned).to_vec();
        let trusted = TrustedClients::signed_by(file, names).unwrap();
        for (common, names, is_trusted) in [
            ("front", &[][..], true),
            ("other", &["other.logs", "front.logs"], true),
            ("front.logs", &["other.logs"], true),
            ("other", &["other.logs"], false),
            ("Front", &["xfront"], false),
            ("front,CN=other", &["front.logs.example"], false),
        ] {
            let chain = [certificate(common, names)];
            assert_eq!(trusted.include(&chain), is_trusted, "{common} {names:?}");
        }
        assert!(!trusted.include(&[]));
        assert!(!trusted.include(&[CertificateDer::from(vec![1, 2, 3])]));
    }
}
