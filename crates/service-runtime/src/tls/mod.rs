//! TLS: which certificate this service shows, and whose certificates it believes.
//!
//! One implementation, rustls, on one provider, ring. Every configuration names the provider, so
//! nothing depends on a process-wide default.

mod clients;
mod live;
mod pair;
mod trust;

pub use clients::TrustedClients;
pub use live::LivePair;
pub use pair::{Pair, PairFault, PairFiles};
pub use trust::{BundleFault, Trust, TrustFault};
