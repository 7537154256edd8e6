//! The numbers of the migrations. A number that two branches took would be noticed only by a
//! database that has one of the two.

use std::{fs, path::Path};

/// The names of the files, in order.
fn migrations(dialect: &str) -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(dialect);
    let files = fs::read_dir(directory).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}

#[test]
fn the_numbers_of_migrations_are_unique_and_dense() {
    for dialect in ["sqlite", "postgres"] {
        let names = migrations(dialect);
        assert!(!names.is_empty(), "{dialect}");
        for (at, name) in names.iter().enumerate() {
            let number = format!("{:04}_", at + 1);
            assert!(name.starts_with(&number) && name.ends_with(".sql"), "{dialect}: {names:?}");
        }
    }
}
