//! Whose certificates are believed when this service asks another one.

use std::{fs, io, path::PathBuf, sync::Arc};

use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore,
    client::WantsClientCert,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

use super::LivePair;
use crate::settings::Settings;

/// The certificate authorities that are believed: those of one file alone, those of the system,
/// or none.
#[derive(Debug, Clone)]
pub struct Trust(RootCertStore);

/// The certificate authorities cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum TrustFault {
    /// The file cannot be read.
    #[error("cannot read {0}: {1}")]
    Unreadable(PathBuf, io::Error),
    /// The file holds no usable bundle.
    #[error("{0} {1}")]
    Bundle(PathBuf, BundleFault),
    /// There are no certificates where systems keep them.
    #[error("is not set, and the system has no certificate authorities of its own")]
    NoneOnSystem,
}

/// A bundle of certificates cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BundleFault {
    /// There is none in it.
    #[error("contains no certificate in PEM")]
    NoCertificate,
    /// There is one in it that is broken.
    #[error("contains a certificate that cannot be used")]
    BadCertificate,
}

impl Trust {
    /// No authority at all: for plain HTTP.
    #[must_use]
    pub fn none() -> Self {
        Self(RootCertStore::empty())
    }

    /// The authorities in the file that `variable` names, and no others; when it is not set, those
    /// of the system. `None` when something is wrong: the fault is kept for [`Settings::finish`].
    pub fn configured(settings: &mut Settings, variable: &str) -> Option<Self> {
        let trust = match settings.text(variable) {
            Some(file) => Self::only(file.into()),
            None => Self::system(),
        };
        trust.map_err(|fault| settings.fault(variable, fault)).ok()
    }

    /// The authorities in this file, and no others.
    pub(super) fn only(file: PathBuf) -> Result<Self, TrustFault> {
        match fs::read(&file) {
            Ok(pem) => Self::in_pem(&pem).map_err(|fault| TrustFault::Bundle(file, fault)),
            Err(error) => Err(TrustFault::Unreadable(file, error)),
        }
    }

    /// The authorities in this bundle, and no others.
    ///
    /// # Errors
    /// When there is none in it, or one that cannot be used.
    pub fn in_pem(pem: &[u8]) -> Result<Self, BundleFault> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let added = certificate.is_ok_and(|certificate| roots.add(certificate).is_ok());
            if !added {
                return Err(BundleFault::BadCertificate);
            }
        }
        if roots.is_empty() { Err(BundleFault::NoCertificate) } else { Ok(Self(roots)) }
    }

    /// The system's authorities. Certificates that cannot be parsed are left out.
    ///
    /// # Errors
    /// When there is none.
    pub fn system() -> Result<Self, TrustFault> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() { Err(TrustFault::NoneOnSystem) } else { Ok(Self(roots)) }
    }

    /// Accepts clients without a certificate, and those with one that an authority signed. `file` is
    /// where the authorities come from, to be named when something is wrong.
    pub(super) fn client_verifier(
        self,
        file: PathBuf,
    ) -> Result<Arc<dyn ClientCertVerifier>, TrustFault> {
        let provider = Arc::new(ring::default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(self.0), provider)
            .allow_unauthenticated()
            .build()
            .map_err(|_| TrustFault::Bundle(file, BundleFault::BadCertificate))
    }

    /// How connections are made to who is believed: TLS 1.2 or 1.3, then HTTP/1.1.
    ///
    /// # Errors
    /// When the provider cannot do that.
    pub fn client_config(&self) -> Result<ClientConfig, rustls::Error> {
        Ok(over_http_1(self.config_builder()?.with_no_client_auth()))
    }

    /// The same, showing the certificate that is in force to servers that ask for one.
    ///
    /// # Errors
    /// When the provider cannot do that.
    pub fn client_config_showing(&self, own: Arc<LivePair>) -> Result<ClientConfig, rustls::Error> {
        Ok(over_http_1(self.config_builder()?.with_client_cert_resolver(own)))
    }

    fn config_builder(
        &self,
    ) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, rustls::Error> {
        Ok(ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(self.0.clone()))
    }
}

fn over_http_1(mut config: ClientConfig) -> ClientConfig {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::pair::tests::generate;

    fn configured(content: &str) -> Result<Trust, String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("ca.crt");
        fs::write(&file, content).unwrap();
        let variable = ("X_CA".to_owned(), file.to_str().unwrap().to_owned());
        let mut settings = Settings::read("X_", [variable]);
        let trust = Trust::configured(&mut settings, "X_CA");
        settings.finish().map(|_| trust.unwrap()).map_err(|faults| faults.to_string())
    }

    #[test]
    fn every_certificate_of_a_bundle_is_loaded() {
        let trust = configured(&format!("{}\n{}", generate().0, generate().0)).unwrap();
        assert_eq!(trust.0.len(), 2);
        trust.client_config().unwrap();
    }

    #[test]
    fn a_bundle_that_is_wrong_names_its_variable() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (content, what) in [
            ("", "no certificate"),
            ("# nothing here", "no certificate"),
            (broken, "cannot be used"),
            (&format!("{}{broken}", generate().0), "cannot be used"),
        ] {
            let fault = configured(content).unwrap_err();
            assert!(fault.starts_with("X_CA: ") && fault.contains(what), "{fault}");
        }
    }
}
