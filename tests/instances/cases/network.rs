//! The network between instances and the database.

use std::{cell::Cell, time::Duration};

use fastrand::Rng;
use futures_util::future::join;
use libtest_mimic::Trial;

use super::{finish, named};
use crate::{
    databases::{Database, Direction, FaultProxy, Postgres},
    fleet::{Client, Credential, Fleet, FleetSetup},
    history::Told,
    load::{Load, mint},
};

const YES: Told = Told::Yes { permitted: false };

pub(super) fn trials() -> Vec<Trial> {
    named!(
        "network",
        [
            random_faults_of_the_network_lose_nothing_and_bring_nothing_back,
            an_instance_that_is_cut_off_knows_nothing_until_it_is_back,
            an_instance_in_a_black_hole_knows_nothing_until_it_is_back,
            an_instance_that_hears_nothing_knows_nothing_until_it_is_back,
            a_second_log_out_waits_for_an_instance_that_is_cut_off,
            a_second_deletion_of_a_key_waits_for_an_instance_that_is_cut_off,
        ]
    )
}

/// Two instances, each with a network of its own.
struct Separate {
    fleet: Fleet,
    networks: [FaultProxy; 2],
}

impl Separate {
    async fn start() -> Self {
        let database = Postgres::shared().await.database().await;
        let networks = [database_proxy().await, database_proxy().await];
        let [one, two] = networks.each_ref().map(|network| through(&database, network));
        let fleet = FleetSetup::of(0, "").and(&one, &[]).and(&two, &[]).start().await;
        Self { fleet, networks }
    }

    /// While an instance cannot ask the database, a revocation at the other one is answered when
    /// its lease is over. From then on it says neither yes nor no, until it is back.
    async fn check_while_unreachable(self, spoil: impl AsyncFnOnce(&FaultProxy)) {
        let client = self.fleet.client();
        let person = client.create_person().await;
        let sessions = mint(&self.fleet, &person, "2").await;
        let [ended, kept] = &sessions[..] else { panic!("{sessions:?}") };
        assert_eq!(client.validate_everywhere(ended).await, [Some(YES); 2]);
        spoil(&self.networks[1]).await;
        client.end_for_certain(0, ended).await;
        for session in [ended, kept] {
            assert_eq!(client.validate(1, session).await, Some(Told::Unknown));
        }
        assert_eq!(client.validate(0, kept).await, Some(YES));
        self.networks[1].heal().await;
        client.until_told(YES, 1, kept).await;
        assert_eq!(client.validate_everywhere(ended).await, [Some(Told::No); 2]);
        eprintln!("{}", self.fleet.history.check());
    }

    /// While the end of a token waits for an instance that is cut off, it is asked for again. The
    /// second one finds nothing to end, and must not be answered before the first one.
    async fn check_second_end(self, client: &Client, token: &Credential) {
        assert_eq!(client.validate_everywhere(token).await, [Some(YES); 2]);
        self.networks[1].cut().await;
        let first_answered = Cell::new(false);
        let first = async {
            client.end_for_certain(0, token).await;
            first_answered.set(true);
        };
        let second = async {
            client.until_told(Told::No, 0, token).await;
            assert!(!first_answered.get(), "the first end did not wait");
            client.end_for_certain(0, token).await;
            assert_eq!(client.validate(1, token).await, Some(Told::Unknown));
        };
        join(first, second).await;
        eprintln!("{}", self.fleet.history.check());
    }
}

async fn database_proxy() -> FaultProxy {
    FaultProxy::before(Postgres::shared().await.address())
}

fn through(database: &Database, network: &FaultProxy) -> String {
    database.clone().at(network.address()).url()
}

async fn an_instance_that_is_cut_off_knows_nothing_until_it_is_back() {
    let cut = async |network: &FaultProxy| network.cut().await;
    Separate::start().await.check_while_unreachable(cut).await;
}

async fn an_instance_in_a_black_hole_knows_nothing_until_it_is_back() {
    let black_hole = async |network: &FaultProxy| network.black_hole();
    Separate::start().await.check_while_unreachable(black_hole).await;
}

/// What it writes arrives, also when it has given up and tries again.
async fn an_instance_that_hears_nothing_knows_nothing_until_it_is_back() {
    let deaf = async |network: &FaultProxy| network.black_hole_in(Direction::FromPeer);
    Separate::start().await.check_while_unreachable(deaf).await;
}

async fn a_second_log_out_waits_for_an_instance_that_is_cut_off() {
    let fleet = Separate::start().await;
    let client = fleet.fleet.client();
    let person = client.create_person().await;
    let session = mint(&fleet.fleet, &person, "1").await.remove(0);
    fleet.check_second_end(&client, &session).await;
}

async fn a_second_deletion_of_a_key_waits_for_an_instance_that_is_cut_off() {
    let fleet = Separate::start().await;
    let client = fleet.fleet.client();
    let key = client.create_key(0).await.unwrap();
    fleet.check_second_end(&client, &key).await;
}

/// Faults come at any moment: also between the lock and the commit of a writer.
async fn random_faults_of_the_network_lose_nothing_and_bring_nothing_back() {
    let Separate { fleet, networks } = Separate::start().await;
    let load = Load::start(&fleet).await;
    let seed = fastrand::u64(..);
    eprintln!("the network has the seed {seed}");
    let mut random = Rng::with_seed(seed);
    for _ in 0..10 {
        let network = &networks[random.usize(..networks.len())];
        load.answered(random.usize(20..120)).await;
        spoil(network, &mut random).await;
        tokio::time::sleep(Duration::from_millis(random.u64(50..3000))).await;
        network.heal().await;
    }
    finish(fleet, load).await;
}

async fn spoil(network: &FaultProxy, random: &mut Rng) {
    match random.u8(..5) {
        0 => network.cut().await,
        1 => network.black_hole(),
        2 => network.black_hole_in(Direction::FromPeer),
        3 => network.black_hole_in(Direction::ToPeer),
        _ => network.delay(Duration::from_millis(random.u64(5..400))),
    }
}
