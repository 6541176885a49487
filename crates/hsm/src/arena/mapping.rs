//! Memory from the kernel: memfd_secret where it is to be had, else anonymous and locked. A mapping
//! says what it is and never claims more.

use std::ffi::c_void;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{FromRawFd, OwnedFd};
use std::ptr::NonNull;

use rustix::mm::{Advice, MapFlags, ProtFlags};
use rustix::process::{Resource, Rlimit};

use super::{Memory, PAGE_BYTES, Shelter, Source};

/// A private, writable, zero-filled region; unmapped on drop.
pub(super) struct Mapping {
    base: NonNull<u8>,
    shelter: Shelter,
}

// SAFETY: the mapping belongs to the process, not to a thread; only its owner reaches the bytes.
unsafe impl Send for Mapping {}

impl Mapping {
    /// `bytes` of secret memory, or of anonymous memory that is locked.
    pub(super) fn locked(bytes: usize, source: Source) -> io::Result<Self> {
        if let (Source::Secretmem, Ok(mapping)) = (source, Self::secretmem(bytes)) {
            return Ok(mapping);
        }
        let mut mapping = Self::anonymous(bytes)?;
        mapping.lock()?;
        Ok(mapping)
    }

    /// `bytes` of the best memory that can be had; not even a refused lock is an error.
    pub(super) fn best_effort(bytes: usize, source: Source) -> io::Result<Self> {
        if let (Source::Secretmem, Ok(mapping)) = (source, Self::secretmem(bytes)) {
            return Ok(mapping);
        }
        let mut mapping = Self::anonymous(bytes)?;
        let _unlocked = mapping.lock();
        Ok(mapping)
    }

    fn secretmem(bytes: usize) -> io::Result<Self> {
        let bytes = whole_pages(bytes)?;
        let file = memfd_secret()?;
        let length = u64::try_from(bytes).map_err(|_| io::ErrorKind::InvalidInput)?;
        rustix::fs::ftruncate(&file, length)?;
        // SAFETY: a fresh mapping at an address of the kernel's choice touches no existing object.
        let base = unsafe {
            rustix::mm::mmap(
                std::ptr::null_mut(),
                bytes,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &file,
                0,
            )
        }?;
        let mut mapping = Self::new(base, bytes, Memory::Secretmem)?;
        mapping.shelter.fork_excluded = mapping.advise(Advice::LinuxDontFork);
        Ok(mapping)
    }

    fn anonymous(bytes: usize) -> io::Result<Self> {
        let bytes = whole_pages(bytes)?;
        // SAFETY: a fresh mapping at an address of the kernel's choice touches no existing object.
        let base = unsafe {
            rustix::mm::mmap_anonymous(
                std::ptr::null_mut(),
                bytes,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE,
            )
        }?;
        let mut mapping = Self::new(base, bytes, Memory::Unlocked)?;
        mapping.shelter.fork_excluded = mapping.advise(Advice::LinuxWipeOnFork);
        Ok(mapping)
    }

    fn new(base: *mut c_void, bytes: usize, memory: Memory) -> io::Result<Self> {
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        let shelter = Shelter {
            memory,
            dump_excluded: false,
            fork_excluded: false,
            bytes,
        };
        let mut mapping = Self { base, shelter };
        mapping.shelter.dump_excluded = mapping.advise(Advice::LinuxDontDump);
        Ok(mapping)
    }

    fn advise(&self, advice: Advice) -> bool {
        // SAFETY: the range is exactly this mapping, and none of the advices used here changes what
        // this process reads from it.
        unsafe { rustix::mm::madvise(self.base.as_ptr().cast(), self.shelter.bytes, advice) }
            .is_ok()
    }

    fn lock(&mut self) -> io::Result<()> {
        // SAFETY: the range is exactly this mapping; locking changes no byte of it.
        unsafe { rustix::mm::mlock(self.base.as_ptr().cast(), self.shelter.bytes) }?;
        self.shelter.memory = Memory::Locked;
        Ok(())
    }

    pub(super) fn shelter(&self) -> Shelter {
        self.shelter
    }

    pub(super) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Its first byte; it stays mapped until the process ends.
    pub(super) fn leak(self) -> NonNull<u8> {
        ManuallyDrop::new(self).base
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `base` came from mmap with exactly this length, and whoever borrowed the bytes
        // borrowed them from `self`, which ends here.
        let unmapped = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.shelter.bytes) };
        debug_assert!(unmapped.is_ok());
    }
}

fn whole_pages(bytes: usize) -> io::Result<usize> {
    let rounded = bytes.max(1).checked_next_multiple_of(PAGE_BYTES);
    rounded.ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

fn memfd_secret() -> io::Result<OwnedFd> {
    // SAFETY: memfd_secret takes one flag word and no pointer.
    let answer = unsafe { libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC) };
    if answer < 0 {
        return Err(io::Error::last_os_error());
    }
    let fd = libc::c_int::try_from(answer).map_err(|_| io::ErrorKind::InvalidData)?;
    // SAFETY: the kernel just made this descriptor, so no one else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Raises RLIMIT_MEMLOCK to `wanted` bytes, or as far as the hard limit allows, and answers what
/// is granted now.
pub(super) fn raise_lock_limit(wanted: usize) -> u64 {
    let limit = rustix::process::getrlimit(Resource::Memlock);
    let wanted = u64::try_from(wanted).unwrap_or(u64::MAX);
    let (Some(_), hard) = (limit.current, limit.maximum) else {
        return u64::MAX;
    };
    let hard = hard.unwrap_or(wanted);
    let raised = hard.max(wanted);
    // Only CAP_SYS_RESOURCE may raise the hard limit; without it the soft one still can be raised.
    if !set_lock_limit(raised, Some(raised)) {
        set_lock_limit(hard, Some(hard));
    }
    current_lock_limit()
}

fn set_lock_limit(current: u64, maximum: Option<u64>) -> bool {
    let limit = Rlimit {
        current: Some(current),
        maximum,
    };
    rustix::process::setrlimit(Resource::Memlock, limit).is_ok()
}

fn current_lock_limit() -> u64 {
    let limit = rustix::process::getrlimit(Resource::Memlock);
    limit.current.unwrap_or(u64::MAX)
}
