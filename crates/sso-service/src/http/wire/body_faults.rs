//! What is wrong with the members of a body.

use std::{borrow::Cow, fmt, ops::RangeInclusive, str::FromStr};

use shared_types::{FaultySource, FieldFault};
use zeroize::Zeroizing;

use super::member::{JsonType, Member};

/// A list of texts, of which each item has its own fault.
pub(in crate::http) type TextList = Vec<Member<String>>;

/// The faults of a request whose body is well-formed JSON with known members.
///
/// It takes the members one by one. `None` in place of a value is a fault that was recorded, or the
/// absence of an optional member. Texts are wiped from memory once they are parsed.
#[derive(Debug, Default)]
pub(in crate::http) struct BodyFaults(Vec<FieldFault>);

impl BodyFaults {
    /// Parses the text of a required member.
    pub(in crate::http) fn required<T>(&mut self, name: &str, member: Member<String>) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let text = self.required_text(name, member)?;
        self.parse(name, &text)
    }

    /// Takes the text of a required member as it is.
    pub(in crate::http) fn required_text(
        &mut self,
        name: &str,
        member: Member<String>,
    ) -> Option<Zeroizing<String>> {
        self.present(name, member).map(Zeroizing::new)
    }

    /// Parses the text of an optional member, which must not be null.
    pub(in crate::http) fn optional<T>(&mut self, name: &str, member: Member<String>) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let text = self.optional_text(name, member)?;
        self.parse(name, &text)
    }

    /// Takes the text of an optional member as it is.
    pub(in crate::http) fn optional_text(
        &mut self,
        name: &str,
        member: Member<String>,
    ) -> Option<Zeroizing<String>> {
        self.if_present(name, member).map(Zeroizing::new)
    }

    /// Parses the text of an optional member. The inner `None` is a null.
    pub(in crate::http) fn nullable<T>(
        &mut self,
        name: &str,
        member: Member<String>,
    ) -> Option<Option<T>>
    where
        T: FromStr<Err: fmt::Display>,
    {
        match member {
            Member::Null => Some(None),
            member => self.optional(name, member).map(Some),
        }
    }

    /// Takes an optional flag.
    pub(in crate::http) fn optional_flag(
        &mut self,
        name: &str,
        member: Member<bool>,
    ) -> Option<bool> {
        self.if_present(name, member)
    }

    /// Parses each text of a required list. Faulty items are left out.
    pub(in crate::http) fn required_list<T>(
        &mut self,
        name: &str,
        member: Member<TextList>,
    ) -> Option<Vec<T>>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let items = self.present(name, member)?;
        Some(self.parse_items(name, items))
    }

    /// Parses each text of an optional list. Faulty items are left out.
    pub(in crate::http) fn optional_list<T>(
        &mut self,
        name: &str,
        member: Member<TextList>,
    ) -> Option<Vec<T>>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let items = self.if_present(name, member)?;
        Some(self.parse_items(name, items))
    }

    /// Takes the texts of a required list of 1 to `max` items. Faulty items are left out.
    pub(in crate::http) fn required_texts(
        &mut self,
        name: &str,
        member: Member<TextList>,
        max: usize,
    ) -> Option<Vec<Zeroizing<String>>> {
        let items = self.present(name, member)?;
        if !(1..=max).contains(&items.len()) {
            self.refuse(name, format!("must have 1 to {max} items"));
            return None;
        }
        let items = items.into_iter().enumerate();
        let text = |(at, item)| self.required_text(&format!("{name}/{at}"), item);
        Some(items.filter_map(text).collect())
    }

    /// Checks the number of items of a list.
    pub(in crate::http) fn bounded<T>(
        &mut self,
        name: &str,
        list: Option<Vec<T>>,
        bounds: RangeInclusive<usize>,
    ) -> Option<Vec<T>> {
        let list = list?;
        if !bounds.contains(&list.len()) && !self.has_faults_of(name) {
            let (least, most) = (bounds.start(), bounds.end());
            self.refuse(name, format!("must have {least} to {most} items"));
        }
        Some(list)
    }

    /// Refuses a member that only a new thing may have.
    pub(in crate::http) fn fixed<T>(&mut self, name: &str, member: &Member<T>) {
        if !matches!(member, Member::Absent) {
            self.refuse(name, "cannot be changed");
        }
    }

    /// Parses a parameter of the path.
    pub(in crate::http) fn path_parameter<T>(&mut self, name: &str, text: &str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let parsed = text.parse();
        if let Err(fault) = &parsed {
            let source = FaultySource::Parameter(name.to_owned());
            self.0.push(FieldFault { source, detail: T::Err::to_string(fault).into() });
        }
        parsed.ok()
    }

    /// Gives the value that was made of the members, if there was no fault.
    ///
    /// # Errors
    /// All faults.
    pub(in crate::http) fn finish<T>(self, value: impl FnOnce() -> Option<T>) -> Result<T, Self> {
        match value() {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self),
        }
    }

    /// The recorded faults, in the order of the members.
    pub(in crate::http) fn into_faults(self) -> Vec<FieldFault> {
        self.0
    }

    /// Whether an item of this list is refused already.
    fn has_faults_of(&self, name: &str) -> bool {
        let items = format!("/{name}/");
        self.0.iter().any(|fault| {
            matches!(&fault.source, FaultySource::Pointer(path) if path.starts_with(&items))
        })
    }

    fn present<T: JsonType>(&mut self, name: &str, member: Member<T>) -> Option<T> {
        if matches!(member, Member::Absent) {
            self.refuse(name, "is required");
        }
        self.if_present(name, member)
    }

    fn if_present<T: JsonType>(&mut self, name: &str, member: Member<T>) -> Option<T> {
        match member {
            Member::Value(value) => Some(value),
            Member::Absent => None,
            Member::Null | Member::WrongType => {
                self.refuse(name, T::FAULT);
                None
            }
        }
    }

    fn parse_items<T>(&mut self, name: &str, items: TextList) -> Vec<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let items = items.into_iter().enumerate();
        items.filter_map(|(at, item)| self.required(&format!("{name}/{at}"), item)).collect()
    }

    fn parse<T>(&mut self, name: &str, text: &str) -> Option<T>
    where
        T: FromStr<Err: fmt::Display>,
    {
        text.parse().map_err(|fault: T::Err| self.refuse(name, fault.to_string())).ok()
    }

    fn refuse(&mut self, name: &str, detail: impl Into<Cow<'static, str>>) {
        self.0.push(member_fault(name, detail));
    }
}

/// A fault of the member at this path of the body.
pub(in crate::http) fn member_fault(
    path: &str,
    detail: impl Into<Cow<'static, str>>,
) -> FieldFault {
    FieldFault { source: FaultySource::Pointer(format!("/{path}")), detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Member<String> {
        Member::Value(text.to_owned())
    }

    #[track_caller]
    fn check(faults: BodyFaults, expected: &[&str]) {
        let found = faults.into_faults().into_iter().map(|fault| match fault.source {
            FaultySource::Pointer(at) | FaultySource::Parameter(at) => at,
        });
        assert_eq!(found.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_faulty_member_is_named() {
        let mut faults = BodyFaults::default();
        assert_eq!(faults.required::<u8>("a", text("1")), Some(1));
        assert_eq!(faults.required::<u8>("b", Member::Absent), None);
        assert_eq!(faults.required::<u8>("c", Member::Null), None);
        assert_eq!(faults.required::<u8>("d", text("x")), None);
        assert_eq!(faults.optional::<u8>("e", Member::Absent), None);
        assert_eq!(faults.optional::<u8>("f", Member::Null), None);
        assert_eq!(faults.optional_flag("g", Member::WrongType), None);
        assert_eq!(faults.nullable::<u8>("h", Member::Null), Some(None));
        assert_eq!(faults.nullable::<u8>("i", text("256")), None);
        assert_eq!(faults.path_parameter::<u8>("j", "x"), None);
        check(faults, &["/b", "/c", "/d", "/f", "/g", "/i", "j"]);
    }

    #[test]
    fn every_faulty_item_is_named() {
        let mut faults = BodyFaults::default();
        let items = || Member::Value(vec![text("1"), Member::WrongType, text("x"), text("4")]);
        assert_eq!(faults.required_list::<u8>("a", items()), Some(vec![1, 4]));
        assert_eq!(faults.optional_list::<u8>("b", Member::Absent), None);
        assert_eq!(faults.required_texts("c", items(), 3), None);
        assert_eq!(faults.required_texts("d", Member::Value(Vec::new()), 3), None);
        assert_eq!(faults.required_texts("e", items(), 4).unwrap().len(), 3);
        check(faults, &["/a/1", "/a/2", "/c", "/d", "/e/1"]);
    }

    #[test]
    fn a_value_is_given_only_without_a_fault() {
        assert_eq!(BodyFaults::default().finish(|| Some(1)).unwrap(), 1);
        let mut faults = BodyFaults::default();
        faults.optional_flag("a", Member::WrongType);
        check(faults.finish(|| Some(1)).unwrap_err(), &["/a"]);
    }
}
