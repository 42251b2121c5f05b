"""One file for each module, a folder for a package that takes several."""
