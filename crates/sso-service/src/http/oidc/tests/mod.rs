//! The code flow, as a client and a browser go through it.

mod answers;
mod authorize;
mod browsers;
mod exchange;
mod first_party_flows;
mod id_tokens;
mod introspection;
mod log_out;
mod logout_tokens;
mod relying_party;
mod renewal;
mod sessions;
mod strangers;
mod upstream;
