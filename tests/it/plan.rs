//! What becomes of what somebody wrote: addresses, defaults, names, series.

use proptest::prelude::*;
use rand::SeedableRng;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value, json};
use taster::diagnostic::SourceFile;
use taster::plan::{
    ActionPlan, BodyPlan, HttpPlan, Node, Plan, ScenarioPlan, Scope, ShapePlan, Template, ValuePlan,
};
use taster::scenario::parse;

use crate::project::Project;

/// A scenario with one test of these steps.
fn steps(head: &str, steps: &str) -> Project {
    Project::of(&format!("name: shop\n{head}\ntests:\n  - name: t\n    steps:\n{steps}\n"))
}

fn requests(nodes: &[Node]) -> Vec<&HttpPlan> {
    let of = |node| match node {
        &Node { action: ActionPlan::Http(ref http), .. } => vec![&**http],
        Node { action: ActionPlan::Group(inside), .. } => requests(inside),
        _ => Vec::new(),
    };
    nodes.iter().flat_map(of).collect()
}

fn tested(plan: &Plan) -> Vec<&HttpPlan> {
    requests(&plan.scenarios[0].tests[0].steps)
}

/// Renders with the values that are set from the start, and `more`.
fn rendered(template: &Template, scenario: &ScenarioPlan, more: &[(&str, Value)]) -> String {
    let mut slots = vec![None; scenario.slots.len()];
    for (slot, value) in &scenario.initial {
        slots[usize::from(slot.0)] = Some(value.clone());
    }
    for (name, value) in more {
        let at = scenario.slots.iter().position(|slot| slot == name).expect("a slot of that name");
        slots[at] = Some(value.clone());
    }
    let mut scope = Scope {
        slots: &slots,
        names: &scenario.slots,
        random: &mut Xoshiro256PlusPlus::seed_from_u64(1),
        unix_ms: 0,
        user: 1,
        iteration: 1,
    };
    let mut out = String::new();
    template.render(&mut scope, &mut out).expect("every variable is set");
    out
}

fn url(head: &str, path: &str, more: &[(&str, Value)]) -> String {
    let step = format!("      - {{ get: '{path}', expect: {{ body: ok }} }}");
    let plan = steps(head, &step).plan();
    rendered(&tested(&plan)[0].url, &plan.scenarios[0], more)
}

const CAPTURES: &str = "
before-test: [{ post: /a, json: {}, capture: { id: $.id, link: { header: location } } }]
vars: { base: /api/v1, host: api.example, whole: 'https://w.example/x y' }
http: { base: '{{ vars.base }}/' }";

#[test]
fn target_base_and_path_are_joined() {
    let at = |path| url(CAPTURES, path, &[]);
    assert_eq!(at("/meals"), "http://target.example:8080/api/v1/meals");
    assert_eq!(at("https://o.example/x?a=b"), "https://o.example/x?a=b");
    assert_eq!(
        at("https://{{ vars.host }}:1/{{ vars.base }}"),
        "https://api.example:1/%2Fapi%2Fv1"
    );
    assert_eq!(at("{{ vars.base }}/x"), "http://target.example:8080/api/v1/api/v1/x");
    assert_eq!(at("{{ vars.whole }}"), "https://w.example/x y");
}

#[test]
fn captured_values_are_encoded_and_captured_links_are_followed() {
    let at = |path, name, value: &str| url(CAPTURES, path, &[(name, json!(value))]);
    assert_eq!(
        at("/m/{{ id }}?x=1", "id", "a/b?c"),
        "http://target.example:8080/api/v1/m/a%2Fb%3Fc?x=1"
    );
    assert_eq!(at("{{ link }}?x=1", "link", "/next/1"), "http://target.example:8080/next/1?x=1");
    assert_eq!(at("{{ link }}", "link", "https://o.example/1"), "https://o.example/1");
}

#[test]
fn the_hosts_contacted_are_known() {
    let hosts = |path: &str| {
        let step = format!("      - {{ get: '{path}', expect: {{ body: ok }} }}");
        let plan = steps(CAPTURES, &step).plan();
        (plan.hosts.clone(), plan.open_hosts)
    };
    let target = "target.example:8080".to_string();
    assert_eq!(hosts("/x/{{ id }}"), (vec![target.clone()], false));
    assert_eq!(
        hosts("https://o.example/{{ id }}"),
        (vec!["o.example".into(), target.clone()], false)
    );
    assert_eq!(hosts("{{ link }}"), (vec![target.clone()], true));
    assert_eq!(hosts("https://{{ id }}/x"), (vec![target], true));
}

#[test]
fn what_is_written_beside_use_is_laid_over() {
    let plan = steps(
        "
steps:
  - step: add
    post: /cart
    query: { a: 1, b: 2 }
    headers: { X-One: a, x-two: b }
    json: { n: 1 }
    tags: { area: cart }
    expect: { status: 201, json: { $.n: 1, $.m: 2 }, within: 1s }
    capture: { id: $.id, n: $.n }",
        "
      - use: add
        query: { b: [3, 4] }
        headers: { x-one: c }
        json: { n: 2 }
        tags: { team: a }
        expect: { status: 400, json: { $.n: 9 } }
        capture: { n: $.m }",
    )
    .plan();
    let scenario = &plan.scenarios[0];
    let http = tested(&plan)[0];
    let pairs = |list: &[(String, Template)]| -> Vec<String> {
        list.iter()
            .map(|(name, text)| format!("{name}={}", rendered(text, scenario, &[])))
            .collect()
    };
    assert_eq!(pairs(&http.query), ["a=1", "b=3", "b=4"]);
    assert_eq!(pairs(&http.headers), ["x-two=b", "x-one=c"]);
    let checks: Vec<&str> = http.checks.iter().map(|check| check.text.as_str()).collect();
    assert_eq!(checks, ["status is 400", "$.m is 2", "$.n is 9", "within 1s"]);
    assert!(matches!(&http.body, BodyPlan::Json(text) if text.as_text() == Some(r#"{"n":2}"#)));
    assert_eq!(http.captures.len(), 2);
    let tags = &scenario.series[usize::from(http.series.0)].tags;
    let tags: Vec<String> = tags.iter().map(|(key, value)| format!("{key}:{value}")).collect();
    assert_eq!(tags, ["area:cart", "team:a", "step:add", "scenario:shop"]);
}

#[test]
fn checks_are_put_in_words() {
    let plan = steps(
        "",
        r#"
      - get: /
        expect:
          status: [2xx, 304]
          headers: { Content-Type: { contains: json } }
          body: { not-contains: error, matches: '^\{' }
          json:
            $.a: { type: integer, gte: 1, lt: 5 }
            $.b: { each: { in: [x, 2] } }
            $.c: { length: 3 }
            $.d: { exists: false }
            $.e: { equals: { k: [null] } }
            $.f: { any: { starts-with: "{{ vars.x }}" } }
            $.g: { empty: true }
          schema: { type: object }"#,
    );
    let plan = steps_with_var(plan).plan();
    let words: Vec<&str> =
        tested(&plan)[0].checks.iter().map(|check| check.text.as_str()).collect();
    assert_eq!(
        words,
        [
            "status is 2xx or 304",
            r#"header content-type contains "json""#,
            r#"body does not contain "error" and matches /^\{/"#,
            "$.a is an integer and >= 1 and < 5",
            r#"$.b each is one of "x", 2"#,
            "$.c length is 3",
            "$.d does not exist",
            r#"$.e is {"k":[null]}"#,
            r#"$.f any starts with "{{ vars.x }}""#,
            "$.g length is 0",
            "body matches its schema",
        ]
    );
}

/// Declares the var `x` in a library that the scenario includes.
fn steps_with_var(mut project: Project) -> Project {
    let scenario = &project.inputs.scenarios[0];
    let text = format!("include: [lib.yaml]\n{}", scenario.file.text);
    let overrides = project.overrides.clone();
    project = Project::of(&text).with("lib.yaml", "vars: { x: y }\nsteps: [{ step: s, get: / }]");
    project.overrides = overrides;
    project
}

#[test]
fn json_is_wanted_where_it_is_read_or_asked_for() {
    let wants = |step: &str| {
        let plan = steps("", &format!("      - {{ {step} }}")).plan();
        tested(&plan)[0].wants_json
    };
    assert!(wants("get: /, expect: { json: { $.a: 1 } }"));
    assert!(wants("get: /, expect: { schema: { type: object } }"));
    assert!(wants("get: /, capture: { a: $.a }"));
    assert!(wants("get: /, headers: { accept: application/json }"));
    assert!(wants("get: /, headers: { accept: 'application/vnd.x+json; q=1, application/json' }"));
    assert!(wants("post: /, json: { a: 1 }"));
    assert!(!wants("get: /"));
    assert!(!wants("get: /, capture: { a: { header: location } }"));
    assert!(!wants("post: /, json: {}, headers: { accept: text/html }"));
    assert!(!wants("post: /, json: {}, headers: { accept: 'application/json, */*' }"));
    assert!(!wants("post: /, json: {}, expect: { headers: { content-type: { contains: html } } }"));
}

#[test]
fn vars_keep_their_type_and_take_it_from_the_file_when_replaced() {
    let mut project = steps(
        "vars: { n: 1, t: '1', b: true }",
        "      - post: /
        json: { n: '{{ vars.n }}', t: '{{ vars.t }}', b: '{{ vars.b }}' }
        expect: { json: { $.n: '{{ vars.n }}' } }",
    );
    let body = |project: &Project| match &tested(&project.plan())[0].body {
        BodyPlan::Json(text) => text.as_text().map(String::from),
        _ => None,
    };
    assert_eq!(body(&project).as_deref(), Some(r#"{"n":1,"t":"1","b":true}"#));
    for (name, value) in [("n", "2.5"), ("t", "3"), ("b", "no")] {
        project.overrides.vars.push((name.into(), value.into()));
    }
    assert_eq!(body(&project).as_deref(), Some(r#"{"n":2.5,"t":"3","b":"no"}"#));
}

#[test]
fn a_check_without_holes_is_compared_with_a_fixed_value() {
    let plan = steps(
        "vars: { n: 1 }\nbefore-test: [{ post: /a, json: {}, capture: { id: $.id } }]",
        "      - { get: /, expect: { json: { $.n: '{{ vars.n }}', $.id: '{{ id }}' } } }",
    )
    .plan();
    let values: Vec<&ValuePlan> = tested(&plan)[0]
        .checks
        .iter()
        .filter_map(|check| match &check.what {
            taster::plan::CheckWhat::Json(_, matcher) => match &matcher.tests[0] {
                taster::plan::ComparisonPlan::Equals(value) => Some(value),
                _ => None,
            },
            _ => None,
        })
        .collect();
    assert!(matches!(values[0], ValuePlan::Fixed(value) if *value == json!(1)));
    assert!(matches!(values[1], ValuePlan::Rendered(_)));
}

#[test]
fn secrets_are_values_from_the_start_and_hidden() {
    let mut project = steps(
        "secrets: [API_TOKEN]",
        "      - { get: /, auth: { bearer: '{{ secrets.API_TOKEN }}' }, expect: { body: ok } }",
    );
    project.overrides.secrets.insert("API_TOKEN".into(), "tops3cret".into());
    let plan = project.plan();
    let scenario = &plan.scenarios[0];
    let (name, header) = &tested(&plan)[0].headers[0];
    assert_eq!(name, "authorization");
    let header = rendered(header, scenario, &[]);
    assert_eq!(header, "Bearer tops3cret");
    assert_eq!(scenario.secrets.hide(&header), "Bearer [secret API_TOKEN]");
    assert!(!format!("{plan:?}").contains("Bearer tops3cret"));
}

#[test]
fn series_stand_in_the_order_of_the_journeys_and_know_who_walks_them() {
    let plan = Project::of(
        "
name: shop
before-user: [{ step: sign in, post: /login, json: {} }]
steps: [{ step: home, get: /, expect: { body: ok } }]
tests:
  - name: a
    steps: [{ step: extra, get: /x, expect: { body: ok } }, { use: home, expect: { status: 404 } }]
load:
  journeys:
    - journey: a
      steps: [{ get: '/m/{{ vars.id }}?q=1', expect: { body: ok } }, home]
    - { journey: b, steps: [home, { step: sign in, post: /login, json: {} }] }
  profiles: { smoke: { users: 1, duration: 1s } }
  sla: ['http_req_failed: rate<0.01']
vars: { id: 1 }
",
    )
    .plan();
    let scenario = &plan.scenarios[0];
    let series: Vec<(&str, bool)> =
        scenario.series.iter().map(|one| (one.name.as_str(), one.measured)).collect();
    assert_eq!(
        series,
        [
            ("GET /m/{vars.id}", true),
            ("home", true),
            ("sign in", true),
            ("extra", false),
            ("home (2)", false),
        ]
    );
    let home = &scenario.series[4];
    assert!(home.tags.contains(&("step".into(), "home".into())), "SLAs find it by its own name");
    assert_eq!(home.site.line, 4, "it is written where it was defined");
}

#[test]
fn without_load_nothing_is_measured() {
    let mut project = Project::of(
        "
name: shop
tests: [{ name: a, steps: [{ get: /, expect: { body: ok } }] }]
load:
  journey: [{ get: /, expect: { body: ok } }]
  profiles: { smoke: { users: 1, duration: 1s } }
  sla: ['http_req_failed: rate<0.01']
",
    );
    project.overrides.load = false;
    let plan = project.plan();
    assert!(plan.scenarios[0].load.is_none());
    assert!(plan.scenarios[0].series.iter().all(|series| !series.measured));
    project.overrides.load = true;
    project.overrides.tests = false;
    let plan = project.plan();
    assert!(plan.scenarios[0].tests.is_empty() && plan.scenarios[0].tests_written == 1);
    assert!(plan.scenarios[0].series[0].measured);
}

#[test]
fn tests_are_chosen_by_tag_and_engine() {
    let mut project = Project::of(
        "
name: shop
tests:
  - { name: a, tags: [smoke], retries: 2, steps: [{ get: /, expect: { body: ok } }] }
  - { name: b, tags: [smoke, ui], browser: [chromium, firefox], steps: [{ goto: / }] }
  - { name: c, steps: [{ get: /, expect: { body: ok } }] }
",
    );
    let chosen = |project: &Project| -> Vec<String> {
        let plan = project.plan();
        let tests = &plan.scenarios[0].tests;
        tests
            .iter()
            .map(|t| format!("{} {}", t.name, t.browser.as_deref().unwrap_or("-")))
            .collect()
    };
    assert_eq!(chosen(&project), ["a -", "b chromium", "b firefox", "c -"]);
    assert_eq!(project.plan().scenarios[0].tests[0].attempts, 3);
    project.overrides.tags = vec!["smoke".into()];
    assert_eq!(chosen(&project), ["a -", "b chromium", "b firefox"]);
    project.overrides.browsers = vec!["firefox".into()];
    assert_eq!(chosen(&project), ["a -", "b firefox"]);
}

#[test]
fn thinking_is_settled_for_every_step_of_a_journey() {
    let plan = Project::of(
        "
name: shop
load:
  think: 2s
  journey:
    - { get: /a, expect: { body: ok } }
    - { get: /b, expect: { body: ok }, think: 1s }
    - pause: 3s
    - { group: g, steps: [{ get: /c, expect: { body: ok } }] }
  profiles: { smoke: { arrivals: 200/s, duration: 1m } }
  sla: ['http_req_failed: rate<0.01']
",
    )
    .plan();
    let load = plan.scenarios[0].load.as_ref().expect("a load");
    let think = |node: &Node| node.think.map(|think| think.least.as_secs());
    let nodes = &load.journeys[0].steps;
    assert_eq!(nodes.iter().map(think).collect::<Vec<_>>(), [Some(2), Some(1), None, None]);
    let ActionPlan::Group(inside) = &nodes[3].action else { panic!("a group") };
    assert_eq!(think(&inside[0]), Some(2));
    assert!(matches!(load.shape, ShapePlan::Open { max_users: 1000, .. }), "5 s of arrivals");
}

#[test]
fn an_included_file_brings_its_own_defaults() {
    let plan = steps(
        "
include: [lib.yaml]
http: { base: /main, headers: { a: main, b: main }, timeout: 5s, auth: { bearer: main } }",
        "      - from lib\n      - { use: plain, auth: none }",
    )
    .with(
        "lib.yaml",
        "
http: { base: /lib, headers: { b: lib } }
steps:
  - { step: from lib, get: /x, expect: { body: ok } }
  - { step: plain, get: /y, headers: { authorization: own }, expect: { body: ok } }",
    )
    .plan();
    let scenario = &plan.scenarios[0];
    let [http, plain] = tested(&plan)[..] else { panic!("two requests") };
    assert_eq!(http.url.as_text(), Some("http://target.example:8080/lib/x"));
    assert_eq!(http.timeout.as_secs(), 5);
    let headers = |http: &HttpPlan| -> Vec<String> {
        let text = |(name, text): &(String, Template)| {
            format!("{name}: {}", rendered(text, scenario, &[]))
        };
        http.headers.iter().map(text).collect()
    };
    assert_eq!(headers(http), ["a: main", "b: lib", "authorization: Bearer main"]);
    assert_eq!(headers(plain), ["a: main", "b: lib", "authorization: own"]);
}

#[test]
fn the_digest_is_of_everything_that_is_used() {
    let digest = |rows: &str, lib: &str| {
        let step = "      - { get: '/{{ u.x }}', expect: { body: ok } }";
        let project = steps("include: [lib.yaml]\ndata: { u: { csv: u.csv } }", step)
            .with("u.csv", rows)
            .with("lib.yaml", lib);
        project.plan().scenarios[0].digest.clone()
    };
    let lib = "steps: [{ step: s, get: / }]";
    let first = digest("x\n1\n", lib);
    assert_eq!(first.len(), 64);
    assert_eq!(first, digest("x\n1\n", lib));
    assert_ne!(first, digest("x\n2\n", lib));
    assert_ne!(first, digest("x\n1\n", "steps: [{ step: s, get: /y }]"));
}

#[test]
fn names_and_captures_reach_through_uses_and_groups() {
    let plan = steps(
        "
steps:
  - { step: sign in, post: /login, json: {}, capture: { token: $.token } }
  - group: set up
    steps: [sign in]
before-each: [set up]",
        "
      - { get: /a, headers: { x: '{{ token }}' }, expect: { body: ok } }
      - group: until it is there
        repeat: { times: 3, until: { state: { equals: done } } }
        steps:
          - { get: /b, query: { last: '{{ state }}' }, capture: { state: $.state } }",
    )
    .plan();
    let scenario = &plan.scenarios[0];
    assert_eq!(requests(&scenario.hooks.before_each).len(), 1);
    assert_eq!(tested(&plan).len(), 2);
    let text = &tested(&plan)[0].headers[0].1;
    assert_eq!(rendered(text, scenario, &[("token", json!("t"))]), "t");
}

#[test]
fn the_digest_is_the_same_from_wherever_it_is_run() {
    let digest = |folder: &str| {
        let text =
            "name: shop\ndata: { u: { csv: u.csv } }\ntests: [{ name: a, steps: [{ get: / }] }]";
        let mut project = Project::named(&format!("{folder}shop.yaml"), text);
        project = project.with(&format!("{folder}u.csv"), "x\n1\n");
        project.plan().scenarios[0].digest.clone()
    };
    assert_eq!(digest(""), digest("/srv/scenarios/"));
    assert_eq!(digest(""), digest("scenarios/"));
}

const SHOP: &str = include_str!("../golden/plan/describes_a_shop/scenario.yaml");
const SIGN_IN: &str = include_str!("../golden/plan/describes_a_shop/lib/sign-in.yaml");

proptest! {
    /// Lines left out, doubled and swapped: whatever still parses has a plan or diagnostics.
    #[test]
    fn no_scenario_is_too_strange_to_plan(
        changes in prop::collection::vec((0_usize..70, 0_usize..70, 0_u8..3), 1..6),
    ) {
        let mut lines: Vec<&str> = SHOP.lines().collect();
        for (from, to, change) in changes {
            let (from, to) = (from % lines.len(), to % lines.len());
            match change {
                0 => { lines.remove(from); }
                1 => lines.insert(to, lines[from]),
                _ => lines.swap(from, to),
            }
        }
        let file = SourceFile::new("scenario.yaml", lines.join("\n"));
        if let Ok((scenario, _)) = parse(&file) {
            let mut project = Project::of(SHOP).with("lib/sign-in.yaml", SIGN_IN);
            project = project.with("users.csv", "email\na@x\n");
            project.inputs.scenarios = vec![scenario];
            match taster::plan::build(&project.inputs, &project.overrides) {
                Ok(plan) => prop_assert!(!plan.describe().is_empty()),
                Err(problems) => prop_assert!(problems.has_errors()),
            }
        }
    }
}
