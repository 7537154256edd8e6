//! The certificate authorities that are trusted to sign the server's certificate.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

/// The trusted certificate authorities: those of one bundle, or those of the system.
#[derive(Debug, Clone)]
pub(crate) struct TrustedCas(RootCertStore);

/// The error of an unusable bundle of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidBundle {
    #[error("contains no certificate in PEM")]
    Empty,
    #[error("contains a certificate that cannot be used")]
    BadCertificate,
}

impl TrustedCas {
    /// None: for plain HTTP.
    pub(super) fn none() -> Self {
        Self(RootCertStore::empty())
    }

    /// The authorities in this PEM bundle, and no others.
    pub(crate) fn from_pem(pem: &[u8]) -> Result<Self, InvalidBundle> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let added = certificate.is_ok_and(|certificate| roots.add(certificate).is_ok());
            if !added {
                return Err(InvalidBundle::BadCertificate);
            }
        }
        if roots.is_empty() { Err(InvalidBundle::Empty) } else { Ok(Self(roots)) }
    }

    /// The system's authorities without unusable certificates. `None` when there are none.
    pub(super) fn of_system() -> Option<Self> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        (!roots.is_empty()).then_some(Self(roots))
    }

    /// TLS 1.2 or 1.3, then HTTP/1.1.
    pub(super) fn client_config(self) -> Result<ClientConfig, rustls::Error> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(self.0)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_without_a_usable_certificate_is_refused() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (pem, fault) in [
            ("", InvalidBundle::Empty),
            ("# nothing here", InvalidBundle::Empty),
            (broken, InvalidBundle::BadCertificate),
        ] {
            assert_eq!(TrustedCas::from_pem(pem.as_bytes()).unwrap_err(), fault, "{pem}");
        }
    }
}
