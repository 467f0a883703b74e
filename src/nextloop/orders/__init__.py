"""Landing files to orders, order lines and rejected rows with a reason.

`staging` reads files inside the engine's tasks, `transform` settles which state of an order
counts. Nothing here knows where files or tables live.
"""
