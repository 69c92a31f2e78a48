//! A bare file, made durable as a store makes its own.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// A file that is appended to in groups: what has queued up is written and made durable together.
pub struct GroupFile(Sender<(Vec<u8>, Sender<()>)>);

impl GroupFile {
    /// Makes the file.
    pub fn create(file: &Path) -> Self {
        let mut file = File::create(file).unwrap();
        let (queue, requests): (_, Receiver<(Vec<u8>, Sender<()>)>) = channel();
        thread::spawn(move || {
            while let Ok(first) = requests.recv() {
                let group: Vec<_> = std::iter::once(first).chain(requests.try_iter()).collect();
                let bytes: Vec<&[u8]> = group.iter().map(|(bytes, _)| bytes.as_slice()).collect();
                file.write_all(&bytes.concat()).unwrap();
                file.sync_data().unwrap();
                for (_, answer) in group {
                    let _ = answer.send(());
                }
            }
        });
        Self(queue)
    }

    /// Waits until it is durable.
    pub fn append(&self, bytes: &[u8]) {
        let (answer, answered) = channel();
        self.0.send((bytes.to_vec(), answer)).unwrap();
        answered.recv().unwrap();
    }
}
