use std::time::Duration;

use strongroom_base::{Instant, UnixMillis};

use super::{DomainTime, Recorded};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const TEN_YEARS: Duration = Duration::from_secs(3650 * 24 * 3600);
const NOON: UnixMillis = UnixMillis(1_790_000_000_000);

fn at(ran: Duration) -> Instant {
    Instant(Duration::from_secs(100) + ran)
}

#[test]
fn follows_a_sound_clock() {
    let mut time = DomainTime::start(None, NOON, at(Duration::ZERO));
    assert_eq!(time.advance(NOON.plus(HOUR), at(HOUR)), NOON.plus(HOUR));
    assert!(!time.is_held());
}

#[test]
fn a_step_is_followed_at_once_and_a_jump_of_an_hour_is_not() {
    let step = Duration::from_secs(120);
    let second = Duration::from_secs(1);
    for (ahead, followed) in [
        (step, step),
        (step + second, Duration::ZERO),
        (HOUR, Duration::ZERO),
        (DAY, Duration::ZERO),
    ] {
        let mut time = DomainTime::start(None, NOON, at(Duration::ZERO));
        let found = time.advance(NOON.plus(ahead + second), at(second));
        assert_eq!(found, NOON.plus(followed + second), "{ahead:?}");
    }
}

#[test]
fn a_jump_ahead_is_held_for_a_day_of_running() {
    let mut time = DomainTime::start(None, NOON, at(Duration::ZERO));
    for hour in 1..=24 {
        let ran = HOUR * hour;
        assert_eq!(
            time.advance(NOON.plus(TEN_YEARS + ran), at(ran)),
            NOON.plus(ran),
            "hour {hour}"
        );
        assert!(time.is_held());
    }
    let ran = DAY + HOUR;
    assert_eq!(
        time.advance(NOON.plus(TEN_YEARS + ran), at(ran)),
        NOON.plus(TEN_YEARS + ran)
    );
}

#[test]
fn a_second_jump_is_held_for_a_day_of_its_own() {
    let mut time = DomainTime::start(None, NOON, at(Duration::ZERO));
    for hour in 1..=23 {
        let ran = HOUR * hour;
        time.advance(NOON.plus(DAY + ran), at(ran));
    }
    for hour in 24..=47 {
        let ran = HOUR * hour;
        let found = time.advance(NOON.plus(TEN_YEARS + ran), at(ran));
        assert_eq!(found, NOON.plus(ran), "hour {hour}");
    }
    let ran = HOUR * 48;
    let found = time.advance(NOON.plus(TEN_YEARS + ran), at(ran));
    assert_eq!(found, NOON.plus(TEN_YEARS + ran));
}

#[test]
fn a_second_jump_between_two_runs_is_held_for_a_day_of_its_own() {
    for (gap, held) in [(HOUR, 0), (DAY, 0), (TEN_YEARS, 23)] {
        let recorded = Recorded {
            time: NOON,
            held: DAY,
            lead: Some(DAY),
        };
        let wall = NOON.plus(DAY + gap);
        let mut time = DomainTime::start(Some(recorded), wall, at(Duration::ZERO));
        for hour in 1..=held {
            let ran = HOUR * hour;
            assert_eq!(
                time.advance(wall.plus(ran), at(ran)),
                NOON.plus(ran),
                "{gap:?}"
            );
        }
        let ran = HOUR * (held + 2);
        time.advance(wall.plus(ran), at(ran));
        let ran = ran + HOUR;
        assert_eq!(
            time.advance(wall.plus(ran), at(ran)),
            wall.plus(ran),
            "{gap:?}"
        );
    }
}

#[test]
fn a_jump_that_is_corrected_leaves_no_trace() {
    let mut time = DomainTime::start(None, NOON, at(Duration::ZERO));
    time.advance(NOON.plus(TEN_YEARS), at(HOUR));
    assert_eq!(
        time.advance(NOON.plus(2 * HOUR), at(2 * HOUR)),
        NOON.plus(2 * HOUR)
    );
    assert!(!time.is_held());
}

#[test]
fn a_clock_set_back_does_not_turn_time_back() {
    let mut time = DomainTime::start(None, NOON, at(Duration::ZERO));
    assert_eq!(time.advance(UnixMillis(0), at(HOUR)), NOON.plus(HOUR));
    let restarted = DomainTime::start(time.record(), UnixMillis(0), at(HOUR)).record();
    assert_eq!(
        restarted.map(|recorded| recorded.time),
        Some(NOON.plus(HOUR))
    );
}

#[test]
fn a_frozen_clock_does_not_stop_time() {
    let mut time = DomainTime::start(None, NOON, at(Duration::ZERO));
    assert_eq!(time.advance(NOON, at(DAY)), NOON.plus(DAY));
}

#[test]
fn a_long_gap_over_a_restart_is_held_and_a_short_one_followed() {
    let recorded = Some(Recorded {
        time: NOON,
        held: Duration::ZERO,
        lead: None,
    });
    for (gap, expected) in [(DAY, NOON.plus(DAY)), (2 * DAY, NOON)] {
        let mut time = DomainTime::start(recorded, NOON.plus(gap), at(Duration::ZERO));
        assert_eq!(time.advance(NOON.plus(gap), at(Duration::ZERO)), expected);
    }
}

#[test]
fn holding_continues_over_a_restart() {
    let mut time = DomainTime::start(None, NOON, at(Duration::ZERO));
    time.advance(NOON.plus(TEN_YEARS), at(Duration::ZERO));
    time.advance(NOON.plus(TEN_YEARS), at(20 * HOUR));
    let mut time = DomainTime::start(time.record(), NOON.plus(TEN_YEARS), at(Duration::ZERO));
    assert!(time.is_held());
    time.advance(NOON.plus(TEN_YEARS), at(5 * HOUR));
    assert_eq!(
        time.advance(NOON.plus(TEN_YEARS), at(5 * HOUR)),
        NOON.plus(TEN_YEARS)
    );
}

#[test]
fn a_restart_does_not_let_through_what_was_held() {
    let mut time = DomainTime::start(None, NOON, at(Duration::ZERO));
    time.advance(NOON.plus(10 * HOUR), at(Duration::ZERO));
    time.advance(NOON.plus(10 * HOUR), at(HOUR));
    let mut time = DomainTime::start(time.record(), NOON.plus(10 * HOUR), at(HOUR));
    assert_eq!(
        time.advance(NOON.plus(10 * HOUR), at(HOUR)),
        NOON.plus(HOUR)
    );
}

#[test]
fn unknown_time_is_watched_for_a_day() {
    let mut time = DomainTime::unknown(at(Duration::ZERO));
    assert_eq!(time.record(), None);
    assert_eq!(time.advance(NOON, at(HOUR)), UnixMillis(0).plus(HOUR));
    time.advance(NOON, at(DAY));
    assert_eq!(time.advance(NOON, at(DAY + HOUR)), NOON);
}
