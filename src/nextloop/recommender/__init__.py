"""The recommender: feature tables' interactions in, ranked models and servable bundles out.

Pure computing on numpy arrays and LightGBM: no Spark, no MLflow, no files.
"""
