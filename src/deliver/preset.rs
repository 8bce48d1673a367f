//! What shots are delivered as.

#[cfg(feature = "ffmpeg")]
pub use crate::backend::ffmpeg::Preset;
#[cfg(not(feature = "ffmpeg"))]
pub use bare::Preset;

#[cfg(not(feature = "ffmpeg"))]
mod bare {
    use serde::{Deserialize, Serialize};

    /// What a finished file is called and whether it is one: without FFmpeg, other backends know the rest.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[non_exhaustive]
    pub struct Preset {
        /// The name it is asked for by.
        pub name: String,
        /// What a file's name ends with, without the dot.
        pub extension: String,
        /// The container, for movies. `None`: one file per frame.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub muxer: Option<String>,
    }

    impl Preset {
        /// Whether it makes one file per frame.
        pub fn is_sequence(&self) -> bool {
            self.muxer.is_none()
        }
    }

    impl Default for Preset {
        fn default() -> Preset {
            Preset { name: "prores-lt".to_owned(), extension: "mov".to_owned(), muxer: Some("mov".to_owned()) }
        }
    }
}
