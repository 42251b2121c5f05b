"""The tests of Signalscope."""
