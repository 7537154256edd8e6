//! The code flow, as a client and a browser go through it.

mod answers;
mod authorize;
mod browsers;
mod device;
mod exchange;
mod first_party;
mod id_tokens;
mod introspection;
mod log_out;
mod plugin;
mod relying_party;
mod renewal;
mod sessions;
