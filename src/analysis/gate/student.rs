//! Student's t: how rare a value is, and which value is that rare.
//!
//! From the incomplete beta function as a continued fraction (Lentz), so that the tails far out,
//! which Holm's correction needs, are as exact as the middle.

/// With more degrees of freedom than this the distribution is the normal one to nine digits.
const NORMAL: f64 = 1e6;

/// P(T > t) for so many degrees of freedom, fractions allowed; below 0.1 they count as 0.1.
/// What is not a number is as likely as not to be larger than anything: 1.
pub fn above(t: f64, df: f64) -> f64 {
    if t.is_nan() || df.is_nan() {
        return 1.0;
    }
    let df = df.clamp(0.1, NORMAL);
    if t.is_infinite() {
        return if t > 0.0 { 0.0 } else { 1.0 };
    }
    let tail = 0.5 * incomplete_beta(df / 2.0, 0.5, df, t * t);
    if t >= 0.0 { tail } else { 1.0 - tail }
}

/// The t with P(T > t) = `alpha`; `alpha` is kept within 1e-300 and 1 - 1e-12.
pub fn upper(alpha: f64, df: f64) -> f64 {
    let alpha = if alpha.is_nan() { 1e-300 } else { alpha.clamp(1e-300, 1.0 - 1e-12) };
    let df = if df.is_nan() { 0.1 } else { df.clamp(0.1, NORMAL) };
    if alpha > 0.5 {
        return -upper(1.0 - alpha, df);
    }
    if alpha > 0.3 { middle(alpha, df) } else { tail(alpha, df) }
}

/// Newton's steps from 0: the survival function is convex there, so that they never go too far.
fn middle(alpha: f64, df: f64) -> f64 {
    let mut t = 0.0;
    for _ in 0..100 {
        let step = (above(t, df) - alpha) / density(t, df);
        t += step;
        if step.abs() < 1e-14 {
            break;
        }
    }
    t
}

/// Newton's steps on logarithms of both, where the tail is nearly a line.
fn tail(alpha: f64, df: f64) -> f64 {
    let wanted = alpha.ln();
    let mut x = (-2.0 * wanted).sqrt().max(0.5).ln();
    for _ in 0..200 {
        let t = x.exp();
        let rarity = above(t, df);
        if rarity <= 0.0 {
            x -= 0.5;
            continue;
        }
        let slope = -density(t, df) * t / rarity;
        let step = ((rarity.ln() - wanted) / slope).clamp(-20.0, 20.0);
        x -= step;
        if step.abs() < 1e-14 {
            break;
        }
    }
    x.exp()
}

fn density(t: f64, df: f64) -> f64 {
    let log = ln_gamma((df + 1.0) / 2.0)
        - ln_gamma(df / 2.0)
        - 0.5 * (df * std::f64::consts::PI).ln()
        - (df + 1.0) / 2.0 * (t * t / df).ln_1p();
    log.exp()
}

/// I_x(a, b) at x = df / (df + square): both x and 1 - x are made from their parts, so that
/// neither loses digits near 0.
fn incomplete_beta(a: f64, b: f64, df: f64, square: f64) -> f64 {
    let (x, rest) = (df / (df + square), square / (df + square));
    if x <= 0.0 {
        return 0.0;
    }
    if rest <= 0.0 {
        return 1.0;
    }
    // ln x as -ln(1 + square/df): exact where x is nearly 1.
    let log =
        ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) - a * (square / df).ln_1p() + b * rest.ln();
    let factor = log.exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        factor * continued_fraction(a, b, x) / a
    } else {
        1.0 - factor * continued_fraction(b, a, rest) / b
    }
}

fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    let away = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

/// ln of the gamma function for positive arguments (Lanczos, g = 7).
fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        // The reflection keeps the series where it is exact.
        let pi = std::f64::consts::PI;
        return (pi / (pi * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let terms = COEFFICIENTS.iter().zip(1..);
    let sum = terms.fold(0.999_999_999_999_809_9, |sum, (coefficient, at)| {
        sum + coefficient / (x + f64::from(at))
    });
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_are_those_of_printed_tables() {
        // One-sided alpha, degrees of freedom, t.
        let table = [
            (0.05, 1.0, 6.313_751_515),
            (0.05, 4.0, 2.131_846_786),
            (0.05, 13.0, 1.770_933_396),
            (0.01, 2.0, 6.964_556_734),
            (0.01, 13.0, 2.650_308_838),
            (0.005, 6.0, 3.707_428_021),
            (0.20, 6.0, 0.905_703_285),
            (0.40, 10.0, 0.260_184_829),
            (0.000_5, 20.0, 3.849_516_275),
            (0.025, 30.0, 2.042_272_456),
            (0.001, 4.0, 7.173_182_220),
            (0.05, 1e6, 1.644_855_151),
        ];
        for (alpha, df, t) in table {
            let found = upper(alpha, df);
            assert!((found - t).abs() < 1e-6, "alpha {alpha}, df {df}: {found}, not {t}");
        }
    }

    #[test]
    fn rarities_are_those_of_closed_forms() {
        for t in [-30.0_f64, -1.0, -1e-9, 0.0, 0.3, 2.0, 40.0, 1e5] {
            let cauchy = 0.5 - t.atan() / std::f64::consts::PI;
            assert!((above(t, 1.0) - cauchy).abs() < 1e-12, "{t}");
            let two = 0.5 * (1.0 - t / (2.0 + t * t).sqrt());
            assert!((above(t, 2.0) - two).abs() < 1e-12, "{t}");
        }
    }

    #[test]
    fn odd_arguments_give_an_answer() {
        assert_eq!(above(f64::INFINITY, 3.0), 0.0);
        assert_eq!(above(f64::NEG_INFINITY, 3.0), 1.0);
        assert_eq!(above(f64::NAN, 3.0), 1.0);
        assert!(upper(0.0, 4.0).is_finite());
        assert!(upper(1.0, 4.0).is_finite());
        assert!(upper(0.01, 0.0).is_finite());
        assert!(upper(0.01, f64::NAN).is_finite());
    }

    proptest! {
        #[test]
        fn the_quantile_of_a_rarity_is_the_value(t in 0.001f64..30.0, df in 1.0f64..200.0) {
            let alpha = above(t, df);
            prop_assume!(alpha > 1e-200);
            prop_assert!((upper(alpha, df) - t).abs() < 1e-8 * (1.0 + t));
        }

        #[test]
        fn both_tails_are_alike(t in -20.0f64..20.0, df in 0.5f64..500.0) {
            prop_assert!((above(t, df) + above(-t, df) - 1.0).abs() < 1e-12);
        }
    }
}
