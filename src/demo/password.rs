//! Passwords: hashed with argon2id, at a cost for a demo.

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// 64 KiB and one pass, under 0.1 ms: a load test of the demo is then not a load test of
/// argon2. A real service takes a thousand times that, 19 MiB and two passes at least.
fn argon2() -> Argon2<'static> {
    let params = Params::new(64, 1, 1, None).expect("the costs are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// The hash to keep, with its salt and costs in it.
pub(super) fn hash(password: &str) -> String {
    let salt: [u8; 16] = rand::random();
    hash_with_salt(password, &salt)
}

/// The same for a given salt of 8 to 48 bytes.
pub(super) fn hash_with_salt(password: &str, salt: &[u8]) -> String {
    let hashed = argon2().hash_password_with_salt(password.as_bytes(), salt);
    hashed.expect("the salts of this module have a valid length").to_string()
}

/// Whether it is the password that was hashed.
pub(super) fn matches(password: &str, hash: &str) -> bool {
    argon2().verify_password(password.as_bytes(), hash).is_ok()
}

/// Takes as long as `matches` for somebody who does not exist, so that the time does not tell.
pub(super) fn pretend(password: &str) {
    let _ = hash_with_salt(password, b"nobody-at-all");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_matches() {
        let kept = hash("TestPassword123!");
        assert!(matches("TestPassword123!", &kept));
        assert!(!matches("TestPassword123?", &kept));
        assert!(!matches("TestPassword123!", "not a hash"));
        assert_ne!(kept, hash("TestPassword123!"), "each hash has its own salt");
    }
}
