//! Templates, and what they can do with a value.

use jiff::Timestamp;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value};

use super::assets;

const TEMPLATES: [(&str, &str); 24] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("fields.html", include_str!("templates/fields.html")),
    ("error.html", include_str!("templates/error.html")),
    ("welcome.html", include_str!("templates/welcome.html")),
    ("dashboard.html", include_str!("templates/dashboard.html")),
    ("uptime.html", include_str!("templates/uptime.html")),
    ("signup.html", include_str!("templates/signup.html")),
    ("signin.html", include_str!("templates/signin.html")),
    ("signout.html", include_str!("templates/signout.html")),
    ("forgot.html", include_str!("templates/forgot.html")),
    ("reset.html", include_str!("templates/reset.html")),
    ("profile.html", include_str!("templates/profile.html")),
    ("meals.html", include_str!("templates/meals.html")),
    ("meal.html", include_str!("templates/meal.html")),
    ("meal-form.html", include_str!("templates/meal-form.html")),
    ("meal-delete.html", include_str!("templates/meal-delete.html")),
    ("recommendations.html", include_str!("templates/recommendations.html")),
    ("products.html", include_str!("templates/products.html")),
    ("cart.html", include_str!("templates/cart.html")),
    ("checkout.html", include_str!("templates/checkout.html")),
    ("orders.html", include_str!("templates/orders.html")),
    ("order.html", include_str!("templates/order.html")),
    ("order-print.html", include_str!("templates/order-print.html")),
    ("delivery.html", include_str!("templates/delivery.html")),
];

/// All templates, read once.
pub(in super::super) struct Renderer(Environment<'static>);

impl Renderer {
    pub(in super::super) fn new() -> Self {
        let mut pages = Environment::new();
        pages.set_auto_escape_callback(|_| AutoEscape::Html);
        pages.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        pages.set_syntax(syntax.expect("the usual delimiters can be told apart"));
        pages.add_filter("money", money);
        pages.add_filter("number", number);
        pages.add_filter("moment", moment);
        pages.add_filter("day", day);
        pages.add_function("asset", assets::stamped);
        for (name, text) in TEMPLATES {
            pages.add_template(name, text).expect("the templates are part of the program");
        }
        Renderer(pages)
    }

    pub(super) fn render(&self, name: &str, data: &serde_json::Value) -> Result<String, Error> {
        self.0.get_template(name)?.render(Value::from(Serde(data)))
    }
}

/// Minor units as a price.
pub(super) fn money(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}€{}.{:02}", cents.abs() / 100, cents.abs() % 100)
}

/// To one decimal, and none if it is 0.
fn number(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0 + 0.0;
    if rounded.fract() == 0.0 { format!("{rounded:.0}") } else { format!("{rounded:.1}") }
}

/// A time as people read it.
fn moment(written: &str) -> String {
    formatted(written, "%-d %b %Y, %H:%M UTC")
}

fn day(written: &str) -> String {
    formatted(written, "%-d %b %Y")
}

fn formatted(written: &str, format: &str) -> String {
    match written.parse::<Timestamp>() {
        Ok(time) => time.strftime(format).to_string(),
        Err(_) => written.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_for_people() {
        assert_eq!([money(0), money(5), money(123_456)], ["€0.00", "€0.05", "€1234.56"]);
        assert_eq!(money(-250), "-€2.50");
        assert_eq!([number(12.0), number(0.25), number(99.96)], ["12", "0.3", "100"]);
        assert_eq!(moment("2026-01-01T07:05:00Z"), "1 Jan 2026, 07:05 UTC");
        assert_eq!(day("2026-01-01T07:05:00Z"), "1 Jan 2026");
        assert_eq!(day("soon"), "soon");
    }
}
