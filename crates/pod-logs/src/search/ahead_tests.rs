//! Searches ahead find what a reading finds.

use std::{
    io,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use super::tests::{chosen, with_slow_branch};
use crate::{
    pace::{Pace, at_pace},
    query::LogQuery,
    source::files::{lines::physical::tests::file, storage::chain::FileChain},
};

/// Does work beside a reading on new threads, and counts that.
#[derive(Default)]
struct Threads(Arc<AtomicUsize>);

impl Pace for Threads {
    fn step(&self) -> io::Result<()> {
        Ok(())
    }

    fn beside(&self, work: Box<dyn FnOnce() + Send>) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed);
        thread::spawn(work);
        true
    }
}

/// Files of 600 KiB, most of which nothing is to be found in.
fn long_log(is_compressed: bool) -> FileChain {
    let mut random = 1_u32;
    let mut next = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        random >> 8
    };
    let files = (0..5).map(|_| {
        let mut content = String::new();
        while content.len() < 600 * 1024 {
            let stream = if next() % 5 == 0 { "stderr" } else { "stdout" };
            let (tag, text) = match next() % 3000 {
                0 => ("P", "need"),
                1 => ("F", "le needle"),
                2 => ("F", "\u{1b}[1mneed\u{1b}[0mle"),
                3 => ("F", "ERROR"),
                4 => ("F", "\tat needle"),
                _ => ("F", "hay"),
            };
            let number = next();
            content += &format!("2026-11-01T10:00:00.000000000Z {stream} {tag} {text} {number}\n");
        }
        file(content.as_bytes(), is_compressed, 0)
    });
    FileChain::whole(files.collect())
}

#[test]
fn files_that_are_searched_ahead_give_the_same_lines() {
    for is_compressed in [false, true] {
        let log = long_log(is_compressed);
        for (tail, shows_levels) in [(None, false), (None, true), (Some(100), false)] {
            let mut query = LogQuery { tail, ..LogQuery::default() };
            query.filter.shows_levels = shows_levels;
            let begun = Arc::new(AtomicUsize::new(0));
            let pace = Rc::new(Threads(begun.clone()));
            let found = at_pace(pace, || chosen(&log, &query, "needle"));
            assert_eq!(found, chosen(&log, &query, &with_slow_branch("needle")));
            assert!(!found.is_empty() && begun.load(Ordering::Relaxed) >= 4, "{begun:?}");
        }
    }
}
