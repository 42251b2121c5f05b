"""One file for each adapter, a folder for one that takes several."""
