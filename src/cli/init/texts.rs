//! The files that `taster init` writes.

/// `taster.toml`
pub const CONFIG: &str = r#"# What holds in this project; options and the environment win over it.
# `taster config --show-origin` shows every setting and where it comes from.
scenarios = "scenarios"
# profile = "smoke"   # for `run`, `load` and `plan`
# target = "http://localhost:8080"   # without one: the embedded backend, started for each run
# allow-load = ["staging.example"]   # hosts other than this machine that may get load

[targets]
# staging = "https://staging.example"   # then: taster run --target staging

[vars]
"#;

/// `scenarios/first.yaml`
pub const SCENARIO: &str = r#"# A first scenario: it passes on the embedded backend.
# Change it for your own service:
# `taster plan` checks it without sending anything, `taster schema` helps editors.
name: first
vars:
  email: user1@test.com
  password: TestPassword123!

steps:
  - step: sign in
    post: /api/v1/auth/login
    json: { email: "{{ vars.email }}", password: "{{ vars.password }}" }
    expect:
      status: 200
      json: { $.data.token: { type: string, empty: false } }
    capture: { token: $.data.token }
  - step: search
    get: /api/v1/products
    query: { search: apple, limit: 5 }
    expect:
      status: 200
      json: { "$.data[*].price": { each: { type: integer, gt: 0 } } }
  - step: look into the cart
    get: /api/v1/cart
    headers: { authorization: "Bearer {{ token }}" }
    expect:
      status: 200
      json: { $.data.total: { gte: 0 } }

tests:
  - name: a searched product has a price
    tags: [smoke]
    steps: [search]
  - name: who signs in has a cart
    tags: [smoke]
    steps: [sign in, look into the cart]

load:
  journey: [search, look into the cart]
  think: 20ms..80ms
  profiles:
    smoke: { users: 4, duration: 5s }
    load: { arrivals: 50/s, duration: 1m }
  sla:
    - "http_req_duration: p(95)<500"
    - "http_req_failed: rate<0.01"

before-user: [sign in]
"#;

/// `.gitignore`
pub const IGNORED: &str = "reports/\n.taster/\n";

/// `.github/workflows/taster.yml`
pub const GITHUB: &str = r#"name: taster
on: [push, pull_request]
permissions: { contents: read }
jobs:
  taster:
    runs-on: ubuntu-24.04
    timeout-minutes: 15
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: { persist-credentials: false }
      # Put the owner of Taster's repository and the full commit of a release here; the action
      # installs the version whose checksum is in that commit.
      - uses: OWNER/taster@COMMIT
        with:
          version: VERSION
          paths: scenarios
          # Without a target the embedded backend is started.
          # target: http://localhost:8080
"#;

/// `.gitlab-ci.yml`, or a file that it includes
pub const GITLAB: &str = r#"taster:
  # An image with Taster in it, at an exact version.
  image: registry.example/taster:VERSION
  script:
    - taster run --report html,junit,k6,openmetrics --out reports/ci
  artifacts:
    when: always
    paths: [reports/ci]
    reports:
      junit: reports/ci/junit.xml
      load_performance: reports/ci/k6-summary.json
      metrics: reports/ci/metrics.txt
"#;
