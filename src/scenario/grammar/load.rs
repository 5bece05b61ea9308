//! What a load section has: journeys, profiles, SLAs.

use super::file::ENGINES;
use super::page::PAGE;
use super::step::STEPS;
use super::{Form, Key, Kind, Object, Word, key};

pub(super) static LOAD: Object = Object {
    id: "load",
    what: "the `load` section",
    doc: "What virtual users walk, how many there are, and what must hold.",
    keys: &[&[
        key(
            "journey",
            STEPS,
            "The steps each virtual user walks, again and again.",
            "[{ get: / }, { get: /cart }]",
        )
        .also(&["steps", "exec", "flow"]),
        key(
            "journeys",
            Kind::List(&Kind::Object(|| &JOURNEY), 1),
            "Several journeys, chosen at random by weight for each iteration.",
            "[{ journey: browsing, weight: 3, steps: [{ get: / }] }]",
        ),
        BROWSER,
        PAGE_OF_USERS,
        key(
            "think",
            Kind::Text(Form::Pause),
            "The pause after each step of a journey; a step's own replaces it.",
            "1s..3s",
        )
        .default("none")
        .also(&["sleep", "think-time"]),
        key(
            "profiles",
            Kind::Map(Form::Name, &Kind::Object(|| &PROFILE)),
            "Workload models by name; --profile chooses one.",
            "{ smoke: { users: 2, duration: 10s } }",
        )
        .required()
        .also(&["scenarios", "profile"]),
        key(
            "sla",
            Kind::OneOf(&[
                Kind::List(&Kind::OneOf(&[Kind::Text(Form::Sla), Kind::Object(|| &SLA)]), 1),
                Kind::Map(Form::Selector, &THRESHOLDS),
            ]),
            "What must hold of the measurements, in k6's threshold syntax.",
            "['http_req_failed: rate<0.01']",
        )
        .also(&["slas", "thresholds", "slo"]),
    ]],
    either: &[&["journey", "journeys"]],
};

const BROWSER: Key = key(
    "browser",
    Kind::Word(&ENGINES),
    "Each user has a browser of this engine; browser steps need it.",
    "chromium",
)
.also(&["browsers"]);

const PAGE_OF_USERS: Key = key(
    "page",
    Kind::Object(|| &PAGE),
    "What these browsers are like; laid over the file's.",
    "{ viewport: 1280x720 }",
);

static JOURNEY: Object = Object {
    id: "journey",
    what: "a journey",
    doc: "The steps one virtual user walks, again and again.",
    keys: &[&[
        key("journey", Kind::Text(Form::Title), "Its name.", "browsing").required().also(&["name"]),
        key("weight", Kind::Whole(1, 1_000_000), "How often, against its siblings.", "3")
            .default("1"),
        BROWSER,
        PAGE_OF_USERS,
        key("steps", STEPS, "Its steps.", "[{ get: / }]").required(),
    ]],
    either: &[],
};

pub(in crate::scenario) static PROFILE: Object =
    Object {
        id: "profile",
        what: "a profile",
        doc: "A workload model: how many users, or how many arrivals, for how long.",
        keys: &[&[
            key("users", USERS, "Virtual users.", "10").also(&["vus", "threads", "concurrency"]),
            key("duration", Kind::Text(Form::Positive), "How long.", "1m"),
            key(
                "stages",
                Kind::List(&Kind::Object(|| &STAGE), 1),
                "Ramps, one after the other: of users, or with `arrivals` of rates.",
                "[{ duration: 30s, target: 10 }]",
            ),
            key("start-users", Kind::Whole(0, 1_000_000), "Users before the first stage.", "5")
                .default("0")
                .also(&["startVUs", "start-vus"]),
            key("iterations", COUNT, "Iterations of each user.", "10"),
            key("shared-iterations", COUNT, "Iterations of all users together.", "100"),
            key("max-duration", Kind::Text(Form::Positive), "The longest it may take.", "5m")
                .default("10m")
                .also(&["maxDuration"]),
            key("arrivals", Kind::Text(Form::Rate), "Iterations started per time.", "200/s")
                .also(&["rate", "rps", "startRate"]),
            key("max-users", USERS, "Virtual users at most, for arrivals.", "400")
                .default("enough for 5 s of arrivals, 10 to 10,000")
                .also(&["maxVUs", "preAllocatedVUs", "max-vus"]),
            key(
                "spacing",
                Kind::Word(&SPACING),
                "How far arrivals are apart: all alike, or as those of independent visitors.",
                "poisson",
            )
            .default("even")
            .also(&["distribution"]),
            key(
                "graceful-stop",
                Kind::Text(Form::Duration),
                "How long started iterations may still run.",
                "10s",
            )
            .default("30s")
            .also(&["gracefulStop", "gracefulRampDown"]),
            key("start-after", Kind::Text(Form::Duration), "A delay before it begins.", "5s")
                .default("0s")
                .also(&["startTime"]),
        ]],
        either: &[],
    };

static SPACING: [Word; 2] = [
    Word {
        name: "even",
        doc: "Each as long after the one before as the rate says.",
        also: &["constant", "uniform"],
    },
    Word {
        name: "poisson",
        doc: "As independent visitors come: by chance, from the seed, at this rate on average.",
        also: &["exponential", "random"],
    },
];

const USERS: Kind = Kind::Whole(1, 1_000_000);
const COUNT: Kind = Kind::Whole(1, 1_000_000_000_000);

static STAGE: Object = Object {
    id: "stage",
    what: "a stage",
    doc: "A ramp to a number of users, or to a rate.",
    keys: &[&[
        key("duration", Kind::Text(Form::Duration), "How long it takes.", "30s").required(),
        key("target", Kind::Text(Form::Target), "What is reached at its end.", "10").required(),
    ]],
    either: &[],
};

static SLA: Object = Object {
    id: "sla",
    what: "an SLA",
    doc: "A bound on a metric.",
    keys: &[&[
        key("sla", Kind::Text(Form::Sla), "The bound.", "'http_req_failed: rate<0.01'")
            .required()
            .also(&["threshold"]),
        key("abort-on-fail", Kind::Bool, "Whether the run ends when it does not hold.", "true")
            .default("false")
            .also(&["abortOnFail"]),
        key(
            "delay",
            Kind::Text(Form::Duration),
            "How long into the run it may not yet end it.",
            "10s",
        )
        .default("0s")
        .also(&["delayAbortEval"]),
    ]],
    either: &[],
};

static THRESHOLDS: Kind = Kind::OneOf(&[Kind::Text(Form::Bound), Kind::List(&THRESHOLD_KIND, 1)]);

static THRESHOLD_KIND: Kind = Kind::OneOf(&[Kind::Text(Form::Bound), Kind::Object(|| &THRESHOLD)]);

static THRESHOLD: Object = Object {
    id: "threshold",
    what: "a threshold",
    doc: "A bound as k6 writes it.",
    keys: &[&[
        key("threshold", Kind::Text(Form::Bound), "The bound.", "p(95)<500").required(),
        key("abortOnFail", Kind::Bool, "Whether the run ends when it does not hold.", "true")
            .default("false")
            .also(&["abort-on-fail"]),
        key(
            "delayAbortEval",
            Kind::Text(Form::Duration),
            "How long into the run it may not yet end it.",
            "10s",
        )
        .default("0s")
        .also(&["delay"]),
    ]],
    either: &[],
};
