//! Catches every panic: it becomes a bug report without the panic's message, which can quote data, and exit code 70 (spec 01).

use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::ExitCode;
use std::sync::Mutex;

/// The place of the last panic.
static PLACE: Mutex<Option<String>> = Mutex::new(None);

/// Runs the whole process. If it panics, `caught` reports the place in our source, if that is known.
pub fn guarded(whole: impl FnOnce() -> ExitCode, caught: impl FnOnce(&str) -> ExitCode) -> ExitCode {
    panic::set_hook(Box::new(tell));
    panic::catch_unwind(AssertUnwindSafe(whole)).unwrap_or_else(|_| {
        let place = PLACE.try_lock().ok().and_then(|place| place.clone());
        caught(place.as_deref().unwrap_or("an unknown place"))
    })
}

/// Logs the place, and not the payload, which can quote a secret. A panic in here would abort the process, so the log takes no lock that
/// this thread could already hold (`Line::drop`).
fn tell(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string);
    if let Ok(mut last) = PLACE.try_lock() {
        last.clone_from(&place);
    }
    tracing::error!(place, "panicked");
}

#[cfg(test)]
mod tests {
    use std::process::ExitCode;

    use super::guarded;

    #[test]
    fn a_panic_is_caught_with_its_place() {
        let mut said = String::new();
        let code = guarded(
            || panic!("hunter2"),
            |place| {
                said = place.to_owned();
                ExitCode::from(70)
            },
        );
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::from(70)));
        assert!(said.starts_with("src/cli/last_resort.rs:"), "{said}");
        let _ = std::panic::take_hook();
    }
}
