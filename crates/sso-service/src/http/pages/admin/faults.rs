//! What is wrong with a form, in words.

use service_runtime::http::Problem;
use shared_types::{FaultySource, FieldFault};

/// Everything that is wrong, in words: a fault of each field, else what the problem says.
pub(super) fn faults(problem: &Problem) -> Vec<String> {
    match problem.errors() {
        [] => vec![problem.detail().to_owned()],
        errors => errors.iter().map(field_fault).collect(),
    }
}

fn field_fault(fault: &FieldFault) -> String {
    let (FaultySource::Pointer(path) | FaultySource::Parameter(path)) = &fault.source;
    let mut parts = path.trim_start_matches('/').split('/');
    let field = parts.next().unwrap_or_default().replace('_', " ");
    let place = parts.next().and_then(|at| at.parse::<usize>().ok());
    let place = place.map(|at| format!(" {}", at + 1)).unwrap_or_default();
    let mut letters = field.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}{place}: {}.", letters.as_str(), fault.detail)
}
