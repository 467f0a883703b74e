"""Telemetry: how every station logs (`logs`) and every metric's one declaration (`metrics`)."""
