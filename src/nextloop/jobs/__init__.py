"""One module per job: read tables, call pure code, write tables, return a report."""
