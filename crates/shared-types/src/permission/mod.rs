//! What a user holds, what a request asks for, and the function that decides for both services.
//!
//! ```text
//! permission = "*" / action [ ":" namespace-glob "/" name-glob ]
//! action     = word ":" word                 ; "logs:read"
//! glob       = 1*( letter / digit / "." / "_" / "-" / "*" / "?" )
//! ```

mod asked;
mod decision;
mod glob;
mod held;
mod name_globs;
mod syntax;

pub use asked::AskedPermission;
pub use decision::permits;
pub use held::Permission;
pub use name_globs::{InvalidNameGlobs, NameGlobs};
pub use syntax::InvalidPermission;
