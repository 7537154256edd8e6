//! The bounded queue between requests and the thread that writes.

use std::sync::{
    Arc,
    mpsc::{self, Receiver, Sender},
};

use super::places::{Place, Places, PromisedPlace};

/// Takes events that are to be written. Clones are the same queue.
#[derive(Debug)]
pub struct AuditQueue<T> {
    events: Sender<Message<T>>,
    places: Arc<Places>,
}

/// An event, and the place that it takes until this is dropped.
#[derive(Debug)]
pub struct QueuedEvent<T> {
    event: T,
    place: Place,
}

/// A place for an event that comes later. Without its event it is given back.
#[derive(Debug)]
pub struct Reservation<T> {
    events: Sender<Message<T>>,
    place: PromisedPlace,
}

/// What the thread receives.
#[derive(Debug)]
pub(super) enum Message<T> {
    Event(QueuedEvent<T>),
    /// Nothing comes after it but the events of reservations.
    End,
}

impl<T> AuditQueue<T> {
    /// An empty queue of so many places, and its other end.
    pub(super) fn new(places: usize) -> (Self, Receiver<Message<T>>) {
        let (events, received) = mpsc::channel();
        (Self { events, places: Places::new(places) }, received)
    }

    /// Has an event written. `false`: all places are taken, and it is not.
    #[must_use]
    pub fn offer(&self, event: T) -> bool {
        let Some(place) = self.places.take() else {
            return false;
        };
        self.events.send(Message::Event(QueuedEvent { event, place })).is_ok()
    }

    /// Takes a place for an event that is certain to come. `None`: all places are taken.
    #[must_use]
    pub fn reserve(&self) -> Option<Reservation<T>> {
        let place = self.places.promise()?;
        Some(Reservation { events: self.events.clone(), place })
    }

    /// Whether there is a free place.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.places.has_free()
    }

    pub(super) fn end(&self) {
        // Without a receiver the thread has ended.
        let _ = self.events.send(Message::End);
    }

    pub(super) fn places(&self) -> &Arc<Places> {
        &self.places
    }
}

impl<T> Clone for AuditQueue<T> {
    fn clone(&self) -> Self {
        Self { events: self.events.clone(), places: self.places.clone() }
    }
}

impl<T> Reservation<T> {
    /// Has the event written.
    pub fn send(self, event: T) {
        let place = self.place.place();
        // Without a receiver the thread has ended, which it does not while a place is promised.
        let _ = self.events.send(Message::Event(QueuedEvent { event, place }));
    }
}

impl<T> QueuedEvent<T> {
    /// The event alone: its place is free for another.
    pub fn release(self) -> T {
        self.event
    }

    /// The event, and its place.
    pub fn into_parts(self) -> (T, Place) {
        (self.event, self.place)
    }
}
