//! Prompt templates: rendering, counting, fitting.

/// A compiled template.
#[derive(Debug)]
pub struct PromptTemplate {}
