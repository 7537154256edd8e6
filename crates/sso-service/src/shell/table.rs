//! Lists on standard output.

use std::io::{self, Write};

use chrono::{DateTime, Utc};

/// Prints columns as wide as their widest cell, two blanks apart.
pub(super) fn print_table<const COLUMNS: usize>(
    head: [&str; COLUMNS],
    rows: impl IntoIterator<Item = [String; COLUMNS]>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut table = vec![head.map(str::to_owned)];
    table.extend(rows);
    let width = |column: usize| table.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    for row in &table {
        let cells = row.iter().zip(widths);
        let line: Vec<String> = cells.map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", line.join("  ").trim_end())?;
    }
    Ok(())
}

/// Words in a cell.
pub(super) fn listed(words: &[String]) -> String {
    match words {
        [] => "-".to_owned(),
        words => words.join(","),
    }
}

/// A flag in a cell.
pub(super) fn yes_or_no(flag: bool) -> String {
    if flag { "yes" } else { "no" }.to_owned()
}

/// An instant in a cell, to the second.
pub(super) fn instant(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let mut out = Vec::new();
        let rows = [["alice", "a,b"], ["bob-the-builder", "-"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        print_table(["NAME", "ROLES"], rows, &mut out).unwrap();
        let expected = "\
NAME             ROLES
alice            a,b
bob-the-builder  -
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
