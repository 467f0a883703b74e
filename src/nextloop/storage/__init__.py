"""Where data lives: the landing's files and the lake's Delta tables.

The only station that knows folders and buckets.
"""
