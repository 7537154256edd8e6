//! Which containers of a pod a query is about.

use std::slice;

use super::locate_error::LocateError;
use crate::{line::target::ContainerName, query::ContainerChoice};

/// The containers that are chosen, of those that the pod has.
///
/// # Errors
/// When the pod does not have the container, has none, or has several of which one must be chosen.
pub fn choose_containers<'a>(
    there: &'a [ContainerName],
    choice: &'a ContainerChoice,
) -> Result<&'a [ContainerName], LocateError> {
    match choice {
        ContainerChoice::Named(name) if there.contains(name) => Ok(slice::from_ref(name)),
        ContainerChoice::Named(_) => Err(LocateError::NoContainer(there.to_vec())),
        _ if there.is_empty() => Err(LocateError::NoLog),
        ContainerChoice::Only if there.len() > 1 => {
            Err(LocateError::ContainerRequired(there.to_vec()))
        }
        ContainerChoice::Only | ContainerChoice::All => Ok(there),
    }
}
