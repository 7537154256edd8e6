//! The code flow, as a client and a browser go through it.

mod answers;
mod authorize;
mod browsers;
mod exchange;
mod id_tokens;
mod introspection;
mod log_out;
mod relying_party;
mod renewal;
mod sessions;
