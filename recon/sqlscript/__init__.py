"""SQL scripts as statements and trees: T-SQL on one side, Databricks SQL on the other; no engine."""
