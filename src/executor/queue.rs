//! Hands tests out to workers: what others need first, then what takes longest.

use crate::executor::TestOptions;
use crate::plan::{ScenarioPlan, TestPlan};
use crate::result::{Repeat, TestStatus};

/// How often levels are passed on to what is needed; deeper chains are in the files' order.
const DEPTH: usize = 64;

/// A test to be run once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Job {
    /// Its place among all results.
    pub number: usize,
    /// The place of its scenario in the plan.
    pub scene: usize,
    /// The place of the test in the scenario.
    pub test: usize,
    /// Which repetition.
    pub repeat: Option<Repeat>,
    name: String,
    /// The numbers of the jobs that must pass before it.
    needs: Vec<usize>,
    expected_ms: Option<u64>,
    /// It is not run at all, so it needs nothing.
    skip: bool,
}

/// What a worker does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This.
    Run(Job),
    /// Tell that this one is not run, and why.
    NotRun(Job, String),
    /// Wait until somebody is done with something.
    Wait,
    /// Go home.
    End,
}

/// The jobs, and how far they are.
#[derive(Debug)]
pub(super) struct Queue {
    jobs: Vec<Job>,
    outcomes: Vec<Option<TestStatus>>,
    /// Numbers of those not handed out, the first one next.
    waiting: Vec<usize>,
    running: usize,
    failures: u32,
    most_failures: Option<u32>,
    closed: bool,
}

impl Queue {
    /// All tests of a plan, as often as they are repeated, for so many workers.
    pub fn new<'a>(
        scenarios: impl Iterator<Item = &'a ScenarioPlan>,
        options: &TestOptions,
        workers: usize,
    ) -> Self {
        let repeats = options.repeats();
        let mut jobs = Vec::new();
        for (scene, scenario) in scenarios.enumerate() {
            let base = jobs.len();
            for (at, test) in scenario.tests.iter().enumerate() {
                for repeat in 0..repeats {
                    jobs.push(job(test, (scene, at), (base, jobs.len()), (repeat, repeats)));
                }
            }
        }
        let waiting = match workers {
            // One after the other they take the same time in any order: the files' is best known.
            0 | 1 => (0..jobs.len()).collect(),
            _ => longest_first(&jobs),
        };
        Self {
            outcomes: vec![None; jobs.len()],
            jobs,
            waiting,
            running: 0,
            failures: 0,
            most_failures: options.max_failures.filter(|most| *most > 0),
            closed: false,
        }
    }

    /// The next thing to do.
    pub fn take(&mut self) -> Next {
        if self.closed {
            return Next::End;
        }
        for at in 0..self.waiting.len() {
            let job = &self.jobs[self.waiting[at]];
            match self.ready(job) {
                Ready::Yes => {
                    let job = job.clone();
                    self.waiting.remove(at);
                    self.running += 1;
                    return Next::Run(job);
                }
                Ready::Never(reason) => return self.not_run(at, reason),
                Ready::NotYet => {}
            }
        }
        match (self.waiting.is_empty(), self.running) {
            (true, _) => Next::End,
            (false, 0) => self.not_run(0, "the tests it needs need one another".to_string()),
            (false, _) => Next::Wait,
        }
    }

    /// What was handed out is done.
    pub fn done(&mut self, job: &Job, status: TestStatus) {
        self.running -= 1;
        self.failures += u32::from(status == TestStatus::Failed);
        self.outcomes[job.number] = Some(status);
    }

    /// Hands out no more.
    pub fn close(&mut self) {
        self.closed = true;
    }

    fn not_run(&mut self, at: usize, reason: String) -> Next {
        let job = self.jobs[self.waiting.remove(at)].clone();
        self.outcomes[job.number] = Some(TestStatus::NotRun);
        Next::NotRun(job, reason)
    }

    fn ready(&self, job: &Job) -> Ready {
        if job.skip {
            return Ready::Yes;
        }
        if self.most_failures.is_some_and(|most| self.failures >= most) {
            let failed = match self.failures {
                1 => "one failed test".to_string(),
                count => format!("{count} failed tests"),
            };
            return Ready::Never(format!("after {failed} no other is begun (--max-failures)"));
        }
        let mut ready = Ready::Yes;
        for need in &job.needs {
            match self.outcomes[*need] {
                Some(status) if status.passed() => {}
                Some(status) => {
                    let how = match status {
                        TestStatus::Failed => "failed",
                        TestStatus::Skipped => "is skipped",
                        TestStatus::Unsupported => "cannot be run here",
                        _ => "was not run",
                    };
                    let need = &self.jobs[*need].name;
                    return Ready::Never(format!("the test that it needs, `{need}`, {how}"));
                }
                None => ready = Ready::NotYet,
            }
        }
        ready
    }
}

enum Ready {
    Yes,
    NotYet,
    Never(String),
}

/// `base` is the number of its scenario's first job. A repetition needs the same one of others:
/// each is a world of its own.
fn job(
    test: &TestPlan,
    (scene, at): (usize, usize),
    (base, number): (usize, usize),
    (repeat, repeats): (u32, u32),
) -> Job {
    let needed = |need: &usize| base + need * repeats as usize + repeat as usize;
    Job {
        number,
        scene,
        test: at,
        repeat: (repeats > 1).then_some(Repeat { number: repeat + 1, of: repeats }),
        name: test.name.clone(),
        needs: test.needs.iter().map(needed).collect(),
        expected_ms: test.expected_ms,
        skip: test.skip.is_some(),
    }
}

/// By how long it takes from the beginning of each to the end of all that needs it.
fn longest_first(jobs: &[Job]) -> Vec<usize> {
    let mut known: Vec<u64> = jobs.iter().filter_map(|job| job.expected_ms).collect();
    known.sort_unstable();
    let median = known.get(known.len().saturating_sub(1) / 2).copied().unwrap_or(1).max(1);
    let own: Vec<u64> = jobs.iter().map(|job| job.expected_ms.unwrap_or(median)).collect();
    let mut levels = own.clone();
    for _ in 0..DEPTH {
        let before = levels.clone();
        for job in jobs {
            for need in &job.needs {
                let through = own[*need].saturating_add(levels[job.number]);
                levels[*need] = levels[*need].max(through);
            }
        }
        if levels == before {
            break;
        }
    }
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(levels[*at]), *at));
    order
}
