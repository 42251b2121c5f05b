"""Soaks the bookstore: servers under load for as long as one likes, beside the same without us.

``nox -s soak -- --minutes N`` runs uvicorn and then gunicorn, each of them twice at one time:
plain, which has not even the app `signalscope`, and with Signalscope's spans, log lines and
MAX_DEPTH. Both have OpenTelemetry's SDK, a span around each request and an exporter, so that what
differs is ours. N minutes of load are shared by the four; starting, and coming to rest between the
rounds, comes on top. A process of its own makes the requests (`load`), which `kinds` lists: the
shop's pages and sales, nested and endless recursion, receivers that raise, receivers side by side,
and clients that hang up at any moment. Round by round the two servers take turns, with the same
timetable.

In one round of six the collector is away: nobody listens, or it hangs, or it fails. Then spans may
be lost, and nothing else may change.

What has to hold (`checks`):

- Each kind of request has the same outcomes, as often, as from the plain server; and no line on
  stderr is of a class that the plain server does not write.
- At rest nothing is open: no request, dispatch or receiver call; and hardly a record is in memory.
- Memory grows no more than the plain server's, but for the bound at `checks.PER_REQUEST`.
- Percentiles of latency stay within a generous multiple of the plain server's.
- Each answered request has the trace, as a tree, that one such request had when it was made alone,
  and its log lines likewise. A request that was given up may have less of that, but each span's
  parent is there, as whatever began has ended. No trace and no line has anything of another
  request: OpenTelemetry's context says which trace a span is in, and a variable of the site, which
  knows nothing of that, says which request a line belongs to.

``--sabotage NAME`` puts in a fault that the library has not, to see that a check finds it:
`site.sabotage` lists them. The exit status is 1 where anything is in breach.

OpenTelemetry's own instrumentation of Django is left out here; `tests.backends` has it.
"""
