//! From rendered frames to files under their final names.
