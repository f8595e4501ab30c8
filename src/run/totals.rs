//! Totals of whole tables, which a run can do without (spec 02, "Every wait ends").

use crate::store::{Class, StoreError};

/// The total; none where it can't be had in time: it is not known then, and the run goes on.
///
/// # Errors
/// Where it is not for want of time that it can't be had: the run would fail of the same.
pub fn if_known<T>(total: Result<T, StoreError>, what: &'static str) -> Result<Option<T>, StoreError> {
    match total {
        Ok(total) => Ok(Some(total)),
        Err(error) if matches!(error.class(), Class::Server | Class::Unclear) => {
            tracing::warn!(total = what, error = %error, "a total can't be had in time, and is not known");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
