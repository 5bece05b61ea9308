//! Finds what somebody probably meant.

/// The choice nearest to `word`, if any is near enough to have been meant. Upper and lower case,
/// `_` and `-` count as the same.
pub fn nearest<'a>(word: &str, choices: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = folded(word);
    let mut best: Option<(usize, f64, &str)> = None;
    for choice in choices {
        let other = folded(choice);
        let distance = strsim::osa_distance(&word, &other);
        let length = word.chars().count().max(other.chars().count());
        if distance > length.div_ceil(3).min(4) || distance == length {
            continue;
        }
        let likeness = strsim::jaro_winkler(&word, &other);
        let better = best.is_none_or(|(least, most, _)| {
            distance < least || (distance == least && likeness > most)
        });
        if better {
            best = Some((distance, likeness, choice));
        }
    }
    best.map(|(_, _, choice)| choice)
}

/// Long words are cut: the distance takes time and memory with the product of the lengths.
fn folded(word: &str) -> String {
    word.chars()
        .take(64)
        .flat_map(char::to_lowercase)
        .map(|c| if c == '_' { '-' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_found() {
        let keys = ["headers", "retries", "timeout", "tags", "steps", "skip", "browser"];
        for (typed, meant) in [
            ("header", "headers"),
            ("retry", "retries"),
            ("timeuot", "timeout"),
            ("Tags", "tags"),
            ("step", "steps"),
            ("brwoser", "browser"),
        ] {
            assert_eq!(nearest(typed, keys), Some(meant), "{typed}");
        }
    }

    #[test]
    fn what_is_not_near_is_not_guessed() {
        assert_eq!(nearest("colour", ["headers", "tags"]), None);
        assert_eq!(nearest("x", ["y"]), None);
        assert_eq!(nearest("", ["tags"]), None);
        assert_eq!(nearest("tags", []), None);
    }

    #[test]
    fn underscores_and_capitals_are_no_difference() {
        assert_eq!(nearest("max_Body", ["max-users", "max-body"]), Some("max-body"));
    }
}
