//! Selectors of fields (`apimachinery/pkg/fields`).

/// A selector of fields. All of its terms must match.
#[derive(Debug, Default)]
pub(in crate::http::kubernetes) struct FieldSelector(Vec<Term>);

#[derive(Debug)]
struct Term {
    field: String,
    value: String,
    is_negated: bool,
}

impl FieldSelector {
    /// Parses `metadata.name=web,status.phase!=Failed`. `fields` are the supported ones.
    ///
    /// # Errors
    /// When a field is not supported, or a term cannot be read.
    pub(in crate::http::kubernetes) fn parse(text: &str, fields: &[&str]) -> Result<Self, String> {
        let mut terms = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (field, value, is_negated) = split_term(part)
                .ok_or_else(|| format!("invalid selector: '{text}'; can't understand '{part}'"))?;
            if !fields.contains(&field) {
                return Err(format!("field label not supported: {field}"));
            }
            terms.push(Term { field: field.to_owned(), value: value.to_owned(), is_negated });
        }
        Ok(Self(terms))
    }

    /// Whether an object matches. `field` looks up a field; an unset one is empty.
    pub(in crate::http::kubernetes) fn matches<'a>(&self, field: impl Fn(&str) -> &'a str) -> bool {
        self.0.iter().all(|term| (field(&term.field) == term.value) != term.is_negated)
    }
}

fn split_term(part: &str) -> Option<(&str, &str, bool)> {
    for (operator, is_negated) in [("!=", true), ("==", false), ("=", false)] {
        if let Some((field, value)) = part.split_once(operator) {
            return Some((field, value, is_negated));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_compared() {
        let field = |name: &str| if name == "metadata.name" { "web" } else { "" };
        let fields = ["metadata.name", "spec.nodeName"];
        for (selector, expected) in [
            ("", true),
            ("metadata.name=web", true),
            ("metadata.name==cart", false),
            ("metadata.name!=cart,spec.nodeName=", true),
        ] {
            let parsed = FieldSelector::parse(selector, &fields).unwrap();
            assert_eq!(parsed.matches(field), expected, "{selector}");
        }
        let fault = FieldSelector::parse("status.foo=1", &fields).unwrap_err();
        assert_eq!(fault, "field label not supported: status.foo");
    }
}
