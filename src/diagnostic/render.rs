//! Draws problems the way rustc does: code, place, source line, caret, help.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, normalize_untrusted_str};

use super::{Diagnostic, Diagnostics, Place, Severity};

/// How many problems are drawn; what is beyond is only counted. Nobody reads the 101st, and most
/// of them follow from the first.
const DRAWN_AT_MOST: usize = 100;

/// How far apart, in lines, two places of one file may be to be drawn in one piece.
const NEAR: usize = 200;

/// Whether the text is drawn with terminal colours. Who prints knows the terminal and decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without.
    Plain,
    /// With.
    Coloured,
}

impl Diagnostic {
    /// Draws it, without a line end at its end.
    pub fn render(&self, style: Style) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(self.problem.as_str()).id(self.code));
        if let Some(place) = &self.place {
            group = group.elements(self.snippets(place));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(normalize_untrusted_str(help)));
        }
        let renderer = match style {
            Style::Plain => Renderer::plain(),
            Style::Coloured => Renderer::styled(),
        };
        let drawn = renderer.render(&[group]);
        drawn.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// The source at the place, and at the related place: one piece where they are near.
    fn snippets<'a>(
        &'a self,
        place: &'a Place,
    ) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
        let Some((related, label)) = &self.related else {
            return vec![piece(place, &[(place, &self.label, AnnotationKind::Primary)])];
        };
        let primary = (place, &self.label, AnnotationKind::Primary);
        let context = (related, label, AnnotationKind::Context);
        if place.file.name == related.file.name && place.line().abs_diff(related.line()) < NEAR {
            return vec![piece(place, &[primary, context])];
        }
        vec![piece(place, &[primary]), piece(related, &[context])]
    }
}

impl Diagnostics {
    /// Draws all of them and a summary line, each separated by an empty line.
    pub fn render(&self, style: Style) -> String {
        let mut parts: Vec<String> =
            self.list.iter().take(DRAWN_AT_MOST).map(|one| one.render(style)).collect();
        if self.list.len() > DRAWN_AT_MOST {
            parts.push(format!("... and {} more", self.list.len() - DRAWN_AT_MOST));
        }
        parts.push(self.summary());
        parts.join("\n\n")
    }
}

/// The lines from the first to the last place, with their marks. Only these are handed to the
/// renderer: it maps every line it is given, and a file may have many problems.
fn piece<'a>(
    home: &'a Place,
    marks: &[(&'a Place, &'a String, AnnotationKind)],
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = home.file.text.as_str();
    let spans: Vec<Range<usize>> =
        marks.iter().map(|(place, ..)| visible(text, place.span.clone())).collect();
    let first = spans.iter().map(|span| span.start).min().unwrap_or(0);
    let last = spans.iter().map(|span| span.end).max().unwrap_or(0);
    let start = text[..first].rfind('\n').map_or(0, |at| at + 1);
    let end = text[last..].find('\n').map_or(text.len(), |at| last + at);
    let end = last + text[last..end].trim_end_matches('\r').len();
    let line = text[..start].bytes().filter(|byte| *byte == b'\n').count() + 1;
    let annotations = marks.iter().zip(spans).map(|((_, label, kind), span)| {
        let label = (!label.is_empty()).then_some(label.as_str());
        kind.span(span.start - start..span.end - start).label(label)
    });
    Snippet::source(&text[start..end])
        .line_start(line)
        .path(home.file.name.as_str())
        .annotations(annotations)
}

/// The part of a span that is drawn: inside the text, on whole characters, and on its first line;
/// a caret under the first line says as much as brackets around twenty.
fn visible(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    let end = text.ceil_char_boundary(span.end.min(text.len())).max(start);
    let line = text[start..end].find('\n').map_or(end, |at| start + at);
    let trimmed = start + text[start..line].trim_end().len();
    start..trimmed.max(start)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::SourceFile;
    use super::*;

    fn error(file: &Arc<SourceFile>, span: Range<usize>) -> Diagnostic {
        Diagnostic::error("unknown-key", "there is no key `x`", &Place::new(file, span), "here")
    }

    fn drawn(text: &str, span: Range<usize>) -> String {
        error(&SourceFile::new("a.yaml", text), span).render(Style::Plain)
    }

    #[test]
    fn a_problem_shows_code_place_line_caret_and_help() {
        let file = SourceFile::new("a.yaml", "name: a\nnmae: b\n");
        let text = error(&file, 8..12).help("did you mean `name`?").render(Style::Plain);
        let wanted = "\
error[unknown-key]: there is no key `x`
 --> a.yaml:2:1
  |
2 | nmae: b
  | ^^^^ here
  |
  = help: did you mean `name`?";
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_related_place_is_drawn_in_the_same_piece() {
        let file = SourceFile::new("a.yaml", "name: a\nabout: b\nname: c\n");
        let related = Place::new(&file, 0..4);
        let text = error(&file, 17..21).related(&related, "first here").render(Style::Plain);
        assert!(text.contains("1 | name: a\n  | ---- first here"), "{text}");
        assert!(text.contains("3 | name: c\n  | ^^^^ here"), "{text}");
    }

    #[test]
    fn a_related_place_of_another_file_is_drawn_apart() {
        let file = SourceFile::new("a.yaml", "use: x\n");
        let other = SourceFile::new("lib/b.yaml", "\n\nstep: x\n");
        let related = Place::new(&other, 8..9);
        let text = error(&file, 5..6).related(&related, "one is here").render(Style::Plain);
        assert!(text.contains("::: lib/b.yaml:3:7") && text.contains("one is here"), "{text}");
    }

    #[test]
    fn tabs_and_wide_characters_keep_the_caret_under_its_word() {
        let text = drawn("\tx: 1", 1..2);
        assert!(text.contains("1 |     x: 1\n  |     ^ here"), "{text}");
        let text = drawn("日本: x", 8..9);
        assert!(text.contains("1 | 日本: x\n  |       ^ here"), "{text}");
        assert!(text.contains("a.yaml:1:5"), "{text}");
    }

    #[test]
    fn carriage_returns_are_not_drawn() {
        let text = drawn("a: 1\r\nx: 2\r\nb: 3\r\n", 6..10);
        assert!(text.contains("2 | x: 2\n  | ^^^^ here"), "{text:?}");
    }

    #[test]
    fn the_end_of_a_file_and_an_empty_file_can_be_pointed_at() {
        let text = drawn("a: 1", 4..4);
        assert!(text.contains("1 | a: 1\n  |     ^ here"), "{text}");
        let text = drawn("a: 1\n", 5..5);
        assert!(text.contains("a.yaml:2:1") && text.contains("^ here"), "{text}");
        let text = drawn("", 0..0);
        assert!(text.contains("a.yaml:1:1") && text.contains("^ here"), "{text}");
    }

    #[test]
    fn a_place_that_is_off_the_text_or_inside_a_character_does_not_panic() {
        for span in [0..99, 50..60, 1..2, Range { start: 2, end: 1 }] {
            drawn("öö", span);
        }
    }

    #[test]
    fn a_long_place_is_marked_on_its_first_line_only() {
        let text = drawn("a:\n  b: 1\n  c: 2\n", 0..17);
        assert!(text.contains("1 | a:\n  | ^^ here"), "{text}");
        assert!(!text.contains("c: 2"), "{text}");
    }

    #[test]
    fn a_problem_without_a_place_is_one_line() {
        let one = Diagnostic::without_place("no-file", "cannot read `x.yaml`").help("look");
        let text = one.render(Style::Plain);
        assert!(text.starts_with("error[no-file]: cannot read `x.yaml`\n"), "{text}");
    }

    #[test]
    fn colours_only_come_when_asked_for() {
        let one = error(&SourceFile::new("a.yaml", "x: 1"), 0..1);
        assert!(!one.render(Style::Plain).contains('\u{1b}'));
        assert!(one.render(Style::Coloured).contains('\u{1b}'));
    }

    #[test]
    fn all_problems_end_in_a_summary() {
        let file = SourceFile::new("a.yaml", "x: 1\n");
        let all: Diagnostics = (0..102).map(|_| error(&file, 0..1)).collect();
        let text = all.render(Style::Plain);
        assert!(text.ends_with("... and 2 more\n\n102 errors in a.yaml"), "{text}");
    }
}
