"""A bookstore with a queue: the demo, and a task that another process runs."""
