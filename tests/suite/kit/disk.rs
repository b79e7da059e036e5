//! A small disk of a test's own, which can be filled, emptied and write-protected.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub struct Disk {
    folder: TempDir,
}

impl Disk {
    /// Nothing where nobody may mount anything.
    pub fn of_megabytes(size: u32) -> Option<Self> {
        let folder = TempDir::with_prefix("postduif-disk-").expect("a temporary folder can be made");
        let disk = Self { folder };
        let mounted = disk.mount(&["-t", "tmpfs", "-o", &format!("size={size}m,mode=0755"), "none"]);
        if !mounted {
            println!("skipped: nothing can be mounted here");
        }
        mounted.then_some(disk)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes up all the room that is left.
    pub fn fill(&self) {
        let mut ballast = File::create(self.ballast()).expect("the disk has room for a name");
        let zeros = [0; 4096];
        while ballast.write_all(&zeros).is_ok() {}
    }

    pub fn make_room(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast is there");
    }

    /// Nothing can be written to it any more.
    pub fn protect(&self) {
        assert!(self.mount(&["-o", "remount,ro"]), "what was mounted can be mounted anew");
    }

    fn ballast(&self) -> std::path::PathBuf {
        self.path().join("ballast")
    }

    fn mount(&self, arguments: &[&str]) -> bool {
        let mut mount = Command::new("mount");
        mount.args(arguments).arg(self.path()).stdout(Stdio::null()).stderr(Stdio::null());
        mount.status().is_ok_and(|status| status.success())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whoever still holds a file in it does not keep the folder from going.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).stderr(Stdio::null()).status();
    }
}
