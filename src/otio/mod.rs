//! OpenTimelineIO files to the model and back.
