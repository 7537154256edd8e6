//! The pair that is in force, and its successor as soon as that lies in the files.

use std::{
    hash::RandomState,
    io,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use prometheus_client::metrics::{counter::Counter, gauge::Gauge};
use rustls::{
    ServerConfig, SignatureScheme,
    client::ResolvesClientCert,
    crypto::ring,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{Instrument, Span, error_span};

use super::{Pair, PairFault, PairFiles, TrustedClients, pair::anchor};
use crate::metrics::Metrics;

/// How often the files are looked at. They are read whole: they are small, and neither a time
/// stamp nor a length tells every change.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Shows each new connection the pair that is in force then. A connection keeps the one that it
/// began with.
#[derive(Debug)]
pub struct LivePair {
    files: PairFiles,
    in_force: RwLock<Arc<CertifiedKey>>,
    /// What the files held when they were looked at last, so that a content that is wrong is told
    /// of once. A keyed hash: the key's bytes are not kept for that.
    seen: Mutex<Option<u64>>,
    hasher: RandomState,
    metrics: PairMetrics,
}

#[derive(Debug)]
struct PairMetrics {
    expiry: Gauge,
    failures: Counter,
}

impl PairMetrics {
    /// Metrics whose names begin so.
    fn new(metrics: &Metrics, prefix: &str) -> Self {
        Self {
            expiry: metrics.register(
                &format!("{prefix}_certificate_expiry_timestamp_seconds"),
                "When the certificate in force expires, in seconds since 1970",
                Gauge::default(),
            ),
            failures: metrics.register(
                &format!("{prefix}_reload_failures"),
                "Changes of certificate or key that could not be loaded",
                Counter::default(),
            ),
        }
    }
}

impl LivePair {
    /// Puts a pair in force that was read from these files, and from then on what comes into
    /// them, until the runtime ends.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[must_use]
    pub fn start(files: PairFiles, pair: Pair, metrics: &Metrics) -> Arc<Self> {
        Self::start_with(files, pair, PairMetrics::new(metrics, "tls"))
    }

    /// The same for a pair that is shown to other services.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[must_use]
    pub fn start_client(files: PairFiles, pair: Pair, metrics: &Metrics) -> Arc<Self> {
        Self::start_with(files, pair, PairMetrics::new(metrics, "tls_client"))
    }

    fn start_with(files: PairFiles, pair: Pair, metrics: PairMetrics) -> Arc<Self> {
        let live = Arc::new(Self::new(files, pair, metrics));
        let certificate = live.files.certificate.display();
        let span = error_span!("certificate", file = %certificate);
        tokio::spawn(live.clone().keep_current().instrument(span));
        live
    }

    fn new(files: PairFiles, pair: Pair, metrics: PairMetrics) -> Self {
        metrics.expiry.set(pair.expires_at);
        Self {
            files,
            in_force: RwLock::new(pair.certified),
            seen: Mutex::new(None),
            hasher: RandomState::new(),
            metrics,
        }
    }

    /// How connections are made: TLS 1.2 or 1.3 with HTTP/1.1 inside. A certificate is asked of
    /// clients if some are trusted for one.
    ///
    /// # Errors
    /// When the provider cannot do that.
    pub(crate) fn server_config(
        self: &Arc<Self>,
        clients: Option<&TrustedClients>,
    ) -> io::Result<ServerConfig> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let config = match clients {
            Some(clients) => config.with_client_cert_verifier(clients.verifier()),
            None => config.with_no_client_auth(),
        };
        let mut config = config.with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// The certificate that the one in force hangs on, in PEM, if its file holds that too: who
    /// believes it believes this service.
    #[must_use]
    pub fn anchor(&self) -> Option<String> {
        anchor(&self.in_force().cert)
    }

    fn in_force(&self) -> Arc<CertifiedKey> {
        self.in_force.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn keep_current(self: Arc<Self>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let (pair, span) = (self.clone(), Span::current());
            // Whether it panicked is told by the panic.
            let _ = tokio::task::spawn_blocking(move || span.in_scope(|| pair.look())).await;
        }
    }

    /// Looks at the files once.
    fn look(&self) {
        let text = self.files.read();
        if !self.is_changed(text.as_ref().ok().map(|text| text.digest(&self.hasher))) {
            return;
        }
        match text.and_then(|text| text.parse(&self.files)) {
            Ok(pair) => self.load(pair),
            Err(fault) => self.keep_old(&fault),
        }
    }

    /// `None` stands for files that cannot be read.
    fn is_changed(&self, content: Option<u64>) -> bool {
        // A poisoned lock means that another thread panicked; the value is still consistent.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *seen, content) != content
    }

    fn load(&self, pair: Pair) {
        let mut in_force = self.in_force.write().unwrap_or_else(PoisonError::into_inner);
        if in_force.cert != pair.certified.cert {
            tracing::info!(expires_at = pair.expires_at, "new certificate in force");
        }
        *in_force = pair.certified;
        self.metrics.expiry.set(pair.expires_at);
    }

    fn keep_old(&self, fault: &PairFault) {
        self.metrics.failures.inc();
        tracing::warn!(%fault, "new certificate and key do not match; keeping the old pair");
    }
}

impl ResolvesServerCert for LivePair {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.in_force())
    }
}

impl ResolvesClientCert for LivePair {
    fn resolve(
        &self,
        _authorities: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        Some(self.in_force())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustls::pki_types::{CertificateDer, pem::PemObject};

    use super::*;
    use crate::tls::pair::tests::{files, generate};

    /// A pair and the files that are looked at.
    struct Watched {
        _directory: tempfile::TempDir,
        live: LivePair,
    }

    impl Watched {
        fn start((certificate, key): &(String, String)) -> Self {
            let (directory, files) = files();
            fs::write(&files.certificate, certificate).unwrap();
            fs::write(&files.key, key).unwrap();
            let pair = files.read().unwrap().parse(&files).unwrap();
            let live = LivePair::new(files, pair, PairMetrics::new(&Metrics::default(), "tls"));
            Self { _directory: directory, live }
        }

        fn swap(&self, certificate: &str, key: &str) {
            fs::write(&self.live.files.certificate, certificate).unwrap();
            fs::write(&self.live.files.key, key).unwrap();
            self.live.look();
        }

        #[track_caller]
        fn check_in_force(&self, (certificate, _): &(String, String), failures: u64) {
            let in_force = self.live.in_force.read().unwrap().cert[0].clone();
            assert_eq!(in_force, CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap());
            assert_eq!(self.live.metrics.failures.get(), failures);
        }
    }

    #[test]
    fn a_new_pair_is_taken_over() {
        let (old, new) = (generate(), generate());
        let watched = Watched::start(&old);
        watched.live.look();
        watched.check_in_force(&old, 0);
        watched.swap(&new.0, &new.1);
        watched.check_in_force(&new, 0);
    }

    #[test]
    fn an_invalid_pair_is_reported_once_and_the_old_one_stays() {
        let (old, new) = (generate(), generate());
        let watched = Watched::start(&old);
        watched.swap(&new.0, &old.1);
        watched.swap(&new.0, &old.1);
        watched.check_in_force(&old, 1);
        watched.swap("", &new.1);
        watched.check_in_force(&old, 2);
        watched.swap(&new.0, &new.1);
        watched.check_in_force(&new, 2);
    }

    #[test]
    fn a_briefly_missing_file_is_tolerated() {
        let old = generate();
        let watched = Watched::start(&old);
        watched.live.look();
        fs::remove_file(&watched.live.files.key).unwrap();
        watched.live.look();
        watched.live.look();
        assert_eq!(watched.live.metrics.failures.get(), 1);
        fs::write(&watched.live.files.key, &old.1).unwrap();
        watched.live.look();
        watched.check_in_force(&old, 1);
    }

    #[test]
    fn links_are_followed_to_where_they_lead_now() {
        let (old, new) = (generate(), generate());
        let watched = Watched::start(&old);
        let certificate = &watched.live.files.certificate;
        let elsewhere = certificate.with_extension("new");
        fs::write(&elsewhere, &new.0).unwrap();
        fs::write(&watched.live.files.key, &new.1).unwrap();
        fs::remove_file(certificate).unwrap();
        std::os::unix::fs::symlink(&elsewhere, certificate).unwrap();
        watched.live.look();
        watched.check_in_force(&new, 0);
    }
}
