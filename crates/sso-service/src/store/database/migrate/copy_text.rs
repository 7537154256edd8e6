//! Rows in the text format of `COPY`, byte by byte as PostgreSQL writes them: a line for each row,
//! tabs between the values (PostgreSQL, "COPY", "Text Format").

use std::io::Write;

use sqlx::{Row, sqlite::SqliteRow};

/// The type of a column.
#[derive(Debug, Clone, Copy)]
pub(super) enum ColumnType {
    Boolean,
    Integer,
    Text,
    Bytes,
}

/// Adds a row.
///
/// # Errors
/// When a value is of another type.
pub(super) fn write_row(
    row: &SqliteRow,
    columns: &[ColumnType],
    line: &mut Vec<u8>,
) -> Result<(), sqlx::Error> {
    for (place, column) in columns.iter().enumerate() {
        if place > 0 {
            line.push(b'\t');
        }
        match column {
            ColumnType::Boolean => write_or_null(row.try_get(place)?, line, write_boolean),
            ColumnType::Integer => write_or_null(row.try_get(place)?, line, write_integer),
            ColumnType::Text => write_or_null(row.try_get(place)?, line, write_text),
            ColumnType::Bytes => write_or_null(row.try_get(place)?, line, write_bytes),
        }
    }
    line.push(b'\n');
    Ok(())
}

fn write_or_null<T>(value: Option<T>, line: &mut Vec<u8>, write: fn(T, &mut Vec<u8>)) {
    match value {
        Some(value) => write(value, line),
        None => line.extend_from_slice(b"\\N"),
    }
}

fn write_boolean(value: bool, line: &mut Vec<u8>) {
    line.push(if value { b't' } else { b'f' });
}

fn write_integer(value: i64, line: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = write!(line, "{value}");
}

fn write_text(value: &str, line: &mut Vec<u8>) {
    for byte in value.bytes() {
        let escaped = match byte {
            b'\\' => b'\\',
            8 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            11 => b'v',
            12 => b'f',
            b'\r' => b'r',
            _ => {
                line.push(byte);
                continue;
            }
        };
        line.extend_from_slice(&[b'\\', escaped]);
    }
}

fn write_bytes(value: &[u8], line: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    line.extend_from_slice(b"\\\\x");
    for byte in value {
        line.push(DIGITS[usize::from(byte >> 4)]);
        line.push(DIGITS[usize::from(byte & 15)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> String {
        let mut line = Vec::new();
        write_text(value, &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn text_has_neither_tabs_nor_line_ends() {
        assert_eq!(text("a\tb\nc\\d\r\u{8}\u{b}\u{c}"), r"a\tb\nc\\d\r\b\v\f");
        assert_eq!(text("grün \u{1f}"), "grün \u{1f}");
    }

    #[test]
    fn bytes_are_hexadecimal() {
        let mut line = Vec::new();
        write_bytes(&[0, 0x5c, 0xff], &mut line);
        assert_eq!(line, br"\\x005cff");
    }
}
