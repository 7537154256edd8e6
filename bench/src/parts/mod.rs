//! The parts of a run, a file each.

pub(crate) mod cluster;
pub(crate) mod connections;
pub(crate) mod download;
pub(crate) mod flood;
pub(crate) mod followers;
pub(crate) mod forward_auth;
pub(crate) mod front;
pub(crate) mod growth;
pub(crate) mod instances;
pub(crate) mod introspection;
pub(crate) mod kubernetes;
pub(crate) mod many;
pub(crate) mod masking;
pub(crate) mod redis;
pub(crate) mod requests;
pub(crate) mod search;
pub(crate) mod sessions;
pub(crate) mod slow_reader;
pub(crate) mod small_reads;
pub(crate) mod start;
pub(crate) mod system_calls;
pub(crate) mod tail;
pub(crate) mod viewer;
