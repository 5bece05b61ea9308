//! Makes foreign text harmless: names, messages and bodies come from files and servers.
//!
//! Escaping is each format's own business; here goes what no format should ever carry.

/// One line of at most so many characters.
pub(super) fn line(text: &str, most: usize) -> String {
    let words = shown(text, most).split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&words, most)
}

/// A block of at most so many lines, each cut at 160 characters.
pub(super) fn block(text: &str, most: usize) -> String {
    const WIDTH: usize = 160;
    let near = shown(text, WIDTH * most);
    let all: Vec<&str> = near.trim_end().lines().collect();
    let mut lines: Vec<String> = all.iter().take(most).map(|line| cut(line, WIDTH)).collect();
    if all.len() > most || near.len() < text.len() / 2 {
        lines.push("…".to_string());
    }
    lines.join("\n")
}

/// Without control characters (but line ends) and without marks that turn the direction of
/// writing: these can make a terminal or a page show something else than what is there.
fn shown(text: &str, most: usize) -> String {
    let near = text.floor_char_boundary(most.saturating_mul(4).saturating_add(64));
    text[..near]
        .chars()
        .filter_map(|c| match c {
            '\n' => Some('\n'),
            '\r' => None,
            '\t' => Some(' '),
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' => None,
            '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => None,
            c if c.is_control() => Some('\u{fffd}'),
            c => Some(c),
        })
        .collect()
}

/// Whether nothing in a text is taken away where it is shown: see `line`.
pub(super) fn is_plain(text: &str) -> bool {
    shown(text, text.len()) == text.replace('\t', " ")
}

/// A `data:` URL of a picture; anything else is left out, whoever wrote the file.
pub(super) fn picture(url: Option<&str>) -> Option<String> {
    let url = url?;
    let data = ["png", "jpeg"]
        .iter()
        .find_map(|kind| url.strip_prefix(&format!("data:image/{kind};base64,")))?;
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=');
    data.bytes().all(letter).then(|| url.to_string())
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_command_a_terminal_or_turn_a_line_is_gone() {
        assert_eq!(line("a\u{1b}[31m\tb\u{202e}c\r\nd", 50), "a\u{fffd}[31m bc d");
        assert_eq!(block("a\r\nb\u{7}\n\nc", 2), "a\nb\u{fffd}\n…");
    }

    #[test]
    fn a_megabyte_is_cut() {
        let large = "x".repeat(1 << 20);
        assert_eq!(line(&large, 10), "xxxxxxxxxx…");
        assert!(block(&large, 3).len() < 1_000);
        assert!(block(&"y\n".repeat(1 << 19), 3).ends_with("y\n…"));
    }

    proptest! {
        #[test]
        fn no_text_gets_through_with_control_characters(text: String, most in 1usize..100) {
            let plain = |c: char| !c.is_control() || c == '\n';
            prop_assert!(line(&text, most).chars().all(|c| !c.is_control()));
            prop_assert!(line(&text, most).chars().count() <= most + 1);
            prop_assert!(block(&text, most).chars().all(plain));
        }
    }
}
