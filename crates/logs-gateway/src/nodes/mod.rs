//! The gateways of nodes, as a front sees them.
//!
//! Names resolve to addresses (`discovery`). A task reads the event stream of each address
//! (`node_watch`), which tells the name of its node, its pods, and that it is alive. The `cluster`
//! joins all of that; [`Nodes`] shows it, and a [`NodeHandle`] asks a node on behalf of a caller.

mod cluster;
mod cluster_state;
mod discovery;
mod endpoint;
mod event_stream;
mod front;
mod node_name;
mod node_target;
mod node_watch;
mod on_behalf;
mod placed_pods;
mod told_pod;

pub(crate) use self::{
    endpoint::NodeError,
    front::{NodeHandle, Nodes},
    node_name::parse_node_name,
    node_target::NodeTarget,
    on_behalf::{
        OWN_VIA, PermissionCheck, REMOTE_PERMISSIONS, REMOTE_SESSION, REMOTE_USER, REMOTE_USER_ID,
    },
};
