"""T-SQL on DuckDB: the meaning of each expression and statement, and the runner of scripts and procedures."""
