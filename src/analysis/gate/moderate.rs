//! Puts runs together: Student's t whose variance also leans on what was known before.
//!
//! With three or ten runs their own variance is a poor estimate of it; what is known of the
//! machine counts like so many runs more (a moderated t, as limma has it for genes).

use super::student;

/// What is known of the variance between runs before they are looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// The standard deviation between runs, without the error within each.
    pub tau: f64,
    /// As many runs it counts for.
    pub df: f64,
    /// The whole variance of a run, where steps have told it together; `tau` is not used then.
    pub pooled: Option<f64>,
    /// A run's variance is at least this share of the squared error within runs. Less than all of
    /// it where many steps have told the variance: the error within is an estimate too.
    pub floor: f64,
}

impl Prior {
    /// Of a standard deviation alone, which counts for four runs.
    pub fn of(tau: f64) -> Self {
        Self { tau, df: 4.0, pooled: None, floor: 1.0 }
    }

    /// Of shares of failures, of which nothing is known but how they vary within runs: half as
    /// much again between them.
    pub fn of_errors(within: f64) -> Self {
        Self { tau: 0.0, df: 4.0, pooled: Some(1.5 * within), floor: 1.0 }
    }

    /// Of a variance that ten steps or more have told together.
    pub fn of_steps(variance: f64, floor: f64) -> Self {
        Self { tau: 0.0, df: 8.0, pooled: Some(variance), floor }
    }
}

/// A difference of runs, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// The candidate's mean less the baseline's, on the metric's scale.
    pub d: f64,
    /// Its standard error.
    pub sd: f64,
    /// The degrees of freedom of that.
    pub df: f64,
    /// The standard deviation of a single run (in a duet: of a single restart's difference).
    pub each: f64,
}

impl Difference {
    /// How rare so large a difference is where nothing has changed.
    pub fn p(&self) -> f64 {
        student::above(self.t(), self.df)
    }

    /// The difference in standard errors.
    pub fn t(&self) -> f64 {
        if self.sd > 0.0 {
            return self.d / self.sd;
        }
        // Without any noise every difference is certain, and no difference is none.
        if self.d == 0.0 { 0.0 } else { self.d.signum() * f64::INFINITY }
    }

    /// Above this it lies with probability `alpha`.
    pub fn upper(&self, alpha: f64) -> f64 {
        self.d + student::upper(alpha, self.df) * self.sd
    }

    /// Below this it lies with probability `alpha`.
    pub fn lower(&self, alpha: f64) -> f64 {
        self.d - student::upper(alpha, self.df) * self.sd
    }
}

/// What runs came to before anything else is known of their variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fit {
    /// The difference.
    pub(super) d: f64,
    /// The sum of the squared residuals.
    pub(super) squares: f64,
    /// Their degrees of freedom.
    pub(super) df: f64,
    /// The variance of `d` where one run has variance 1.
    pub(super) leverage: f64,
}

impl Fit {
    /// With what was known before; `within` is the mean squared error within runs, and `excess`
    /// is added to a run's variance.
    pub(super) fn moderate(self, prior: Prior, within: f64, excess: f64) -> Difference {
        let known = prior.pooled.unwrap_or(prior.tau * prior.tau + within);
        let df = prior.df + self.df;
        let mixed = (prior.df * known + self.squares) / df.max(1e-9);
        let variance = mixed.max(prior.floor * within) + excess;
        let each = variance.max(0.0).sqrt();
        Difference { d: self.d, sd: each * self.leverage.sqrt(), df, each }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prior_counts_like_runs_of_its_own() {
        let fit = Fit { d: 0.1, squares: 0.0090, df: 9.0, leverage: 1.1 };
        let found = fit.moderate(Prior::of(0.04), 0.0004, 0.0);
        let variance: f64 = (4.0 * (0.0016 + 0.0004) + 0.0090) / 13.0;
        assert!((found.sd - (variance * 1.1).sqrt()).abs() < 1e-15);
        assert!((found.each - variance.sqrt()).abs() < 1e-15);
        assert_eq!(found.df, 13.0);
    }

    #[test]
    fn runs_are_never_surer_than_each_of_them_is() {
        let fit = Fit { d: 0.1, squares: 0.0, df: 9.0, leverage: 1.0 };
        let found = fit.moderate(Prior::of(0.0), 0.0004, 0.0001);
        assert!((found.each - 0.0005_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn without_noise_a_difference_is_certain_and_none_is_not() {
        let of = |d: f64| Difference { d, sd: 0.0, df: 4.0, each: 0.0 };
        assert_eq!((of(0.1).p(), of(0.0).p(), of(-0.1).p()), (0.0, 0.5, 1.0));
    }
}
