//! The modules by themselves: types, lint, unit tests, and which module imports which.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use libtest_mimic::Trial;

use crate::installed::{javascript, program, trial};

const MODULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/logs-gateway/web");
const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/viewer");

/// The folders of the modules: each imports only from itself and from those after it.
const LAYERS: [&str; 6] = ["", "page", "view", "api", "model", "text"];

pub(crate) fn trials() -> Vec<Trial> {
    let unit_tests = |_| passes(Command::new("node").args(["--test", "unit/"]));
    vec![
        trial("modules::types_fit".to_owned(), javascript(), |libraries| check_types(&libraries)),
        trial("modules::lint_finds_nothing".to_owned(), javascript(), |libraries| lint(&libraries)),
        trial("modules::unit_tests_pass".to_owned(), program("node"), unit_tests),
        Trial::test("modules::imports_go_one_way", || {
            check_imports();
            Ok(())
        }),
    ]
}

fn check_types(libraries: &Path) {
    let compiler = libraries.join("node_modules/typescript/bin/tsc");
    passes(Command::new("node").arg(compiler).args(["--project", "tsconfig.json"]));
}

fn lint(libraries: &Path) {
    let mut command = Command::new("node");
    command.args(["--input-type=module", "-e", include_str!("lint.js"), "--", MODULES]);
    // Packages are resolved in the directory of the script.
    passes_in(command.current_dir(libraries));
}

#[track_caller]
fn passes(command: &mut Command) {
    passes_in(command.current_dir(TESTS));
}

#[track_caller]
fn passes_in(command: &mut Command) {
    let output = command.output().unwrap();
    let [printed, errors] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{printed}{errors}");
}

fn check_imports() {
    let modules = modules_below(Path::new(MODULES));
    assert!(modules.len() > 40, "{modules:?}");
    let mut imports: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
    for module in modules {
        let found = imports_of(&module);
        for imported in &found {
            let order = layer(&module).cmp(&layer(imported));
            assert!(order.is_le(), "{} imports {}", module.display(), imported.display());
        }
        imports.insert(module, found);
    }
    // Modules that import nothing that is left are taken away; what stays is a loop.
    while let Some(leaf) =
        imports.iter().find(|(_, found)| found.is_empty()).map(|(leaf, _)| leaf.clone())
    {
        imports.remove(&leaf);
        imports.values_mut().for_each(|found| found.retain(|imported| *imported != leaf));
    }
    assert!(imports.is_empty(), "modules import each other in a loop: {imports:#?}");
}

fn layer(module: &Path) -> usize {
    let folder = module.strip_prefix(MODULES).unwrap().parent().unwrap();
    LAYERS.iter().position(|layer| folder == Path::new(layer)).unwrap()
}

fn modules_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let modules = files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "js"));
    modules.chain(folders.iter().flat_map(|folder| modules_below(folder))).collect()
}

/// What a module imports when it runs; types are named in comments.
fn imports_of(module: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(module).unwrap();
    let lines = text.lines().filter(|line| line.starts_with("import "));
    let names = lines.filter_map(|line| line.split('\'').nth(1));
    names
        .map(|name| fs::canonicalize(module.parent().unwrap().join(name)).unwrap())
        .map(within)
        .collect()
}

/// The path below the folder of the modules, as the others have it.
fn within(path: PathBuf) -> PathBuf {
    let root = fs::canonicalize(MODULES).unwrap();
    path.strip_prefix(&root).map(|path| Path::new(MODULES).join(path)).unwrap_or(path)
}
