"""Servers that speak the protocols of Synapse, ADLS, Databricks and Entra ID on loopback, for tests."""
