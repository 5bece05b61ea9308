//! What bad input gets: an exit code, a sentence with the place and the fix, nothing lost, and
//! never a panic. One line a case.

mod lines;
mod places;
mod results;
mod services;

/// A test and a load that a healthy service passes.
const GOOD: &str = r#"
name: good
tests:
  - name: reads
    steps: [{ get: /x, expect: { status: 200, json: { $.data: { exists: true } } } }]
load:
  journey: [{ step: read, get: /x, expect: { status: 200, json: { $.data: { exists: true } } } }]
  profiles: { smoke: { users: 1, duration: 1s } }
  sla: ["http_req_failed: rate<0.01"]
"#;
