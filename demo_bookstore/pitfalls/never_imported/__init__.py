"""Two modules that connect a receiver each. One is imported at start, the other by nobody."""
