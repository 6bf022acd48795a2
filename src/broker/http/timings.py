"""How long requests and frames take, as histograms: by route and status, by verb and outcome."""

from prometheus_client import Histogram

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Timings:
    """The histograms of one application. Labels are routes, verbs and codes: a closed set each."""

    def __init__(self) -> None:
        self.requests = Histogram(
            "gatehouse_request_seconds",
            "Seconds from a request's head to its answer; a poll waits as long as it asked to.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=None,
        )
        self.verbs = Histogram(
            "gatehouse_frame_seconds",
            "Seconds that a frame of a live connection was worked on.",
            ("verb", "outcome"),
            buckets=_BUCKETS,
            registry=None,
        )

    def request(self, *, method: str, route: str | None, status: int, seconds: float) -> None:
        """A request was answered."""
        known = route is not None
        self.requests.labels(method if known else "other", route or "other", str(status)).observe(seconds)

    def frame(self, *, verb: str, outcome: str, seconds: float) -> None:
        """A frame was answered: `outcome` is ok or a problem's code."""
        self.verbs.labels(verb, outcome).observe(seconds)
