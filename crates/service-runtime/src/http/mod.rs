//! The edge that every public request passes, and the tools to read a request strictly.

mod authenticate;
mod authorization;
mod body;
mod context;
mod cookies;
mod edge;
mod endpoint;
mod in_flight;
mod json_object;
mod known_routes;
pub mod openapi;
mod query;
mod request_body;
mod route_table;
mod static_file;

pub use authenticate::{Authenticate, Authenticated};
pub use authorization::authorization;
pub use body::{ContentType, MAX_BODY_BYTES, content_type, read_body, unsupported_media_type};
pub use context::{ClientNote, RequestContext, TraceParent};
pub use cookies::{choose_live, cookie_values};
pub use edge::{Edge, WorkerEdge};
pub use endpoint::{Endpoint, endpoints, no_such_endpoint, no_such_path};
pub(crate) use in_flight::hold;
pub use json_object::JsonObject;
pub use query::{InputFaults, Query};
pub use route_table::RouteRow;
pub use static_file::StaticFile;

pub use crate::{
    network::TrustedProxies,
    problem::{Problem, ProblemBody, Result},
};
