//! Requests of strangers that wait for a user, in bounded numbers.

use super::{
    errors::RequestError,
    sql::{SqlConnection, query},
};

/// A table of requests that wait.
#[derive(Debug, Clone, Copy)]
pub(super) struct WaitingTable {
    /// Removes the oldest requests of the network `$1` beyond a number, `$2`.
    pub(super) remove_oldest: &'static str,
    /// Counts all requests.
    pub(super) count: &'static str,
    /// How many requests of a network wait. Beyond it the oldest ones are forgotten.
    pub(super) most_of_network: i64,
    /// How many wait in all.
    pub(super) most: i64,
}

/// The table of this name with a key in this column, and its bounds: of a network, and in all.
macro_rules! waiting_table {
    ($table:literal, $key:literal, $most_of_network:expr, $most:expr) => {
        $crate::store::waiting::WaitingTable {
            remove_oldest: concat!(
                "DELETE FROM ",
                $table,
                " WHERE ",
                $key,
                " IN (SELECT ",
                $key,
                " FROM ",
                $table,
                " WHERE network = $1 ORDER BY created_at DESC LIMIT 1000 OFFSET $2)"
            ),
            count: concat!("SELECT count(*) FROM ", $table),
            most_of_network: $most_of_network,
            most: $most,
        }
    };
}
pub(super) use waiting_table;

impl WaitingTable {
    /// Makes room for one more request of this network.
    ///
    /// # Errors
    /// When too many wait, or the database cannot be written.
    pub(super) async fn make_room(
        self,
        connection: &mut SqlConnection,
        network: &str,
    ) -> Result<(), RequestError> {
        let remove = query(self.remove_oldest).bind(network).bind(self.most_of_network - 1);
        remove.execute(&mut *connection).await?;
        let waiting: i64 = query(self.count).fetch_one(connection).await?;
        if waiting >= self.most { Err(RequestError::TooMany) } else { Ok(()) }
    }
}
