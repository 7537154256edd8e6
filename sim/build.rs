//! Compiles the layer below the random numbers of a simulation, for the test alone.

fn main() {
    println!("cargo::rerun-if-changed=randomness.c");
    for object in cc::Build::new().file("randomness.c").compile_intermediates() {
        println!("cargo::rustc-link-arg-tests={}", object.display());
    }
}
