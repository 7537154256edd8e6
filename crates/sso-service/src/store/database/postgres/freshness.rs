//! What memory may be asked for.

use super::{lease::Lease, looks::Looks};
use crate::store::unavailable::Unavailable;

/// Whether memory is up to date enough to answer from. Clones tell the same.
#[derive(Debug, Clone)]
pub(in crate::store::database) struct Freshness {
    pub(super) lease: Lease,
    pub(super) looks: Looks,
}

impl Freshness {
    /// Whether answers may be given from memory at this instant.
    pub(in crate::store::database) fn holds_lease(&self) -> bool {
        self.lease.holds()
    }

    /// Asks for looks.
    pub(in crate::store::database) fn looks(&self) -> Looks {
        self.looks.clone()
    }

    /// What memory knows, if it may be asked. Before it says that it knows nothing, it is made up to
    /// date: another instance may have written it a moment ago.
    ///
    /// # Errors
    /// When there is no lease, or the database cannot be read in time.
    pub(in crate::store::database) async fn known<T>(
        &self,
        find: impl Fn() -> Option<T>,
    ) -> Result<Option<T>, Unavailable> {
        if let found @ Some(_) = self.in_memory(&find)? {
            return Ok(found);
        }
        self.looks.look().await?;
        self.in_memory(&find)
    }

    fn in_memory<T>(&self, find: impl Fn() -> Option<T>) -> Result<Option<T>, Unavailable> {
        let ended = self.lease.times_ended();
        if !self.lease.holds() {
            return Err(Unavailable::Silent);
        }
        let found = find();
        // What is not there may just have been cleared, to be loaded anew.
        if found.is_none() && self.lease.times_ended() != ended {
            return Err(Unavailable::Silent);
        }
        Ok(found)
    }
}
