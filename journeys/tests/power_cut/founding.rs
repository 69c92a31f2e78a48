//! What is there before the job begins: a sandbox's data folder after its first start, on a disk that
//! can lose its power.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use inrou::sandbox::{DataFolder, Options, Sandbox};
use inrou_authority::key_folder::KeyFolder;
use inrou_authority::store::testing::{Disk, DiskFiles, PowerCut};
use inrou_chip::files::Folder;
use inrou_chip::issuer::{MakerCa, MakerCertificate};
use inrou_chip::scp03::MasterKey;
use inrou_pki::keys::{FreshKeys, KeySource, Passphrase};
use inrou_pki::{KeyAlgorithm, SoftwareKey, SystemEntropy};
use jiff::Timestamp;
use zeroize::Zeroizing;

/// Ten in the morning in Japan, when applications are worked on at once (HOURS-1).
pub const START: &str = "2026-11-21T01:00:00Z";

pub const RESIDENT: &str = "hana";

/// RSA keys that are there: making one takes longer than the whole job.
const READY_KEYS: usize = 6;

/// The state before the job, and what nobody writes while it runs.
pub struct Founding {
    /// `authority/`, `portal/`, `cards/`, `phones/`, as in the data folder.
    pub disk: Disk,
    pub start: Timestamp,
    pub portal_key: Arc<SoftwareKey>,
    pub clerk_key: Arc<SoftwareKey>,
    maker_key: Vec<u8>,
    maker_certificate: Vec<u8>,
    channel_master: [u8; 16],
    /// PKCS #8.
    pub ready_keys: Arc<Vec<Zeroizing<Vec<u8>>>>,
    /// Where CRLs would be published; the job publishes none.
    pub crl_folder: tempfile::TempDir,
}

impl Founding {
    /// The one of this process.
    pub fn laid() -> &'static Self {
        static LAID: OnceLock<Founding> = OnceLock::new();
        LAID.get_or_init(Self::lay)
    }

    pub fn maker_certificate(&self) -> MakerCertificate {
        MakerCertificate::from_der(&self.maker_certificate).unwrap()
    }

    pub fn maker_ca(&self) -> MakerCa {
        let key = SoftwareKey::from_pkcs8(&self.maker_key).unwrap();
        MakerCa::open(self.maker_certificate.clone(), Box::new(key)).unwrap()
    }

    pub fn channel_master(&self) -> MasterKey {
        MasterKey::from_bytes(self.channel_master)
    }

    /// What opens the key files on the disk.
    pub fn passphrase() -> Passphrase {
        Passphrase::new("drawn at random".to_owned()).stretched_by(1.try_into().unwrap())
    }

    fn lay() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let folder = DataFolder::create(root).unwrap();
        let start: Timestamp = START.parse().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let options = Options {
                folder: folder.clone(),
                port: 0,
                start: Some(start),
                residents: Some(vec![RESIDENT.to_owned()]),
            };
            Sandbox::start(options).await.unwrap().stop().await;
        });
        // Stores are closed when the last task has let go of them.
        drop(runtime);

        let disk = Disk::new(PowerCut::never());
        for part in ["authority", "portal", "cards", "phones"] {
            import(&disk, root, &root.join(part));
        }
        let passphrase = folder.passphrase(&SystemEntropy).unwrap();
        let keys = |path| KeyFolder::open(path, passphrase.clone()).unwrap();
        open_quickly(&disk, &root.join("authority/keys"), &keys(root.join("authority/keys")));
        let (roles, maker) = (keys(folder.roles()), keys(folder.maker()));
        let secret = maker.secret("channel", &SystemEntropy).unwrap();
        let ready = || FreshKeys.generate(KeyAlgorithm::Rsa2048).unwrap().to_pkcs8();
        Self {
            disk,
            start,
            portal_key: Arc::new(roles.read("portal.key").unwrap()),
            clerk_key: Arc::new(roles.read("clerk.key").unwrap()),
            maker_key: maker.read("maker.key").unwrap().to_pkcs8().to_vec(),
            maker_certificate: std::fs::read(folder.maker().join("maker.cer")).unwrap(),
            channel_master: secret[..16].try_into().unwrap(),
            ready_keys: Arc::new((0..READY_KEYS).map(|_| ready()).collect()),
            crl_folder: tempfile::tempdir().unwrap(),
        }
    }
}

/// Copies what the job reads and writes, durably.
fn import(disk: &Disk, root: &Path, from: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap();
        let lives_in_memory = name.ends_with("-shm") || name.ends_with("lock");
        if path.is_dir() {
            import(disk, root, &path);
        } else if !lives_in_memory && !name.contains("/keys/") {
            let file = disk.open(name).unwrap();
            file.write_at(0, &std::fs::read(&path).unwrap()).unwrap();
            file.sync().unwrap();
        }
    }
    disk.sync_folder(from.strip_prefix(root).unwrap().to_str().unwrap()).unwrap();
}

/// The sandbox stretches its passphrase, which takes as long as the job: the same keys under one that
/// is not stretched. A new secret for pseudonyms is drawn, before there are any.
fn open_quickly(disk: &Disk, path: &Path, keys: &KeyFolder) {
    let files = Arc::new(DiskFiles::new(disk).unwrap());
    let quick = Folder::on(files, "authority/keys");
    let quick = KeyFolder::open(quick, Founding::passphrase()).unwrap();
    for entry in std::fs::read_dir(path).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".key") {
            quick.write(&name, &keys.read(&name).unwrap(), &SystemEntropy).unwrap();
        }
    }
    quick.secret("subjects", &SystemEntropy).unwrap();
}
