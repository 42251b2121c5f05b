"""The bookstore of the soak: the site of the traced tests, and pages that strain what we hook."""
