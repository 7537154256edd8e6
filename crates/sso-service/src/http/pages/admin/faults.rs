//! What is wrong with a form, in words.

use service_runtime::http::Problem;
use shared_types::{FaultySource, FieldFault};

use crate::{http::wire::body_faults::member_fault, users::PasswordFault};

/// Everything that is wrong, in words: a fault of each field, else what the problem says.
pub(super) fn faults(problem: &Problem) -> Vec<String> {
    match problem.errors() {
        [] => vec![problem.detail().to_owned()],
        errors => errors.iter().map(field_fault).collect(),
    }
}

/// The problem of a form, with what is wrong with its password as well.
pub(super) fn with_password_fault(problem: Problem, fault: Option<PasswordFault>) -> Problem {
    let Some(fault) = fault else { return problem };
    let mut faults = problem.errors().to_vec();
    faults.push(member_fault("password", fault.to_string()));
    problem.with_errors(faults)
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
