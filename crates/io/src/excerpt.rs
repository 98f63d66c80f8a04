//! A line of text as an error shows it, with what is wrong in it marked.

use std::ops::Range;

/// Cells shown on either side of those that are wrong.
const NEIGHBOURS: usize = 12;
/// Characters shown of a cell, and on either side of a word that is wrong.
const AROUND: usize = 60;

/// A line of text, printable and short.
///
/// ```
/// use barloom_io::Excerpt;
/// let excerpt = Excerpt::of_line("a = 1\nb = two\n", 2, "two").unwrap();
/// assert_eq!((excerpt.line, excerpt.text.as_str()), (2, "b = two"));
/// assert_eq!(&excerpt.text[excerpt.wrong], "two");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The line of the file, from 1.
    pub line: u64,
    /// The line; what is far from what is wrong is left out.
    pub text: String,
    /// The bytes of `text` that are wrong.
    pub wrong: Range<usize>,
}

impl Excerpt {
    /// The line of `text` with that number, and in it `word`; all of it where the word is not there. `None` if there is no such line.
    pub fn of_line(text: &str, line: usize, word: &str) -> Option<Self> {
        let whole = text.lines().nth(line.checked_sub(1)?)?.trim_end();
        let own = whole.trim_start();
        let Some(from) = own.find(word).filter(|_| !word.is_empty()) else {
            let text = printable(own.as_bytes(), 2 * AROUND);
            return Some(Self { line: line as u64, wrong: 0..text.len(), text });
        };
        let (before, after) = (&own[..from], &own[from + word.len()..]);
        let skipped = before.chars().count().saturating_sub(AROUND);
        let near: String = before.chars().skip(skipped).collect();
        let mut excerpt = Self { line: line as u64, text: String::new(), wrong: 0..0 };
        excerpt.text += if skipped > 0 { "…" } else { "" };
        excerpt.text += &printable(near.as_bytes(), AROUND);
        excerpt.wrong.start = excerpt.text.len();
        excerpt.text += &printable(word.as_bytes(), AROUND);
        excerpt.wrong.end = excerpt.text.len();
        excerpt.text += &printable(after.as_bytes(), AROUND);
        Some(excerpt)
    }

    /// A row by its cells, of which those at `wrong` are.
    pub(crate) fn of_cells<'a>(
        line: u64,
        separator: char,
        cells: impl ExactSizeIterator<Item = &'a [u8]>,
        wrong: Range<usize>,
    ) -> Self {
        let (count, mut text) = (cells.len(), String::new());
        let near =
            wrong.start.saturating_sub(NEIGHBOURS)..wrong.start.saturating_add(2 * NEIGHBOURS).min(count);
        let (mut start, mut end) = (0, 0);
        if near.start > 0 {
            text.push('…');
        }
        for (at, cell) in cells.enumerate().take(near.end).skip(near.start) {
            if at > near.start {
                text.push(separator);
            }
            if at == wrong.start {
                start = text.len();
            }
            text += &printable(cell, AROUND);
            if wrong.contains(&at) {
                end = text.len();
            }
        }
        if near.end < count {
            text.push('…');
        }
        Self { line, text, wrong: start..end.max(start) }
    }
}

/// The first characters of a text, each one that can be printed.
fn printable(text: &[u8], most: usize) -> String {
    let mut out = String::new();
    for (at, char) in String::from_utf8_lossy(text).chars().enumerate() {
        if at == most {
            out.push('…');
            break;
        }
        if char.is_control() { out.extend(char.escape_default()) } else { out.push(char) }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &str, wrong: Range<usize>) -> Excerpt {
        let cells: Vec<&[u8]> = cells.split(',').map(str::as_bytes).collect();
        Excerpt::of_cells(7, ',', cells.into_iter(), wrong)
    }

    #[test]
    fn a_row_is_joined_again_and_its_cell_marked() {
        let excerpt = row("A,1,x,2", 2..3);
        assert_eq!((excerpt.text.as_str(), &excerpt.text[excerpt.wrong.clone()]), ("A,1,x,2", "x"));
        assert_eq!(row("A,1,2", 0..3).wrong, 0..5);
        assert_eq!(row("\"A\",a\tb", 0..1).text, "\"A\",a\\tb");
        assert_eq!(row("A,1,,2", 2..3).wrong, 4..4);
    }

    #[test]
    fn a_wide_row_is_cut() {
        let cells: Vec<String> = (0..100).map(|at| at.to_string()).collect();
        let excerpt = row(&cells.join(","), 50..51);
        assert_eq!(&excerpt.text[excerpt.wrong.clone()], "50");
        assert!(excerpt.text.starts_with("…38,39,") && excerpt.text.ends_with(",73…"), "{}", excerpt.text);
    }

    #[test]
    fn a_long_line_is_cut_around_its_word() {
        let text = format!("\n{} word {}", "a".repeat(500), "b".repeat(500));
        let excerpt = Excerpt::of_line(&text, 2, "word").unwrap();
        assert_eq!(&excerpt.text[excerpt.wrong.clone()], "word");
        assert!(excerpt.text.chars().count() < 140 && excerpt.text.starts_with('…'), "{}", excerpt.text);
        assert_eq!(Excerpt::of_line(&text, 3, "word"), None);
        assert_eq!(Excerpt::of_line(&text, 0, "word"), None);
    }
}
