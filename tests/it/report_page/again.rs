//! The `curl` line of a failed test is pasted into a real shell, and must send the same request.

use std::process::Command;

use crate::http::server::{Request, json};
use crate::support::{Sandbox, Service};

/// What a shell would act on, in every part of a request.
const SCENARIO: &str = r#"
name: quotes
secrets: [KEY]
vars: { bad: "it's $(touch pwned) `touch pwned` \"$HOME\" !! \\ ; touch pwned #" }
tests:
  - name: posts
    steps:
      - post: /a/{{ vars.bad }}/[b]{c}
        query: { q: "{{ vars.bad }}", key: "{{ secrets.KEY }}" }
        headers: { x-bad: "{{ vars.bad }}", accept: application/json }
        auth: { bearer: "{{ secrets.KEY }}" }
        json: { bad: "{{ vars.bad }}", lines: "a\n b", password: hunter2, key: "{{ secrets.KEY }}" }
        expect: { status: 200 }
"#;

/// The command as a person would copy it from the page.
fn curl(page: &str) -> String {
    let (_, rest) = page.split_once("the curl command\">").expect("the page has a curl line");
    let (text, _) = rest.split_once("</pre>").expect("it ends");
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'")];
    let text = signs.iter().fold(text.to_string(), |text, (from, to)| text.replace(from, to));
    text.replace("&#x2f;", "/").replace("&amp;", "&")
}

fn told(request: &Request) -> Vec<String> {
    let mut told = vec![request.line().to_string(), request.body()];
    let names = ["host", "x-bad", "accept", "authorization", "content-type", "user-agent"];
    told.extend(names.map(|name| format!("{name}: {}", request.header(name))));
    told
}

#[test]
fn the_curl_line_sends_the_same_request_and_a_shell_runs_nothing_else() {
    let service = Service::always(0, json("500 Internal Server Error", "{}"));
    let sandbox = Sandbox::with(SCENARIO);
    let arguments = ["test", "s.yaml", "--target", &service.url, "--out", "out"];
    let mut command = sandbox.command(&arguments);
    command.env("KEY", "s3cret-key");
    sandbox.start(command).end().exits(1);
    let line = curl(&sandbox.read("out/report.html"));
    assert!(!line.contains("s3cret") && !line.contains("hunter2"), "{line}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{line} --silent --max-time 20")]);
    sandbox.settle(&mut shell);
    let hidden = [("KEY", "s3cret-key"), ("PASSWORD", "hunter2"), ("AUTHORIZATION", "s3cret-key")];
    let done = shell.envs(hidden).output().expect("a shell is on every machine");
    assert!(done.status.success(), "{line}\n{done:?}");
    let requests = service.requests();
    assert_eq!(requests.len(), 2, "{line}");
    assert_eq!(told(&requests[1]), told(&requests[0]), "{line}");
    assert!(!sandbox.path("pwned").exists(), "{line}");
}
