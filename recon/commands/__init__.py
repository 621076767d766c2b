"""Commands of the command line that need no store and no worker."""
