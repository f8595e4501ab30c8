//! Borderless tables that fit the screen. Cells wrap between words; if even the longest words do not fit side by side, each row becomes a
//! block of lines.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::cli::harmless::flat;
use crate::cli::terminal::{width_of_stdout, wrapped};

/// A table that is being filled.
pub struct Rows {
    header: Vec<String>,
    cells: Vec<Vec<String>>,
    /// The right-aligned columns.
    right: Vec<usize>,
    width: Option<usize>,
}

impl Rows {
    /// An empty table for stdout: as wide as the terminal allows, or as wide as it needs to be.
    pub fn new() -> Self {
        Self::within(width_of_stdout())
    }

    fn within(width: Option<usize>) -> Self {
        Self { header: Vec::new(), cells: Vec::new(), right: Vec::new(), width }
    }

    /// Adds a header.
    pub fn header<T: Into<String>>(mut self, header: impl IntoIterator<Item = T>) -> Self {
        self.header = header.into_iter().map(Into::into).collect();
        self
    }

    /// Aligns these columns to the right, for figures.
    pub fn right(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        self.right.extend(columns);
        self
    }

    /// Adds a row. Each cell is flattened to one line.
    pub fn row<T: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.cells.push(cells.into_iter().map(|cell| flat(cell.as_ref())).collect());
    }

    /// Adds several rows.
    pub fn rows<T: AsRef<str>>(mut self, rows: impl IntoIterator<Item = impl IntoIterator<Item = T>>) -> Self {
        rows.into_iter().for_each(|row| self.row(row));
        self
    }

    /// The table's lines, without an end of line behind the last.
    pub fn show(&self) -> String {
        let words = self.longest_words();
        // One blank on either side of each column.
        let least: usize = words.iter().map(|word| word + 2).sum();
        match self.width {
            Some(width) if least > width && !self.header.is_empty() => self.blocks(),
            Some(width) => self.table(&words, width),
            None => self.table(&words, usize::from(u16::MAX)),
        }
    }

    fn table(&self, words: &[usize], width: usize) -> String {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(narrow(width));
        if !self.header.is_empty() {
            table.set_header(&self.header);
        }
        table.add_rows(&self.cells);
        for (index, word) in words.iter().enumerate() {
            if let Some(column) = table.column_mut(index) {
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(narrow(word + 2))));
                if self.right.contains(&index) {
                    column.set_cell_alignment(CellAlignment::Right);
                }
            }
        }
        let shown = table.to_string();
        shown.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// A line such as ` status  running` for each cell, and an empty line between rows.
    fn blocks(&self) -> String {
        let label = self.header.iter().map(|it| it.chars().count()).max().unwrap_or_default();
        let blocks = self.cells.iter().map(|row| {
            let named = self.header.iter().zip(row).filter(|(_, cell)| !cell.is_empty());
            named.fold(String::new(), |mut block, (name, cell)| {
                // A wrapped cell continues below its beginning.
                let room = self.width.map_or(usize::MAX, |width| width.saturating_sub(label + 3));
                for (n, line) in wrapped(cell, room).iter().enumerate() {
                    let _ = writeln!(block, " {:label$}  {line}", if n == 0 { name } else { "" });
                }
                block
            })
        });
        blocks.collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    fn longest_words(&self) -> Vec<usize> {
        let all = std::iter::once(&self.header).chain(&self.cells);
        all.fold(Vec::new(), |mut longest, row| {
            for (index, cell) in row.iter().enumerate() {
                let word = cell.split(' ').map(|word| word.chars().count()).max().unwrap_or_default();
                match longest.get_mut(index) {
                    Some(known) => *known = word.max(*known),
                    None => longest.push(word),
                }
            }
            longest
        })
    }
}

fn narrow(width: usize) -> u16 {
    u16::try_from(width).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::Rows;

    fn rows(width: Option<usize>) -> String {
        let rows = [["decay", "completed, some time ago, without a word", "12"], ["recover", "failed", "3"]];
        Rows::within(width).header(["job", "latest run", "ms"]).right([2]).rows(rows).show()
    }

    #[test]
    fn a_table_is_as_wide_as_it_needs_to_be() {
        let wide = rows(None);
        assert_eq!(wide, rows(Some(120)));
        assert_eq!(wide.lines().nth(1), Some(" decay    completed, some time ago, without a word  12"), "{wide}");
        assert_eq!(wide.lines().nth(2), Some(" recover  failed                                     3"), "{wide}");
    }

    #[test]
    fn cells_break_between_words() {
        let narrow = rows(Some(40));
        assert!(narrow.lines().all(|line| line.chars().count() <= 40) && narrow.lines().count() > 3, "{narrow}");
        assert!(
            narrow.split_whitespace().eq(rows(None).split_whitespace()) || narrow.contains("completed,"),
            "{narrow}"
        );
    }

    #[test]
    fn where_words_have_no_room_rows_are_blocks() {
        let blocks = rows(Some(24));
        let expected = " job         decay\n latest run  completed,\n             some time\n             ago,\n             without a\n             word\n ms          12\n\n job         recover";
        assert!(blocks.starts_with(expected), "{blocks}");
    }

    #[test]
    fn what_acts_on_a_terminal_is_shown_as_its_code() {
        let shown = Rows::within(None).rows([["a\u{1b}[2J\nb\u{202e}"]]).show();
        assert_eq!(shown, " a\\u{1b}[2J b\\u{202e}");
    }
}
