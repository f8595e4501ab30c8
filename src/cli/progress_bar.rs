//! A progress bar on stderr, if that is a terminal.

use std::io::{IsTerminal, stderr};
use std::sync::{Arc, OnceLock};

use indicatif::{ProgressBar, ProgressStyle};

use super::output::Output;
use super::terminal;
use crate::run::progress::Watch;

static BAR: OnceLock<ProgressBar> = OnceLock::new();

/// A callback that shows a run's progress; none unless stderr is a terminal.
pub fn watch(output: Output, unit: &'static str) -> Option<Watch> {
    if output.quiet || !stderr().is_terminal() || terminal::is_dumb() {
        return None;
    }
    let bar = BAR.get_or_init(|| {
        let bar = ProgressBar::no_length().with_message(unit);
        style(&bar, "{pos} {msg}, {elapsed}");
        bar
    });
    Some(Arc::new(|done, total| {
        if total > 0 && bar.length() != Some(total) {
            // The style first, because every change redraws the bar.
            style(bar, "{bar:30} {pos}/{len} {msg}, {elapsed}, {eta} left");
            bar.set_length(total);
        }
        bar.set_position(done);
    }))
}

/// Draws these lines over the previous ones.
pub fn draw(lines: String) {
    let bar = BAR.get_or_init(|| {
        let bar = ProgressBar::no_length();
        style(&bar, "{msg}");
        bar
    });
    bar.set_message(lines);
}

fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

/// Hides the bar while `what` writes to stderr.
pub fn suspend(what: impl FnOnce()) {
    match BAR.get() {
        Some(bar) => bar.suspend(what),
        None => what(),
    }
}

/// Removes the bar.
pub fn clear() {
    if let Some(bar) = BAR.get() {
        bar.finish_and_clear();
    }
}
