//! A new migration alone must make a new binary: they are embedded.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
