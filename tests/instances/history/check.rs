//! The check of a history. A change is in force at every instance once it is answered, and before
//! that either state may be seen. A change without an answer may be made at any time. "Unknown" is
//! always allowed.

use std::{fmt, time::Instant};

use super::{
    index::Changes,
    record::{Change, ChangeRecord, History, Told, Validation},
};

/// How many faults a report shows.
const SHOWN: usize = 5;

/// A history without a fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) changes: usize,
    /// Changes without an answer.
    pub(crate) open: usize,
    pub(crate) yes: usize,
    pub(crate) no: usize,
    pub(crate) unknown: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { changes, open, yes, no, unknown } = self;
        write!(f, "{changes} changes ({open} open), {yes} yes, {no} no, {unknown} unknown")
    }
}

/// What an answer should not have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Yes, after the end was answered.
    Stale,
    /// No, after the beginning was answered and without an end.
    Lost,
    /// The permission is another one than the last that was answered.
    WrongPermission,
}

impl History {
    /// # Panics
    /// When an answer does not fit, with the first faults.
    #[track_caller]
    pub(crate) fn check(&self) -> Summary {
        let changes = self.changes.lock().unwrap();
        let validations = self.validations.lock().unwrap();
        let faults = faults(&changes, &validations);
        let shown: Vec<_> = faults.iter().take(SHOWN).map(ToString::to_string).collect();
        assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), shown.join("\n"));
        let mut summary = Summary { changes: changes.len(), ..Summary::default() };
        summary.open = changes.iter().filter(|change| change.answered.is_none()).count();
        for validation in &*validations {
            match validation.told {
                Told::Yes { .. } => summary.yes += 1,
                Told::No => summary.no += 1,
                Told::Unknown => summary.unknown += 1,
            }
        }
        summary
    }
}

/// A validation that does not fit, and the changes that should explain it.
#[derive(Debug)]
pub(super) struct Misfit {
    pub(super) fault: Fault,
    validation: Validation,
    changes: Vec<ChangeRecord>,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault, validation, changes } = self;
        let instance = validation.instance;
        write!(f, "{fault:?} at instance {instance}: {validation:?} after {changes:#?}")
    }
}

/// All validations that do not fit.
pub(super) fn faults(changes: &[ChangeRecord], validations: &[Validation]) -> Vec<Misfit> {
    let changes = Changes::new(changes);
    let misfit = |validation: &Validation| {
        let fault = fault(&changes, validation)?;
        let ends = changes.possible_ends(validation.token);
        let permissions = changes.of_permission(validation.token.user);
        let changes = ends.chain(permissions).copied().collect();
        Some(Misfit { fault, validation: *validation, changes })
    };
    validations.iter().filter_map(misfit).collect()
}

fn fault(changes: &Changes, validation: &Validation) -> Option<Fault> {
    match validation.told {
        Told::Yes { .. } if is_stale(changes, validation) => Some(Fault::Stale),
        Told::Yes { permitted } => {
            let possible = may_report(changes.of_permission(validation.token.user), validation);
            (!possible.contains(&permitted)).then_some(Fault::WrongPermission)
        }
        Told::No => is_lost(changes, validation).then_some(Fault::Lost),
        Told::Unknown => None,
    }
}

fn is_stale(changes: &Changes, validation: &Validation) -> bool {
    let over = |end: &ChangeRecord| answered_by(end, validation.began);
    changes.ends(validation.token).any(over)
}

fn is_lost(changes: &Changes, validation: &Validation) -> bool {
    let begun = changes.begun(validation.token).is_some_and(|begun| begun <= validation.began);
    let asked = |end: &ChangeRecord| end.began <= validation.ended;
    begun && !changes.possible_ends(validation.token).any(asked)
}

/// What a validation may report of a permission that one client changes, one change after the
/// other: the last answered change, and all whose answer was not there yet.
fn may_report(permission: &[ChangeRecord], validation: &Validation) -> Vec<bool> {
    let given = |change: &ChangeRecord| matches!(change.change, Change::Give(_));
    let answered = permission.iter().filter(|change| answered_by(change, validation.began));
    let last = answered.max_by_key(|change| change.began).is_some_and(given);
    let open = permission.iter().filter(|change| {
        change.began <= validation.ended && !answered_by(change, validation.began)
    });
    [last].into_iter().chain(open.map(given)).collect()
}

fn answered_by(change: &ChangeRecord, instant: Instant) -> bool {
    change.answered.is_some_and(|answered| answered <= instant)
}
