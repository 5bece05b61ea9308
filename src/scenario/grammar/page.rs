//! What the browser of a test is like: the `page` section.

use super::stub::STUB;
use super::{Form, Key, Kind, Object, Word, key, word};

/// `page` of a file, of a test and of a journey.
pub(super) static PAGE: Object = Object {
    id: "page",
    what: "the `page` section",
    doc: "What the browser of a test is like.",
    keys: &[&DEVICE_KEYS, &EMULATION, &OWN],
    either: &[],
};

/// `1280x720`, or a map.
pub(super) const VIEWPORT_KIND: Kind =
    Kind::OneOf(&[Kind::Text(Form::Viewport), Kind::Object(|| &VIEWPORT)]);

static VIEWPORT: Object = Object {
    id: "viewport",
    what: "a `viewport`",
    doc: "The inner size of the browser, CSS pixels.",
    keys: &[&[
        key("width", Kind::Whole(1, 20_000), "Its width.", "1280").required(),
        key("height", Kind::Whole(1, 20_000), "Its height.", "720").required(),
    ]],
    either: &[],
};

/// What a device brings, and can be said by itself.
pub(super) const DEVICE_KEYS: [Key; 5] = [
    key(
        "device",
        Kind::Text(Form::Title),
        "A well-known phone, tablet or desk: size, scale, touch and user agent.",
        "iPhone 15",
    ),
    key("viewport", VIEWPORT_KIND, "The size of the page.", "1280x720").default("1280x720"),
    key("scale", Kind::Text(Form::Number), "Device pixels of one CSS pixel.", "2")
        .default("1")
        .also(&["deviceScaleFactor"]),
    key("mobile", Kind::Bool, "A phone: touch, and the viewport meta tag counts.", "true")
        .default("false")
        .also(&["isMobile", "touch"]),
    key("user-agent", Kind::Text(Form::Title), "What it calls itself.", "Robot/1.0")
        .also(&["userAgent"]),
];

/// What else a browser can pretend to be.
pub(super) const EMULATION: [Key; 9] = [
    key("locale", Kind::Text(Form::Title), "The language.", "de-DE").also(&["language"]),
    key("timezone", Kind::Text(Form::Title), "The time zone.", "Europe/Berlin")
        .also(&["timezoneId", "time-zone"]),
    key("color-scheme", Kind::Word(&SCHEMES), "Light or dark.", "dark").also(&["colorScheme"]),
    key("reduced-motion", Kind::Bool, "As little motion as possible is wanted.", "true")
        .default("false")
        .also(&["reducedMotion"]),
    key("geolocation", PLACE_KIND, "Where it is: latitude and longitude.", "[52.52, 13.40]"),
    key(
        "permissions",
        Kind::OneOrMany(&Kind::Text(Form::Title)),
        "What the target may do without asking, by the W3C's names; `none` for nothing.",
        "[geolocation]",
    ),
    key("offline", Kind::Bool, "There is no network.", "true").default("false"),
    key("throttle", THROTTLE_KIND, "A slower network or processor.", "slow-3g"),
    key(
        "headers",
        Kind::Map(Form::HeaderName, &Kind::Text(Form::HeaderValue)),
        "Sent with every request of the page.",
        "{ x-tenant: shop }",
    )
    .also(&["extraHTTPHeaders"]),
];

static SCHEMES: [Word; 2] = [word("light", "Dark on light."), word("dark", "Light on dark.")];

const PLACE_KIND: Kind = Kind::OneOf(&[
    Kind::Word(&NOWHERE),
    Kind::List(&Kind::Text(Form::Number), 2),
    Kind::Object(|| &GEOLOCATION),
]);

static NOWHERE: [Word; 1] = [word("none", "It does not say where it is.")];

static GEOLOCATION: Object = Object {
    id: "geolocation",
    what: "a `geolocation`",
    doc: "Where the browser is.",
    keys: &[&[
        key("latitude", Kind::Text(Form::Number), "Degrees north.", "52.52").required(),
        key("longitude", Kind::Text(Form::Number), "Degrees east.", "13.40").required(),
        key("accuracy", Kind::Text(Form::Number), "Metres.", "10").default("10"),
    ]],
    either: &[],
};

/// A network by name, or what is slower.
pub(super) const THROTTLE_KIND: Kind =
    Kind::OneOf(&[Kind::Word(&NETWORKS), Kind::Object(|| &THROTTLE)]);

static NETWORKS: [Word; 4] = [
    Word { name: "slow-3g", doc: "2 s of latency, 50 KB/s.", also: &["3g", "slow3g"] },
    Word { name: "fast-3g", doc: "563 ms of latency, 180 KB/s.", also: &["fast3g"] },
    Word { name: "4g", doc: "165 ms of latency, 1 MB/s.", also: &["fast-4g", "lte"] },
    Word { name: "none", doc: "As fast as it is.", also: &["false", "off"] },
];

static THROTTLE: Object = Object {
    id: "throttle",
    what: "a `throttle`",
    doc: "A slower network or processor.",
    keys: &[&[
        key("latency", Kind::Text(Form::Duration), "Added to each request.", "300ms"),
        key("download", Kind::Text(Form::Speed), "To the page.", "200KB/s"),
        key("upload", Kind::Text(Form::Speed), "From the page.", "80KB/s"),
        key("cpu", Kind::Text(Form::Number), "How many times slower the processor is.", "4")
            .default("1"),
    ]],
    either: &[],
};

/// What only a whole test can have.
const OWN: [Key; 7] = [
    key(
        "state",
        Kind::Text(Form::Title),
        "Cookies and storages it begins with: a name of `save-state`, or a JSON file.",
        "signed-in",
    )
    .also(&["storageState", "use-state"]),
    key("test-id", Kind::Text(Form::Title), "The attribute of `test-id` locators.", "data-qa")
        .default("data-testid")
        .also(&["testIdAttribute"]),
    key(
        "stubs",
        Kind::List(&Kind::Object(|| &STUB), 0),
        "Stubs that hold from the start.",
        "[{ url: '**/ads/**', abort: true }]",
    )
    .also(&["routes"]),
    key("har", Kind::Object(|| &HAR), "Its requests in a file.", "{ record: shop }"),
    key("timeout", Kind::Text(Form::Positive), "For what a step does.", "5s")
        .default("10s")
        .also(&["actionTimeout"]),
    key("expect-timeout", Kind::Text(Form::Positive), "For what is expected.", "2s")
        .default("5s")
        .also(&["expectTimeout"]),
    key("navigation-timeout", Kind::Text(Form::Positive), "For pages to load.", "10s")
        .default("30s")
        .also(&["navigationTimeout"]),
];

static HAR: Object = Object {
    id: "har",
    what: "a `har`",
    doc: "Requests and answers in a file.",
    keys: &[&[
        key(
            "record",
            Kind::Text(Form::Title),
            "Written under this name into the run's folder.",
            "shop",
        ),
        key("replay", Kind::Text(Form::Path), "Answers come from this file.", "shop.har"),
        key("others", Kind::Word(&OTHERS), "What becomes of requests that are not in it.", "pass")
            .default("refuse"),
    ]],
    either: &[&["record", "replay"], &["record", "others"]],
};

static OTHERS: [Word; 2] = [
    Word { name: "pass", doc: "They go out.", also: &["fallback", "allow"] },
    Word { name: "refuse", doc: "They fail.", also: &["abort"] },
];
