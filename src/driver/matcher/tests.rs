//! What holds of each comparison, as tables: a path, a test, and what is said of it.

use regex::Regex;
use serde_json::json;

use super::*;
use crate::driver::exemplar::Masks;
use crate::plan::ComparisonPlan as Is;
use crate::plan::Secrets;
use crate::scenario::JsonType;

fn fixed(value: Value) -> ValuePlan {
    ValuePlan::Fixed(value)
}

fn all<const N: usize>(tests: [Is; N]) -> Box<MatcherPlan> {
    Box::new(MatcherPlan { tests: tests.into() })
}

/// What is said about `path` in a document; nothing if it holds.
fn said(path: &str, test: Is) -> String {
    let document = json!({
        "id": 5, "text": "five", "digit": "5", "half": 0.5, "big": 9_007_199_254_740_993_u64,
        "yes": true, "none": null, "when": "2026-11-22",
        "list": [1, 2, 3], "empty": [], "one": { "a": 1, "b": { "c": [1, 2] } },
        "items": [{ "price": 1, "name": "a" }, { "price": -2, "name": "b" }],
        "long": "begin ".to_string() + &"x".repeat(200) + " the end",
    });
    let path = JsonPath::parse(path).unwrap();
    said_of(Subject::Path(&path, &document), test)
}

fn said_of(subject: Subject<'_>, test: Is) -> String {
    let masks = Masks::new();
    let words = Words { masks: &masks, secrets: &Secrets::default() };
    let mut render = |_: &Template| Err(Broken::new(Failure::Missing, "no `token`"));
    let mut means = Means { render: &mut render, words };
    let result = matches(&MatcherPlan { tests: vec![test] }, subject, &mut means);
    result.map_or_else(|broken| broken.message, |()| String::new())
}

#[test]
fn what_holds_says_nothing() {
    let one_and_two = json!({ "b": { "c": [1.0, 2] }, "a": 1.0 });
    for (path, test) in [
        ("$.id", Is::Equals(fixed(json!(5)))),
        ("$.id", Is::Equals(fixed(json!(5.0)))),
        ("$.one", Is::Equals(fixed(one_and_two))),
        ("$.list", Is::Equals(fixed(json!([1, 2, 3])))),
        ("$.id", Is::Not(fixed(json!("5")))),
        ("$.id", Is::Gt(fixed(json!(4.9)))),
        ("$.big", Is::Gt(fixed(json!(9_007_199_254_740_992.0)))),
        ("$.id", Is::Gte(fixed(json!(5)))),
        ("$.half", Is::Lt(fixed(json!(1)))),
        ("$.half", Is::Lte(fixed(json!(0.5)))),
        ("$.when", Is::Gt(fixed(json!("2026-01-01")))),
        ("$.id", Is::In(vec![fixed(json!("5")), fixed(json!(5))])),
        ("$.text", Is::Contains(fixed(json!("iv")))),
        ("$.list", Is::Contains(fixed(json!(2.0)))),
        ("$.one", Is::Contains(fixed(json!("a")))),
        ("$.text", Is::NotContains(fixed(json!("six")))),
        ("$.list", Is::NotContains(fixed(json!(9)))),
        ("$.text", Is::StartsWith(fixed(json!("fi")))),
        ("$.text", Is::EndsWith(fixed(json!("ve")))),
        ("$.text", Is::Matches(Regex::new("^f.*e$").unwrap())),
        ("$.id", Is::Type(JsonType::Integer)),
        ("$.half", Is::Type(JsonType::Number)),
        ("$.none", Is::Type(JsonType::Null)),
        ("$.list", Is::Length(all([Is::Equals(fixed(json!(3)))]))),
        ("$.items[*]", Is::Length(all([Is::Equals(fixed(json!(2)))]))),
        ("$.text", Is::Length(all([Is::Gt(fixed(json!(3)))]))),
        ("$.empty", Is::Length(all([Is::Equals(fixed(json!(0)))]))),
        ("$.none", Is::Exists(true)),
        ("$.gone", Is::Exists(false)),
        ("$.list", Is::Each(all([Is::Type(JsonType::Integer), Is::Gt(fixed(json!(0)))]))),
        ("$.items[*].name", Is::Each(all([Is::Length(all([Is::Equals(fixed(json!(1)))]))]))),
        ("$.list", Is::Any(all([Is::Equals(fixed(json!(2)))]))),
        ("$.items[*].price", Is::Any(all([Is::Lt(fixed(json!(0)))]))),
    ] {
        assert_eq!(said(path, test.clone()), "", "{path} {test:?}");
    }
}

fn tells(table: &[(&str, Is, &str)]) {
    for (path, test, message) in table {
        assert_eq!(said(path, test.clone()), *message);
    }
}

#[test]
fn another_value_is_told_with_its_type_and_the_first_difference() {
    tells(&[
        ("$.id", Is::Equals(fixed(json!(6))), "`$.id` should be 6, but is 5"),
        (
            "$.digit",
            Is::Equals(fixed(json!(5))),
            "`$.digit` should be 5, but is \"5\": the text \"5\" is not the number 5",
        ),
        (
            "$.id",
            Is::Equals(fixed(json!("5"))),
            "`$.id` should be \"5\", but is 5: the number 5 is not the text \"5\"",
        ),
        (
            "$.none",
            Is::Equals(fixed(json!(false))),
            "`$.none` should be false, but is null: null is not the boolean false",
        ),
        (
            "$.list",
            Is::Equals(fixed(json!([1, 2, 4]))),
            "`$.list` should be the list [1,2,4] of 3, but is the list [1,2,3] of 3: \
             `[2]` is 3, not 4",
        ),
        (
            "$.list",
            Is::Equals(fixed(json!([1, 2]))),
            "`$.list` should be the list [1,2] of 2, but is the list [1,2,3] of 3: \
             it has 3 values, not 2 values",
        ),
        (
            "$.one",
            Is::Equals(fixed(json!({ "a": 1, "b": { "c": [1, "2"] } }))),
            "`$.one` should be {\"a\":1,\"b\":{\"c\":[1,\"2\"]}}, \
             but is {\"a\":1,\"b\":{\"c\":[1,2]}}: \
             `.b.c[1]` is the number 2, not the text \"2\"",
        ),
        (
            "$.one",
            Is::Equals(fixed(json!({ "a": 1 }))),
            "`$.one` should be {\"a\":1}, but is {\"a\":1,\"b\":{\"c\":[1,2]}}: \
             `.b` is there too",
        ),
    ]);
}

#[test]
fn another_order_is_told() {
    tells(&[
        ("$.id", Is::Not(fixed(json!(5))), "`$.id` should not be 5, but is 5"),
        ("$.id", Is::Gt(fixed(json!(5))), "`$.id` should be more than 5, but is 5"),
        ("$.half", Is::Gte(fixed(json!(1))), "`$.half` should be at least 1, but is 0.5"),
        ("$.id", Is::Lt(fixed(json!(5))), "`$.id` should be less than 5, but is 5"),
        ("$.id", Is::Lte(fixed(json!(4))), "`$.id` should be at most 4, but is 5"),
        (
            "$.digit",
            Is::Gt(fixed(json!(4))),
            "`$.digit` should be more than 4, \
             but is the text \"5\", which cannot be compared with the number 4",
        ),
    ]);
}

#[test]
fn another_text_list_or_type_is_told() {
    tells(&[
        (
            "$.id",
            Is::In(vec![fixed(json!(1)), fixed(json!("5"))]),
            "`$.id` should be one of 1, \"5\", but is the number 5",
        ),
        (
            "$.text",
            Is::Contains(fixed(json!("six"))),
            "`$.text` should contain \"six\", but is \"five\"",
        ),
        (
            "$.list",
            Is::Contains(fixed(json!("2"))),
            "`$.list` should contain \"2\", but is the list [1,2,3] of 3",
        ),
        (
            "$.id",
            Is::Contains(fixed(json!("5"))),
            "`$.id` should contain \"5\", but is the number 5",
        ),
        (
            "$.long",
            Is::NotContains(fixed(json!("the end"))),
            "`$.long` should not contain \"the end\", \
             but does: \"xxxxxxxxxxxxxxxxxxx the end\"",
        ),
        (
            "$.text",
            Is::StartsWith(fixed(json!("x"))),
            "`$.text` should begin with \"x\", but is \"five\"",
        ),
        (
            "$.long",
            Is::EndsWith(fixed(json!("."))),
            "`$.long` should end with \".\", but ends with \"xxxxxxxxxxxxxxxxxxxxxx the end\"",
        ),
        (
            "$.text",
            Is::Matches(Regex::new("^[0-9]+$").unwrap()),
            "`$.text` should match `^[0-9]+$`, but is \"five\"",
        ),
        (
            "$.id",
            Is::Matches(Regex::new("5").unwrap()),
            "`$.id` should match `5`, but is the number 5",
        ),
        (
            "$.half",
            Is::Type(JsonType::Integer),
            "`$.half` should be an integer, but is the number 0.5",
        ),
        (
            "$.digit",
            Is::Type(JsonType::Number),
            "`$.digit` should be a number, but is the text \"5\"",
        ),
    ]);
}

#[test]
fn a_wrong_number_of_values_is_told() {
    tells(&[
        (
            "$.list",
            Is::Length(all([Is::Gt(fixed(json!(3)))])),
            "the length of `$.list` should be more than 3, but is 3",
        ),
        (
            "$.id",
            Is::Length(all([Is::Gt(fixed(json!(3)))])),
            "`$.id` has no length: it is the number 5",
        ),
        (
            "$.empty[*]",
            Is::Length(all([Is::Equals(fixed(json!(0)))])),
            "`$.empty[*]` should have a length that should be 0, but nothing is there; \
             `$.empty` is an empty list; ask for the length of the list itself, without `[*]`",
        ),
        (
            "$.one.d",
            Is::Exists(true),
            "`$.one.d` should exist, but nothing is there; `$.one` has: $.one.a, $.one.b",
        ),
        (
            "$.one.d",
            Is::Gt(fixed(json!(0))),
            "`$.one.d` should be more than 0, but nothing is there; \
             `$.one` has: $.one.a, $.one.b",
        ),
        ("$.none", Is::Exists(false), "`$.none` should not exist, but is null"),
        (
            "$.list[*]",
            Is::Exists(false),
            "`$.list[*]` should not exist, but selects 3 values, the first is 1",
        ),
        (
            "$.list[*]",
            Is::Equals(fixed(json!(1))),
            "`$.list[*]` selects 3 values, and this comparison needs exactly one: \
             say `each` or `any`",
        ),
    ]);
}

#[test]
fn the_values_that_fail_are_told() {
    tells(&[
        (
            "$.items[*].price",
            Is::Each(all([Is::Type(JsonType::Integer), Is::Gte(fixed(json!(0)))])),
            "`$.items[1].price` should be at least 0, but is -2 (1 of 2 values fail)",
        ),
        (
            "$.list",
            Is::Each(all([Is::Gt(fixed(json!(2)))])),
            "`$.list[0]` should be more than 2, but is 1 (2 of 3 values fail)",
        ),
        (
            "$.empty",
            Is::Each(all([Is::Gt(fixed(json!(2)))])),
            "`$.empty` should have values to look at, but is the empty list",
        ),
        (
            "$.items[*].name",
            Is::Each(all([Is::Length(all([Is::Gt(fixed(json!(1)))]))])),
            "the length of `$.items[0].name` should be more than 1, but is 1 \
             (2 of 2 values fail)",
        ),
        (
            "$.list",
            Is::Any(all([Is::Gt(fixed(json!(3)))])),
            "one of the values of `$.list` should be more than 3, but none of 3 does: 1, 2, 3",
        ),
    ]);
}

#[test]
fn headers_and_variables_are_looked_at_like_values() {
    let json = Subject::Header("content-type", Some(Seen::Text("text/plain")));
    assert_eq!(
        said_of(json, Is::Contains(fixed(json!("json")))),
        "the header `content-type` should contain \"json\", but is \"text/plain\""
    );
    let gone = Subject::Header("etag", None);
    assert_eq!(said_of(gone, Is::Exists(false)), "");
    assert_eq!(
        said_of(gone, Is::Equals(fixed(json!("x")))),
        "the header `etag` should be \"x\", but is not there"
    );
}

#[test]
fn a_wanted_value_that_is_missing_is_not_a_failed_check() {
    let five = json!(5);
    let subject = Subject::One("the variable", Some(Seen::from(&five)));
    assert_eq!(
        said_of(subject, Is::Equals(ValuePlan::Rendered(Template::default()))),
        "no `token`"
    );
}
