"""What the documentation shows: each block of code is run, or compared with what reads it."""
