//! Permissions on the command line.

use shared_types::Permission;

use crate::shell::error::AdminError;

/// Parses permissions as they were typed.
///
/// # Errors
/// [`AdminError::Permission`] with the first one that is invalid.
pub(in crate::shell) fn parse_permissions(typed: &[String]) -> Result<Vec<Permission>, AdminError> {
    let parse =
        |text: &String| text.parse().map_err(|fault| AdminError::Permission(text.clone(), fault));
    typed.iter().map(parse).collect()
}
