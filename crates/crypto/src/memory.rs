//! Where the back end's C code keeps its objects: by default on the C heap, after
//! [`danger_install_allocator`] wherever its caller says.

pub use crate::ffi::allocator::{
    Allocator, Free, Malloc, NotInstalled, Realloc, danger_install_allocator,
};
