//! Reads of what is stored in a log file.

use std::{fs::File, io, os::unix::fs::FileExt};

use super::{log_file::LogFile, recent::RecentBytes};

/// Of a file up to this size, in bytes, what was read is held until its reading ends.
const MAX_SMALL_BYTES: usize = 64 * 1024;

impl LogFile {
    /// Reads what is stored at the offset, up to the end.
    pub(super) fn read_stored(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if self.is_revoked() {
            return Ok(0);
        }
        let left = self.stored_bytes().saturating_sub(offset);
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let buffer = &mut buffer[..wanted];
        let is_growing = self.stored().growing.is_some();
        if is_growing { self.read_growing(buffer, offset) } else { self.read_whole(buffer, offset) }
    }

    /// Reads a file that is written to.
    fn read_growing(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let (file, sample) = {
            let stored = self.stored();
            let growing = stored.growing.as_ref();
            if let Some(read) = growing.and_then(|growing| growing.recent.copy_to(buffer, offset)) {
                return Ok(read);
            }
            (stored.file.clone(), growing.and_then(|growing| growing.sample.clone()))
        };
        let read = read_at(&file, buffer, offset)?;
        // Of a file that was emptied and filled again other lines were read. The next look sees to
        // what comes then.
        match sample {
            Some(sample) if !sample.begins(&file)? => Ok(0),
            _ => Ok(read),
        }
    }

    /// Reads a file that is complete; a small one from the file system only once.
    fn read_whole(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        if let Some(read) = self.small.get().and_then(|small| small.copy_to(buffer, offset)) {
            return Ok(read);
        }
        let read = read_at(&self.file(), buffer, offset)?;
        let is_all = offset == 0 && read as u64 == self.stored_bytes();
        if is_all && read <= MAX_SMALL_BYTES {
            self.small.get_or_init(|| RecentBytes::whole(&buffer[..read]));
        }
        Ok(read)
    }
}

fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buffer, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}
