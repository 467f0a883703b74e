"""The order file's contract as a tool: what it says, and what is wrong with a file before it goes.

Needs no lake, no key and no engine.
"""
