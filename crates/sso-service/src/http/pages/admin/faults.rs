//! What is wrong with a form, in words.

use actix_web::ResponseError;
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

/// Whether the form may be accepted when it is sent again, with corrections or a moment later.
pub(super) fn can_be_sent_again(problem: &Problem) -> bool {
    !problem.status_code().is_server_error() || problem.code() == "busy"
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{store::Unavailable, users::HashError};

    #[test]
    fn a_form_is_shown_again_unless_the_service_fails() {
        for (problem, is_shown) in [
            (Problem::not_found("not_found", "No such user."), true),
            (HashError::Busy.into(), true),
            (Unavailable::Silent.into(), false),
        ] {
            assert_eq!(can_be_sent_again(&problem), is_shown, "{}", problem.code());
        }
    }
}
