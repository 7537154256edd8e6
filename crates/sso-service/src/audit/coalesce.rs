//! Which security events are repeats of each other.

use chrono::{DateTime, Utc};
use service_runtime::audit::{self, RepeatedEvent};
use uuid::Uuid;

use super::{event::Event, kind::Kind};
use crate::network::Network;

/// The properties that repeats of an event share.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Series {
    kind: Kind,
    reason: Option<&'static str>,
    /// Of an event that is not by a known user. A client that has one address of a network has all.
    network: Option<Network>,
    user_id: Option<Uuid>,
}

impl Series {
    fn of(event: &Event) -> Self {
        let by_its_user = event.audit.is_by_its_user() && event.user_id.is_some();
        Self {
            kind: event.audit,
            reason: event.reason,
            network: event.ip.filter(|_| !by_its_user).map(Network::of),
            user_id: event.user_id,
        }
    }
}

impl RepeatedEvent for Event {
    fn time(&self) -> DateTime<Utc> {
        self.time
    }

    fn repeated(self, count: u64) -> Self {
        self.times(count)
    }
}

/// Lets the first events of a series through at once, and of those that follow within a minute the
/// last, with their number.
#[derive(Debug, Default)]
pub(super) struct Coalescer(audit::Coalescer<Series, Event>);

impl Coalescer {
    /// Takes an event, and gives the events that are to be written now.
    pub(super) fn take(&mut self, event: Event) -> Vec<Event> {
        match event.audit.burst() {
            None => vec![event],
            Some(burst) => self.0.take(Series::of(&event), burst, event),
        }
    }

    /// The repeats whose minute is over, give or take a second.
    pub(super) fn due(&mut self, now: DateTime<Utc>) -> Vec<Event> {
        self.0.due(now)
    }

    /// All repeats.
    pub(super) fn finish(&mut self) -> Vec<Event> {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::{IpAddr, Ipv6Addr},
        time::Duration,
    };

    use super::*;
    use crate::{audit::Source, test_service::noon, users::Account};

    const MINUTE: Duration = Duration::from_secs(60);

    fn failed(host: u8, at: DateTime<Utc>) -> Event {
        let source = Source { ip: [192, 0, 2, host].into(), request_id: "r" };
        Event::new(Kind::LoginFailed, at).at(source)
    }

    #[test]
    fn the_first_is_written_at_once_and_the_rest_are_counted() {
        let mut coalescer = Coalescer::default();
        assert_eq!(coalescer.take(failed(1, noon())).len(), 1);
        let last = noon() + Duration::from_secs(59);
        for _ in 0..10 {
            assert!(coalescer.take(failed(1, last)).is_empty());
        }
        assert_eq!(coalescer.take(failed(2, last)).len(), 1);
        assert!(coalescer.due(last).is_empty());
        let due = coalescer.due(noon() + MINUTE);
        assert_eq!(due.len(), 1);
        assert_eq!((due[0].count, due[0].time), (Some(10), last));
        // A minute later it is news again.
        assert_eq!(coalescer.take(failed(1, noon() + MINUTE)).len(), 1);
    }

    #[test]
    fn a_subnet_full_of_addresses_is_one_source() {
        let mut coalescer = Coalescer::default();
        let mut written = 0;
        for host in 0..1000 {
            let ip = IpAddr::from(Ipv6Addr::from_bits((0x2001_0db8 << 96) | host));
            let event = Event::new(Kind::Throttled, noon());
            written += coalescer.take(event.at(Source { ip, request_id: "r" })).len();
        }
        assert_eq!((written, coalescer.finish()[0].count), (1, Some(999)));
    }

    #[test]
    fn events_of_administrators_are_always_written() {
        let mut coalescer = Coalescer::default();
        for _ in 0..100 {
            assert_eq!(coalescer.take(Event::new(Kind::UserChanged, noon())).len(), 1);
        }
        assert!(coalescer.finish().is_empty());
    }

    /// Also one who has a network for each request.
    #[test]
    fn repeated_events_of_a_user_are_written_ten_times_a_minute() {
        let mut coalescer = Coalescer::default();
        for user in [7, 8] {
            let user = Account::powerless(Uuid::from_u128(user), noon());
            let mut written = 0;
            for number in 0..1000_u32 {
                let source = Source { ip: number.to_be_bytes().into(), request_id: "r" };
                let event = Event::new(Kind::Logout, noon()).by(&user).at(source);
                written += coalescer.take(event).len();
            }
            assert_eq!(written, 10);
        }
        let counts: Vec<_> = coalescer.finish().iter().map(|event| event.count).collect();
        assert_eq!(counts, [Some(990), Some(990)]);
    }

    #[test]
    fn any_number_of_sources_takes_bounded_room_and_loses_no_count() {
        let mut coalescer = Coalescer::default();
        let mut into_event = 0;
        for number in 0..20_000_u32 {
            let ip = IpAddr::from(number.to_be_bytes());
            for _ in 0..2 {
                let event = Event::new(Kind::Throttled, noon());
                let due = coalescer.take(event.at(Source { ip, request_id: "r" }));
                into_event += due.iter().map(|event| event.count.unwrap_or(1)).sum::<u64>();
                assert!(coalescer.0.series_count() <= 4096);
            }
        }
        into_event += coalescer.finish().iter().map(|event| event.count.unwrap_or(1)).sum::<u64>();
        assert_eq!(into_event, 40_000);
    }
}
