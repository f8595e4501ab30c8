//! Prompt templates: rendering, counting, fitting.
//!
//! ```text
//! prompt.j2 ──parse──▶ PromptTemplate ──render(Variables)──▶ [(Section, text)] ──fit(budget)──▶ Fitted
//! ```

pub mod fit;
mod section;
pub mod template;
pub mod variables;

pub use fit::Fitted;
pub use section::Section;
pub use template::{PromptTemplate, TemplateError};
pub use variables::Variables;
