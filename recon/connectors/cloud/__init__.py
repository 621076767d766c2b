"""Synapse, ADLS and Databricks through their own client libraries."""
