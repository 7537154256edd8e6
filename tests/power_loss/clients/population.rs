//! All users of a service.

use std::{iter::Sum, ops::AddAssign};

use fastrand::Rng;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::{api::Api, known::text, user::KnownUser};
use crate::harness::ADMIN;

const NAMES: [&str; 3] = ["ada", "bob", "cyd"];

/// All users of a service. Each acts by itself and knows about its own alone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Population {
    /// A token of the first administrator.
    admin: Option<String>,
    users: Vec<KnownUser>,
}

/// How many changes were asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) answered: u64,
    pub(crate) unanswered: u64,
}

impl Population {
    /// Logs the administrator in and creates the users that are missing. `None`: the service ended
    /// meanwhile.
    pub(crate) async fn complete(&mut self, api: &Api) -> Option<()> {
        if self.admin.is_none() {
            let answer = api.log_in(ADMIN.0, ADMIN.1).await?;
            self.admin = Some(text(&answer.json(), "token"));
        }
        let admin = self.admin.clone()?;
        for name in &NAMES[self.users.len()..] {
            let body = json!({ "username": name, "password": KnownUser::first_password(name) });
            let answer = api.send(Method::POST, "/admin/users", Some(&admin), &body).await?;
            // 409: the user was created before, and the answer was lost.
            assert!(matches!(answer.status, 201 | 409), "{answer:?}");
            self.users.push(KnownUser::new(name, &admin));
        }
        Some(())
    }

    /// Lets each user log in so many times. `None`: the service ended meanwhile.
    pub(crate) async fn log_in(&mut self, api: &Api, times: usize) -> Option<()> {
        for user in &mut self.users {
            for _ in 0..times {
                user.log_in(api).await?;
            }
        }
        Some(())
    }

    /// Takes over sessions that were minted for each user.
    pub(crate) fn add_minted(&mut self, mint: impl Fn(&str) -> String) {
        for user in &mut self.users {
            let tokens = mint(&user.name);
            user.add_minted(tokens.lines());
        }
    }

    /// Checks everything that was answered, and lets all users change something at the same time,
    /// this many times each or until the service has ended. Returns whether all was answered.
    ///
    /// # Panics
    /// When something that was answered does not hold.
    pub(crate) async fn check_and_change(
        &mut self,
        api: &Api,
        changes: usize,
        random: &mut Rng,
    ) -> bool {
        let users = self.users.iter_mut().map(|user| {
            let mut random = random.fork();
            async move {
                user.check(api, &mut random).await?;
                for _ in 0..changes {
                    user.change_something(api, &mut random).await?;
                }
                Some(())
            }
        });
        join_all(users).await.iter().all(Option::is_some)
    }

    /// How many changes were asked for so far.
    pub(crate) fn tally(&self) -> Tally {
        let of = |user: &KnownUser| Tally { answered: user.answered, unanswered: user.unanswered };
        self.users.iter().map(of).sum()
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.answered += other.answered;
        self.unanswered += other.unanswered;
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |mut sum, tally| {
            sum += tally;
            sum
        })
    }
}
