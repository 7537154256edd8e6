//! Tables: lists as kubectl shows them (`kubernetes/pkg/printers/internalversion`).

use serde_json::{Value, json};

/// A column of a table.
pub(super) struct TableColumn {
    name: &'static str,
    format: &'static str,
    description: &'static str,
    /// 1 for a column that only `-o wide` shows.
    priority: u8,
}

pub(super) const NAME: TableColumn = TableColumn {
    name: "Name",
    format: "name",
    description: "Name must be unique within a namespace.",
    priority: 0,
};
pub(super) const AGE: TableColumn = TableColumn::new("Age", "How long ago the object was created.");

/// The cell of an unknown age.
pub(super) const UNKNOWN: &str = "<unknown>";

impl TableColumn {
    pub(super) const fn new(name: &'static str, description: &'static str) -> Self {
        Self { name, format: "", description, priority: 0 }
    }

    /// A column that only `-o wide` shows.
    pub(super) const fn wide(name: &'static str, description: &'static str) -> Self {
        Self { priority: 1, ..Self::new(name, description) }
    }

    fn definition(&self) -> Value {
        let Self { name, format, description, priority } = self;
        json!({
            "name": name,
            "type": "string",
            "format": format,
            "description": description,
            "priority": priority,
        })
    }
}

/// A table of this version of `meta.k8s.io`.
pub(super) fn table(api: &str, metadata: &Value, columns: &[TableColumn], rows: &[Value]) -> Value {
    json!({
        "kind": "Table",
        "apiVersion": api,
        "metadata": metadata,
        "columnDefinitions": columns.iter().map(TableColumn::definition).collect::<Vec<_>>(),
        "rows": rows,
    })
}
