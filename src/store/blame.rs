//! Whether a failure is the item's or the server's, where the same statement runs for one item after another. Most classes of errors decide
//! it ([`Class`](super::Class)); for the others, the next item's outcome does (spec 02).
//!
//! ```text
//!   fails, unclear ──▶ waits ──▶ the next works: the item's
//!                        │ └───▶ the next fails, too: the server's
//!                        └─────▶ there is no next: the server's
//! ```

use super::StoreError;
use super::error_class::Another;

/// What is known so far.
#[derive(Debug)]
pub struct Blame<T> {
    /// Whether an item has succeeded since the last failure that this proved to be an item's own.
    works: bool,
    waiting: Option<(T, StoreError)>,
}

impl<T> Default for Blame<T> {
    fn default() -> Self {
        Self { works: false, waiting: None }
    }
}

/// What a failure means.
#[derive(Debug)]
pub enum Verdict<T> {
    /// The failure is the item's.
    Item(T, StoreError),
    /// The next item decides.
    Waits,
    /// The failure is the server's: items in flight are released, and the run ends.
    Server(T, StoreError),
}

impl<T> Blame<T> {
    /// The statement succeeded for an item. Returns the waiting item, whose failure is then its own.
    pub fn worked(&mut self) -> Option<(T, StoreError)> {
        self.works = true;
        self.waiting.take()
    }

    /// The statement failed for an item.
    pub fn failed(&mut self, item: T, error: StoreError) -> Verdict<T> {
        if error.is_the_items(Another::None) {
            return Verdict::Item(item, error);
        }
        if !error.class().asks_another() || self.waiting.is_some() {
            return Verdict::Server(item, error);
        }
        if std::mem::take(&mut self.works) {
            return Verdict::Item(item, error);
        }
        self.waiting = Some((item, error));
        Verdict::Waits
    }

    /// No other item is left. Returns the waiting item, whose failure then counts as the server's.
    pub fn end(&mut self) -> Option<(T, StoreError)> {
        self.waiting.take()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Class;
    use super::*;

    fn of(class: Class) -> StoreError {
        StoreError::new(class, "a failure")
    }

    #[test]
    fn what_is_clear_needs_no_other() {
        let mut blame = Blame::default();
        assert!(matches!(blame.failed(1, of(Class::Row)), Verdict::Item(1, _)));
        assert!(matches!(blame.failed(2, of(Class::Run)), Verdict::Item(2, _)));
        assert!(matches!(blame.failed(3, of(Class::Server)), Verdict::Server(3, _)));
        assert!(matches!(blame.failed(4, of(Class::Contention)), Verdict::Server(4, _)));
        assert!(blame.end().is_none());
    }

    #[test]
    fn of_what_is_unclear_the_next_item_tells() {
        for class in [Class::Unclear, Class::Configuration, Class::Schema] {
            let mut blame = Blame::default();
            assert!(matches!(blame.failed(1, of(class)), Verdict::Waits));
            assert!(matches!(blame.worked(), Some((1, _))));
            // The one before has worked; after it, again only the next can tell.
            assert!(matches!(blame.failed(2, of(class)), Verdict::Item(2, _)));
            assert!(matches!(blame.failed(3, of(class)), Verdict::Waits));
            assert!(matches!(blame.failed(4, of(class)), Verdict::Server(4, _)));
            assert!(matches!(blame.end(), Some((3, _))) && blame.end().is_none());
        }
    }
}
