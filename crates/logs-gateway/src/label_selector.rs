//! Selectors of labels (`apimachinery/pkg/labels`).

/// A selector of labels. All of its requirements must match.
#[derive(Debug, Clone, Default)]
pub(crate) struct LabelSelector(Vec<Requirement>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Operator {
    Exists,
    DoesNotExist,
    In(Vec<String>),
    NotIn(Vec<String>),
    GreaterThan(i64),
    LessThan(i64),
}

impl LabelSelector {
    /// Parses `a=b,c!=d,e in (f,g),h notin (i),j,!k,l>1`.
    ///
    /// # Errors
    /// With the token found and the tokens expected.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { tokens: tokens(text), next: 0 };
        let mut requirements = Vec::new();
        if parser.peek().is_empty() {
            return Ok(Self(requirements));
        }
        loop {
            if !is_key(parser.peek()) && parser.peek() != "!" {
                let expected = match requirements.is_empty() {
                    true => "!, identifier, or 'end of string'",
                    false => "identifier after ','",
                };
                return Err(parser.expected(expected));
            }
            requirements.push(parser.requirement()?);
            match parser.take() {
                "" => return Ok(Self(requirements)),
                "," => {}
                found => return Err(format!("found '{found}', expected: ',' or 'end of string'")),
            }
        }
    }

    /// Whether an object matches. `label` looks up the value of a label.
    pub(crate) fn matches<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|Requirement { key, operator }| {
            let value = label(key);
            let is_among = |values: &[String]| {
                value.is_some_and(|value| values.iter().any(|other| other == value))
            };
            let number = || value.and_then(|value| value.parse::<i64>().ok());
            match operator {
                Operator::Exists => value.is_some(),
                Operator::DoesNotExist => value.is_none(),
                Operator::In(values) => is_among(values),
                Operator::NotIn(values) => !is_among(values),
                Operator::GreaterThan(bound) => number().is_some_and(|number| number > *bound),
                Operator::LessThan(bound) => number().is_some_and(|number| number < *bound),
            }
        })
    }
}

struct Parser<'a> {
    tokens: Vec<&'a str>,
    next: usize,
}

impl<'a> Parser<'a> {
    /// The next token; nothing at the end.
    fn peek(&self) -> &'a str {
        self.tokens.get(self.next).copied().unwrap_or_default()
    }

    fn take(&mut self) -> &'a str {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn expected(&self, what: &str) -> String {
        format!("found '{}', expected: {what}", self.peek())
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let is_negated = self.peek() == "!";
        self.next += usize::from(is_negated);
        if !is_key(self.peek()) {
            return Err(self.expected("identifier"));
        }
        let key = self.take().to_owned();
        if is_negated {
            return Ok(Requirement { key, operator: Operator::DoesNotExist });
        }
        let operator = match self.peek() {
            "" | "," => Operator::Exists,
            "=" | "==" => Operator::In(vec![self.value()]),
            "!=" => Operator::NotIn(vec![self.value()]),
            "in" => Operator::In(self.values()?),
            "notin" => Operator::NotIn(self.values()?),
            ">" => Operator::GreaterThan(self.number()?),
            "<" => Operator::LessThan(self.number()?),
            _ => return Err(self.expected("in, notin, =, ==, !=, gt, lt")),
        };
        Ok(Requirement { key, operator })
    }

    /// A value, which may be empty: `a=` and `a=,b`.
    fn value(&mut self) -> String {
        self.next += 1;
        if is_key(self.peek()) { self.take().to_owned() } else { String::new() }
    }

    fn number(&mut self) -> Result<i64, String> {
        let value = self.value();
        let fault = "for 'Gt', 'Lt' operators, the value must be an integer";
        value.parse().map_err(|_| fault.to_owned())
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        self.next += 1;
        if self.take() != "(" {
            self.next -= 1;
            return Err(self.expected("'('"));
        }
        let mut values = vec![String::new()];
        loop {
            match self.take() {
                ")" => return Ok(values),
                "," => values.push(String::new()),
                word if is_key(word) => {
                    if let Some(last) = values.last_mut() {
                        word.clone_into(last);
                    }
                }
                found => return Err(format!("found '{found}', expected: ',', ')' or identifier")),
            }
        }
    }
}

fn is_special(byte: u8) -> bool {
    b"=!(),<>".contains(&byte)
}

fn is_key(token: &str) -> bool {
    token.bytes().next().is_some_and(|first| !is_special(first))
}

fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b'=' | b'!' if rest[1..].starts_with('=') => 2,
            first if is_special(first) => 1,
            _ => rest
                .find(|letter: char| {
                    letter.is_whitespace() || letter.is_ascii() && is_special(letter as u8)
                })
                .unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(name: &str) -> Option<&'static str> {
        match name {
            "app" => Some("web"),
            "example.com/tier" => Some("front"),
            "weight" => Some("5"),
            "empty" => Some(""),
            _ => None,
        }
    }

    #[test]
    fn every_requirement_of_a_selector_must_match() {
        for (selector, expected) in [
            ("", true),
            ("app", true),
            ("!app", false),
            ("app=web", true),
            ("app == web , example.com/tier=front", true),
            ("app=web,example.com/tier=back", false),
            ("app!=web", false),
            ("nothing!=web", true),
            ("app in (web, cart)", true),
            ("app in (cart)", false),
            ("app notin (cart)", true),
            ("nothing notin (cart)", true),
            ("!nothing", true),
            ("weight>4", true),
            ("weight<5", false),
            ("empty=", true),
            ("app in ()", false),
            ("empty in (,x)", true),
        ] {
            assert_eq!(
                LabelSelector::parse(selector).unwrap().matches(label),
                expected,
                "{selector}"
            );
        }
    }

    #[test]
    fn an_invalid_label_selector_fails_in_the_api_servers_words() {
        for (selector, expected) in [
            ("==", "found '==', expected: !, identifier, or 'end of string'"),
            ("a,", "found '', expected: identifier after ','"),
            ("a b", "found 'b', expected: in, notin, =, ==, !=, gt, lt"),
            ("a=b c", "found 'c', expected: ',' or 'end of string'"),
            ("a in b", "found 'b', expected: '('"),
        ] {
            assert_eq!(LabelSelector::parse(selector).unwrap_err(), expected);
        }
    }
}
