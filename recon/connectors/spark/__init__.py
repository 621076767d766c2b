"""Real Spark on this machine, standing in for a Databricks warehouse or cluster."""
