//! A disk as a crash of the machine finds it: what was synced is there, of what was not each sector may or may not be,
//! in any order. Must never keep a state that a real disk could not be in, nor leave one out.
//!
//! A file's bytes are durable once it is synced, a name once its folder is; both may be so earlier. Sectors of 512
//! bytes are written whole, as memory has them then. A file that was made longer may read as zeros where nothing arrived.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::trace::Call;

const SECTOR_BYTES: usize = 512;

/// What one call did to a disk.
#[derive(Debug)]
pub struct Step {
    /// The line of the trace in which the kernel was entered.
    pub begin: usize,
    /// The line in which it was left.
    pub end: usize,
    /// What happened; paths are below the folder that is watched.
    pub change: Change,
}

/// See [`Step`].
#[derive(Debug)]
pub enum Change {
    /// A file that was not there before, or was emptied.
    Make(PathBuf),
    /// A folder.
    Folder(PathBuf),
    /// Bytes at an offset.
    Write(PathBuf, usize, Vec<u8>),
    /// Another length.
    Length(PathBuf, usize),
    /// At least this length.
    Reach(PathBuf, usize),
    /// A file or a folder was synced.
    Sync(PathBuf),
    /// Another name.
    Rename(PathBuf, PathBuf),
    /// No name any more.
    Remove(PathBuf),
}

/// Reads what happened below a folder from the calls of programs, one program after the other.
pub struct Steps {
    root: PathBuf,
    lengths: HashMap<PathBuf, usize>,
    places: HashMap<(i64, PathBuf), Place>,
}

/// Where a descriptor writes next.
#[derive(Clone, Copy)]
enum Place {
    At(usize),
    End,
}

impl Steps {
    /// Steps below `root`, which is empty.
    pub fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            lengths: HashMap::new(),
            places: HashMap::new(),
        }
    }

    /// What `call` did. Panics when it is a call that changes files in a way that is not known here.
    pub fn read(&mut self, call: &Call<'_>) -> Option<Step> {
        call.result.filter(|result| *result >= 0)?;
        let change = self.change(call)?;
        self.note(&change);
        Some(Step {
            begin: call.begin,
            end: call.end,
            change,
        })
    }

    fn change(&mut self, call: &Call<'_>) -> Option<Change> {
        match call.name {
            "openat" | "open" => self.open(call),
            "mkdir" | "mkdirat" => {
                let path = self.named(call, 0)?;
                (!path.as_os_str().is_empty()).then_some(Change::Folder(path))
            }
            "rename" | "renameat" | "renameat2" => {
                Some(Change::Rename(self.named(call, 0)?, self.named(call, 1)?))
            }
            "unlink" | "unlinkat" => Some(Change::Remove(self.named(call, 0)?)),
            _ => self.of_file(call, self.below(&call.file()?)?),
        }
    }

    fn of_file(&mut self, call: &Call<'_>, path: PathBuf) -> Option<Change> {
        let number = |index| usize::try_from(call.number(index).expect("a number")).unwrap();
        match call.name {
            "fsync" | "fdatasync" => Some(Change::Sync(path)),
            "ftruncate" => Some(Change::Length(path, number(1))),
            "fallocate" => Some(Change::Reach(path, number(2) + number(3))),
            "pwrite64" => Some(Change::Write(path, number(3), whole(call))),
            "write" | "writev" => Some(self.write(call, path)),
            "lseek" => {
                let place = Place::At(usize::try_from(call.result?).unwrap());
                self.places.insert((call.descriptor()?, path), place);
                None
            }
            other => panic!(
                "{other} of {}: what it does to a disk is not known",
                path.display()
            ),
        }
    }

    fn write(&mut self, call: &Call<'_>, path: PathBuf) -> Change {
        let bytes = whole(call);
        let place = (call.descriptor().expect("a descriptor"), path.clone());
        let place = self.places.get_mut(&place).expect("an open file");
        let offset = match place {
            Place::End => self.lengths.get(&path).copied().unwrap_or(0),
            Place::At(offset) => std::mem::replace(offset, *offset + bytes.len()),
        };
        Change::Write(path, offset, bytes)
    }

    fn open(&mut self, call: &Call<'_>) -> Option<Change> {
        let path = self.named(call, 0)?;
        let flags = call.words(2);
        let place = if flags.contains("O_APPEND") {
            Place::End
        } else {
            Place::At(0)
        };
        self.places.insert((call.result?, path.clone()), place);
        let is_known = self.lengths.contains_key(&path);
        if flags.contains("O_TRUNC") && is_known {
            return Some(Change::Length(path, 0));
        }
        (flags.contains("O_CREAT") && !is_known).then_some(Change::Make(path))
    }

    fn note(&mut self, change: &Change) {
        match change {
            Change::Make(path) => {
                self.lengths.insert(path.clone(), 0);
            }
            Change::Write(path, offset, bytes) => self.reach(path, offset + bytes.len()),
            Change::Reach(path, length) => self.reach(path, *length),
            Change::Length(path, length) => {
                self.lengths.insert(path.clone(), *length);
            }
            Change::Rename(from, to) => {
                let length = self.lengths.remove(from).expect("a file that is renamed");
                self.lengths.insert(to.clone(), length);
            }
            Change::Remove(path) => {
                self.lengths.remove(path);
            }
            Change::Folder(_) | Change::Sync(_) => {}
        }
    }

    fn reach(&mut self, path: &Path, length: usize) {
        let known = self.lengths.entry(path.to_owned()).or_default();
        *known = length.max(*known);
    }

    fn named(&self, call: &Call<'_>, index: usize) -> Option<PathBuf> {
        self.below(call.paths().get(index)?)
    }

    fn below(&self, path: &Path) -> Option<PathBuf> {
        path.strip_prefix(&self.root).ok().map(Path::to_owned)
    }
}

/// What `call` wrote; less than it was given is not known to happen.
fn whole(call: &Call<'_>) -> Vec<u8> {
    let bytes = call.bytes();
    assert_eq!(
        i64::try_from(bytes.len()).ok(),
        call.result,
        "a write cut short"
    );
    bytes
}

/// Which syncs count. A disk that lies is how one knows that its losses are noticed.
pub type Obeys = dyn Fn(&Path) -> bool;

/// A disk while steps are made on it.
#[derive(Default)]
pub struct Disk {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, Node>,
    /// Names that are durable.
    synced: BTreeMap<PathBuf, Node>,
    /// Changes of names that are not, by folder.
    waiting: BTreeMap<PathBuf, Vec<Naming>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

#[derive(Clone)]
struct Naming {
    end: usize,
    from: Option<PathBuf>,
    to: Option<(PathBuf, Node)>,
}

#[derive(Default)]
struct Inode {
    live: Vec<u8>,
    synced: Vec<u8>,
    waiting: Vec<Piece>,
}

struct Piece {
    end: usize,
    kind: PieceKind,
}

enum PieceKind {
    Bytes(usize, Vec<u8>),
    Length(usize),
    Reach(usize),
}

/// How much of what was not synced is there.
pub enum Survives<'c> {
    /// Everything: the process ended, the machine went on.
    Everything,
    /// Nothing.
    Nothing,
    /// What chance says: a number below the one it is given.
    Some(&'c mut dyn FnMut(usize) -> usize),
}

/// The files and folders of one state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// Folders; the one that is watched is always there.
    pub folders: BTreeSet<PathBuf>,
    /// Files and their bytes.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Disk {
    /// Makes `step`, unless it is a sync that the disk does not obey.
    pub fn make(&mut self, step: &Step, obeys: &Obeys) {
        match &step.change {
            Change::Make(path) => {
                self.inodes.push(Inode::default());
                let node = Node::File(self.inodes.len() - 1);
                self.name(step.end, None, Some((path.clone(), node)));
            }
            Change::Folder(path) => self.name(step.end, None, Some((path.clone(), Node::Folder))),
            Change::Rename(from, to) => {
                let node = self.names[from];
                self.name(step.end, Some(from.clone()), Some((to.clone(), node)));
            }
            Change::Remove(path) => self.name(step.end, Some(path.clone()), None),
            Change::Write(path, offset, bytes) => {
                self.piece(path, step.end, PieceKind::Bytes(*offset, bytes.clone()));
            }
            Change::Length(path, length) => self.piece(path, step.end, PieceKind::Length(*length)),
            Change::Reach(path, length) => self.piece(path, step.end, PieceKind::Reach(*length)),
            Change::Sync(path) if obeys(path) => self.sync(path, step.begin),
            Change::Sync(_) => {}
        }
    }

    /// What was written and is not synced: names and pieces.
    pub fn waiting(&self) -> usize {
        let pieces: usize = self.inodes.iter().map(|inode| inode.waiting.len()).sum();
        pieces + self.waiting.values().map(Vec::len).sum::<usize>()
    }

    /// A state that a crash can leave now.
    pub fn crash(&self, survives: &mut Survives<'_>) -> Image {
        let names = match survives {
            Survives::Everything => self.names.clone(),
            Survives::Nothing => self.synced.clone(),
            Survives::Some(chance) => self.some_names(*chance),
        };
        let mut image = Image::default();
        for (path, node) in &names {
            let is_reached = path.ancestors().skip(1).all(|above| {
                above.as_os_str().is_empty() || names.get(above) == Some(&Node::Folder)
            });
            match node {
                _ if !is_reached => {}
                Node::Folder => {
                    image.folders.insert(path.clone());
                }
                Node::File(inode) => {
                    let bytes = self.inodes[*inode].crash(survives);
                    image.files.insert(path.clone(), bytes);
                }
            }
        }
        image
    }

    fn some_names(&self, chance: &mut dyn FnMut(usize) -> usize) -> BTreeMap<PathBuf, Node> {
        let mut names = self.synced.clone();
        for waiting in self.waiting.values() {
            let mut keeps = keeps(waiting.len(), chance);
            for naming in waiting.iter().filter(|_| keeps.next() == Some(true)) {
                naming.apply(&mut names);
            }
        }
        names
    }

    fn name(&mut self, end: usize, from: Option<PathBuf>, to: Option<(PathBuf, Node)>) {
        let naming = Naming { end, from, to };
        naming.apply(&mut self.names);
        let path = naming
            .to
            .as_ref()
            .map(|(path, _)| path)
            .or(naming.from.as_ref());
        let folder = path
            .and_then(|path| path.parent())
            .expect("a folder")
            .to_owned();
        self.waiting.entry(folder).or_default().push(naming);
    }

    fn piece(&mut self, path: &Path, end: usize, kind: PieceKind) {
        let Some(Node::File(inode)) = self.names.get(path) else {
            panic!("{}: no such file", path.display());
        };
        let inode = &mut self.inodes[*inode];
        kind.apply(&mut inode.live);
        inode.waiting.push(Piece { end, kind });
    }

    fn sync(&mut self, path: &Path, begin: usize) {
        if let Some(Node::File(inode)) = self.names.get(path) {
            return self.inodes[*inode].sync(begin);
        }
        let waiting = self.waiting.remove(path).unwrap_or_default();
        let (covered, later) = waiting.into_iter().partition(|naming| naming.end <= begin);
        let covered: Vec<Naming> = covered;
        covered
            .iter()
            .for_each(|naming| naming.apply(&mut self.synced));
        self.waiting.insert(path.to_owned(), later);
    }
}

impl Naming {
    fn apply(&self, names: &mut BTreeMap<PathBuf, Node>) {
        if let Some(from) = &self.from {
            names.remove(from);
        }
        if let Some((path, node)) = &self.to {
            names.insert(path.clone(), *node);
        }
    }
}

impl Inode {
    fn sync(&mut self, begin: usize) {
        let waiting = std::mem::take(&mut self.waiting);
        let (covered, later) = waiting.into_iter().partition(|piece| piece.end <= begin);
        let covered: Vec<Piece> = covered;
        covered
            .iter()
            .for_each(|piece| piece.kind.apply(&mut self.synced));
        self.waiting = later;
    }

    fn crash(&self, survives: &mut Survives<'_>) -> Vec<u8> {
        match survives {
            Survives::Everything => self.live.clone(),
            Survives::Nothing => self.synced.clone(),
            Survives::Some(chance) => self.some(*chance),
        }
    }

    fn some(&self, chance: &mut dyn FnMut(usize) -> usize) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        let mut keeps = keeps(self.waiting.len(), chance);
        // A sector goes to the disk as it is in memory then: what is missing from it, everything later is, too.
        let mut behind = BTreeSet::new();
        for piece in &self.waiting {
            let is_kept = keeps.next() == Some(true);
            let is_torn = is_kept && chance(4) == 0;
            match &piece.kind {
                PieceKind::Bytes(offset, written) => {
                    for (sector, part) in sectors(*offset, written.len()) {
                        if !is_kept || (is_torn && chance(2) == 0) {
                            behind.insert(sector);
                        }
                        if !behind.contains(&sector) {
                            put(&mut bytes, offset + part.start, &written[part]);
                        }
                    }
                    // The length arrived, the bytes did not.
                    if chance(8) == 0 {
                        piece.kind.reach(&mut bytes);
                    }
                }
                kind if is_kept => kind.apply(&mut bytes),
                _ => {}
            }
        }
        bytes
    }
}

impl PieceKind {
    fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Bytes(offset, bytes) => put(file, *offset, bytes),
            Self::Length(length) => file.resize(*length, 0),
            Self::Reach(_) => self.reach(file),
        }
    }

    fn reach(&self, file: &mut Vec<u8>) {
        let length = match self {
            Self::Bytes(offset, bytes) => offset + bytes.len(),
            Self::Reach(length) => *length,
            Self::Length(_) => return,
        };
        file.resize(file.len().max(length), 0);
    }
}

fn put(file: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    file.resize(file.len().max(end), 0);
    file[offset..end].copy_from_slice(bytes);
}

/// The sectors that `length` bytes at `offset` fall into, and which of the bytes do.
fn sectors(offset: usize, length: usize) -> impl Iterator<Item = (usize, Range<usize>)> {
    let first = offset / SECTOR_BYTES;
    let count = (offset + length).div_ceil(SECTOR_BYTES) - first;
    (first..first + count).map(move |sector| {
        let start = (sector * SECTOR_BYTES).max(offset) - offset;
        let end = ((sector + 1) * SECTOR_BYTES).min(offset + length) - offset;
        (sector, start..end)
    })
}

/// Which of `count` things that wait are kept, in one of the ways in which disks lose things.
fn keeps(count: usize, chance: &mut dyn FnMut(usize) -> usize) -> std::vec::IntoIter<bool> {
    let all = 0..count;
    let pivot = if count == 0 { 0 } else { chance(count) };
    let kept: Vec<bool> = match chance(6) {
        0 => all.map(|_| true).collect(),
        1 => all.map(|_| false).collect(),
        2 => all.map(|at| at <= pivot).collect(),
        3 => all.map(|at| at != pivot).collect(),
        4 => all.map(|at| at == pivot).collect(),
        _ => all.map(|_| chance(2) == 0).collect(),
    };
    kept.into_iter()
}

impl Image {
    /// Lays the state out in `folder`, which is made.
    pub fn lay_out(&self, folder: &Path) {
        make_folder(folder);
        for path in &self.folders {
            make_folder(&folder.join(path));
        }
        for (path, bytes) in &self.files {
            lay_out(&folder.join(path), bytes).expect("a file can be laid out");
        }
    }

    /// What is in `folder`, sockets left out.
    pub fn read(folder: &Path) -> Self {
        let mut image = Self::default();
        image.add(folder, Path::new(""));
        image
    }

    fn add(&mut self, root: &Path, below: &Path) {
        for entry in fs::read_dir(root.join(below)).expect("a folder") {
            let entry = entry.expect("an entry");
            let (kind, path) = (
                entry.file_type().expect("a type"),
                below.join(entry.file_name()),
            );
            if kind.is_dir() {
                self.add(root, &path);
                self.folders.insert(path);
            } else if kind.is_file() {
                let bytes = fs::read(root.join(&path)).expect("a file");
                self.files.insert(path, bytes);
            }
        }
    }
}

fn make_folder(path: &Path) {
    DirBuilder::new()
        .mode(0o700)
        .create(path)
        .expect("a folder can be made");
}

fn lay_out(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    if bytes.iter().all(|byte| *byte == 0) {
        return file.set_len(u64::try_from(bytes.len()).unwrap());
    }
    file.write_all(bytes)
}

#[cfg(test)]
mod tests;
