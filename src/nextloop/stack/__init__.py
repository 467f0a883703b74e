"""Stack: the whole installation on one machine, as plain processes within one folder."""
