//! Tickets as files: a new one is there before anything is rendered, and gone when that fails.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::backend::ResolveBackend;
use super::protected::refuse_ticket;
use super::ticket::Ticket;
use crate::backend::CancelToken;
use crate::deliver::Delivery;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::Plan;

impl Ticket {
    /// Reads the ticket in the file `path`, which no output takes the place of when it is collected.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when it cannot be read, [`ErrorKind::Json`] when it is no ticket.
    pub fn open(path: impl AsRef<Path>) -> Result<Ticket> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| Error::io("read", path, error))?;
        let mut ticket: Ticket = serde_json::from_slice(&bytes).map_err(|error| {
            let what = format!("{} is not the ticket of a render", path.display());
            Error::new(ErrorKind::Json, what).at_file(path).at_line(error.line(), error.column()).because(error)
        })?;
        ticket.file = Some(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
        Ok(ticket)
    }
}

impl ResolveBackend {
    /// Lets Resolve begin to render what `plan` needs, as [`ResolveBackend::submit_with`], with a ticket in the new file
    /// `path`. When it fails or is interrupted, nothing is left, the file neither.
    ///
    /// # Errors
    /// As [`ResolveBackend::submit_with`]; [`ErrorKind::Exists`] when `path` is there, or lies inside something that is
    /// read; [`ErrorKind::Option`] when it is the place of an output.
    pub fn submit_to(
        &self,
        plan: &Plan,
        delivery: &Delivery,
        path: impl AsRef<Path>,
        cancel: &CancelToken,
    ) -> Result<Ticket> {
        let path = path.as_ref();
        let unwritten = |error| Error::io("write", path, error);
        let path = std::path::absolute(path).map_err(unwritten)?;
        refuse_ticket(&path, plan, self.wanted(), delivery, self.options())?;
        // No output may take its place.
        let delivery = delivery.clone().input(&path);
        let mut file = NewFile::create(&path)?;
        let mut ticket = self.submit_with(plan, &delivery, cancel, |ticket| {
            let text = serde_json::to_vec(ticket).map_err(|error| unwritten(error.into()))?;
            file.write(&text)
        })?;
        file.stays = true;
        ticket.file = Some(path);
        Ok(ticket)
    }
}

/// A file that was not there before. Dropped, it is removed, unless it is to stay.
struct NewFile {
    path: PathBuf,
    file: File,
    stays: bool,
}

impl NewFile {
    fn create(path: &Path) -> Result<NewFile> {
        match File::create_new(path) {
            Ok(file) => Ok(NewFile { path: path.to_owned(), file, stays: false }),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let what = format!("{} is there already; expected a new file for the ticket", path.display());
                Err(Error::new(ErrorKind::Exists, what).at_file(path))
            }
            Err(error) => Err(Error::io("write", path, error)),
        }
    }

    fn write(&mut self, text: &[u8]) -> Result<()> {
        let written = self.file.write_all(text).and_then(|()| self.file.sync_all());
        written.map_err(|error| Error::io("write", &self.path, error))
    }

    /// Whether it is still what lies under its name.
    fn is_there(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let id = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
            self.file.metadata().ok().map(id) == self.path.symlink_metadata().ok().map(id)
        }
        #[cfg(not(unix))]
        {
            self.path.exists()
        }
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.stays && self.is_there() {
            // What is wrong is said; a ticket of nothing is no use.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
