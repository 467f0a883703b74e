"""Registry: trained models become versions; one of them is in production.

Comes in: trained models' files and metrics. Goes out: versions with a state that an append-only
ledger decides. Import what is needed from the modules: `artifact` and `resolve` work without
MLflow, the others import it when they are called.
"""
