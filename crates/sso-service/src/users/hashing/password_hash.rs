//! Password hashes: argon2id, as PHC strings.

use std::fmt;

use argon2::{
    ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{self, Output, ParamsString, Salt},
};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::users::password::Password;

/// In KiB; OWASP's first recommendation for argon2id, with the two numbers below.
const MEMORY_COST: u32 = 19_456;
const TIME_COST: u32 = 2;
const PARALLELISM: u32 = 1;
const OUTPUT_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
/// The most memory that a hash in the database may ask for, in blocks of 1 KiB: 1 GiB.
const MAX_BLOCKS: usize = 1 << 20;

/// Has the present parameters and is the hash of nothing anyone knows: 256 bits that were not
/// computed from any password. The password of an unknown user is compared with it.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IG93bnMgdGhpcw$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A PHC string. Never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash(String);

impl PasswordHash {
    /// A hash that was stored.
    pub(crate) fn stored(phc: String) -> Self {
        Self(phc)
    }

    /// The hash that no password has, and that costs as much to compare with as any.
    pub(crate) fn dummy() -> Self {
        Self(DUMMY.to_owned())
    }

    /// The string to store.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// The 19 MiB that a hash is computed in, taken when first needed and used again: faster, and
/// bounded by the number of threads rather than of requests.
#[derive(Default)]
pub(crate) struct HashMemory(Vec<Block>);

impl HashMemory {
    fn blocks(&mut self, params: &Params) -> &mut [Block] {
        let needed = params.block_count();
        if self.0.len() < needed {
            self.0.resize(needed, Block::default());
        }
        &mut self.0
    }
}

/// How a password compares with a hash.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PasswordVerdict {
    /// It is another one.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, and the hash was made with other parameters than are used now: here is a
    /// new hash of it.
    RightWithNewHash(PasswordHash),
}

/// Hashes a new password.
///
/// # Errors
/// When the operating system has no randomness for the salt.
pub(crate) fn hash_password(
    password: &Password,
    memory: &mut HashMemory,
) -> Result<PasswordHash, HashFault> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt)?;
    let params = present_params()?;
    let mut output = Zeroizing::new([0; OUTPUT_BYTES]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_into_with_memory(
            password.as_bytes(),
            &salt,
            &mut output[..],
            memory.blocks(&params),
        )?;
    let phc = phc::PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(Salt::new(&salt)?),
        hash: Some(Output::new(&output[..])?),
    };
    Ok(PasswordHash(phc.to_string()))
}

/// Compares a password with a hash, in a time that depends on neither.
///
/// # Errors
/// When the hash is no PHC string of argon2, or asks for more memory than is reasonable.
pub(crate) fn verify(
    password: &Password,
    hash: &PasswordHash,
    memory: &mut HashMemory,
) -> Result<PasswordVerdict, HashFault> {
    let stored = Stored::parse(hash)?;
    let mut output = Zeroizing::new(vec![0; stored.output.len()]);
    Argon2::new(stored.algorithm, stored.version, stored.params.clone())
        .hash_password_into_with_memory(
            password.as_bytes(),
            &stored.salt,
            &mut output,
            memory.blocks(&stored.params),
        )?;
    if !bool::from(output.as_slice().ct_eq(stored.output.as_bytes())) {
        Ok(PasswordVerdict::Wrong)
    } else if stored.is_of_today() {
        Ok(PasswordVerdict::Right)
    } else {
        hash_password(password, memory).map(PasswordVerdict::RightWithNewHash)
    }
}

fn present_params() -> Result<Params, argon2::Error> {
    Params::new(MEMORY_COST, TIME_COST, PARALLELISM, Some(OUTPUT_BYTES))
}

/// A PHC string taken apart.
struct Stored {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Salt,
    output: Output,
}

impl Stored {
    fn parse(hash: &PasswordHash) -> Result<Self, HashFault> {
        let phc = phc::PasswordHash::new(&hash.0)?;
        let params = Params::try_from(&phc)?;
        if params.block_count() > MAX_BLOCKS {
            return Err(HashFault::TooExpensive);
        }
        Ok(Self {
            algorithm: Algorithm::try_from(phc.algorithm.as_str())?,
            // A PHC string without a version is older than versions are (0x10).
            version: phc.version.unwrap_or(0x10).try_into()?,
            params,
            salt: phc.salt.ok_or(HashFault::Incomplete)?,
            output: phc.hash.ok_or(HashFault::Incomplete)?,
        })
    }

    fn is_of_today(&self) -> bool {
        let costs = [self.params.m_cost(), self.params.t_cost(), self.params.p_cost()];
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && costs == [MEMORY_COST, TIME_COST, PARALLELISM]
            && self.output.len() == OUTPUT_BYTES
    }
}

/// A password could not be hashed or compared.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashFault {
    /// The hash in the database is not one.
    #[error("the stored password hash cannot be read: {0}")]
    Phc(#[from] phc::Error),
    /// The hash in the database is one of another kind.
    #[error("the stored password hash is not an argon2 hash: {0}")]
    Foreign(#[from] argon2::password_hash::Error),
    /// The hash in the database lacks its salt or its end.
    #[error("the stored password hash is incomplete")]
    Incomplete,
    /// The hash in the database would take more memory than is reasonable.
    #[error("the stored password hash requires more than {MAX_BLOCKS} KiB of memory")]
    TooExpensive,
    /// Argon2 refused its input.
    #[error("argon2 failed: {0}")]
    Argon2(#[from] argon2::Error),
    /// There is no randomness.
    #[error("cannot get random bytes from the operating system: {0}")]
    Random(#[from] getrandom::Error),
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by the reference implementation: `echo -n "correct horse battery" | argon2
    /// somesaltsomesalt -id -t 2 -k 19456 -p 1 -l 32 -e`.
    const KNOWN: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
                         /HetJC6LZ4lnwgLB+wJSS2a9bFu2Kq4HxwNWzoJq2qU";
    /// The same with `-t 1 -k 64`.
    const OUTDATED: &str = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$\
                            wZeUqErRQM9fr7+3IJVQyFsb5QPhYeqkXwNGZgBH/L4";

    fn check(password: &str, phc: &str) -> Result<PasswordVerdict, HashFault> {
        let password = Password::normalise(password).unwrap();
        let hash = PasswordHash::stored(phc.to_owned());
        verify(&password, &hash, &mut HashMemory::default())
    }

    #[test]
    fn a_hash_made_elsewhere_verifies() {
        assert_eq!(check("correct horse battery", KNOWN).unwrap(), PasswordVerdict::Right);
        assert_eq!(check("correct horse batterz", KNOWN).unwrap(), PasswordVerdict::Wrong);
        assert_eq!(check("", KNOWN).unwrap(), PasswordVerdict::Wrong);
    }

    #[test]
    fn a_new_hash_verifies_and_is_salted() {
        let password = Password::normalise("correct horse battery").unwrap();
        let mut memory = HashMemory::default();
        let one = hash_password(&password, &mut memory).unwrap();
        let other = hash_password(&password, &mut memory).unwrap();
        assert!(one.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.0);
        assert_ne!(one, other);
        assert_eq!(verify(&password, &one, &mut memory).unwrap(), PasswordVerdict::Right);
    }

    #[test]
    fn a_right_password_with_an_outdated_hash_gets_a_new_one() {
        let verdict = check("correct horse battery", OUTDATED).unwrap();
        let PasswordVerdict::RightWithNewHash(new) = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(check("correct horse battery", &new.0).unwrap(), PasswordVerdict::Right);
        assert_eq!(check("another password", OUTDATED).unwrap(), PasswordVerdict::Wrong);
    }

    #[test]
    fn the_dummy_hash_costs_as_much_as_a_new_one() {
        let stored = Stored::parse(&PasswordHash::dummy()).unwrap();
        assert!(stored.is_of_today());
        assert_eq!(stored.salt.len(), SALT_BYTES);
        assert_eq!(check("", DUMMY).unwrap(), PasswordVerdict::Wrong);
    }

    #[test]
    fn a_malformed_hash_is_an_error_and_not_a_wrong_password() {
        for phc in [
            "",
            "plain text",
            "$argon2id$v=19$m=19456,t=2,p=1",
            "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IG93bnMgdGhpcw",
            "$argon2id$v=19$m=4194304,t=2,p=1$bm9ib2R5IG93bnMgdGhpcw$AAAAAAAAAAAAAAAAAAAAAA",
            "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD",
        ] {
            assert!(check("x", phc).is_err(), "{phc}");
        }
    }

    #[test]
    fn debug_shows_no_hash() {
        assert_eq!(format!("{:?}", PasswordHash::dummy()), "PasswordHash(…)");
    }
}
