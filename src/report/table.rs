//! Draws a table of text with aligned columns, and breaks long lines.

/// A table; the first column is aligned to the left, the others to the right. The last cell of a
/// row that is too short is a note: it stands where it begins and widens no column.
pub(super) fn draw(indent: usize, rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let note = |row: &&Vec<String>| row.len() < columns && row.len() == column + 1;
        let cells = rows.iter().filter(|row| !note(row)).filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = " ".repeat(indent);
        for (column, cell) in row.iter().enumerate() {
            let gap = " ".repeat(widths[column].saturating_sub(cell.chars().count()));
            match column {
                _ if row.len() < columns && row.len() == column + 1 => {
                    line.push_str(&format!("  {cell}"));
                }
                0 => line.push_str(&format!("{cell}{gap}")),
                _ => line.push_str(&format!("  {gap}{cell}")),
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Breaks a text into lines of at most `width` characters, each after `indent` spaces. A word
/// that is longer stays whole: it is a path or an address, and is to be copied.
pub(super) fn wrap(text: &str, indent: usize, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width - indent => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines.iter().map(|line| format!("{}{line}\n", " ".repeat(indent))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let rows = [["a", "10"], ["längst", "9"]].map(|row| row.map(String::from).to_vec());
        assert_eq!(draw(1, &rows), " a       10\n längst   9\n");
        let noted = [vec!["a", "1", "2"], vec!["b", "no data"]]
            .map(|row| row.into_iter().map(String::from).collect());
        assert_eq!(draw(0, &noted), "a  1  2\nb  no data\n");
    }

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 2, 10), "  one two\n  three\n");
        assert_eq!(wrap("unbreakable-long-word x", 0, 5), "unbreakable-long-word\nx\n");
    }
}
