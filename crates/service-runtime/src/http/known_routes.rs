//! The routes of paths that were requested lately.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use actix_web::dev::ServiceRequest;

/// How many paths are remembered.
const MAX_PATHS: usize = 1024;
/// A longer path is not remembered, in bytes.
const MAX_PATH_BYTES: usize = 256;

/// The patterns that paths match, in the app of one worker. Matching a path against all patterns takes
/// microseconds, and the router does it once more.
#[derive(Debug, Default)]
pub(super) struct KnownRoutes(RefCell<HashMap<String, Arc<str>>>);

impl KnownRoutes {
    /// The pattern that the path of a request matches, if any does.
    pub(super) fn pattern_of(&self, request: &ServiceRequest) -> Option<Arc<str>> {
        self.known(request.path(), || request.match_pattern())
    }

    fn known(&self, path: &str, find: impl FnOnce() -> Option<String>) -> Option<Arc<str>> {
        if let Some(pattern) = self.0.borrow().get(path) {
            return Some(pattern.clone());
        }
        let pattern: Arc<str> = find()?.into();
        if path.len() <= MAX_PATH_BYTES {
            let mut known = self.0.borrow_mut();
            if known.len() >= MAX_PATHS {
                known.clear();
            }
            known.insert(path.to_owned(), pattern.clone());
        }
        Some(pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_matched_once() {
        let routes = KnownRoutes::default();
        let find = |path: &str, pattern: Option<&str>| {
            routes.known(path, || pattern.map(str::to_owned)).as_deref().map(str::to_owned)
        };
        assert_eq!(find("/logs/a", Some("/logs/{pod}")).as_deref(), Some("/logs/{pod}"));
        assert_eq!(find("/logs/a", None).as_deref(), Some("/logs/{pod}"));
        // What matches nothing takes no place.
        assert_eq!(find("/b", None), None);
        assert_eq!(routes.0.borrow().len(), 1);
    }

    #[test]
    fn the_number_and_the_length_of_known_paths_are_bounded() {
        let routes = KnownRoutes::default();
        for number in 0..2 * MAX_PATHS {
            routes.known(&format!("/logs/{number}"), || Some("/logs/{pod}".to_owned()));
        }
        assert_eq!(routes.0.borrow().len(), MAX_PATHS);
        routes.0.borrow_mut().clear();
        routes.known(&"x".repeat(MAX_PATH_BYTES + 1), || Some(String::new()));
        assert!(routes.0.borrow().is_empty());
    }
}
