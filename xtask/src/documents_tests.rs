//! The documentation names tests and links to files; both must exist.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

/// The least number of words in the name of a test that a document quotes as evidence.
const WORDS_OF_A_TEST_NAME: usize = 3;

#[test]
fn every_test_that_the_security_document_names_exists() {
    let root = root();
    let sources = ["crates", "tests", "xtask", "bench"].map(|folder| root.join(folder));
    let sources: String =
        files_below(&sources, "rs").iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let document = fs::read_to_string(root.join("docs/security.md")).unwrap();
    let names: Vec<&str> = code_spans(&document).filter(|span| is_test_name(span)).collect();
    assert!(names.len() > 50, "{} names found", names.len());
    let missing: Vec<_> =
        names.iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "docs/security.md names tests that do not exist: {missing:#?}");
}

#[test]
fn every_relative_link_leads_to_a_file() {
    let root = root();
    let mut documents =
        files_below(&["docs", "deploy", "examples"].map(|folder| root.join(folder)), "md");
    documents.extend(markdown_in(&root));
    let mut missing = Vec::new();
    for document in &documents {
        let text = fs::read_to_string(document).unwrap();
        for target in link_targets(&text).filter(|target| !target.contains(':')) {
            let path = target.split('#').next().unwrap();
            if !path.is_empty() && !document.parent().unwrap().join(path).exists() {
                missing.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert!(missing.is_empty(), "links lead nowhere: {missing:#?}");
}

/// Another team reads them before it copies them.
#[test]
fn every_source_file_of_the_examples_is_under_40_lines() {
    let examples = [root().join("examples")];
    let is_source = |path: &PathBuf| !path.components().any(|part| is_installed(part.as_os_str()));
    let sources = ["js", "py", "rs", "sh"].map(|extension| files_below(&examples, extension));
    let sources: Vec<PathBuf> = sources.into_iter().flatten().filter(is_source).collect();
    assert!(sources.len() >= 5, "{sources:?}");
    for source in sources {
        let lines = fs::read_to_string(&source).unwrap().lines().count();
        assert!(lines < 40, "{}: {lines} lines", source.display());
    }
}

/// Whether a user of the examples installed libraries into a folder of this name.
fn is_installed(folder: &OsStr) -> bool {
    folder == "node_modules" || folder == ".venv"
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn markdown_in(folder: &Path) -> Vec<PathBuf> {
    entries(folder).filter(|path| path.is_file() && has_extension(path, "md")).collect()
}

/// Files with this extension in the folders and in all folders below; a folder that does not exist
/// holds none.
fn files_below(folders: &[PathBuf], extension: &str) -> Vec<PathBuf> {
    let mut waiting = folders.to_vec();
    let mut files = Vec::new();
    while let Some(folder) = waiting.pop() {
        for path in entries(&folder) {
            if path.is_dir() {
                waiting.push(path);
            } else if has_extension(&path, extension) {
                files.push(path);
            }
        }
    }
    files
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path())
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension() == Some(OsStr::new(extension))
}

/// The texts between backticks of a document without nested fences.
fn code_spans(document: &str) -> impl Iterator<Item = &str> {
    document.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

fn is_test_name(span: &str) -> bool {
    span.split('_').count() >= WORDS_OF_A_TEST_NAME
        && span.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// The targets of Markdown's inline links.
fn link_targets(document: &str) -> impl Iterator<Item = &str> {
    document.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}
