//! Errors of a file of bonds.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

use super::format::VERSION;

/// What is wrong with a file of bonds, and what to do about it.
#[derive(Debug)]
pub enum FileStoreError {
    /// The operating system refused.
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Another process has the file open.
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is a folder, a pipe or a device.
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Users other than its owner can read or write the file.
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Everybody can write to the folder of the file, and so replace the file.
    OpenFolder {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A newer version of this program wrote the file.
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of its format.
        version: u16,
    },
    /// A newer version of this program wrote the record to replace.
    NewerRecord {
        /// The file.
        path: PathBuf,
    },
    /// It is no file of bonds, or nothing in it and in its copy can be read.
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// The file is gone, but its copy still exists.
    OnlyCopy {
        /// The file.
        path: PathBuf,
        /// The copy.
        copy: PathBuf,
    },
    /// A bond was removed from the file, but its keys may still be in the copy.
    Copy {
        /// The copy.
        copy: PathBuf,
        /// Why it could not be written.
        error: io::Error,
    },
    /// The record is longer than [`BondStore::MAX`](crate::BondStore::MAX).
    TooLong,
    /// The thread that writes the file has ended.
    Stopped,
}

impl fmt::Display for FileStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => {
                write!(f, "the bonds in {} cannot be read or written: {error}", path.display())
            }
            Self::InUse { path } => write!(
                f,
                "another process has the bonds in {} open; end it, or use another file",
                path.display()
            ),
            Self::NotAFile { path } => write!(
                f,
                "{} is a folder, a pipe or a device, and bonds need a file; name another path",
                path.display()
            ),
            Self::Exposed { path, mode } => write!(
                f,
                "others can read or change {}, which holds keys (its permissions are {mode:03o}); if no other user did, set them with \
                 chmod 600, otherwise remove the file and pair again",
                path.display()
            ),
            Self::OpenFolder { path, mode } => write!(
                f,
                "everybody can put another file of bonds into {} (its permissions are {mode:03o}); change them with chmod o-w, or keep the \
                 bonds in another folder",
                path.display()
            ),
            Self::Newer { path, version } => write!(
                f,
                "a newer bindrune wrote {} (its format is version {version}, this is version {VERSION}); nothing was changed; use that one, \
                 or another file",
                path.display()
            ),
            Self::NewerRecord { path } => write!(
                f,
                "a newer bindrune wrote that bond in {}; it was not changed; use that one, or remove the bond first",
                path.display()
            ),
            Self::Unreadable { path } => write!(
                f,
                "{} is not a file of bonds, or is damaged beyond repair; nothing was changed; restore it, or move it away to start with an empty one",
                path.display()
            ),
            Self::OnlyCopy { path, copy } => write!(
                f,
                "{} is gone, but its copy {} is there; rename the copy to restore the bonds, or remove it to start with an empty file",
                path.display(),
                copy.display()
            ),
            Self::Copy { copy, error } => write!(
                f,
                "the bond is removed, but its keys may still be in {}: {error}; remove it once more",
                copy.display()
            ),
            Self::TooLong => f.write_str("the record is longer than any bond is"),
            Self::Stopped => {
                f.write_str("the thread that writes the bonds has ended; open the file again")
            }
        }
    }
}

impl Error for FileStoreError {}

/// The same error without the names of files.
#[derive(Debug)]
pub(super) enum Trouble {
    Io(io::Error),
    Copy(io::Error),
    Newer(u16),
    NewerRecord,
    Unreadable,
    OnlyCopy,
    TooLong,
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Trouble {
    pub(super) fn at(self, path: &Path, copy: &Path) -> FileStoreError {
        let (path, copy) = (path.to_owned(), copy.to_owned());
        match self {
            Self::Io(error) => FileStoreError::Io { path, error },
            Self::Copy(error) => FileStoreError::Copy { copy, error },
            Self::Newer(version) => FileStoreError::Newer { path, version },
            Self::NewerRecord => FileStoreError::NewerRecord { path },
            Self::Unreadable => FileStoreError::Unreadable { path },
            Self::OnlyCopy => FileStoreError::OnlyCopy { path, copy },
            Self::TooLong => FileStoreError::TooLong,
        }
    }
}
