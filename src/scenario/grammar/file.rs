//! What a file has at its top: data, HTTP defaults, hooks, tests.

use super::load::LOAD;
use super::page::PAGE;
use super::step::{AUTH_KIND, REDIRECTS, STEPS};
use super::{Form, Key, Kind, Object, Word, key, word};

/// A whole file.
pub(in crate::scenario) static FILE: Object = Object {
    id: "file",
    what: "a scenario file",
    doc: "A Taster scenario file: tests, a journey, load profiles, SLAs.",
    keys: &[&HEAD, &HOOKS, &BODY],
    either: &[],
};

const HEAD: [Key; 8] = [
    key("name", Kind::Text(Form::Title), "The scenario's name in every report.", "shopping")
        .also(&["title", "scenario"]),
    key("about", Kind::Text(Form::Free), "What it tries, for a reader.", "Cart and checkout")
        .also(&["description"]),
    key(
        "include",
        Kind::List(&Kind::Text(Form::Path), 0),
        "Files whose steps, vars, secrets and data can be used here, relative to this file.",
        "[lib/sign-in.yaml]",
    )
    .also(&["includes", "import", "imports"]),
    key(
        "vars",
        Kind::Map(Form::Name, &Kind::Scalar),
        "Values used as {{ vars.NAME }}; --var NAME=VALUE replaces one.",
        "{ base: /api/v1 }",
    )
    .also(&["variables", "env"]),
    key(
        "secrets",
        Kind::List(&Kind::Text(Form::Env), 0),
        "Environment variables that may be read, as {{ secrets.NAME }}; never shown.",
        "[API_TOKEN]",
    ),
    key(
        "data",
        Kind::Map(Form::Name, &Kind::Object(|| &FEED)),
        "CSV files whose rows are handed out, as {{ FEED.COLUMN }}.",
        "{ users: { csv: users.csv } }",
    )
    .also(&["feeds", "feeders"]),
    key(
        "http",
        Kind::Object(|| &HTTP),
        "What holds for each request unless its step says otherwise.",
        "{ timeout: 10s }",
    )
    .also(&["defaults", "config"]),
    key(
        "page",
        Kind::Object(|| &PAGE),
        "What the browsers of its tests and journeys are like.",
        "{ viewport: 1280x720 }",
    ),
];

const HOOKS: [Key; 8] = [
    key(
        "before-run",
        STEPS,
        "Once per run, before everything; its captures are seen by all tests and users.",
        "[{ get: /health }]",
    )
    .also(&["setup", "beforeAll", "before-all"]),
    key("after-run", STEPS, "Once per run, after everything.", "[{ delete: /test-data }]").also(&[
        "teardown",
        "afterAll",
        "after-all",
    ]),
    key(
        "before-each",
        STEPS,
        "Once per test, and once per virtual user.",
        "[{ post: /login, json: { user: a } }]",
    )
    .also(&["beforeEach", "before"]),
    key("after-each", STEPS, "Once per test, and once per virtual user.", "[{ post: /logout }]")
        .also(&["afterEach", "after"]),
    key("before-test", STEPS, "Once per test only, after before-each.", "[{ get: /reset }]"),
    key("after-test", STEPS, "Once per test only, before after-each.", "[{ get: /reset }]"),
    key("before-user", STEPS, "Once per virtual user only, after before-each.", "[{ get: / }]"),
    key("after-user", STEPS, "Once per virtual user only, before after-each.", "[{ get: / }]"),
];

const BODY: [Key; 3] = [
    key("steps", STEPS, "Steps that exist only to be used by name.", "[{ step: home, get: / }]"),
    key(
        "tests",
        Kind::List(&Kind::Object(|| &TEST), 1),
        "What is tried once, functionally.",
        "[{ name: is up, steps: [{ get: / }] }]",
    )
    .also(&["test"]),
    key(
        "load",
        Kind::Object(|| &LOAD),
        "What is tried under load.",
        "{ journey: [{ get: / }], profiles: { smoke: { users: 2, duration: 10s } } }",
    )
    .also(&["options", "scenarios"]),
];

static FEED: Object = Object {
    id: "feed",
    what: "a feed",
    doc: "A CSV file whose rows are handed out to tests and virtual users.",
    keys: &[&[
        key("csv", Kind::Text(Form::Path), "The CSV file, with a header line.", "users.csv")
            .required()
            .also(&["file", "path"]),
        key("pick", Kind::Word(&PICK), "How rows are handed out.", "each").default("in-order"),
        key("at-end", Kind::Word(&AT_END), "What happens when the rows are used up.", "stop")
            .default("wrap"),
    ]],
    either: &[],
};

static PICK: [Word; 3] = [
    Word {
        name: "in-order",
        doc: "Each iteration takes the next row.",
        also: &["sequential", "queue"],
    },
    Word { name: "random", doc: "Each iteration takes any row.", also: &["shuffle"] },
    word("each", "One row for each virtual user and each test, kept for its life."),
];

static AT_END: [Word; 2] = [
    Word { name: "wrap", doc: "Begin again.", also: &["circular", "loop", "restart"] },
    word("stop", "Whoever needs a row stops, and the run says so."),
];

static HTTP: Object = Object {
    id: "http",
    what: "the `http` section",
    doc: "Defaults for all requests of the file.",
    keys: &[&[
        key("base", Kind::Text(Form::Url), "Put before each path that begins with /.", "/api/v1")
            .also(&["baseUrl", "base-url", "url"]),
        key(
            "headers",
            Kind::Map(Form::HeaderName, &Kind::Text(Form::HeaderValue)),
            "Sent with each request.",
            "{ accept: application/json }",
        ),
        key("auth", AUTH_KIND, "Sent with each request.", "{ bearer: '{{ token }}' }"),
        key("timeout", Kind::Text(Form::Positive), "The longest time for a whole exchange.", "10s")
            .default("30s"),
        key("redirects", REDIRECTS, "How many redirects are followed.", "stop").default("follow"),
        key("max-body", Kind::Text(Form::Size), "The longest body accepted.", "10MB")
            .default("64MB"),
        key("tls", Kind::Object(|| &TLS), "How certificates are checked.", "{ verify: off }"),
        key("version", Kind::Word(&VERSION), "The version of HTTP that is spoken.", "2")
            .default("auto")
            .also(&["http-version", "protocol"]),
        key(
            "proxy",
            Kind::Text(Form::Url),
            "A proxy that all requests go through.",
            "http://127.0.0.1:3128",
        ),
        key("lane", Kind::Word(&LANE), "Which code speaks HTTP.", "full").default("auto"),
    ]],
    either: &[],
};

static VERSION: [Word; 3] = [
    word("auto", "HTTP/1.1; in the full lane what the server prefers."),
    Word { name: "1.1", doc: "HTTP/1.1.", also: &["1", "http1", "h1"] },
    Word { name: "2", doc: "HTTP/2, also without TLS; full lane.", also: &["2.0", "http2", "h2"] },
];

static LANE: [Word; 3] = [
    word("auto", "The fast lane, unless another key here asks for more than it can."),
    word("fast", "Taster's own HTTP/1.1, made for load."),
    word("full", "reqwest: HTTP/2, proxies, and servers that the fast lane does not understand."),
];

static TLS: Object = Object {
    id: "tls",
    what: "the `tls` section",
    doc: "How certificates are checked.",
    keys: &[&[
        key(
            "ca",
            Kind::Text(Form::Path),
            "A certificate authority to trust as well, a PEM file.",
            "certs/ca.pem",
        ),
        key("verify", Kind::Word(&VERIFY), "Whether certificates are checked.", "off")
            .default("on")
            .also(&["insecure", "insecureSkipTLSVerify"]),
    ]],
    either: &[],
};

static VERIFY: [Word; 2] = [
    Word { name: "on", doc: "Only trusted certificates.", also: &["true", "yes"] },
    Word { name: "off", doc: "Any certificate.", also: &["false", "no"] },
];

static TEST: Object = Object {
    id: "test",
    what: "a test",
    doc: "Steps run once, functionally; the test passes or fails.",
    keys: &[&[
        key("name", Kind::Text(Form::Title), "What it claims.", "puts an item into the cart")
            .required()
            .also(&["title", "test", "it"]),
        key(
            "tags",
            Kind::OneOrMany(&Kind::Text(Form::Title)),
            "Words to choose tests by, with --tag.",
            "[smoke]",
        )
        .also(&["tag", "labels"]),
        key(
            "browser",
            Kind::OneOrMany(&Kind::Word(&ENGINES)),
            "The engines it runs in; browser steps need it.",
            "[chromium]",
        )
        .also(&["browsers"]),
        key(
            "page",
            Kind::Object(|| &PAGE),
            "What its browser is like; laid over the file's.",
            "{ device: iPhone 15 }",
        )
        .also(&["use"]),
        key(
            "needs",
            Kind::OneOrMany(&Kind::Text(Form::Title)),
            "Tests of this file that must pass before it; they are run whenever it is.",
            "[signs in]",
        )
        .also(&["depends-on", "dependencies", "after"]),
        key("retries", Kind::Whole(0, 10), "Further attempts after a failed one.", "1")
            .default("0")
            .also(&["retry"]),
        key("timeout", Kind::Text(Form::Positive), "For one attempt.", "30s").default("60s"),
        key("skip", Kind::Text(Form::Reason), "Why it is not run.", "waits for the new cart"),
        key("steps", STEPS, "What it does.", "[{ get: / }]").required(),
    ]],
    either: &[],
};

pub(super) static ENGINES: [Word; 3] = [
    Word { name: "chromium", doc: "Chrome and Chromium.", also: &["chrome", "edge"] },
    word("firefox", "Firefox."),
    Word { name: "webkit", doc: "WebKit, the engine of Safari.", also: &["safari"] },
];
