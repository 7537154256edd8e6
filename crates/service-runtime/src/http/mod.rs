//! The edge that every public request passes, and the tools to read a request strictly.

mod authorization;
mod body;
mod client_ip;
mod context;
mod edge;
mod in_flight;
mod problem;
mod query;
mod resource;

pub use authorization::authorization;
pub use body::{ContentType, MAX_BODY_BYTES, content_type, read_body, unsupported_media_type};
pub use client_ip::TrustedProxies;
pub use context::{RequestContext, TraceParent};
pub use edge::Edge;
pub use problem::{Problem, Result};
pub use query::{InputFaults, Query};
pub use resource::{
    delete_resource, get_delete_resource, get_resource, no_such_endpoint, post_resource,
};
