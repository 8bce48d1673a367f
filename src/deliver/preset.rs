//! What shots are delivered as.
use crate::backend::OutputKind;
/// placeholder
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Preset {
    /// name
    pub name: String,
    /// kind
    pub kind: OutputKind,
    /// ext
    pub extension: String,
}
impl Default for Preset {
    fn default() -> Self {
        Preset { name: "prores-lt".into(), kind: OutputKind::Movie, extension: "mov".into() }
    }
}
