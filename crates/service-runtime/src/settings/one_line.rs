//! Values that stand in files, or come from the shell: one line, and nothing invisible around it.

/// The value in the content of a file: without one line end after it, which editors and `echo` add.
///
/// # Errors
/// When there is a byte order mark before the value, or another line end in it: neither is ever
/// meant, and a password with one could not be typed. The message says how to write the file.
pub(crate) fn one_line(content: &str) -> Result<&str, &'static str> {
    let value = content.strip_suffix('\n').unwrap_or(content);
    let value = value.strip_suffix('\r').unwrap_or(value);
    if value.starts_with('\u{feff}') {
        return Err("begins with a byte order mark (BOM); write the value as plain UTF-8, as \
                    printf '%s' 'VALUE' > FILE does");
    }
    if value.contains(['\n', '\r']) {
        return Err("has more than one line; write the value as a single line, as \
                    printf '%s' 'VALUE' > FILE does");
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_not_part_of_a_value() {
        for (content, value) in [
            ("a b", "a b"),
            ("a b\n", "a b"),
            ("a b\r\n", "a b"),
            (" a ", " a "),
            ("", ""),
            ("\n", ""),
        ] {
            assert_eq!(one_line(content), Ok(value), "{content:?}");
        }
    }

    #[test]
    fn several_lines_or_a_byte_order_mark_are_refused() {
        for (content, fault) in [
            ("a\n\n", "more than one line"),
            ("a\r\n\r\n", "more than one line"),
            ("a\nb", "more than one line"),
            ("\na", "more than one line"),
            ("\u{feff}a\n", "byte order mark"),
        ] {
            let told = one_line(content).unwrap_err();
            assert!(told.contains(fault) && told.contains("printf"), "{content:?}: {told}");
        }
    }
}
