# SPDX-License-Identifier: Apache-2.0
"""load.py - loads and what they see. A load is called with (world, seconds), puts the side in that world under
load and returns Seen."""
import statistics
from dataclasses import dataclass, field

# What is measured: its unit, and whether less is better, so that a ratio is B over A.
MEASURES = {
    "answers": ("a second", False),
    "frames": ("a second", False),    # that the side took from the wire and got rid of
    "lossless": ("a second", False),  # answers at the highest rate at which nothing is lost
    "cpu": ("ns", True),              # CPU time an answer
    "p50": ("ns", True),              # round trips
    "p99": ("ns", True),
    "p999": ("ns", True),
}
TIMEOUT = 200  # ms, after which an answer is lost
LEAST = 0.1    # seconds of a run; a shorter one is for warmth, and no load that is slow to start has such
MANY = 500000  # a second: above, one request in 16 is timed, else each
IDLE = 5000    # a second, so far apart that a server has gone to sleep before each, also one that polls for 50 us


@dataclass
class Seen:
    """Errors are answers that were wrong; cpu is in seconds and without the client's own."""
    seconds: float
    sent: int
    answered: int
    errors: int = 0
    lost: int = 0
    cpu: float = None
    latency: dict = field(default_factory=dict)
    taken: int = 0        # frames, by the side; a flood only
    share: float = None   # of the side's maximum, at the highest rate without loss; rising rates only

    def rate(self):
        """Requests a second."""
        return self.sent / self.seconds

    def value(self, measure):
        if measure in ("answers", "lossless"):
            return self.answered / self.seconds
        if measure == "frames":
            return self.taken / self.seconds
        if measure == "cpu":
            return 1e9 * self.cpu / self.answered if self.answered and self.cpu is not None else 0
        return self.latency.get(f"{measure}_ns") or 0


def start_cost(world, argv, cpus):
    """CPU seconds until kfaas-gen, called so, has asked once. Found once for all runs that a client's cost is good for."""
    if argv not in world.starts:
        world.starts[argv] = world.gen(*argv, "--count", 1, "--timeout", 1, cpus=cpus)[1]
    return world.starts[argv]


def seen_by_gen(world, seconds, *argv, cpus="0"):
    start = start_cost(world, argv, cpus) if world.client_cost is not None else 0
    out, cpu = world.gen(*argv, "--seconds", seconds, "--timeout", TIMEOUT, cpus=cpus)
    return Seen(out["seconds"], out["sent"], out["answered"], sum(out["wrong"].values()) + out["duplicates"], out["lost"],
                max(0.0, cpu - start - (world.client_cost or 0) * out["answered"]), out["latency"])


def gen_load(*argv, sample=0, cpus="0"):
    """By kfaas-gen, which checks every answer; as options say, or as fast as it can."""
    return lambda world, seconds: seen_by_gen(world, seconds, *argv, "--sample", sample, cpus=cpus)


def flood_load(*argv):
    """As many requests as kfaas-gen makes: how many the side takes off the wire. What the wire has no room for, it drops."""
    def load(world, seconds):
        before = world.taken()
        seen = seen_by_gen(world, seconds, *argv, "--sample", 0)
        seen.taken = world.taken() - before
        return seen
    return load


def one_load(*argv):
    """One request under way, the next when its answer is there: a server is never without work for long."""
    return gen_load(*argv, "--outstanding", 1, sample=1)


def rate_load(rate, *argv):
    """An open loop; latency counts from when a request is due."""
    return gen_load(*argv, "--rate", f"{max(1, round(rate))}/s", sample=16 if rate > MANY else 1)


def idle_load(*argv):
    """Round trips of a side that has nothing else to do, and knows nothing of what is to come."""
    return rate_load(IDLE, *argv)


def maximum(world, closed, *argv):
    """Answers a second that a side makes at most: in a closed loop, and not more than the generator can ask for in an
    open loop. Found once in a world."""
    if (closed, argv) not in world.maxima:
        most = statistics.median(closed(world, 0.3).value("answers") for _ in range(3))
        world.maxima[closed, argv] = min(most, rate_load(most, *argv)(world, 0.3).rate())
    return world.maxima[closed, argv]


def share_load(share, closed, *argv):
    """An open loop at a share of what the side makes at most."""
    return lambda world, seconds: rate_load(share * maximum(world, closed, *argv), *argv)(world, seconds)


def rising(most, at):
    """Open loops (AT a rate) at rising rates, in steps of a tenth of MOST of the world, until something is lost or no more
    is made, twice, so that a moment without CPU does not end it. Sees the last without loss."""
    def load(world, seconds):
        if seconds < LEAST:
            return None
        best, tenth = Seen(1, 0, 0, share=0), most(world) / 10
        for step in range(1, 31):
            for _ in range(2):
                seen = at(step * tenth)(world, max(LEAST, seconds / 2))
                full = seen.rate() >= 0.95 * step * tenth
                if full and not seen.lost:
                    break
            if seen.lost:
                best.sent = best.sent or seen.sent  # who loses at once was asked, too
                break
            best = seen
            best.share = round(min(step, seen.rate() / tenth) / 10, 2)
            if not full:
                break
        return best
    return load


def rising_load(closed, *argv):
    """Of kfaas-gen, up to what a side makes at most and beyond."""
    return rising(lambda world: maximum(world, closed, *argv), lambda rate: rate_load(rate, *argv))
