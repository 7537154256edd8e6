//! The edge that every public request passes, and the tools to read a request strictly.

mod authenticate;
mod authorization;
mod body;
mod client_ip;
mod context;
mod cookies;
mod edge;
mod endpoint;
mod in_flight;
mod problem;
mod query;
mod request_body;

pub use authenticate::{Authenticate, Authenticated};
pub use authorization::authorization;
pub use body::{ContentType, MAX_BODY_BYTES, content_type, read_body, unsupported_media_type};
pub use client_ip::TrustedProxies;
pub(crate) use context::REQUEST_ID;
pub use context::{ClientNote, RequestContext, TraceParent};
pub use cookies::{choose_live, cookie_values};
pub use edge::{Edge, WorkerEdge};
pub use endpoint::{Endpoint, endpoint, no_such_endpoint};
pub(crate) use in_flight::hold;
pub use problem::{Problem, ProblemPage, Result};
pub use query::{InputFaults, Query};
