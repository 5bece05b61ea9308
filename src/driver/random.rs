//! Draws random numbers that depend on the seed, the user and the iteration alone.

use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;

use super::session::Identity;

/// The random numbers of one iteration of one user: for values in requests, and for pauses.
pub(super) fn random(
    identity: Identity,
    iteration: u64,
) -> (Xoshiro256PlusPlus, Xoshiro256PlusPlus) {
    // Each step spreads what went in over all bits (SplitMix64), so neighbours share nothing.
    let mix = |state: u64, with: u64| {
        let mut z = state.wrapping_add(with).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let seed = mix(mix(mix(0, identity.seed), u64::from(identity.user)), iteration);
    let stream = |number| Xoshiro256PlusPlus::seed_from_u64(mix(seed, number));
    (stream(0), stream(1))
}
