//! Random parts of lines.

use fastrand::Rng;

/// A random item of these.
pub(super) fn pick(rng: &mut Rng, of: &[&'static str]) -> &'static str {
    of[rng.usize(..of.len())]
}

/// Hexadecimal digits.
pub(super) fn hex(rng: &mut Rng, digits: usize) -> String {
    (0..digits).map(|_| rng.digit(16)).collect()
}

/// A random UUID (RFC 9562, version 4).
pub(crate) fn uuid(rng: &mut Rng) -> String {
    let (first, second, third, fourth) = (hex(rng, 8), hex(rng, 4), hex(rng, 3), hex(rng, 3));
    let variant = pick(rng, &["8", "9", "a", "b"]);
    format!("{first}-{second}-4{third}-{variant}{fourth}-{}", hex(rng, 12))
}
