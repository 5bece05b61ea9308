//! Gives the services and the generators of a duet cores of their own, where there are enough.

/// The cores of one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cores {
    /// Those of its service.
    pub service: Vec<usize>,
    /// Those of its generator.
    pub generator: Vec<usize>,
}

/// Divides cores among both sides, each with as many as the other; those left over stay free.
/// None where there are fewer than four.
pub fn divide(all: &[usize]) -> Option<[Cores; 2]> {
    let share = all.len() / 4;
    if share == 0 {
        return None;
    }
    let part = |number: usize| all[number * share..(number + 1) * share].to_vec();
    let side = |number: usize| Cores { service: part(number), generator: part(number + 2) };
    Some([side(0), side(1)])
}

/// What this thread starts is held to some cores, until this is dropped.
pub struct Held {
    #[cfg(target_os = "linux")]
    before: Option<rustix::thread::CpuSet>,
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    use super::Held;

    /// The cores that this process may use.
    pub fn available() -> Vec<usize> {
        let Ok(set) = sched_getaffinity(None) else { return Vec::new() };
        (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()
    }

    impl Held {
        /// Holds to these cores what this thread starts from now on. Where the system does not
        /// allow it, all goes on without.
        pub fn to(cores: &[usize]) -> Self {
            let before = sched_getaffinity(None).ok();
            let mut set = CpuSet::new();
            cores.iter().for_each(|core| set.set(*core));
            let held = sched_setaffinity(None, &set).is_ok();
            Self { before: before.filter(|_| held) }
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            if let Some(before) = &self.before {
                let _ = sched_setaffinity(None, before);
            }
        }
    }
}

#[cfg(target_os = "linux")]
pub use linux::available;

/// The cores that this process may use: not told here.
#[cfg(not(target_os = "linux"))]
pub fn available() -> Vec<usize> {
    Vec::new()
}

#[cfg(not(target_os = "linux"))]
impl Held {
    /// There is no way to hold a program to cores here.
    pub fn to(_: &[usize]) -> Self {
        Self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_get_as_many_cores_and_none_twice() {
        let all: Vec<usize> = (2..13).collect();
        let [a, b] = divide(&all).expect("eleven cores are enough");
        assert_eq!((a.service.len(), a.generator.len()), (2, 2));
        assert_eq!((b.service.len(), b.generator.len()), (2, 2));
        let mut given = [a.service, a.generator, b.service, b.generator].concat();
        given.sort_unstable();
        assert_eq!(given, (2..10).collect::<Vec<_>>());
    }

    #[test]
    fn three_cores_are_not_enough_for_four() {
        assert_eq!(divide(&[0, 1, 2]), None);
        assert!(divide(&[0, 1, 2, 3]).is_some());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_started_meanwhile_is_held_and_nothing_after() {
        let all = available();
        let one = all[..1].to_vec();
        let held = Held::to(&one);
        assert_eq!(available(), one);
        drop(held);
        assert_eq!(available(), all);
    }
}
