//! Namespaces as rows of a table.

use serde_json::{Value, json};

use crate::http::kubernetes::table::{AGE, NAME, TableColumn, UNKNOWN, table};

const COLUMNS: [TableColumn; 3] =
    [NAME, TableColumn::new("Status", "The status of the namespace"), AGE];

/// The table of these namespaces: their names and objects.
pub(super) fn namespace_table(api: &str, metadata: &Value, namespaces: &[(&str, Value)]) -> Value {
    let row = |(name, object): &(&str, Value)| json!({ "cells": [name, "Active", UNKNOWN], "object": object });
    table(api, metadata, &COLUMNS, &namespaces.iter().map(row).collect::<Vec<_>>())
}
