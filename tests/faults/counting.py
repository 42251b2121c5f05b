"""A sink, apart from the programs: what a sink's module holds lives as long as the sink."""

import itertools


class Counter:
    """A sink that counts in this process; `itertools.count` does so in any thread."""

    def __init__(self):
        self.number = itertools.count()

    def dispatch_started(self, dispatch):
        pass

    receiver_started = receiver_finished = dispatch_started

    def dispatch_finished(self, dispatch):
        next(self.number)
        dispatch.label  # noqa: B018 - a name that is worked out
