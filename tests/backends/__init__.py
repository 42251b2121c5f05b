"""What OpenTelemetry's own exporters and instrumentations make of a recorded program.

Everything here is real: the exporters, the worker, the server. `nox -s traces` runs these tests;
where what they need is not installed they are not collected.
"""
