//! A certificate chain and the private key that belongs to it, from two PEM files.

use std::{
    fs,
    hash::{BuildHasher, RandomState},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::CertifiedKey,
};
use x509_cert::{
    Certificate,
    der::{
        Decode,
        pem::{self, LineEnding},
    },
};
use zeroize::Zeroizing;

use crate::settings::Settings;

/// Where certificate and key lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFiles {
    /// The service's certificate, then those of the intermediate authorities.
    pub certificate: PathBuf,
    /// Its private key: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub key: PathBuf,
}

/// A certificate chain and the private key that belongs to it.
#[derive(Debug, Clone)]
pub struct Pair {
    pub(super) certified: Arc<CertifiedKey>,
    /// In seconds since 1970.
    pub(super) expires_at: i64,
}

/// Why two files make no pair.
#[derive(Debug, thiserror::Error)]
pub enum PairFault {
    /// The certificate's file cannot be read.
    #[error("cannot read {0}: {1}")]
    CertificateUnreadable(PathBuf, io::Error),
    /// The key's file cannot be read.
    #[error("cannot read {0}: {1}")]
    KeyUnreadable(PathBuf, io::Error),
    /// There is none in it.
    #[error("{0} contains no certificate in PEM")]
    NoCertificate(PathBuf),
    /// There is one in it, and it is broken.
    #[error("{0} contains a certificate that cannot be read")]
    BadCertificate(PathBuf),
    /// There is none in it.
    #[error("{0} contains no private key in PEM, or an encrypted one")]
    NoKey(PathBuf),
    /// There is one in it, and it is broken or of a kind that TLS does not know.
    #[error("{0} contains a private key that cannot be used")]
    BadKey(PathBuf),
    /// Each is good for itself.
    #[error("{0} contains a private key that does not belong to the certificate")]
    Mismatch(PathBuf),
}

impl PairFault {
    fn is_about_certificate(&self) -> bool {
        matches!(
            self,
            Self::CertificateUnreadable(..) | Self::NoCertificate(_) | Self::BadCertificate(_)
        )
    }
}

impl PairFiles {
    /// The pair that two variables name, and where it lies. `None` when neither is set, and when
    /// something is wrong: the fault is kept for [`Settings::finish`].
    pub fn configured(
        settings: &mut Settings,
        certificate: &str,
        key: &str,
    ) -> Option<(Self, Pair)> {
        let files = match (settings.text(certificate), settings.text(key)) {
            (None, None) => return None,
            (Some(_), None) => {
                settings.fault(key, format_args!("is not set, but {certificate} is"));
                return None;
            }
            (None, Some(_)) => {
                settings.fault(certificate, format_args!("is not set, but {key} is"));
                return None;
            }
            (Some(certificate), Some(key)) => {
                Self { certificate: certificate.into(), key: key.into() }
            }
        };
        let pair = files.read().and_then(|text| text.parse(&files)).map_err(|fault| {
            let at = if fault.is_about_certificate() { certificate } else { key };
            settings.fault(at, fault);
        });
        pair.ok().map(|pair| (files, pair))
    }

    pub(super) fn read(&self) -> Result<PairText, PairFault> {
        Ok(PairText {
            chain: fs::read(&self.certificate).map_err(|error| {
                PairFault::CertificateUnreadable(self.certificate.clone(), error)
            })?,
            key: fs::read(&self.key)
                .map(Zeroizing::new)
                .map_err(|error| PairFault::KeyUnreadable(self.key.clone(), error))?,
        })
    }
}

/// What the two files hold.
pub(super) struct PairText {
    chain: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl PairText {
    /// Differs when either file differs, and tells nothing to who does not know the hasher's key.
    pub(super) fn digest(&self, hasher: &RandomState) -> u64 {
        hasher.hash_one((&self.chain, &*self.key))
    }

    /// `files` is where it comes from, to be named when something is wrong.
    pub(super) fn parse(&self, files: &PairFiles) -> Result<Pair, PairFault> {
        let chain = chain(&self.chain, &files.certificate)?;
        let bad_certificate = || PairFault::BadCertificate(files.certificate.clone());
        let expires_at = expires_at(&chain[0]).ok_or_else(bad_certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| PairFault::NoKey(files.key.clone()))?;
        match CertifiedKey::from_der(chain, key, &ring::default_provider()) {
            Ok(certified) => Ok(Pair { certified: Arc::new(certified), expires_at }),
            Err(rustls::Error::InconsistentKeys(_)) => Err(PairFault::Mismatch(files.key.clone())),
            Err(rustls::Error::InvalidCertificate(_)) => Err(bad_certificate()),
            Err(_) => Err(PairFault::BadKey(files.key.clone())),
        }
    }
}

/// One certificate at least.
fn chain(pem: &[u8], file: &Path) -> Result<Vec<CertificateDer<'static>>, PairFault> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(PairFault::NoCertificate(file.to_owned())),
        Ok(chain) => Ok(chain),
        Err(_) => Err(PairFault::BadCertificate(file.to_owned())),
    }
}

/// `None` for what is no certificate.
fn expires_at(certificate: &CertificateDer<'_>) -> Option<i64> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let not_after = certificate.tbs_certificate().validity().not_after;
    i64::try_from(not_after.to_unix_duration().as_secs()).ok()
}

/// The certificate that everything in the chain hangs on, in PEM, if the chain holds it: one that
/// names itself as its issuer. Most chains leave it out, as verifiers have their own copy.
pub(super) fn anchor(chain: &[CertificateDer<'_>]) -> Option<String> {
    let anchor = chain.iter().rev().find(|certificate| is_self_issued(certificate))?;
    pem::encode_string("CERTIFICATE", LineEnding::LF, anchor).ok()
}

fn is_self_issued(certificate: &CertificateDer<'_>) -> bool {
    Certificate::from_der(certificate).is_ok_and(|certificate| {
        let certificate = certificate.tbs_certificate();
        certificate.issuer() == certificate.subject()
    })
}

#[cfg(test)]
pub(super) mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, CertifiedIssuer, CertifiedKey as Generated, DnType,
        IsCa, KeyPair, generate_simple_self_signed,
    };
    use tempfile::TempDir;

    use super::*;

    /// Files of this test's own.
    pub(crate) fn files() -> (TempDir, PairFiles) {
        let directory = tempfile::tempdir().unwrap();
        let (certificate, key) = (directory.path().join("tls.crt"), directory.path().join("key"));
        (directory, PairFiles { certificate, key })
    }

    /// A certificate for `localhost` and its key, in PEM.
    pub(crate) fn generate() -> (String, String) {
        let Generated { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    fn parse(certificate: &str, key: &str) -> Result<Pair, PairFault> {
        let (_directory, files) = files();
        fs::write(&files.certificate, certificate).unwrap();
        fs::write(&files.key, key).unwrap();
        files.read()?.parse(&files)
    }

    /// The one fault of variables that name such files.
    fn fault(certificate: Option<&str>, key: Option<&str>) -> String {
        let (_directory, files) = files();
        let mut variables = Vec::new();
        for (name, path, content) in
            [("X_CERT", &files.certificate, certificate), ("X_KEY", &files.key, key)]
        {
            if let Some(content) = content {
                fs::write(path, content).unwrap();
                variables.push((name.to_owned(), path.to_str().unwrap().to_owned()));
            }
        }
        let mut settings = Settings::read("X_", variables);
        assert!(PairFiles::configured(&mut settings, "X_CERT", "X_KEY").is_none());
        settings.finish().unwrap_err().to_string()
    }

    #[test]
    fn a_pair_knows_its_end() {
        let (certificate, key) = generate();
        // The generator's default: the year 4096.
        assert!(parse(&certificate, &key).unwrap().expires_at > 60_000_000_000);
    }

    #[test]
    fn a_chain_ends_at_the_self_signed_certificate() {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "an authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let leaf = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&KeyPair::generate().unwrap(), &root).unwrap().pem();
        let der = |pem: &str| chain(pem.as_bytes(), Path::new("")).unwrap();
        assert_eq!(anchor(&der(&leaf)), None);
        let anchored = anchor(&der(&(leaf + &root.pem()))).unwrap();
        assert_eq!(der(&anchored), der(&root.pem()));
        let alone = generate().0;
        assert_eq!(der(&anchor(&der(&alone)).unwrap()), der(&alone));
    }

    #[test]
    fn a_chain_is_kept_whole() {
        let ((certificate, key), (other, _)) = (generate(), generate());
        let pair = parse(&format!("{certificate}{other}"), &key).unwrap();
        assert_eq!(pair.certified.cert.len(), 2);
    }

    #[test]
    fn a_fault_names_the_variable_that_is_wrong() {
        let (certificate, key) = generate();
        let (_, other) = generate();
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let encrypted =
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let useless = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        for (certificate, key, variable, what) in [
            (Some(&*certificate), None, "X_KEY", "is not set, but X_CERT is"),
            (None, Some(&*key), "X_CERT", "is not set, but X_KEY is"),
            (Some(""), Some(&*key), "X_CERT", "no certificate"),
            (Some(&*key), Some(&*key), "X_CERT", "no certificate"),
            (Some(broken), Some(&*key), "X_CERT", "cannot be read"),
            (Some(&*certificate), Some(""), "X_KEY", "no private key"),
            (Some(&*certificate), Some(encrypted), "X_KEY", "encrypted"),
            (Some(&*certificate), Some(useless), "X_KEY", "cannot be used"),
            (Some(&*certificate), Some(&*other), "X_KEY", "does not belong"),
        ] {
            let fault = fault(certificate, key);
            assert!(fault.starts_with(&format!("{variable}: ")) && fault.contains(what), "{fault}");
            assert_eq!(fault.lines().count(), 1, "{fault}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let variables = [("X_CERT", "/nowhere/at/all"), ("X_KEY", "/nowhere/else")];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut settings = Settings::read("X_", variables);
        assert!(PairFiles::configured(&mut settings, "X_CERT", "X_KEY").is_none());
        let fault = settings.finish().unwrap_err().to_string();
        assert!(fault.starts_with("X_CERT: cannot read /nowhere/at/all: "), "{fault}");
    }

    #[test]
    fn a_pair_does_not_show_its_key() {
        let (certificate, key) = generate();
        let shown = format!("{:?}", parse(&certificate, &key).unwrap());
        let inside = key.lines().nth(1).unwrap();
        assert!(!shown.contains(inside), "{shown}");
    }
}
