//! The settings of a cluster. Those about durability stay as PostgreSQL ships them.

use std::{fs, path::Path};

/// Small, and without shared memory that would outlive a killed server. The start after a crash
/// synchronizes the whole file system instead of each file, which takes seconds.
const SETTINGS: &str = "
shared_buffers = 16MB
max_connections = 100
dynamic_shared_memory_type = mmap
min_wal_size = 5MB
max_wal_size = 256MB
recovery_init_sync_method = syncfs
";

/// The socket is in a directory of ours.
const LOCAL: &str = "
local all all trust
local replication all trust
";

const ANY_TRANSPORT: &str = "host all all 127.0.0.0/8 scram-sha-256\n";

const TLS_ALONE: &str = "hostssl all all 127.0.0.0/8 scram-sha-256\n";

/// Configures a new cluster.
pub(super) fn configure(data: &Path) {
    let file = data.join("postgresql.conf");
    let shipped = fs::read_to_string(&file).unwrap();
    // The last value of a setting counts.
    fs::write(file, shipped + SETTINGS).unwrap();
    write_access(data, ANY_TRANSPORT);
}

/// Refuses connections without TLS.
pub(super) fn demand_tls(data: &Path) {
    write_access(data, TLS_ALONE);
}

fn write_access(data: &Path, remote: &str) {
    fs::write(data.join("pg_hba.conf"), format!("{LOCAL}{remote}")).unwrap();
}
