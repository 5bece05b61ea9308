//! Builds the plan: every scenario file by itself, then what only all of them together can tell.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::address::check_target;
use super::browse::{Browsing, Times};
use super::choose::choose;
use super::compiler::{Compiler, Flow, Names};
use super::duet::take_side;
use super::expression::{Piece, pieces};
use super::files::Inputs;
use super::library::quoted_list;
use super::workload::{stagger, unknown_profile};
use super::{HooksPlan, Overrides, Plan, ScenarioPlan, Secrets, Slot};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::scenario::{Hooks, Scenario, Step};

/// Variables of one scenario: columns of its data, captures, vars and secrets.
const MOST_VARIABLES: usize = 4096;

/// Settles everything about a run, or says all that is wrong with it.
///
/// Warnings alone do not stop a plan: they are in `Plan::warnings`. Errors come with them, in
/// the order of their places.
pub fn build(inputs: &Inputs, overrides: &Overrides) -> Result<Plan, Diagnostics> {
    let mut problems = Diagnostics::default();
    problems.list.extend(check_target(&overrides.target));
    problems.list.extend(check_choices(inputs, overrides));
    let mut plan = Plan {
        target: overrides.target.clone(),
        seed: overrides.seed,
        scenarios: Vec::new(),
        hosts: Vec::new(),
        open_hosts: false,
        shard: None,
        warnings: Vec::new(),
    };
    let mut scenarios = Vec::new();
    let mut hosts = BTreeSet::new();
    let mut open_loads = 0;
    for scenario in &inputs.scenarios {
        let mut compiler = Compiler::new(inputs, overrides, scenario);
        let mut built = compiler.scenario_plan();
        // A file of steps for others does nothing by itself, so it needs no secrets.
        let for_others = scenario.tests.is_empty() && scenario.load.is_none();
        let found = compiler.problems.list.into_iter();
        let found = found.filter(|one| !for_others || one.code != "unset-secret");
        for problem in found {
            push_new(&mut problems, problem);
        }
        if for_others {
            continue;
        }
        if let Some(load) = &mut built.load {
            open_loads += u64::from(stagger(load, open_loads, overrides.seed));
        }
        built.hosts = compiler.hosts.iter().cloned().collect();
        hosts.append(&mut compiler.hosts);
        plan.open_hosts |= compiler.open_hosts;
        scenarios.push(built);
    }
    plan.hosts.extend(hosts);
    if let Some(duet) = &overrides.duet {
        problems.list.extend(take_side(&mut scenarios, duet).err().into_iter().flatten());
    }
    match choose(&mut scenarios, overrides) {
        Ok(shard) => plan.shard = shard,
        Err(unknown) if !problems.has_errors() => problems.list.extend(unknown),
        Err(_) => {}
    }
    plan.scenarios = scenarios.into_iter().map(Arc::new).collect();
    if !problems.has_errors() {
        problems.list.extend(nothing_to_run(&plan, overrides));
    }
    problems.sort();
    if problems.has_errors() {
        return Err(problems);
    }
    plan.warnings = problems.list;
    Ok(plan)
}

/// Adds a problem, unless an included file's was found through another scenario before.
fn push_new(problems: &mut Diagnostics, problem: Diagnostic) {
    let place = |one: &Diagnostic| {
        one.place.as_ref().map(|place| (place.file.name.clone(), place.span.clone()))
    };
    let same = |known: &&Diagnostic| {
        known.code == problem.code
            && known.problem == problem.problem
            && place(known) == place(&problem)
    };
    if problems.list.iter().find(same).is_none() {
        problems.push(problem);
    }
}

/// What the command line asks for and no scenario has.
fn check_choices(inputs: &Inputs, overrides: &Overrides) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for scenario in &inputs.scenarios {
        let Some(name) = &scenario.name else { continue };
        if names.contains(&name.value.as_str()) {
            let problem = format!("two scenario files are named `{}`", name.value);
            let diagnostic =
                Diagnostic::error("duplicate-scenario", problem, &name.place, "the second");
            problems.push(diagnostic.help("reports and baselines tell scenarios apart by name"));
        }
        names.push(&name.value);
    }
    let loads = inputs.scenarios.iter().filter_map(|scenario| scenario.load.as_ref());
    let profiles: Vec<&str> =
        loads.flat_map(|load| &load.profiles).map(|(name, _)| name.value.as_str()).collect();
    if let Some(wanted) = &overrides.profile
        && overrides.load
        && !profiles.contains(&wanted.as_str())
    {
        problems.push(unknown_profile(wanted, &profiles));
    }
    let tests = || inputs.scenarios.iter().flat_map(|scenario| &scenario.tests);
    let tags: Vec<&str> =
        tests().flat_map(|test| &test.tags).map(|tag| tag.value.as_str()).collect();
    for tag in overrides.tags.iter().filter(|tag| !tags.contains(&tag.as_str())) {
        let problem = format!("no test has the tag `{tag}`");
        problems.push(unknown_word("no-such-tag", problem, tag, &tags));
    }
    problems.extend(undeclared_vars(inputs, overrides));
    problems
}

fn undeclared_vars(inputs: &Inputs, overrides: &Overrides) -> Vec<Diagnostic> {
    let included = inputs.files.values().filter_map(|content| match content {
        super::FileContent::Scenario(scenario) => Some(&**scenario),
        _ => None,
    });
    let files = inputs.scenarios.iter().chain(included);
    let vars: Vec<&str> =
        files.flat_map(|file| &file.vars).map(|(name, _)| name.value.as_str()).collect();
    let undeclared = overrides.vars.iter().filter(|(name, _)| !vars.contains(&name.as_str()));
    undeclared
        .map(|(name, _)| {
            let problem = format!("--var {name}: no scenario declares a var of this name");
            unknown_word("undeclared-var", problem, name, &vars)
        })
        .collect()
}

pub(super) fn unknown_word(
    code: &'static str,
    problem: String,
    word: &str,
    known: &[&str],
) -> Diagnostic {
    let diagnostic = Diagnostic::without_place(code, problem);
    match nearest(word, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => diagnostic.help("there are none in the files named"),
        None => diagnostic.help(format!("there are {}", quoted_list(known))),
    }
}

fn nothing_to_run(plan: &Plan, overrides: &Overrides) -> Option<Diagnostic> {
    let tests = plan.scenarios.iter().any(|scenario| !scenario.tests.is_empty());
    let load = plan.scenarios.iter().any(|scenario| scenario.load.is_some());
    // A shard may be left without tests by the others; what becomes of that is judged.
    if tests || load || plan.shard.as_ref().is_some_and(|shard| shard.total > 0) {
        return None;
    }
    let problem = match (overrides.tests, overrides.load) {
        (true, false) => "there is no test to run",
        (false, true) => "there is no load to put on",
        _ => "there is no test to run and no load to put on",
    };
    Some(
        Diagnostic::without_place("nothing-to-run", problem)
            .help("give scenario files with `tests` or `load`, or choose others of them"),
    )
}

impl Compiler<'_> {
    /// Compiles the whole file; with problems the plan is only good for finding more of them.
    fn scenario_plan(&mut self) -> ScenarioPlan {
        let scenario = self.scenario();
        self.plain_vars();
        let feeds = self.read_feeds();
        let scopes = self.scopes(&scenario.hooks);
        self.of_run.clone_from(&scopes.run);
        // Journeys come first: the order of the series is the order of reports.
        let mut load = scenario.load.as_ref().and_then(|load| self.load(load, &scopes.user));
        let tests = self.tests(&scenario.tests, &scopes.test);
        let hooks = self.hooks(scenario, &scopes);
        if let Some(written) = &scenario.load {
            let slas = self.slas(&written.sla);
            load.iter_mut().for_each(|load| load.slas.clone_from(&slas));
        }
        self.unused_steps(scenario);
        if load.is_none() {
            self.series.iter_mut().for_each(|series| series.measured = false);
        }
        let connection = self.connection(scenario);
        let unset = self.variables.unset_secrets();
        unset.into_iter().for_each(|problem| self.problem(problem));
        let secrets = self.secrets();
        self.unused_names(scenario);
        let feeds = self.feed_plans(feeds);
        self.few_variables(scenario);
        ScenarioPlan {
            name: self.scenario_name(),
            file: scenario.file.name.clone(),
            digest: self.inputs.digest(&self.library.scenarios()),
            series: std::mem::take(&mut self.series),
            initial: self.initial(),
            slots: self.variables.slots.clone(),
            secrets,
            feeds,
            connection,
            hosts: Vec::new(),
            hooks,
            tests,
            tests_written: scenario.tests.len(),
            load,
        }
    }

    /// What has been captured when each kind of flow begins.
    fn scopes(&self, hooks: &Hooks) -> Scopes {
        let run = self.captured(&hooks.before_run);
        let with = |outer: &Names, steps: &[Step]| -> Names {
            outer.union(&self.captured(steps)).cloned().collect()
        };
        let each = with(&run, &hooks.before_each);
        let (test, user) = (with(&each, &hooks.before_test), with(&each, &hooks.before_user));
        Scopes { run, each, test, user }
    }

    fn hooks(&mut self, scenario: &Scenario, scopes: &Scopes) -> HooksPlan {
        let hooks = &scenario.hooks;
        let tests = scenario.tests.iter().flat_map(|test| &test.steps);
        let journeys = scenario.load.iter().flat_map(|load| &load.journeys);
        let walked: Vec<Step> =
            tests.chain(journeys.flat_map(|journey| &journey.steps)).cloned().collect();
        let mut late = self.captured(&walked);
        late.extend(scopes.test.iter().chain(&scopes.user).cloned());
        let page = self.page(&[&scenario.page]);
        self.browsing = Browsing { engine: None, times: Times::from(&page) };
        let all = |all: bool, why| (!all).then_some((why, "put it into the tests that have one"));
        let of_tests =
            all(scenario.tests.iter().all(|test| !test.browser.is_empty()), "some tests have none");
        let mut journeys = scenario.load.iter().flat_map(|load| &load.journeys);
        let of_users = all(journeys.all(|one| one.browser.is_some()), "virtual users have none");
        let once = all(false, "a run has none of its own");
        let mut walk = |steps: &[Step], name: &str, scope: &Names, no_browser| {
            let flow = Flow { journey: false, no_browser };
            self.walk(steps, &format!("in `{name}`"), scope, (flow, None))
        };
        let of_each = of_users.or(of_tests);
        HooksPlan {
            before_run: walk(&hooks.before_run, "before-run", &Names::new(), once),
            before_each: walk(&hooks.before_each, "before-each", &scopes.run, of_each),
            before_test: walk(&hooks.before_test, "before-test", &scopes.each, of_tests),
            before_user: walk(&hooks.before_user, "before-user", &scopes.each, of_users),
            after_test: walk(&hooks.after_test, "after-test", &late, of_tests),
            after_user: walk(&hooks.after_user, "after-user", &late, of_users),
            after_each: walk(&hooks.after_each, "after-each", &late, of_each),
            after_run: walk(&hooks.after_run, "after-run", &scopes.run, once),
        }
    }

    /// Every virtual user has room for every variable.
    fn few_variables(&mut self, scenario: &Scenario) {
        let count = self.variables.slots.len();
        if count <= MOST_VARIABLES {
            return;
        }
        let problem =
            format!("a scenario can have {MOST_VARIABLES} variables, this one has {count}");
        let place = match (&scenario.name, scenario.data.first()) {
            (_, Some(feed)) => &feed.name.place,
            (Some(name), None) => &name.place,
            (None, None) => return,
        };
        let diagnostic = Diagnostic::error("too-many-variables", problem, place, "needs too many");
        self.problem(diagnostic.help("leave out the columns of the data that nothing uses"));
    }

    /// `vars` are values: what changes from request to request belongs where it is used.
    fn plain_vars(&mut self) {
        for scenario in self.library.scenarios() {
            for (name, value) in &scenario.vars {
                let Value::String(text) = &value.value else { continue };
                let holes = |piece: &Piece| matches!(piece, Piece::Hole(..));
                if pieces(text).is_ok_and(|list| !list.iter().any(holes)) {
                    continue;
                }
                let problem = format!("the var `{}` has a template in it", name.value);
                let code = "template-in-var";
                self.problem(
                    Diagnostic::error(code, problem, &value.place, "stays as it is")
                        .help("write the template where the var is used"),
                );
            }
        }
    }

    /// The values of `vars` and secrets that have a slot.
    fn initial(&mut self) -> Vec<(Slot, Value)> {
        let slots = self.variables.slots.clone();
        let value = |name: &String| match name.split_once('.') {
            Some(("vars", var)) => self.variables.vars.get(var).map(|var| var.value.clone()),
            Some(("secrets", secret)) => {
                let secret = self.variables.secrets.get(secret)?;
                secret.value.as_deref().map(Value::from)
            }
            _ => None,
        };
        let numbered = slots.iter().enumerate();
        numbered.filter_map(|(at, name)| Some((Slot(at as u16), value(name)?))).collect()
    }

    fn secrets(&mut self) -> Secrets {
        let set = self.variables.secrets.iter();
        let values = set.filter_map(|(name, secret)| Some((name.clone(), secret.value.clone()?)));
        let secrets = Secrets::new(values.collect::<Vec<_>>());
        for name in secrets.too_short() {
            let Some(secret) = self.variables.secrets.get(name) else { continue };
            let problem = format!("the value of `{name}` is too short to be hidden in reports");
            let place = secret.place.clone();
            self.problem(
                Diagnostic::warning("short-secret", problem, &place, "may be shown")
                    .help("a secret needs at least four characters"),
            );
        }
        secrets
    }
}

/// What has been captured by the hooks, when ..
struct Scopes {
    /// .. `before-run` is over.
    run: Names,
    /// .. `before-each` is over.
    each: Names,
    /// .. a test begins.
    test: Names,
    /// .. a virtual user begins.
    user: Names,
}
