//! Prompt templates: rendering, counting, fitting.

/// A compiled template.
#[derive(Debug)]
pub struct PromptTemplate {}
impl PromptTemplate {
    /// x
    pub fn shipped() -> Self { Self{} }
}
