//! The threads that work with keys: their stacks and control blocks lie in the secret arena, they
//! live until the process ends, and a panic in one ends the process.

use std::alloc::{GlobalAlloc, Layout};
use std::ffi::{CString, c_void};
use std::fmt;
use std::io;
use std::mem::MaybeUninit;
use std::panic::AssertUnwindSafe;
use std::ptr::NonNull;
use std::sync::atomic::AtomicU32;
use std::sync::mpsc;

use rustix::mm::MprotectFlags;
use rustix::thread::futex;

use crate::arena::{Heap, PAGE_BYTES};

mod registers;

pub use registers::wipe_registers;

/// The stack of a worker thread, in bytes, with its thread control block and without its guard page.
pub const STACK_BYTES: usize = 256 << 10;

/// What one thread takes of the arena, in bytes.
pub const THREAD_ARENA_BYTES: usize = STACK_BYTES + PAGE_BYTES;

/// Why a thread could not be started.
#[derive(Debug)]
pub enum SpawnError {
    /// The arena has no room for the stack, or the heap has no arena.
    NoStack,
    /// The page below the stack could not be made inaccessible.
    NoGuard(io::Error),
    /// The name contains a NUL.
    Name,
    /// The C library or the kernel refused.
    Refused(io::Error),
}

impl fmt::Display for SpawnError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::NoStack => "the secret arena has no room for the stack of a thread",
            Self::NoGuard(_) => "the guard page of a stack could not be protected",
            Self::Name => "the name of a thread contains a NUL",
            Self::Refused(_) => "a thread could not be created",
        })
    }
}

impl std::error::Error for SpawnError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoGuard(cause) | Self::Refused(cause) => Some(cause),
            Self::NoStack | Self::Name => None,
        }
    }
}

/// Starts a thread `name` (15 bytes of it count) that runs `work` on a stack in the arena of
/// `heap`, and returns when it runs: from then on it makes no system call of its own accord, so the
/// seccomp filter may be applied. The thread is never joined; when `work` returns it sleeps for
/// ever, and when `work` panics the process aborts.
///
/// # Errors
/// [`SpawnError`]; the stack is given back.
pub fn spawn(
    heap: &Heap,
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<(), SpawnError> {
    let name = CString::new(name).map_err(|_| SpawnError::Name)?;
    let stack = Stack::allocate(heap)?;
    let (started, running) = mpsc::channel();
    let job = Box::new(Job {
        work: Box::new(move || {
            let _unnamed = rustix::thread::set_name(&name);
            let _waiting = started.send(());
            drop(started);
            work();
        }),
    });
    create(&stack, job)?;
    std::mem::forget(stack);
    // The thread drops its sender only after it has sent, or by ending the process.
    let _running = running.recv();
    Ok(())
}

/// Ends the process at once. Not through exit(3), which lets one thread run handlers and parks the
/// others in a system call that the jail ends the process for.
pub fn end_process() -> ! {
    // SAFETY: _exit takes a number and does not return.
    unsafe { libc::_exit(0) }
}

/// Sleeps for ever: what a thread does that has nothing left to do. Leaving would make the kernel
/// wake joiners through a shared futex in secret memory, which it cannot.
pub fn park_forever() -> ! {
    let word = AtomicU32::new(0);
    loop {
        let _woken = futex::wait(&word, futex::Flags::PRIVATE, 0, None);
    }
}

struct Job {
    work: Box<dyn FnOnce() + Send>,
}

/// A guard page and a stack above it.
struct Stack<'a> {
    heap: &'a Heap,
    base: NonNull<u8>,
}

impl<'a> Stack<'a> {
    fn layout() -> Result<Layout, SpawnError> {
        Layout::from_size_align(THREAD_ARENA_BYTES, PAGE_BYTES).map_err(|_| SpawnError::NoStack)
    }

    fn allocate(heap: &'a Heap) -> Result<Self, SpawnError> {
        // SAFETY: the layout is not empty.
        let base = unsafe { heap.alloc(Self::layout()?) };
        let base = NonNull::new(base).ok_or(SpawnError::NoStack)?;
        let stack = Self { heap, base };
        if !heap.contains(base.as_ptr()) {
            return Err(SpawnError::NoStack);
        }
        stack.guard(MprotectFlags::empty())?;
        Ok(stack)
    }

    fn guard(&self, access: MprotectFlags) -> Result<(), SpawnError> {
        // SAFETY: the first page of the allocation is ours, and the stack does not include it.
        unsafe { rustix::mm::mprotect(self.base.as_ptr().cast(), PAGE_BYTES, access) }
            .map_err(|cause| SpawnError::NoGuard(cause.into()))
    }

    fn lowest(&self) -> *mut c_void {
        self.base.as_ptr().wrapping_add(PAGE_BYTES).cast()
    }
}

impl Drop for Stack<'_> {
    fn drop(&mut self) {
        let access = MprotectFlags::READ | MprotectFlags::WRITE;
        // A page that cannot be opened again cannot be wiped either: rather lose the stack.
        if let (Ok(()), Ok(layout)) = (self.guard(access), Self::layout()) {
            // SAFETY: `allocate` took it from this heap with this layout, and no thread runs on it.
            unsafe { self.heap.dealloc(self.base.as_ptr(), layout) };
        }
    }
}

fn create(stack: &Stack<'_>, job: Box<Job>) -> Result<(), SpawnError> {
    let mut attributes = Attributes::new()?;
    attributes.set_stack(stack)?;
    attributes.set_detached()?;
    let mut thread = MaybeUninit::uninit();
    let job = Box::into_raw(job);
    // SAFETY: the attributes are initialised, `run` takes over the job, and the stack is the
    // thread's alone for as long as the process lives.
    let code = unsafe {
        libc::pthread_create(
            thread.as_mut_ptr(),
            attributes.as_ptr(),
            run,
            job.cast::<c_void>(),
        )
    };
    check(code).inspect_err(|_| {
        // SAFETY: no thread was made, so the job is still ours.
        drop(unsafe { Box::from_raw(job) });
    })
}

extern "C" fn run(job: *mut c_void) -> *mut c_void {
    // SAFETY: `create` passed a box of exactly this type and gave it up.
    let job = unsafe { Box::from_raw(job.cast::<Job>()) };
    if std::panic::catch_unwind(AssertUnwindSafe(job.work)).is_err() {
        std::process::abort();
    }
    park_forever()
}

struct Attributes(libc::pthread_attr_t);

impl Attributes {
    fn new() -> Result<Self, SpawnError> {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: the pointer is to room for the attributes.
        check(unsafe { libc::pthread_attr_init(attributes.as_mut_ptr()) })?;
        // SAFETY: pthread_attr_init initialised them.
        Ok(Self(unsafe { attributes.assume_init() }))
    }

    fn set_stack(&mut self, stack: &Stack<'_>) -> Result<(), SpawnError> {
        // SAFETY: `STACK_BYTES` bytes from `lowest` on are mapped, writable and the thread's alone.
        check(unsafe { libc::pthread_attr_setstack(&mut self.0, stack.lowest(), STACK_BYTES) })
    }

    fn set_detached(&mut self) -> Result<(), SpawnError> {
        let state = libc::PTHREAD_CREATE_DETACHED;
        // SAFETY: the attributes are initialised.
        check(unsafe { libc::pthread_attr_setdetachstate(&mut self.0, state) })
    }

    fn as_ptr(&self) -> *const libc::pthread_attr_t {
        &self.0
    }
}

impl Drop for Attributes {
    fn drop(&mut self) {
        // SAFETY: the attributes are initialised and not used again.
        let _code = unsafe { libc::pthread_attr_destroy(&mut self.0) };
    }
}

fn check(code: libc::c_int) -> Result<(), SpawnError> {
    match code {
        0 => Ok(()),
        code => Err(SpawnError::Refused(io::Error::from_raw_os_error(code))),
    }
}
