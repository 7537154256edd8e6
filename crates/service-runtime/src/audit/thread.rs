//! The thread that writes, so that no request waits for the disk.

use std::{
    io,
    sync::mpsc::{Receiver, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tracing::error_span;

use super::{
    places::Places,
    queue::{AuditQueue, Message, QueuedEvent},
};

/// How many events are written at once.
const BATCH: usize = 1024;
/// How long events are gathered, so that the thread does not wake up thousands of times a second.
const GATHERED: Duration = Duration::from_millis(5);
/// How often the writer is called when nothing happens.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the end waits for events whose place is reserved.
const LAST_EVENTS: Duration = Duration::from_secs(1);

/// Writes events, on a thread of its own.
pub trait AuditWriter<T>: Send + 'static {
    /// Takes the events that have come, in their order. It is called at least once a second, with
    /// none if none came.
    fn write(&mut self, events: Vec<QueuedEvent<T>>);

    /// Writes what is left. Nothing comes after it.
    fn finish(&mut self);
}

/// The thread that writes.
#[derive(Debug)]
pub struct AuditThread<T> {
    queue: AuditQueue<T>,
    /// `None` in a simulation, which has no threads.
    thread: Option<JoinHandle<()>>,
}

/// Starts the thread, before which so many events may wait.
///
/// # Errors
/// When the operating system gives no thread.
pub fn start<T: Send + 'static>(
    places: usize,
    writer: impl AuditWriter<T>,
) -> io::Result<(AuditQueue<T>, AuditThread<T>)> {
    let (queue, received) = AuditQueue::new(places);
    #[cfg(feature = "simulation")]
    if crate::simulation::world().is_some() {
        tokio::task::spawn_local(write_in_simulation(received, writer));
        return Ok((queue.clone(), AuditThread { queue, thread: None }));
    }
    let places = queue.places().clone();
    let thread = thread::Builder::new().name("audit".to_owned());
    let write = move || error_span!("audit").in_scope(|| write_all(&received, &places, writer));
    let thread = Some(thread.spawn(write)?);
    Ok((queue.clone(), AuditThread { queue, thread }))
}

impl<T> AuditThread<T> {
    /// Returns when all that was recorded before is written, and the events of all reservations,
    /// for which it waits a second at most.
    pub fn finish(self) {
        self.queue.end();
        // Should it have panicked, that was said already.
        let _ = self.thread.map(JoinHandle::join);
    }
}

fn write_all<T>(received: &Receiver<Message<T>>, places: &Places, mut writer: impl AuditWriter<T>) {
    let mut is_last = false;
    while !is_last {
        let events;
        (events, is_last) = gather(received, PAUSE);
        writer.write(events);
        if !is_last {
            thread::sleep(GATHERED);
        }
    }
    write_last(received, places, &mut writer);
    writer.finish();
}

/// Does what the thread does, by the time of a simulation.
#[cfg(feature = "simulation")]
async fn write_in_simulation<T>(received: Receiver<Message<T>>, mut writer: impl AuditWriter<T>) {
    let mut is_last = false;
    while !is_last {
        tokio::time::sleep(PAUSE / 10).await;
        let events;
        (events, is_last) = gather(&received, Duration::ZERO);
        writer.write(events);
    }
    writer.finish();
}

/// Writes the events whose places were reserved when the end was announced.
fn write_last<T>(
    received: &Receiver<Message<T>>,
    places: &Places,
    writer: &mut impl AuditWriter<T>,
) {
    let deadline = Instant::now() + LAST_EVENTS;
    loop {
        let awaits_none = places.promised() == 0 || deadline <= Instant::now();
        let (events, _) = gather(received, GATHERED);
        if awaits_none && events.is_empty() {
            return;
        }
        writer.write(events);
    }
}

/// The next events, and whether they are the last.
fn gather<T>(received: &Receiver<Message<T>>, pause: Duration) -> (Vec<QueuedEvent<T>>, bool) {
    let first = match received.recv_timeout(pause) {
        Ok(message) => message,
        Err(RecvTimeoutError::Timeout) => return (Vec::new(), false),
        Err(RecvTimeoutError::Disconnected) => Message::End,
    };
    let (mut events, mut is_last) = (Vec::new(), false);
    for message in std::iter::once(first).chain(received.try_iter()).take(BATCH) {
        match message {
            Message::Event(event) => events.push(event),
            Message::End => is_last = true,
        }
    }
    (events, is_last)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;
    use crate::audit::queue::Reservation;

    /// Tells of each event, and of the end.
    struct Told(Sender<Option<u32>>);

    impl AuditWriter<u32> for Told {
        fn write(&mut self, events: Vec<QueuedEvent<u32>>) {
            for event in events {
                self.0.send(Some(event.release())).unwrap();
            }
        }

        fn finish(&mut self) {
            self.0.send(None).unwrap();
        }
    }

    /// Keeps events for as long as it lives.
    struct Kept(Vec<QueuedEvent<u32>>);

    impl AuditWriter<u32> for Kept {
        fn write(&mut self, events: Vec<QueuedEvent<u32>>) {
            self.0.extend(events);
        }

        fn finish(&mut self) {}
    }

    #[test]
    fn events_are_written_in_order_before_the_end() {
        let (told, heard) = channel();
        let (queue, thread) = start(3000, Told(told)).unwrap();
        for number in 0..3000 {
            assert!(queue.offer(number));
        }
        thread.finish();
        let heard: Vec<_> = heard.iter().collect();
        assert_eq!(heard, (0..3000).map(Some).chain([None]).collect::<Vec<_>>());
    }

    #[test]
    fn the_end_waits_for_events_whose_place_is_reserved() {
        let (told, heard) = channel();
        let (queue, thread) = start(10, Told(told)).unwrap();
        let reserved: Vec<Reservation<u32>> = (0..3).filter_map(|_| queue.reserve()).collect();
        let late = thread::spawn(move || {
            for (number, place) in (1..).zip(reserved) {
                place.send(number);
            }
        });
        thread.finish();
        late.join().unwrap();
        assert_eq!(heard.iter().collect::<Vec<_>>(), [Some(1), Some(2), Some(3), None]);
    }

    #[test]
    fn the_end_waits_only_so_long() {
        let (told, heard) = channel();
        let (queue, thread) = start(10, Told(told)).unwrap();
        let _never_used = queue.reserve();
        thread.finish();
        assert_eq!(heard.iter().collect::<Vec<_>>(), [None]);
    }

    #[test]
    fn events_that_are_kept_leave_no_room_and_a_reservation_gives_its_own_back() {
        let (queue, thread) = start(2, Kept(Vec::new())).unwrap();
        assert!(queue.offer(1) && queue.has_room());
        let reservation = queue.reserve();
        assert!(reservation.is_some() && !queue.has_room());
        assert!(queue.reserve().is_none() && !queue.offer(2));
        drop(reservation);
        assert!(queue.offer(3) && !queue.offer(4));
        thread.finish();
    }
}
