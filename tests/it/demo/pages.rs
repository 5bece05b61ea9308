//! The web pages without a browser: who may see what, what forms do, what is refused and how, and
//! that nothing a user writes gets out of its place.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::multipart;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::{Backend, NOBODY, PASSWORD, text};

/// Somebody with cookies, who follows no link by themselves.
struct Visitor {
    root: String,
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

/// A page that came back.
struct Shown {
    status: u16,
    place: String,
    cookies: Vec<String>,
    policy: String,
    html: String,
}

impl Visitor {
    fn of(backend: &Backend) -> Self {
        let root = backend.base.trim_end_matches("/api/v1").to_owned();
        let http = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
        Visitor { root, http, cookies: BTreeMap::new() }
    }

    /// Somebody new, who is signed in.
    async fn newcomer(backend: &Backend, name: &str) -> Self {
        let mut visitor = Visitor::of(backend);
        let email = format!("{name}@new.test.com");
        let fields = [("email", email.as_str()), ("password", PASSWORD), ("name", name)];
        visitor.send("/signup", "/signup", &fields).await.leads_to("/?done=signed-up");
        visitor
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.request(method, format!("{}{path}", self.root));
        request.header(COOKIE, cookies.join("; ")).header("accept", "text/html")
    }

    async fn answer(&mut self, request: RequestBuilder) -> Shown {
        let response = request.send().await.expect("an answer");
        let header = |name| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let cookies = response.headers().get_all(SET_COOKIE).iter();
        let cookies: Vec<String> =
            cookies.filter_map(|cookie| cookie.to_str().ok().map(str::to_owned)).collect();
        for cookie in &cookies {
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let (status, place) = (response.status().as_u16(), header(LOCATION.as_str()));
        let policy = header("content-security-policy");
        let html = response.text().await.expect("a whole page");
        Shown { status, place, cookies, policy, html }
    }

    async fn get(&mut self, path: &str) -> Shown {
        let request = self.request(Method::GET, path);
        self.answer(request).await
    }

    /// Fills the form of a page in and sends it.
    async fn send(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Shown {
        let csrf = self.get(page).await.csrf();
        self.post(action, &csrf, fields).await
    }

    async fn post(&mut self, action: &str, csrf: &str, fields: &[(&str, &str)]) -> Shown {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("csrf", csrf).extend_pairs(fields);
        let request = self
            .request(Method::POST, action)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.finish());
        self.answer(request).await
    }
}

impl Shown {
    #[track_caller]
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}{}", self.place, self.html);
        self
    }

    #[track_caller]
    fn leads_to(self, place: &str) -> Self {
        let shown = self.is(303);
        assert_eq!(shown.place, place);
        shown
    }

    #[track_caller]
    fn has(self, wanted: &str) -> Self {
        assert!(self.html.contains(wanted), "no `{wanted}` in {}", self.html);
        self
    }

    #[track_caller]
    fn lacks(self, unwanted: &str) -> Self {
        assert!(!self.html.contains(unwanted), "`{unwanted}` in {}", self.html);
        self
    }

    #[track_caller]
    fn after(&self, start: &str, end: &str) -> String {
        let (_, rest) = self.html.split_once(start).unwrap_or_else(|| panic!("no `{start}`"));
        rest.split_once(end).expect("an end").0.to_owned()
    }

    #[track_caller]
    fn csrf(&self) -> String {
        self.after("name=\"csrf-token\" content=\"", "\"")
    }
}

const MEAL: [(&str, &str); 4] =
    [("name", "Toast"), ("tags", "quick"), ("ingredient", "Farm Rye Bread"), ("grams", "80")];

const BODY: [(&str, &str); 6] = [
    ("age", "40"),
    ("gender", "female"),
    ("weight", "70.5"),
    ("height", "170"),
    ("activity", "low"),
    ("goal", "cut"),
];

const ADDRESS: [(&str, &str); 7] = [
    ("name", "Ann"),
    ("street", "1 Road"),
    ("city", "Town"),
    ("postal-code", "10115"),
    ("country", "Germany"),
    ("method", "card"),
    ("key", "one"),
];

#[tokio::test]
async fn who_is_not_signed_in_is_sent_to_sign_in_and_then_back() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::of(&backend);
    for path in ["/profile", "/meals", "/meals/new", "/recommendations", "/cart", "/orders"] {
        let query: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
        let place = format!("/signin?next={query}&done=sign-in-first");
        visitor.get(path).await.leads_to(&place);
    }
    let fields =
        [("email", "user1@test.com"), ("password", PASSWORD), ("next", "/meals?tag=quick")];
    visitor.send("/signin", "/signin", &fields).await.leads_to("/meals?tag=quick");
    visitor.get("/meals?tag=quick").await.is(200).has("Anna Adler");
    let fields = [("email", "user1@test.com"), ("password", PASSWORD), ("next", "//evil.example/")];
    visitor.send("/signin", "/signin", &fields).await.leads_to("/?done=signed-in");
}

#[tokio::test]
async fn cookies_are_for_this_site_and_no_script() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::of(&backend);
    let first = visitor.get("/signin").await.is(200);
    assert_eq!(first.cookies.len(), 1, "{:?}", first.cookies);
    let fields = [("email", "user2@test.com"), ("password", PASSWORD)];
    let entered = visitor.post("/signin", &first.csrf(), &fields).await.is(303);
    let session = entered.cookies.iter().find(|cookie| cookie.starts_with("taster_session="));
    for cookie in [&first.cookies[0], session.expect("a session")] {
        for part in ["; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age="] {
            assert!(cookie.contains(part), "{cookie}");
        }
    }
    let left = visitor.send("/", "/signout", &[]).await.leads_to("/signin?done=signed-out");
    assert!(left.cookies[0].contains("Max-Age=0"), "{:?}", left.cookies);
}

#[tokio::test]
async fn a_session_that_was_left_is_over_even_for_who_kept_the_cookie() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::newcomer(&backend, "leaver").await;
    let kept = visitor.cookies.clone();
    visitor.send("/", "/signout", &[]).await.is(303);
    visitor.cookies = kept;
    visitor.get("/profile").await.is(303);
}

#[tokio::test]
async fn a_form_from_elsewhere_is_refused() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::newcomer(&backend, "victim").await;
    let mut other = Visitor::newcomer(&backend, "attacker").await;
    let theirs = other.get("/").await.csrf();
    for csrf in ["", "wrong", theirs.as_str()] {
        for (path, fields) in [
            ("/meals/new", MEAL.as_slice()),
            ("/profile/health", BODY.as_slice()),
            ("/checkout", ADDRESS.as_slice()),
            ("/signout", &[]),
        ] {
            visitor.post(path, csrf, fields).await.is(403).has("does not come from a page");
        }
    }
    visitor.get("/meals?search=toast").await.lacks(">yours<");
    let mut nobody = Visitor::of(&backend);
    let fields = [("email", "user1@test.com"), ("password", PASSWORD)];
    nobody.post("/signin", &theirs, &fields).await.is(403);
}

#[tokio::test]
async fn the_api_takes_the_cookie_but_changes_nothing_without_a_token() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::newcomer(&backend, "both").await;
    let read = visitor.request(Method::GET, "/api/v1/users/profile");
    visitor.answer(read).await.is(200).has("both@new.test.com");
    let body = json!({ "name": "Changed" }).to_string();
    let bare = visitor.request(Method::PATCH, "/api/v1/users/profile").body(body.clone());
    visitor.answer(bare).await.is(403).has("CSRF");
    let csrf = visitor.get("/").await.csrf();
    let vouched =
        visitor.request(Method::PATCH, "/api/v1/users/profile").header("x-csrf-token", csrf);
    visitor.answer(vouched.body(body)).await.is(200).has("Changed");
}

#[tokio::test]
async fn a_program_may_ask_for_the_cookie_too() {
    let backend = Backend::start().await;
    let client = backend.client();
    let body = json!({ "email": "user3@test.com", "password": PASSWORD });
    let plain = client.post("/auth/login", body.clone()).await.is(200);
    assert_eq!(plain.header("set-cookie"), "");
    assert!(plain.data()["csrfToken"].is_null());
    let with = client.post("/auth/login?session=cookie", body.clone()).await.is(200);
    let cookie = with.header("set-cookie");
    assert!(cookie.starts_with(&format!("taster_session={};", text(&with.data(), "token"))));
    let mut visitor = Visitor::of(&backend);
    let value = cookie.split(['=', ';']).nth(1).expect("a value");
    visitor.cookies.insert("taster_session".to_owned(), value.to_owned());
    let page = visitor.get("/profile").await.is(200).has("user3@test.com");
    assert_eq!(page.csrf(), text(&with.data(), "csrfToken"));
    client.post("/auth/login?session=jar", body).await.invalid(&["session"]);
}

#[tokio::test]
async fn what_users_write_stays_text() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::of(&backend);
    let hostile = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>";
    let fields = [("email", "hostile@new.test.com"), ("password", PASSWORD), ("name", hostile)];
    visitor.send("/signup", "/signup", &fields).await.is(303);
    let meal = [("name", hostile), ("tags", "<b>"), ("ingredient", "Farm Rye Bread")];
    let mut fields = meal.to_vec();
    fields.extend([("grams", "80"), ("instructions", "</textarea><script>alert(3)</script>")]);
    let made = visitor.send("/meals/new", "/meals/new", &fields).await.is(303);
    let meal = made.place.split('?').next().expect("a place").to_owned();
    let search = "/meals?search=script&sort=%22%3E%3Cscript%3E";
    for path in ["/", "/profile", "/meals?search=script", search, &meal, &format!("{meal}/edit")] {
        let page = visitor.get(path).await.lacks("<script>").lacks("<img src=x").lacks("<b>");
        assert!(page.html.contains("&lt;script&gt;"), "{path}: {}", page.html);
    }
    visitor.get("/?done=%3Cscript%3E").await.lacks("alert(1)&quot;").lacks("done=<");
    visitor.send("/signin", "/signin", &[("email", hostile)]).await.is(400).lacks("<script>");
}

#[tokio::test]
async fn every_page_is_strict_and_has_nothing_inline() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::newcomer(&backend, "reader").await;
    let mut fields = BODY.to_vec();
    fields.push(("allergies", "nuts"));
    visitor
        .send("/profile", "/profile/health", &fields)
        .await
        .leads_to("/profile?done=health-saved");
    let made = visitor.send("/meals/new", "/meals/new", &MEAL).await.is(303);
    let meal = made.place.split('?').next().expect("a place").to_owned();
    let edit = format!("{meal}/edit");
    let delete = format!("{meal}/delete");
    let order = buy(&mut visitor, "4242424242424242").await;
    let print = format!("{order}/print");
    for path in [
        "/",
        "/uptime",
        "/signup",
        "/signin",
        "/signout",
        "/forgot",
        "/reset?token=x",
        "/profile",
        "/meals",
        "/meals?maxCalories=many",
        &meal,
        "/meals/new",
        &edit,
        &delete,
        "/recommendations",
        "/products",
        "/products?search=zzz",
        "/cart",
        "/checkout",
        "/orders",
        &order,
        &print,
        "/help/delivery?postal-code=7",
        "/nothing-here",
    ] {
        let page = visitor.get(path).await;
        assert!(page.policy.starts_with("default-src 'self';"), "{path}: {}", page.policy);
        assert!(!page.policy.contains("unsafe"), "{path}: {}", page.policy);
        for inline in ["<script>", " onclick", " onload", " style=", "javascript:", "<style"] {
            assert!(!page.html.contains(inline), "{path} has `{inline}`");
        }
        assert!(page.html.contains("<html lang=\"en\">"), "{path}: {}", page.html);
        assert_eq!(page.html.matches("<h1").count(), 1, "{path}");
        labels(path, &page.html);
    }
}

/// Every field that a person sees has a name: a label of its own, one around it, or one of ARIA's.
fn labels(path: &str, html: &str) {
    for kind in ["<input ", "<select ", "<textarea "] {
        for (at, _) in html.match_indices(kind) {
            let tag = &html[at..at + html[at..].find('>').expect("an end")];
            let id = tag.split_once(" id=\"").map(|(_, rest)| rest.split('"').next().expect("one"));
            let own = id.is_some_and(|id| html.contains(&format!("<label for=\"{id}\"")));
            let before = &html[..at];
            let around = before.rfind("<label>").or_else(|| before.rfind("<label class"))
                > before.rfind("</label>");
            let named = own || around || tag.contains("aria-label=");
            assert!(named || tag.contains("type=\"hidden\""), "{path}: {tag}");
        }
    }
}

/// Puts something into the cart and checks out; gives where the order is.
async fn buy(visitor: &mut Visitor, card: &str) -> String {
    let products = visitor.get("/products?search=Garden+Rice").await.is(200);
    let product = products.after("name=\"productId\" value=\"", "\"");
    let item = [("productId", product.as_str()), ("quantity", "2"), ("back", "/cart")];
    visitor.send("/products", "/cart/items", &item).await.leads_to("/cart?done=cart-changed");
    let mut fields = ADDRESS.to_vec();
    fields.push(("card-number", card));
    let bought = visitor.send("/checkout", "/checkout", &fields).await;
    if bought.status == 303 {
        return bought.place.split('?').next().expect("a place").to_owned();
    }
    bought.is(402).has("The card was declined").html
}

#[tokio::test]
async fn fields_say_what_is_wrong_with_them() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::of(&backend);
    let fields = [("email", "nobody"), ("password", "short")];
    let page = visitor.send("/signup", "/signup", &fields).await.is(400);
    let page = page
        .has("E-mail address must be an e-mail address.")
        .has("Password must have 8 to 128 characters")
        .has("value=\"nobody\"")
        .lacks("value=\"short\"");
    let email = page.after("<input id=\"email\"", ">");
    assert!(email.contains("aria-invalid=\"true\"") && email.contains("autofocus"), "{email}");
    assert!(email.contains("aria-describedby=\"email-error\""), "{email}");
    let password = page.after("<input id=\"password\"", ">");
    assert!(password.contains("aria-invalid") && !password.contains("autofocus"), "{password}");
    let fields = [("email", "user1@test.com"), ("password", "wrong")];
    let wrong = visitor.send("/signin", "/signin", &fields).await.is(401);
    wrong.has("The e-mail address or the password is wrong.");
    let taken = [("email", "user1@test.com"), ("password", PASSWORD)];
    visitor.send("/signup", "/signup", &taken).await.is(409).has("Somebody has registered");
}

#[tokio::test]
async fn who_fails_ten_times_is_told_to_wait() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::of(&backend);
    let fields = [("email", "user9@test.com"), ("password", "wrong1")];
    let csrf = visitor.get("/signin").await.csrf();
    for _ in 0..10 {
        visitor.post("/signin", &csrf, &fields).await.is(401);
    }
    visitor.post("/signin", &csrf, &fields).await.is(429).has("Too many requests").has("Wait ");
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_once() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::of(&backend);
    let asked = visitor.send("/forgot", "/forgot", &[("email", "user8@test.com")]).await.is(200);
    let link = asked.after("reset?token=", "\"");
    let page = format!("/reset?token={link}");
    let differ = [("token", link.as_str()), ("password", "NewPass123"), ("again", "Other123")];
    visitor.send(&page, "/reset", &differ).await.is(400).has("the same password once more");
    let same = [("token", link.as_str()), ("password", "NewPass123"), ("again", "NewPass123")];
    visitor.send(&page, "/reset", &same).await.leads_to("/signin?done=password-changed");
    visitor.send(&page, "/reset", &same).await.is(410).has("spent or expired");
    let fields = [("email", "user8@test.com"), ("password", "NewPass123")];
    visitor.send("/signin", "/signin", &fields).await.is(303);
}

#[tokio::test]
async fn a_meal_is_made_changed_copied_and_deleted() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::newcomer(&backend, "cook").await;
    let made = visitor.send("/meals/new", "/meals/new", &MEAL).await.is(303);
    let meal = made.place.strip_suffix("?done=meal-created").expect("a notice").to_owned();
    visitor.get(&made.place).await.has("The meal is created.").has("Farm Rye Bread, 80 g");
    let edit = format!("{meal}/edit");
    let version = visitor.get(&edit).await.after("name=\"version\" value=\"", "\"");
    let mut changed = MEAL.to_vec();
    changed[0].1 = "Better toast";
    changed.push(("version", &version));
    visitor.send(&edit, &edit, &changed).await.is(303);
    visitor.send(&edit, &edit, &changed).await.is(409).has("Somebody has changed this meal");
    let copied = visitor.send(&meal, &format!("{meal}/copy"), &[("name", "")]).await.is(303);
    visitor.get(&copied.place).await.has("Copy of Better toast");
    let delete = format!("{meal}/delete");
    visitor.send(&delete, &delete, &[]).await.leads_to("/meals?done=meal-deleted");
    visitor.get(&meal).await.is(404).has("There is no such meal.");
    let mut other = Visitor::newcomer(&backend, "guest").await;
    other.get(&copied.place.replace("?done=meal-copied", "/edit")).await.is(403);
}

#[tokio::test]
async fn a_meal_of_unknown_things_is_refused_at_the_row() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::newcomer(&backend, "inventor").await;
    let fields = [("ingredient", "Moon Cheese"), ("grams", "50"), ("name", "Moon")];
    let page = visitor.send("/meals/new", "/meals/new", &fields).await.is(404);
    page.has("Product: there is no such product.").has("value=\"Moon Cheese\"");
    let fields = [("ingredient", "Farm Rye Bread"), ("grams", "lots"), ("name", "")];
    let page = visitor.send("/meals/new", "/meals/new", &fields).await.is(400);
    page.has("Name is required.").has("Grams must be a number");
    let none = visitor.send("/meals/new", "/meals/new", &[("name", "Air")]).await.is(400);
    none.has("Ingredients must have 1 to 50 entries.");
}

#[tokio::test]
async fn a_picture_is_kept_if_it_is_one() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::newcomer(&backend, "face").await;
    let png = b"\x89PNG\r\n\x1a\n....".to_vec();
    visitor.get("/profile/picture").await.is(404);
    for (bytes, status) in [
        (png.clone(), 303),
        (b"GIF.no".to_vec(), 400),
        ([png.clone(), vec![0; 300_000]].concat(), 400),
    ] {
        let csrf = visitor.get("/profile").await.csrf();
        let file = multipart::Part::bytes(bytes).file_name("me.png");
        let form = multipart::Form::new().text("csrf", csrf).part("picture", file);
        let request = visitor.request(Method::POST, "/profile/picture").multipart(form);
        visitor.answer(request).await.is(status);
    }
    visitor.get("/profile").await.has("alt=\"Your picture\"");
    visitor.get("/profile/picture").await.is(200);
    visitor.send("/profile", "/profile/picture/remove", &[]).await.is(303);
    visitor.get("/profile").await.lacks("alt=\"Your picture\"");
}

#[tokio::test]
async fn a_cart_is_bought_once_and_the_order_can_be_cancelled() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::newcomer(&backend, "buyer").await;
    let refused = buy(&mut visitor, "4000 0000 0000 0002").await;
    assert!(refused.contains("value=\"Ann\""), "the form is shown again");
    let order = buy(&mut visitor, "4242 4242 4242 4242").await;
    let mut again = ADDRESS.to_vec();
    again.push(("card-number", "4242 4242 4242 4242"));
    let same = visitor.send("/checkout", "/checkout", &again).await;
    same.leads_to(&format!("{order}?done=ordered"));
    let csv = visitor.get(&format!("{order}/receipt.csv")).await.is(200);
    assert!(csv.html.starts_with("name,quantity,unit price,total\n"), "{}", csv.html);
    visitor.get(&format!("{order}/receipt.txt")).await.is(200).has("Receipt for order");
    let cancel = format!("{order}/cancel");
    visitor.send(&order, &cancel, &[]).await.leads_to(&format!("{order}?done=order-cancelled"));
    visitor.send(&order, &cancel, &[]).await.is(409).has("The order is cancelled.");
    let mut other = Visitor::newcomer(&backend, "peeper").await;
    other.get(&order).await.is(403);
    other.get(&format!("/orders/{NOBODY}/receipt.csv")).await.is(404);
}

#[tokio::test]
async fn coupons_say_what_is_wrong_with_them() {
    let backend = Backend::start().await;
    let mut visitor = Visitor::newcomer(&backend, "saver").await;
    let products = visitor.get("/products?search=Garden+Rice").await;
    let product = products.after("name=\"productId\" value=\"", "\"");
    let item = [("productId", product.as_str()), ("quantity", "1"), ("back", "/cart")];
    visitor.send("/products", "/cart/items", &item).await.is(303);
    for (code, said) in [
        ("NONSENSE", "The coupon is not known."),
        ("EXPIRED20", "The coupon has expired."),
        ("SAVE500", "The coupon is for carts of 2000 or more."),
        ("", "The coupon is required."),
    ] {
        let page = visitor.send("/cart", "/cart/coupon", &[("code", code)]).await;
        assert!(page.html.contains(said), "{code}: {}", page.html);
    }
    let fine = visitor.send("/cart", "/cart/coupon", &[("code", "welcome10")]).await;
    fine.leads_to("/cart?done=coupon-added");
    visitor.get("/cart").await.has("(WELCOME10)");
}

#[tokio::test]
async fn each_flaw_breaks_its_page_and_no_other() {
    for (flaw, path, broken) in [
        ("page-label", "/signin", "<label>Password"),
        ("page-search", "/products?search=zzzz", "2000 products"),
        ("page-late=300ms", "/signin", "data-late=\"300\""),
        ("page-script-error", "/", "trouble.js"),
    ] {
        let fine = Backend::start().await;
        Visitor::of(&fine).get(path).await.lacks(broken);
        let flawed = Backend::broken_by(&[flaw]).await;
        Visitor::of(&flawed).get(path).await.has(broken);
    }
    let flawed = Backend::broken_by(&["page-card", "page-total", "page-sign-out"]).await;
    let mut visitor = Visitor::newcomer(&flawed, "lucky").await;
    assert!(buy(&mut visitor, "4000 0000 0000 0002").await.starts_with("/orders/"));
    visitor.send("/", "/signout", &[]).await.is(303);
    visitor.get("/profile").await.is(200);
}

#[tokio::test]
async fn a_broken_database_is_an_honest_page() {
    let backend = Backend::broken_by(&["database-down"]).await;
    let mut visitor = Visitor::of(&backend);
    visitor.cookies.insert("taster_session".to_owned(), "anything".to_owned());
    visitor.get("/meals").await.is(503).has("The database does not answer.");
    visitor.cookies.clear();
    visitor.get("/uptime").await.is(503).has("unhealthy");
}
