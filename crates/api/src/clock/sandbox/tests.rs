use super::*;
use crate::clock::TestClock;

fn real() -> Timestamp {
    "2026-04-01T00:00:00Z".parse().unwrap()
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

struct Sandbox {
    directory: tempfile::TempDir,
    machine: Arc<TestClock>,
}

impl Sandbox {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory, machine: Arc::new(TestClock::at(real())) }
    }

    fn open(&self) -> SandboxClock {
        SandboxClock::open_over(self.directory.path(), self.machine.clone(), None).unwrap()
    }
}

#[test]
fn it_starts_on_real_time_and_runs_with_it() {
    let sandbox = Sandbox::new();
    let clock = sandbox.open();
    assert_eq!(clock.state(), ClockState { now: real(), running: true });
    sandbox.machine.advance_by(hours(1));
    assert_eq!(clock.now(), real() + hours(1));
}

#[test]
fn it_may_start_in_the_past_and_that_is_kept() {
    let sandbox = Sandbox::new();
    let start = real() - hours(5);
    let open = |start| {
        let machine = sandbox.machine.clone();
        SandboxClock::open_over(sandbox.directory.path(), machine, Some(start)).unwrap()
    };
    assert_eq!(open(start).now(), start);
    assert_eq!(open(real()).now(), start);
}

#[test]
fn a_turn_is_kept_over_a_restart() {
    let sandbox = Sandbox::new();
    sandbox.open().advance_by(hours(30)).unwrap();
    sandbox.machine.advance_by(hours(1));
    assert_eq!(sandbox.open().now(), real() + hours(31));
}

#[test]
fn a_stopped_clock_stands_until_it_is_turned_or_runs_again() {
    let sandbox = Sandbox::new();
    let clock = sandbox.open();
    clock.stop().unwrap();
    sandbox.machine.advance_by(hours(1));
    assert_eq!(clock.state(), ClockState { now: real(), running: false });
    clock.advance_to(real() + hours(2)).unwrap();
    assert_eq!(sandbox.open().state(), ClockState { now: real() + hours(2), running: false });
    clock.run().unwrap();
    sandbox.machine.advance_by(hours(1));
    assert_eq!(clock.now(), real() + hours(3));
}

#[test]
fn turning_back_is_refused_and_changes_nothing() {
    let sandbox = Sandbox::new();
    let clock = sandbox.open();
    let asked = real() - SignedDuration::from_nanos(1);
    assert!(matches!(clock.advance_to(asked), Err(ClockError::Backwards { .. })));
    assert!(matches!(clock.advance_by(hours(-1)), Err(ClockError::Backwards { .. })));
    assert_eq!(clock.now(), real());
    clock.advance_to(real()).unwrap();
}

#[test]
fn a_turn_past_the_calendar_is_refused() {
    let sandbox = Sandbox::new();
    let clock = sandbox.open();
    assert!(matches!(clock.advance_by(SignedDuration::MAX), Err(ClockError::OutOfRange)));
    let latest = SandboxClock::LATEST;
    assert_eq!(latest, "9900-01-01T00:00:00Z".parse().unwrap());
    assert!(matches!(clock.advance_to(latest), Err(ClockError::OutOfRange)));
    let to_latest = latest.duration_since(clock.state().now);
    assert!(matches!(clock.advance_by(to_latest), Err(ClockError::OutOfRange)));
    clock.advance_to(latest - SignedDuration::from_nanos(1)).unwrap();
    sandbox.machine.advance_to(Timestamp::MAX);
    assert_eq!(clock.now(), Timestamp::MAX);
}

#[test]
fn every_process_shows_a_turn_at_once() {
    let sandbox = Sandbox::new();
    let (one, other) = (sandbox.open(), sandbox.open());
    for turn in 1..=20 {
        one.advance_by(hours(1)).unwrap();
        assert_eq!(other.now(), real() + hours(2 * turn - 1));
        other.advance_by(hours(1)).unwrap();
        assert_eq!(one.now(), real() + hours(2 * turn));
    }
}

#[test]
fn turns_by_many_at_once_are_all_kept() {
    let sandbox = Sandbox::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let clock = sandbox.open();
            scope.spawn(move || {
                for _ in 0..5 {
                    clock.advance_by(hours(1)).unwrap();
                }
            });
        }
    });
    assert_eq!(sandbox.open().now(), real() + hours(40));
}

#[tokio::test(start_paused = true)]
async fn a_turn_in_the_same_process_wakes_who_waits_without_any_time_passing() {
    let sandbox = Sandbox::new();
    let clock = Arc::new(sandbox.open());
    clock.stop().unwrap();
    let waiting = {
        let clock: Arc<dyn Clock> = clock.clone();
        tokio::spawn(async move { clock.wait_until(real() + hours(8)).await })
    };
    tokio::task::yield_now().await;
    let before = tokio::time::Instant::now();
    clock.advance_by(hours(8)).unwrap();
    waiting.await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_turn_by_another_process_wakes_who_waits_within_the_notice() {
    let sandbox = Sandbox::new();
    let (clock, other) = (sandbox.open(), sandbox.open());
    other.stop().unwrap();
    let waiting = {
        let clock: Arc<dyn Clock> = Arc::new(clock);
        tokio::spawn(async move { clock.wait_until(real() + hours(8)).await })
    };
    tokio::task::yield_now().await;
    let before = tokio::time::Instant::now();
    other.advance_by(hours(8)).unwrap();
    waiting.await.unwrap();
    assert!(before.elapsed() <= 2 * SandboxClock::NOTICE);
}

#[test]
fn a_machine_that_is_set_back_does_not_turn_the_clock_back() {
    let sandbox = Sandbox::new();
    sandbox.machine.advance_by(hours(5));
    let clock = sandbox.open();
    let earlier = Arc::new(TestClock::at(real()));
    let directory = sandbox.directory.path();
    let reopened = SandboxClock::open_over(directory, earlier, None).unwrap();
    assert_eq!(reopened.now(), clock.now());
}

#[test]
fn a_file_that_holds_no_clock_is_not_overwritten() {
    let sandbox = Sandbox::new();
    let path = sandbox.directory.path().join(FILE);
    for content in [&b""[..], b"{}", b"\xff\xff", &[b'['; 100_000]] {
        std::fs::write(&path, content).unwrap();
        let opened = SandboxClock::open(sandbox.directory.path());
        assert!(matches!(opened, Err(ClockError::Unreadable { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_write_that_was_cut_off_before_the_rename_leaves_the_old_setting() {
    let sandbox = Sandbox::new();
    sandbox.open().advance_by(hours(3)).unwrap();
    std::fs::write(sandbox.directory.path().join(NEW_FILE), b"{\"runn").unwrap();
    let clock = sandbox.open();
    assert_eq!(clock.now(), real() + hours(3));
    clock.advance_by(hours(1)).unwrap();
    assert_eq!(sandbox.open().now(), real() + hours(4));
}

#[test]
fn a_stored_setting_of_the_first_form_is_read() {
    let sandbox = Sandbox::new();
    let stored =
        r#"{"running":false,"shown":"2030-01-01T00:00:00Z","real":"2026-04-01T00:00:00Z"}"#;
    std::fs::write(sandbox.directory.path().join(FILE), stored).unwrap();
    let shown = "2030-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(sandbox.open().state(), ClockState { now: shown, running: false });
}
