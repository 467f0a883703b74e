"""The demo: the whole chain on simulated hotels, in one folder of its own, down to an answer."""
