//! The one function from text to `Scenario`.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile};

use super::check::check;
use super::grammar::{FILE, Kind};
use super::problems::Problems;
use super::{Scenario, convert, yaml};

/// Reads a scenario file. What comes with a scenario are warnings only; what comes instead of one
/// is everything that is wrong with the file, warnings included, in the order of the file.
pub fn parse(file: &Arc<SourceFile>) -> Result<(Scenario, Vec<Diagnostic>), Diagnostics> {
    let mut problems = Problems::new(file);
    let Some(root) = yaml::read(&mut problems) else { return Err(problems.into_sorted()) };
    check(&Kind::Object(|| &FILE), &root, "the file", &mut problems);
    let scenario = convert::scenario(&root, &mut problems);
    let found = problems.into_sorted();
    if found.has_errors() { Err(found) } else { Ok((scenario, found.list)) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::grammar::{Key, Object, objects};
    use super::super::yaml::{Data, Node};
    use super::*;
    use crate::diagnostic::Style;

    /// The examples of the reference.
    fn examples() -> Vec<&'static str> {
        let text = include_str!("../../docs/scenario.md");
        let blocks = text.split("```yaml\n").skip(1);
        blocks.filter_map(|block| block.split("```").next()).collect()
    }

    fn tree(text: &str) -> (Node, Problems) {
        let mut problems = Problems::new(&SourceFile::new("a.yaml", text));
        (yaml::read(&mut problems).unwrap(), problems)
    }

    /// What a kind and its node have inside, as pairs of the same.
    fn inside<'a>(kind: &'a Kind, node: &'a Node) -> Vec<(Kind, &'a Node)> {
        match (kind, &node.data) {
            (Kind::OneOrMany(inner) | Kind::List(inner, _), Data::List(items)) => {
                items.iter().map(|item| (**inner, item)).collect()
            }
            (Kind::OneOrMany(inner), _) => vec![(**inner, node)],
            (Kind::Map(_, inner), Data::Map(entries)) => {
                entries.iter().map(|entry| (**inner, &entry.value)).collect()
            }
            (Kind::OneOf(kinds), data) => {
                let fits = |kind: &&Kind| match kind {
                    Kind::List(..) => matches!(data, Data::List(_)),
                    Kind::Map(..) | Kind::Object(_) => matches!(data, Data::Map(_)),
                    _ => matches!(data, Data::Scalar(_)),
                };
                kinds.iter().filter(fits).map(|kind| (*kind, node)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn keys_used(kind: Kind, node: &Node, used: &mut BTreeSet<(&'static str, &'static str)>) {
        if let (Kind::Object(object), Data::Map(entries)) = (kind, &node.data) {
            for entry in entries {
                if let Some(key) = object().key(&entry.key.text) {
                    used.insert((key.name, key.doc));
                    keys_used(key.kind, &entry.value, used);
                }
            }
        }
        for (kind, node) in inside(&kind, node) {
            keys_used(kind, node, used);
        }
    }

    fn all_keys() -> impl Iterator<Item = (&'static Object, &'static Key)> {
        objects().into_iter().flat_map(|object| object.keys().map(move |key| (object, key)))
    }

    #[test]
    fn the_reference_shows_every_key_of_the_grammar() {
        let mut used = BTreeSet::new();
        for example in examples() {
            keys_used(Kind::Object(|| &FILE), &tree(example).0, &mut used);
        }
        // Many verbs have the keys of a locator: what is shown with one of them is shown.
        let all: BTreeSet<_> = all_keys().map(|(_, key)| (key.name, key.doc)).collect();
        assert_eq!(all.difference(&used).collect::<Vec<_>>(), Vec::<&(&str, &str)>::new());
    }

    #[test]
    fn every_example_of_the_grammar_fits_its_key() {
        for (object, key) in all_keys() {
            let (node, mut problems) = tree(key.example);
            check(&key.kind, &node, key.name, &mut problems);
            let found = problems.into_sorted();
            assert!(found.is_empty(), "{}.{}:\n{found}", object.id, key.name);
        }
    }

    #[test]
    fn words_of_other_tools_are_no_keys_and_mean_one_thing() {
        for object in objects() {
            let mut seen = BTreeSet::new();
            for word in object.keys().flat_map(|key| key.also) {
                assert!(seen.insert(word), "{word} means two keys of {}", object.id);
                assert!(object.key(word).is_none(), "{word} is a key of {}", object.id);
            }
            for key in object.either.iter().copied().flatten() {
                assert!(object.key(key).is_some(), "{key} is no key of {}", object.id);
            }
        }
    }

    /// Paths to every entry of every map.
    fn entries(node: &Node, path: Vec<usize>, found: &mut Vec<Vec<usize>>) {
        let (inner, is_map): (Vec<&Node>, bool) = match &node.data {
            Data::Map(entries) => (entries.iter().map(|entry| &entry.value).collect(), true),
            Data::List(items) => (items.iter().collect(), false),
            _ => return,
        };
        for (at, node) in inner.into_iter().enumerate() {
            let path = [path.clone(), vec![at]].concat();
            if is_map {
                found.push(path.clone());
            }
            entries(node, path, found);
        }
    }

    fn without(node: &Node, path: &[usize]) -> Node {
        let mut changed = node.clone();
        let (last, way) = path.split_last().unwrap();
        let mut at = &mut changed;
        for step in way {
            at = match &mut at.data {
                Data::Map(entries) => &mut entries[*step].value,
                Data::List(items) => &mut items[*step],
                _ => unreachable!("the path leads through collections"),
            };
        }
        if let Data::Map(entries) = &mut at.data {
            entries.remove(*last);
        }
        changed
    }

    /// No key is read by the grammar and then forgotten.
    #[test]
    fn every_entry_of_the_reference_makes_a_difference() {
        for example in examples() {
            let (root, mut problems) = tree(example);
            let whole = format!("{:?}", convert::scenario(&root, &mut problems));
            let mut paths = Vec::new();
            entries(&root, Vec::new(), &mut paths);
            for path in paths {
                let less = without(&root, &path);
                let part = format!("{:?}", convert::scenario(&less, &mut problems));
                assert!(part != whole, "entry {path:?} is not read:\n{example}");
            }
        }
    }

    /// Reads, and looks at everything that is said.
    fn survives(text: &str) -> Result<(), TestCaseError> {
        let file = SourceFile::new("a.yaml", text);
        let found = match parse(&file) {
            Ok((scenario, warnings)) => {
                scenario.wanted_files();
                warnings.into_iter().collect()
            }
            Err(errors) => {
                prop_assert!(errors.has_errors());
                errors
            }
        };
        for one in &found.list {
            let span = one.place.as_ref().map(|place| place.span.clone()).unwrap_or_default();
            prop_assert!(text.get(span.clone()).is_some(), "{}: {span:?} in {text:?}", one.code);
        }
        found.render(Style::Plain);
        Ok(())
    }

    const SNIPPETS: [&str; 24] = [
        "{{", "}}", "{{ x }}", "[", "]", "{", "}", ": ", "- ", "\n", "\t", "\"", "'", "&a ", "*a",
        "<<: ", "!t ", "---\n", "ö😀", "\u{feff}", "\r\n", "|\n", "null", "1e999",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn a_file_cut_off_anywhere_is_answered(which: usize, at: usize) {
            let all = examples();
            let text = all[which % all.len()];
            survives(&text[..text.floor_char_boundary(at % (text.len() + 1))])?;
        }

        #[test]
        fn a_file_with_a_piece_changed_is_answered(
            which: usize, at: usize, length in 0usize..40, snippet: usize
        ) {
            let all = examples();
            let text = all[which % all.len()];
            let start = text.floor_char_boundary(at % (text.len() + 1));
            let end = text.floor_char_boundary((start + length).min(text.len()));
            let snippet = SNIPPETS[snippet % SNIPPETS.len()];
            survives(&format!("{}{snippet}{}", &text[..start], &text[end..]))?;
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,60}|([ \\n:{}\\[\\]\"'&*!|>#%@a-]|- |: ){0,40}") {
            survives(&text)?;
        }
    }
}
