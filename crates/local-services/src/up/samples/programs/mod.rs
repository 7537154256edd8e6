//! The programs in the sample containers, and the lines that they write.

mod catalog;
mod checkout;
mod klog;
mod ledger;
mod program;
mod random;
#[cfg(test)]
mod testing;
mod web;

pub(super) use self::{
    catalog::catalog,
    checkout::{checkout, go_panic},
    klog::klog,
    ledger::ledger,
    program::Program,
    random::uuid,
    web::{proxy, storefront},
};
