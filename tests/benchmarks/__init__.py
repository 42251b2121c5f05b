"""What Signalscope costs: `nox -s bench`, or ``python -m tests.benchmarks``.

rows        the table: a function for each row
lab         starts the processes, lets them take turns, keeps the least of many rounds
worker      one such process: one variant, one program
variants    what there is beside the program: nothing, us, Sentry, OpenTelemetry
programs    what is timed; `workloads` has the bookstore's
growth      how the cost of one call grows with receivers, depth and dispatches kept
counted     what needs no clock: bytecodes, blocks of memory, the processor's instructions
baselines   where the table stood when last looked at; twice that is a gross regression
report      the table as text; `picture` draws the growth curves

Nothing here runs in the ordinary test run: a clock proves nothing about correctness.
"""
