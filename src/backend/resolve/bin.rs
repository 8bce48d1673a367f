//! A bin of our own in the media pool: for timelines that are made for a render, and removed after it.

use serde_json::{Value, json};

use super::bridge::ResolveObject;
use super::guard::ResolveGuard;
use super::names::own_name;
use crate::error::Result;

/// A bin of our own in the media pool, which is open.
pub(super) struct Bin {
    pub(super) pool: ResolveObject,
    /// The bin that it lies in.
    pub(super) root: ResolveObject,
    pub(super) name: String,
    /// The bin that was open before.
    pub(super) open: ResolveObject,
}

/// Makes a bin of our own, which is open then.
pub(super) fn own_bin(guard: &mut ResolveGuard<'_>) -> Result<Bin> {
    guard.note_timeline()?;
    let link = &guard.link;
    let pool = link.project("GetMediaPool", vec![])?.some()?;
    let root = link.call(&pool, "GetRootFolder", vec![])?.some()?;
    let open = link.call(&pool, "GetCurrentFolder", vec![])?.some()?;
    let name = own_name();
    guard.note(|state| state.bin = Some(name.clone()))?;
    let link = &guard.link;
    let bin = link.call(&pool, "AddSubFolder", vec![Value::from(&root), json!(name)])?.some()?;
    link.call(&pool, "SetCurrentFolder", vec![Value::from(&bin)])?.granted()?;
    Ok(Bin { pool, root, name, open })
}
