//! Things that must not be guessed or repeated: ids, tokens, and the digest a token is kept as.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng;
use sha2::{Digest, Sha256};
use uuid::Builder;

/// A new id.
pub(super) fn new_id() -> String {
    id_from(&mut rand::rng())
}

/// An id drawn from this source: a seeded one gives the same ids again.
pub(super) fn id_from(source: &mut impl Rng) -> String {
    let mut bytes = [0; 16];
    source.fill_bytes(&mut bytes);
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// A new secret that only its holder knows.
pub(super) fn new_token() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What the database keeps of a secret: who reads the database cannot sign in with it. The
/// secret is random and long, so a fast digest is enough.
pub(super) fn digest(secret: &[u8]) -> [u8; 32] {
    Sha256::digest(secret).into()
}
