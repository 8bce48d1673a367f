//! What tasks read: every medium's files, and those of the colour configuration.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::plan::{MediaSource, Plan};

/// `asset_references.yaml`, as the job bundles of AWS Deadline Cloud have it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssetReferences {
    asset_references: References,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct References {
    inputs: Inputs,
    outputs: OutputDirectories,
    referenced_paths: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Inputs {
    filenames: Vec<String>,
    directories: Vec<String>,
}

#[derive(Debug, Serialize)]
struct OutputDirectories {
    directories: Vec<String>,
}

impl AssetReferences {
    pub(super) fn new(files: &[PathBuf], folder: &Path) -> AssetReferences {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let filenames = files.iter().map(|path| text(path)).collect();
        AssetReferences {
            asset_references: References {
                inputs: Inputs { filenames, directories: Vec::new() },
                outputs: OutputDirectories { directories: vec![text(folder)] },
                referenced_paths: Vec::new(),
            },
        }
    }
}

/// The files that tasks read: those of `plan`'s media, of sequences the frames that are shown, each once and in order, and
/// `inputs`. What lies in an archive is the archive.
pub(super) fn files(plan: &Plan, inputs: &[PathBuf]) -> Vec<PathBuf> {
    let shown = plan.pull_list().into_iter().flat_map(|pull| pull.files);
    // What the canvas is taken from may lie in no shot.
    let canvas = plan.canvas_media.iter().chain(&plan.format_media).filter_map(|&media| {
        let source = &plan.media[media].source;
        matches!(source, MediaSource::File { .. }).then(|| source.file(0)).flatten()
    });
    let all = shown.chain(canvas).chain(inputs.iter().cloned());
    all.map(|path| on_disk(&path)).collect::<BTreeSet<PathBuf>>().into_iter().collect()
}

/// `path`, or the archive that it leads into.
fn on_disk(path: &Path) -> PathBuf {
    match path.exists() {
        true => path.to_owned(),
        false => path.ancestors().skip(1).find(|above| above.is_file()).unwrap_or(path).to_owned(),
    }
}
