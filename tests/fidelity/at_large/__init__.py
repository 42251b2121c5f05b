"""Other people's suites, run without us and with us recording, and compared test by test."""
