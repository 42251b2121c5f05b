"""One file for each adapter."""
