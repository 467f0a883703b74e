"""Grafana's dashboards as code: six of them, written as JSON by `make dashboards`."""
