//! `GET …/pods/{pod}/log`: a log in the kubelet's bytes, over HTTP or a WebSocket.

mod options;
mod read;
pub(in crate::http::kubernetes) mod upgrade;
mod websocket;

pub(in crate::http) use read::read;
