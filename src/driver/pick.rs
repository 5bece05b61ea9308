//! Picks single values out of JSON text in one pass: the rest is checked for its grammar and
//! passed over, and no tree is made.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::plan::{Branch, PickPlan};

/// Values that are picked at most.
pub(super) const MOST: usize = 24;

/// The JSON text of each value, by its number; none where there is nothing.
pub(super) type Picked<'t> = [Option<&'t str>; MOST];

/// Picks what `plan` wants out of `text`.
///
/// Gives none where the text is not JSON, or where it cannot be said in one pass: a name that
/// stands twice in one object, more values than `MOST`.
pub(super) fn pick<'t>(plan: &PickPlan, text: &'t str) -> Option<Picked<'t>> {
    let mut picked = [None; MOST];
    if plan.count > MOST {
        return None;
    }
    if plan.count > 0 {
        let mut reader = serde_json::Deserializer::from_str(text);
        Seed { pick: &plan.root, out: &mut picked }.deserialize(&mut reader).ok()?;
        reader.end().ok()?;
    }
    Some(picked)
}

struct Seed<'p, 'o, 'de> {
    pick: &'p Branch,
    out: &'o mut Picked<'de>,
}

impl<'de> DeserializeSeed<'de> for Seed<'_, '_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        if self.pick.wanted.is_empty() {
            return from.deserialize_any(self);
        }
        let raw = <&'de RawValue>::deserialize(from)?.get();
        for number in &self.pick.wanted {
            self.out[*number] = Some(raw);
        }
        if self.pick.is_leaf() {
            return Ok(());
        }
        let mut again = serde_json::Deserializer::from_str(raw);
        again.deserialize_any(self).map_err(D::Error::custom)
    }
}

impl<'de> Visitor<'de> for Seed<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = 0_u64;
        while let Some(known) = map.next_key_seed(Name(&self.pick.members))? {
            let Some(at) = known else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            // The last one counts, and what was picked from the first would have to be forgotten.
            if seen & (1 << at) != 0 {
                return Err(A::Error::custom("a name stands twice"));
            }
            seen |= 1 << at;
            map.next_value_seed(Seed { pick: &self.pick.members[at].1, out: &mut *self.out })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        for at in 0.. {
            let known = self.pick.elements.iter().find(|(wanted, _)| *wanted == at);
            let more = match known {
                Some((_, pick)) => list.next_element_seed(Seed { pick, out: &mut *self.out })?,
                None => list.next_element::<IgnoredAny>()?.map(|_| ()),
            };
            if more.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Knows a member's name by its place among those wanted.
struct Name<'p>(&'p [(String, Branch)]);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<usize>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.iter().position(|(wanted, _)| wanted == name))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde_json::{Value, json};
    use serde_json_path::JsonPath;

    use super::*;
    use crate::plan::{
        BodyPlan, CapturePlan, CaptureSource, HttpPlan, Prepared, SeriesId, Site, Slot, Template,
    };

    /// A step that captures what these paths lead to.
    fn plan(paths: &[&str]) -> Arc<HttpPlan> {
        let captures = paths.iter().map(|path| CapturePlan {
            name: (*path).to_string(),
            slot: Slot(0),
            from: CaptureSource::Json(JsonPath::parse(path).unwrap()),
            site: Site::default(),
        });
        let step = HttpPlan {
            series: SeriesId(0),
            name: String::new(),
            site: Site::default(),
            method: "GET".into(),
            url: Template::text("http://h/"),
            query: Vec::new(),
            headers: Vec::new(),
            basic: None,
            cookies: Vec::new(),
            body: BodyPlan::None,
            redirects: 0,
            timeout: std::time::Duration::ZERO,
            max_body: 0,
            checks: Vec::new(),
            captures: captures.collect(),
            wants_json: true,
            prepared: Prepared::default(),
        };
        Arc::new(step.prepare())
    }

    fn values(paths: &[&str], text: &str) -> Option<Vec<Option<Value>>> {
        let plan = plan(paths);
        let plan = plan.prepared.picks.as_ref().unwrap();
        let picked = pick(plan, text)?;
        let value = |raw: &Option<&str>| raw.map(|raw| serde_json::from_str(raw).unwrap());
        Some(picked[..plan.count].iter().map(value).collect())
    }

    #[test]
    fn values_are_picked_from_wherever_they_are() {
        let text = r#" {"a":{"b":[1,{"c":"x\n"}],"a":null}, "d" : 2.5 } "#;
        let paths = ["$.a.b[1].c", "$.a.b[0]", "$.d", "$.a.a", "$.a.b", "$.e", "$.d.e", "$.a.b[2]"];
        let wanted = [
            Some(json!("x\n")),
            Some(json!(1)),
            Some(json!(2.5)),
            Some(json!(null)),
            Some(json!([1, {"c": "x\n"}])),
            None,
            None,
            None,
        ];
        assert_eq!(values(&paths, text), Some(wanted.to_vec()));
        assert_eq!(values(&["$"], "[1, 2]"), Some(vec![Some(json!([1, 2]))]));
    }

    #[test]
    fn what_is_not_json_to_its_end_gives_nothing() {
        for text in ["", "{", "{\"a\":1", "{\"a\":1} x", "<html>", "{\"a\":1,}", "{\"b\":\u{1}}"] {
            assert_eq!(values(&["$.a"], text), None, "{text}");
        }
    }

    #[test]
    fn a_name_that_stands_twice_is_left_to_the_long_way() {
        assert_eq!(values(&["$.a.b"], r#"{"a":{"b":1},"a":{}}"#), None);
    }

    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[ -~é\\n]{0,6}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[abc]", inner), 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_picked_is_what_the_path_selects(
            document in documents(),
            paths in prop::collection::vec("\\$(\\.[abc]|\\[[0-2]\\]){0,3}", 1..6),
        ) {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let selected: Vec<Option<Value>> = paths
                .iter()
                .map(|path| JsonPath::parse(path).unwrap().query(&document).first().cloned())
                .collect();
            prop_assert_eq!(values(&paths, &document.to_string()), Some(selected.clone()));
            let pretty = serde_json::to_string_pretty(&document).unwrap();
            prop_assert_eq!(values(&paths, &pretty), Some(selected));
        }
    }
}
