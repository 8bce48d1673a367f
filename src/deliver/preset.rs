//! What shots are delivered as.
#[cfg(feature = "ffmpeg")]
pub use crate::backend::ffmpeg::Preset;
/// placeholder
#[cfg(not(feature = "ffmpeg"))]
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Preset {
    /// name
    pub name: String,
    /// ext
    pub extension: String,
}
#[cfg(not(feature = "ffmpeg"))]
impl Preset {
    /// x
    pub fn is_sequence(&self) -> bool {
        false
    }
}
#[cfg(not(feature = "ffmpeg"))]
impl Default for Preset {
    fn default() -> Self {
        Preset { name: "prores-lt".into(), extension: "mov".into() }
    }
}
