"""Releases that nobody notices: two slots, one link between them and the proxy.

Comes in: code and a model version. Goes out: the same in front of callers, or the release before
it untouched. `nextloop rollout` is its door.
"""
