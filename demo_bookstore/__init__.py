"""A small bookshop built on Django, whose signals are worth watching."""
