//! The log of the journal over HTTP, as everybody, an auditor and a resident's portal see it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "what helps a test fails by panicking")]

#[path = "support/house.rs"]
mod house;

use std::io;

use house::{House, hanako};
use inrou_api::client::Client;
use inrou_api::page::Page;
use inrou_api::wire::Base64;
use inrou_api::wire::authority::{FindHolder, HistoryEntry, Holder, LogProof};
use inrou_pki::SystemEntropy;
use inrou_rules::Uses;
use inrou_tlog::proof::is_consistent;
use inrou_tlog::tree::Files;
use inrou_tlog::{Checkpoint, Hash, ProofDocument, Tile, Tree, VerifierKey, bundle};

/// What everybody may fetch.
struct Published {
    client: Client,
    key: VerifierKey,
}

impl Published {
    async fn by(house: &House) -> Self {
        let anybody = std::sync::Arc::new(SystemEntropy);
        let client = Client::new(&house.base, &[], house.clock.clone(), anybody).unwrap();
        let key = text(&client, "/log/key").await;
        Self { client, key: key.trim_end().parse().unwrap() }
    }

    async fn checkpoint(&self) -> Checkpoint {
        Checkpoint::open(&text(&self.client, "/log/checkpoint").await, &self.key).unwrap()
    }
}

impl Files for Published {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let call = self.client.get(&format!("/log/{path}"));
        let answer = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(call.bytes())
        });
        Ok(answer.map_err(|_| io::ErrorKind::NotFound)?.to_vec())
    }
}

async fn text(client: &Client, path: &str) -> String {
    String::from_utf8(client.get(path).bytes().await.unwrap().to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_that_the_journal_only_grows() {
    let house = House::at("2026-01-05T01:00:00Z").await;
    let published = Published::by(&house).await;
    let empty = published.checkpoint().await;
    assert_eq!((empty.size, empty.root), (0, Hash::of_nothing()));
    let her = house.admit(&hanako()).await;
    let first = published.checkpoint().await;
    assert!(first.size > 0);
    house.issue_card(her, &hanako(), Uses::BOTH).await;
    let second = published.checkpoint().await;
    assert!(second.size > first.size);
    let tree = Tree::new(&published, second.size);
    assert_eq!(tree.root().unwrap(), second.root);
    let proof = tree.consistency(first.size).unwrap();
    assert!(is_consistent((first.size, first.root), (second.size, second.root), &proof));

    // An auditor reads what the leaves are hashes of.
    let tile = Tile::in_tree(second.size, 0, 0).unwrap();
    let path = format!("/log/{}", tile.entries_path());
    let entries = house.counter.get(&path).bytes().await.unwrap();
    let entries = bundle::entries(&entries).unwrap();
    let hashes = published.read(&tile.to_string()).unwrap();
    let leaves: Vec<_> = entries.iter().flat_map(|entry| Hash::of_leaf(entry).0).collect();
    assert_eq!(leaves, hashes);
    assert!(String::from_utf8(entries[0].to_vec()).unwrap().contains(&her.to_string()));
    for client in [&house.kodaira, &published.client] {
        assert!(client.get(&path).bytes().await.is_err(), "entries are not for everybody");
    }
    let unknown = [
        "/log/tile/0/001",
        "/log/tile/0/000.p/255",
        "/log/tile/9/000",
        "/log/tile/0/0",
        "/log/tile/0/../0/000",
        "/log/tile/entries/000",
    ];
    for path in unknown {
        assert!(published.client.get(path).bytes().await.is_err(), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn use_7_an_entry_of_the_history_is_proven() {
    let house = House::at("2026-01-05T01:00:00Z").await;
    let her = house.admit(&hanako()).await;
    house.issue_card(her, &hanako(), Uses::BOTH).await;
    let other = house.admit(&hanako()).await;
    let published = Published::by(&house).await;
    let resident = house.store.resident(her).unwrap().unwrap().value;
    let own = *resident.certificates.keys().next().unwrap();
    let certificate = Base64(house.store.certificate(own).unwrap().unwrap().der);
    let found = house.counter.post("/holders").json(&FindHolder { certificate });
    let holder: Holder = found.answer().await.unwrap();
    let path = format!("/holders/{}/history", holder.subject);
    let history: Page<HistoryEntry> = house.counter.get(&path).answer().await.unwrap();
    assert!(history.items.len() > 3);
    for entry in &history.items {
        let index = entry.index.unwrap();
        let proof = house.counter.get(&format!("{path}/{index}/proof"));
        let proof: LogProof = proof.answer().await.unwrap();
        assert_eq!(proof.key, published.key.to_string());
        let document = ProofDocument::read(&proof.proof).unwrap();
        let checkpoint = document.verify(proof.entry.as_bytes(), &published.key).unwrap();
        assert_eq!(checkpoint, published.checkpoint().await);
        assert_eq!(document.index, index);
        let said: serde_json::Value = serde_json::from_str(&proof.entry).unwrap();
        assert_eq!(said["event"]["type"], entry.code);
        assert!(!proof.entry.contains(&other.to_string()));
    }
    let own: Vec<_> = history.items.iter().filter_map(|entry| entry.index).collect();
    let others = (0..published.checkpoint().await.size).find(|index| !own.contains(index)).unwrap();
    for index in [others, u64::MAX] {
        let proof = house.counter.get(&format!("{path}/{index}/proof"));
        assert!(proof.answer::<LogProof>().await.is_err(), "another's entry is not told");
    }
}
