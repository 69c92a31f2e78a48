//! Jobs and messages.

use inrou_authority::store::{
    Job, JobId, Lease, MESSAGES, Message, NewJob, Precondition, Store, Write,
};

use super::{checks, commit, precondition};
use crate::support::samples::*;

checks!(
    there_is_one_job_at_a_time_under_a_key,
    jobs_are_taken_when_due_in_order,
    a_leased_job_is_nobody_elses,
    a_lease_that_ran_out_is_lost,
    a_job_is_completed_once_with_its_effect,
    a_postponed_job_is_due_later,
    a_jobs_number_is_not_used_again,
    the_next_job_says_when,
    jobs_are_paged_by_number,
    messages_are_numbered_for_each_phone,
    messages_are_read_since_a_number,
    the_latest_messages_of_a_phone_are_kept,
);

fn take(store: &dyn Store, now: i64, until: i64, limit: u32) -> Vec<Job> {
    let lease = Write::LeaseJobs { now: at(now), until: at(until), limit };
    commit(store, [lease]).leased_jobs
}

fn keys(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.job.key.as_str()).collect()
}

fn there_is_one_job_at_a_time_under_a_key(store: &dyn Store) {
    let other_kind = NewJob { kind: "publish".to_owned(), ..job("a", 5) };
    let added = commit(
        store,
        [
            Write::AddJob(job("a", 5)),
            Write::AddJob(job("a", 99)),
            Write::AddJob(job("b", 5)),
            Write::AddJob(other_kind.clone()),
        ],
    )
    .added_jobs;
    assert_eq!(added[0], added[1]);
    let jobs = store.jobs(None, 9).unwrap();
    assert_eq!(Vec::from_iter(jobs.iter().map(|job| job.id)), [added[0], added[2], added[3]]);
    assert_eq!((&jobs[0].job, &jobs[2].job), (&job("a", 5), &other_kind));
}

fn jobs_are_taken_when_due_in_order(store: &dyn Store) {
    commit(store, [("c", 3), ("a", 1), ("d", 9), ("b", 2)].map(|(k, d)| Write::AddJob(job(k, d))));
    assert_eq!(keys(&take(store, 0, 60, 9)), [""; 0]);
    assert_eq!(keys(&take(store, 3, 60, 2)), ["a", "b"]);
    assert_eq!(keys(&take(store, 3, 60, 2)), ["c"]);
    assert_eq!(keys(&take(store, 9, 60, 2)), ["d"]);
}

fn a_leased_job_is_nobody_elses(store: &dyn Store) {
    commit(store, [Write::AddJob(job("a", 1))]);
    let leased = take(store, 1, 60, 9).remove(0);
    assert_eq!((leased.attempts, leased.leased_until), (1, Some(at(60))));
    assert_eq!(take(store, 59, 60, 9), []);
    assert_eq!(store.jobs(None, 9).unwrap(), [leased]);
}

fn a_lease_that_ran_out_is_lost(store: &dyn Store) {
    commit(store, [Write::AddJob(job("a", 1))]);
    let first = take(store, 1, 60, 9).remove(0).lease();
    let second = take(store, 60, 120, 9).remove(0).lease();
    assert_eq!((first.job, first.attempt, second.attempt), (second.job, 1, 2));
    for write in [
        Write::CompleteJob(first),
        Write::PostponeJob { lease: first, due: at(500) },
        Write::CompleteJob(Lease { attempt: 3, ..second }),
    ] {
        assert_eq!(precondition(store, [write]), Precondition::LeaseLost);
    }
    commit(store, [Write::CompleteJob(second)]);
}

fn a_job_is_completed_once_with_its_effect(store: &dyn Store) {
    commit(store, [Write::AddJob(job("a", 1))]);
    let lease = take(store, 1, 60, 9).remove(0).lease();
    let done = || [Write::Send(message(chip(1), "ready")), Write::CompleteJob(lease)];
    commit(store, done());
    assert_eq!(precondition(store, done()), Precondition::LeaseLost);
    assert_eq!(store.messages(chip(1), 0, 9).unwrap().len(), 1);
    assert_eq!(store.jobs(None, 9).unwrap(), []);
}

fn a_postponed_job_is_due_later(store: &dyn Store) {
    commit(store, [Write::AddJob(job("a", 1))]);
    let lease = take(store, 1, 60, 9).remove(0).lease();
    commit(store, [Write::PostponeJob { lease, due: at(30) }]);
    assert_eq!(precondition(store, [Write::CompleteJob(lease)]), Precondition::LeaseLost);
    assert_eq!(take(store, 29, 60, 9), []);
    let again = take(store, 30, 90, 9).remove(0);
    assert_eq!((again.attempts, again.job), (2, job("a", 30)));
}

fn a_jobs_number_is_not_used_again(store: &dyn Store) {
    let first = commit(store, [Write::AddJob(job("a", 1))]).added_jobs[0];
    let lease = take(store, 1, 60, 9).remove(0).lease();
    commit(store, [Write::CompleteJob(lease)]);
    let second = commit(store, [Write::AddJob(job("a", 1))]).added_jobs[0];
    assert!(second > first);
    take(store, 1, 60, 9);
    assert_eq!(precondition(store, [Write::CompleteJob(lease)]), Precondition::LeaseLost);
}

fn the_next_job_says_when(store: &dyn Store) {
    assert_eq!(store.next_job().unwrap(), None);
    commit(store, [("b", 20), ("a", 10)].map(|(key, due)| Write::AddJob(job(key, due))));
    assert_eq!(store.next_job().unwrap(), Some(at(10)));
    take(store, 10, 15, 1);
    assert_eq!(store.next_job().unwrap(), Some(at(15)));
    take(store, 15, 90, 1);
    assert_eq!(store.next_job().unwrap(), Some(at(20)));
}

fn jobs_are_paged_by_number(store: &dyn Store) {
    commit(store, ["c", "a", "b"].map(|key| Write::AddJob(job(key, 1))));
    let page = store.jobs(None, 2).unwrap();
    assert_eq!(keys(&page), ["c", "a"]);
    assert_eq!(keys(&store.jobs(Some(page[1].id), 2).unwrap()), ["b"]);
    assert_eq!(store.jobs(Some(JobId(u64::MAX)), 2).unwrap(), []);
}

fn messages_are_numbered_for_each_phone(store: &dyn Store) {
    let send = |n| Write::Send(message(chip(n), "hello"));
    let sent = commit(store, [send(1), send(2), send(1)]).messages;
    assert_eq!(sent, [1, 1, 2]);
    assert_eq!(commit(store, [send(2)]).messages, [2]);
}

fn messages_are_read_since_a_number(store: &dyn Store) {
    commit(store, ["a", "b", "c"].map(|code| Write::Send(message(chip(1), code))));
    let expected = |sequence, code| Message { sequence, message: message(chip(1), code) };
    assert_eq!(store.messages(chip(1), 1, 1).unwrap(), [expected(2, "b")]);
    assert_eq!(store.messages(chip(1), 2, 9).unwrap(), [expected(3, "c")]);
    assert_eq!(store.messages(chip(1), 3, 9).unwrap(), []);
    assert_eq!(store.messages(chip(2), 0, 9).unwrap(), []);
}

fn the_latest_messages_of_a_phone_are_kept(store: &dyn Store) {
    commit(store, [Write::Send(message(chip(2), "other"))]);
    commit(store, (0..MESSAGES + 5).map(|_| Write::Send(message(chip(1), "hello"))));
    let kept = store.messages(chip(1), 0, 1_000).unwrap();
    let numbers: Vec<u64> = kept.iter().map(|message| message.sequence).collect();
    assert_eq!(numbers, Vec::from_iter(6..=MESSAGES + 5));
    assert_eq!(store.messages(chip(2), 0, 9).unwrap().len(), 1);
}
