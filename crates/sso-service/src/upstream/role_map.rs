//! The roles of values of a claim.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

use serde::Deserialize;

use crate::users::RoleName;

/// The roles of values of a claim: `SSO_OIDC_ROLES`.
#[derive(Debug, Clone)]
pub(crate) struct RoleMap(BTreeMap<String, Vec<String>>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl RoleMap {
    /// The roles of a user whose claim has these values, sorted. Other values give none.
    pub(super) fn roles_of(&self, values: &[String]) -> Vec<String> {
        let roles: BTreeSet<_> =
            values.iter().filter_map(|value| self.0.get(value)).flatten().collect();
        roles.into_iter().cloned().collect()
    }
}

impl FromStr for RoleMap {
    type Err = &'static str;

    /// A JSON object from values to a role or a list of roles.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let object = "must be a JSON object like {\"ops\":[\"admin\"],\"dev\":\"reader\"}";
        let parsed: BTreeMap<String, OneOrMany> = serde_json::from_str(text).map_err(|_| object)?;
        let mut map = BTreeMap::new();
        for (value, roles) in parsed {
            let roles = match roles {
                OneOrMany::One(role) => vec![role],
                OneOrMany::Many(roles) => roles,
            };
            let roles: Result<Vec<RoleName>, _> = roles.iter().map(|role| role.parse()).collect();
            let roles = roles.map_err(|_| "has a value that is no name of a role")?;
            map.insert(value, roles.iter().map(ToString::to_string).collect());
        }
        Ok(Self(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_claim_give_roles() {
        let map: RoleMap = r#"{"ops":["admin","reader"],"dev":"reader"}"#.parse().unwrap();
        let roles = |values: &[&str]| {
            map.roles_of(&values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(roles(&["dev", "ops", "other"]), ["admin", "reader"]);
        assert!(roles(&["other", "Dev"]).is_empty());
        for text in ["", "[]", "x", r#"{"a":1}"#, r#"{"a":["no role!"]}"#] {
            assert!(text.parse::<RoleMap>().is_err(), "{text}");
        }
    }
}
