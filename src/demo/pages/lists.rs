//! Lists that are searched, filtered and turned over: what the query says, and links to the rest.

use serde_json::{Value, json};
use url::form_urlencoded;

use super::super::input::Fields;
use super::super::reply::Refusal;
use super::notices;
use super::page::Page;

/// The query of a list. Of a name that comes several times, all values count.
pub(super) struct Asked {
    pairs: Vec<(String, String)>,
}

impl Asked {
    pub(super) fn of(page: &Page) -> Self {
        let query = page.place.split_once('?').map_or("", |(_, query)| query);
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        // An empty field of a form is one that nobody filled in.
        Asked { pairs: pairs.filter(|(_, value)| !value.trim().is_empty()).collect() }
    }

    /// As the API reads it: only these names, several values with commas between them.
    pub(super) fn fields(&self, names: &[&str]) -> Fields {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for name in names {
            let values = self.all(name);
            if !values.is_empty() {
                query.append_pair(name, &values.join(","));
            }
        }
        Fields::from_query(&query.finish())
    }

    fn all(&self, name: &str) -> Vec<&str> {
        let named = self.pairs.iter().filter(|(key, _)| key == name);
        named.map(|(_, value)| value.as_str()).collect()
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.pairs.retain(|(key, _)| key != name);
    }

    /// As the fields of the form show it again.
    pub(super) fn values(&self, names: &[&str]) -> Value {
        let mut values = json!({});
        for name in names {
            values[*name] = json!(self.all(name).join(","));
        }
        values
    }

    /// The same list at another page.
    fn at(&self, path: &str, page: i64) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.pairs.iter().filter(|(key, _)| key != "page" && key != "done") {
            query.append_pair(name, value);
        }
        format!("{path}?{}", query.append_pair("page", &page.to_string()).finish())
    }

    /// Links to the page before, the one after, and those around.
    pub(super) fn links(&self, path: &str, (page, limit): (i64, i64), total: i64) -> Value {
        let last = ((total + limit - 1) / limit).max(1);
        let near = (page - 2).max(1)..=(page + 2).min(last);
        let shown: Vec<Value> = std::iter::once(1)
            .filter(|first| !near.contains(first))
            .chain(near.clone())
            .chain(std::iter::once(last).filter(|last| !near.contains(last)))
            .map(|number| json!({ "number": number, "place": self.at(path, number) }))
            .collect();
        json!({
            "page": page,
            "last": last,
            "previous": (page > 1).then(|| self.at(path, (page - 1).min(last))),
            "next": (page < last).then(|| self.at(path, page + 1)),
            "shown": shown,
        })
    }
}

/// What was wrong with a query, in sentences.
pub(super) fn complaints(refusal: &Refusal) -> Vec<String> {
    let details = refusal.details.iter();
    let all = details.map(|detail| {
        let words = detail.field.replace("maxCalories", "highest energy");
        let words = words.replace("minCalories", "lowest energy");
        notices::sentence(&format!(
            "{words} {}",
            detail.message.replace("maxCalories", "the highest")
        ))
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Asked {
        Asked { pairs: form_urlencoded::parse(query.as_bytes()).into_owned().collect() }
    }

    #[test]
    fn links_keep_what_was_asked_for() {
        let links = asked("tag=quick&page=3&done=x&tag=vegan").links("/meals", (3, 10), 95);
        assert_eq!(links["previous"], "/meals?tag=quick&tag=vegan&page=2");
        assert_eq!(links["next"], "/meals?tag=quick&tag=vegan&page=4");
        let numbers: Vec<i64> = links["shown"]
            .as_array()
            .expect("links")
            .iter()
            .filter_map(|link| link["number"].as_i64())
            .collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 10]);
    }

    #[test]
    fn a_list_of_nothing_has_one_page() {
        let links = asked("").links("/meals", (1, 10), 0);
        assert_eq!((&links["last"], &links["next"]), (&json!(1), &Value::Null));
        let beyond = asked("").links("/meals", (9, 10), 5);
        assert_eq!(beyond["previous"], "/meals?page=1");
    }

    #[test]
    fn several_values_become_one_with_commas() {
        let values = asked("a=nuts&a=soy&b=1").values(&["a", "b", "c"]);
        assert_eq!(values, json!({ "a": "nuts,soy", "b": "1", "c": "" }));
    }
}
