//! Whether permissions suffice.

use crate::permission::{asked::AskedPermission, held::Permission};

/// Whether any of the held permissions covers what is asked for. Both services decide by it.
///
/// ```
/// use shared_types::{AskedPermission, Permission, permits};
///
/// let held = ["logs:read:shop/web-*".parse::<Permission>()?];
/// assert!(permits(&held, &AskedPermission::on("logs:read", "shop", "web-1")));
/// assert!(!permits(&held, &AskedPermission::on("logs:read", "bank", "web-1")));
/// # Ok::<(), shared_types::InvalidPermission>(())
/// ```
pub fn permits<'a>(
    held: impl IntoIterator<Item = &'a Permission>,
    asked: &AskedPermission,
) -> bool {
    held.into_iter().any(|permission| permission.covers(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(held: &str, asked: &str, expected: bool) {
        let held: Permission = held.parse().unwrap();
        let asked: AskedPermission = asked.parse().unwrap();
        assert_eq!(permits([&held], &asked), expected, "{held} for {asked}");
    }

    #[test]
    fn everything_covers_everything() {
        check("*", "logs:read", true);
        check("*", "sso:admin", true);
        check("*", "logs:read:shop/web", true);
    }

    #[test]
    fn an_action_covers_every_resource_and_nothing_else() {
        check("logs:read", "logs:read", true);
        check("logs:read", "logs:read:shop/web", true);
        check("logs:read", "logs:write", false);
        check("logs:read", "logs:reads:shop/web", false);
    }

    #[test]
    fn an_action_asked_without_resource_wants_all_of_it() {
        check("logs:read:*/*", "logs:read", true);
        check("logs:read:shop/*", "logs:read", false);
        check("logs:read:*/web", "logs:read", false);
        check("logs:read:**/*", "logs:read", false);
        check("logs:write:*/*", "logs:read", false);
    }

    #[test]
    fn globs_stay_in_their_part_and_mind_case() {
        check("logs:read:shop/*", "logs:read:shop/web", true);
        check("logs:read:shop/*", "logs:read:bank/web", false);
        check("logs:read:shop/*", "logs:write:shop/web", false);
        check("logs:read:*/web", "logs:read:bank/web", true);
        check("logs:read:s*/w?b-*", "logs:read:shop/web-1", true);
        check("logs:read:s*/w?b-*", "logs:read:shop/wb-1", false);
        check("logs:read:shop/web", "logs:read:shop/Web", false);
        check("logs:read:shop/web", "logs:read:shop/web-1", false);
        check("logs:read:shop/*a*b", "logs:read:shop/xaxbxb", true);
        check("logs:read:shop/*a*b", "logs:read:shop/xaxbx", false);
    }
}
