//! Repeats of an event become one line a minute.

use std::{collections::HashMap, mem, time::Duration};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::event::{Event, Kind};
use crate::network::Network;

/// How long repeats are gathered.
const GATHERED: Duration = Duration::from_secs(60);
/// How often it is looked for those that are due: there may be thousands, and thousands of events a
/// second.
const LOOK_PERIOD: Duration = Duration::from_secs(1);
/// Of how many series.
const SERIES: usize = 4096;

/// What makes two events alike.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Series {
    kind: Kind,
    reason: Option<&'static str>,
    /// Whoever has one address of it has all, and could be somebody else each time.
    network: Option<Network>,
    user_id: Option<Uuid>,
}

#[derive(Debug)]
struct Repeats {
    /// When the first was, which has been written.
    since: DateTime<Utc>,
    count: u64,
    latest: Event,
}

/// Lets the first event of a series through at once, and of those that follow within a minute the
/// last, with their number.
#[derive(Debug, Default)]
pub(super) struct Coalescer {
    series: HashMap<Series, Repeats>,
    next_look: Option<DateTime<Utc>>,
}

impl Coalescer {
    /// Takes an event, and gives what is to be written now.
    pub(super) fn take(&mut self, event: Event) -> Vec<Event> {
        if !event.audit.is_coalesced() {
            return vec![event];
        }
        let key = Series {
            kind: event.audit,
            reason: event.reason,
            network: event.ip.map(Network::of),
            user_id: event.user_id,
        };
        if let Some(repeats) = self.series.get_mut(&key) {
            repeats.count += 1;
            repeats.latest = event;
            return Vec::new();
        }
        let mut due = if self.series.len() >= SERIES { self.finish() } else { Vec::new() };
        let repeats = Repeats { since: event.time, count: 0, latest: event.clone() };
        self.series.insert(key, repeats);
        due.push(event);
        due
    }

    /// The repeats whose minute is over, give or take a second.
    pub(super) fn due(&mut self, now: DateTime<Utc>) -> Vec<Event> {
        if self.next_look.is_some_and(|next| now < next) {
            return Vec::new();
        }
        self.next_look = Some(now + LOOK_PERIOD);
        let over = self.series.extract_if(|_, repeats| repeats.since + GATHERED <= now);
        over.filter_map(|(_, repeats)| repeats.told()).collect()
    }

    /// All repeats.
    pub(super) fn finish(&mut self) -> Vec<Event> {
        mem::take(&mut self.series).into_values().filter_map(Repeats::told).collect()
    }
}

impl Repeats {
    fn told(self) -> Option<Event> {
        (self.count > 0).then(|| self.latest.times(self.count))
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv6Addr};

    use super::*;
    use crate::{audit::Source, test_service::noon};

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
        let due = coalescer.due(noon() + GATHERED);
        assert_eq!(due.len(), 1);
        assert_eq!((due[0].count, due[0].time), (Some(10), last));
        // A minute later it is news again.
        assert_eq!(coalescer.take(failed(1, noon() + GATHERED)).len(), 1);
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
    fn what_no_stranger_can_repeat_is_always_written() {
        let mut coalescer = Coalescer::default();
        for _ in 0..3 {
            assert_eq!(coalescer.take(Event::new(Kind::LoginOk, noon())).len(), 1);
        }
        assert!(coalescer.finish().is_empty());
    }

    #[test]
    fn any_number_of_sources_takes_bounded_room_and_loses_no_count() {
        let mut coalescer = Coalescer::default();
        let mut told = 0;
        for number in 0..20_000_u32 {
            let ip = IpAddr::from(number.to_be_bytes());
            for _ in 0..2 {
                let event = Event::new(Kind::Throttled, noon());
                let due = coalescer.take(event.at(Source { ip, request_id: "r" }));
                told += due.iter().map(|event| event.count.unwrap_or(1)).sum::<u64>();
                assert!(coalescer.series.len() <= SERIES);
            }
        }
        told += coalescer.finish().iter().map(|event| event.count.unwrap_or(1)).sum::<u64>();
        assert_eq!(told, 40_000);
    }
}
