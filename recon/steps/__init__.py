"""The steps of the walk, one function each. They never call each other: `recon.pipeline` does."""
