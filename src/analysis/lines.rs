//! Compares two texts line by line.

/// Lines that are compared at most; what is behind them is left out.
const LINES: usize = 1_500;

/// One line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// In both.
    Same(String),
    /// Only in the first.
    Gone(String),
    /// Only in the second.
    New(String),
}

/// All lines of both texts, in order, with as many as possible the same.
pub(super) fn compare(before: &str, after: &str) -> Vec<Line> {
    let before: Vec<&str> = before.lines().take(LINES).collect();
    let after: Vec<&str> = after.lines().take(LINES).collect();
    let head = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let (left, right) = (&before[head..], &after[head..]);
    let tail = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    let same = |line: &&str| Line::Same(line.to_string());
    let mut lines: Vec<Line> = before[..head].iter().map(same).collect();
    lines.extend(middle(&left[..left.len() - tail], &right[..right.len() - tail]));
    lines.extend(before[before.len() - tail..].iter().map(same));
    lines
}

/// By the longest common subsequence.
fn middle(before: &[&str], after: &[&str]) -> Vec<Line> {
    // `common[i][j]`: how many lines `before[i..]` and `after[j..]` have in common.
    let mut common = vec![vec![0u16; after.len() + 1]; before.len() + 1];
    for i in (0..before.len()).rev() {
        for j in (0..after.len()).rev() {
            common[i][j] = match before[i] == after[j] {
                true => common[i + 1][j + 1] + 1,
                false => common[i + 1][j].max(common[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < before.len() || j < after.len() {
        let both = i < before.len() && j < after.len();
        if both && before[i] == after[j] {
            lines.push(Line::Same(before[i].to_string()));
            (i, j) = (i + 1, j + 1);
        } else if j == after.len() || (i < before.len() && common[i + 1][j] >= common[i][j + 1]) {
            lines.push(Line::Gone(before[i].to_string()));
            i += 1;
        } else {
            lines.push(Line::New(after[j].to_string()));
            j += 1;
        }
    }
    lines
}

/// The changed lines with so many lines around them; longer stretches of the same become one
/// empty line.
pub(super) fn shortened(lines: Vec<Line>, around: usize) -> Vec<Line> {
    let changed: Vec<bool> = lines.iter().map(|line| !matches!(line, Line::Same(_))).collect();
    if !changed.contains(&true) {
        return Vec::new();
    }
    let near = |at: usize| {
        let end = (at + around + 1).min(changed.len());
        changed[at.saturating_sub(around)..end].contains(&true)
    };
    let mut short: Vec<Line> = Vec::new();
    let gap = Line::Same(String::new());
    for (at, line) in lines.into_iter().enumerate() {
        if near(at) {
            short.push(line);
        } else if short.last() != Some(&gap) {
            short.push(gap.clone());
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(lines: &[Line]) -> String {
        let one = |line: &Line| match line {
            Line::Same(text) => format!(" {text}"),
            Line::Gone(text) => format!("-{text}"),
            Line::New(text) => format!("+{text}"),
        };
        lines.iter().map(one).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn only_what_changed_is_marked() {
        assert_eq!(drawn(&compare("a\nb\nc\nd", "a\nc\nx\nd")), " a|-b| c|+x| d");
        assert_eq!(drawn(&compare("", "a")), "+a");
        assert_eq!(drawn(&compare("a\nb", "")), "-a|-b");
    }

    #[test]
    fn what_is_far_from_a_change_is_left_out() {
        let before: Vec<String> = (0..20).map(|at| at.to_string()).collect();
        let mut after = before.clone();
        after[10] = "x".to_string();
        let lines = shortened(compare(&before.join("\n"), &after.join("\n")), 1);
        assert_eq!(drawn(&lines), " | 9|-10|+x| 11| ");
        assert!(shortened(compare("a", "a"), 1).is_empty());
    }

    #[test]
    fn long_texts_do_not_take_long() {
        let text = |odd: usize| (0..50_000).map(|at| format!("{}\n", at * odd)).collect::<String>();
        assert!(compare(&text(3), &text(7)).len() <= 2 * LINES);
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_off(one in "[abc\n]{0,40}", other in "[abc\n]{0,40}") {
            let lines = compare(&one, &other);
            let of = |wanted: fn(&Line) -> Option<&String>| {
                lines.iter().filter_map(wanted).cloned().collect::<Vec<_>>()
            };
            let first = of(|line| match line {
                Line::Same(text) | Line::Gone(text) => Some(text),
                Line::New(_) => None,
            });
            let second = of(|line| match line {
                Line::Same(text) | Line::New(text) => Some(text),
                Line::Gone(_) => None,
            });
            prop_assert_eq!(first, one.lines().collect::<Vec<_>>());
            prop_assert_eq!(second, other.lines().collect::<Vec<_>>());
        }
    }
}
