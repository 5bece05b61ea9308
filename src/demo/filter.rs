//! The conditions of a list: only what was asked for is in the SQL, so every index can serve.
//!
//! The texts are the program's, never a client's; a client's values are always bound.

use rusqlite::types::Value;

/// Conditions that all must hold, and the values they bind.
#[derive(Debug, Default)]
pub(super) struct Filter {
    conditions: Vec<&'static str>,
    values: Vec<Value>,
}

impl Filter {
    /// Adds a condition with one `?` if there is a value for it.
    pub(super) fn when<T: Into<Value>>(&mut self, condition: &'static str, value: Option<T>) {
        if let Some(value) = value {
            self.conditions.push(condition);
            self.values.push(value.into());
        }
    }

    /// The `WHERE` clause, or nothing.
    pub(super) fn clause(&self) -> String {
        if self.conditions.is_empty() {
            return String::new();
        }
        format!("WHERE {}", self.conditions.join(" AND "))
    }

    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    /// The values, then the limit and the offset.
    pub(super) fn values_of_page(&self, limit: i64, offset: i64) -> Vec<Value> {
        let mut values = self.values.clone();
        values.extend([Value::Integer(limit), Value::Integer(offset)]);
        values
    }
}

/// What the full-text index is asked: names with a word that begins with each of these words.
/// Quoted, so that nothing in them has a meaning of its own.
pub(super) fn search_words(search: &str) -> String {
    let words = search.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut terms: Vec<String> = words.take(10).map(|word| format!("\"{word}\"*")).collect();
    if terms.is_empty() {
        // A search for signs alone is a search, and finds nothing.
        terms.push("\"\"".to_owned());
    }
    terms.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_asked_for_is_in_the_clause() {
        let mut filter = Filter::default();
        assert_eq!(filter.clause(), "");
        filter.when("brand = ?", None::<String>);
        filter.when("calories >= ?", Some(100.0));
        filter.when("category = ?", Some("fruit".to_owned()));
        assert_eq!(filter.clause(), "WHERE calories >= ? AND category = ?");
        assert_eq!(filter.values().len(), 2);
        assert_eq!(filter.values_of_page(10, 20).len(), 4);
    }

    #[test]
    fn a_search_is_words_and_nothing_else() {
        assert_eq!(search_words("Chicken  bre"), "\"Chicken\"* \"bre\"*");
        assert_eq!(search_words("a\" OR \"b*"), "\"a\"* \"OR\"* \"b\"*");
        assert_eq!(search_words("%%"), "\"\"");
    }
}
