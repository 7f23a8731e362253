# SPDX-License-Identifier: Apache-2.0
"""kill_scenarios.py - the commands that kill.py kills: each with the state before it and the answers after it."""
from host import OBJECTS, REVISION, section, write

# What is deployed and removed, by name.
FUNCTIONS = {
    "b": (REVISION, "--name", "b", "--on", "udp/7778", "--set", "revision=2"),
    "c": (REVISION, "--name", "c", "--component", "60", "--set", "revision=3"),
    "watch": (OBJECTS + "/watch.bpf.o", "--on", "any"),  # for all hooks: its TC gates come with it
}


class Scenario:
    """ARGS: the command. AFTER(before): the answers when it is done. DONE: what it says then if given again."""

    done = None
    down_each_time = False

    def __init__(self, host):
        self.h = host

    def base(self):
        """To the state before the command, from that after it or from nothing."""

    def args(self):
        raise NotImplementedError

    def after(self, before):
        raise NotImplementedError

    def again(self, before, now):
        """The answers when the command is given again."""
        return self.after(before)

    def must(self, verb, *words):
        self.h.must("-q", verb, self.h.interface, *words)

    def conf(self, name, text):
        return write(f"{self.h.tmp}/{name}.conf", text)


class Up(Scenario):
    down_each_time = True

    def args(self):
        return "up", self.h.interface, "-c", self.conf("up", section("a", 7777, 5))

    def after(self, before):
        return (5, 0, 0, 0)


class Down(Scenario):
    down_each_time = True
    done = r"is not up"

    def base(self):
        self.must("up", "-c", self.conf("down", section("a", 7777, 5)))

    def args(self):
        return "down", self.h.interface

    def after(self, before):
        return (0, 0, 0, 0)


class OnUp(Scenario):
    """With a function `a` that answers 1."""

    first = True

    def base(self):
        if self.first:
            self.must("up", "-c", self.conf("base", section("a", 7777, 1)))
            self.start()
        self.first = False

    def start(self):
        pass


class Deploy(OnUp):
    def __init__(self, host, name, answers):
        super().__init__(host)
        self.name, self.answers, self.done = name, answers, f"has a function named '{name}'"

    def base(self):
        if not self.first:
            self.must("remove", self.name)
        super().base()

    def args(self):
        return "deploy", self.h.interface, *FUNCTIONS[self.name]

    def after(self, before):
        return self.answers


class Remove(OnUp):
    def __init__(self, host, name):
        super().__init__(host)
        self.name, self.done = name, f"no function '{name}'"

    def base(self):
        super().base()
        self.must("deploy", *FUNCTIONS[self.name])

    def args(self):
        return "remove", self.h.interface, self.name

    def after(self, before):
        return (1, 0, 0, 0)


class Replace(OnUp):
    name, revision = "a", 1

    def base(self):
        super().base()
        self.revision = self.revision % 9 + 1

    def args(self):
        return "replace", self.h.interface, self.name, "--set", f"revision={self.revision}"

    def after(self, before):
        return (self.revision, 0, 0, 0)


class ReplaceComponent(Replace):
    name, revision = "c", 3

    def start(self):
        self.must("deploy", *FUNCTIONS[self.name])

    def after(self, before):
        return (1,) + (self.revision,) * 3


class Rollback(OnUp):
    def start(self):
        self.must("replace", "a", "--set", "revision=2")

    def args(self):
        return "rollback", self.h.interface, "a"

    def after(self, before):
        return (3 - before[0], 0, 0, 0)

    def again(self, before, now):
        return self.after(now)


class Several(Scenario):
    """up -c with a function replaced, one removed, one deployed, and one whose limit changes."""

    first = section("a", 7777, 1) + section("b", 7778, 1) + section("d", 7780, 1, 1000)
    second = section("a", 7777, 2) + section("c", 7779, 3) + section("d", 7780, 1, 2000)
    result = (2, 0, 3, 1)

    def base(self):
        self.must("up", "-c", self.conf("several-1", self.first))

    def args(self):
        return "up", self.h.interface, "-c", self.conf("several-2", self.second)

    def after(self, before):
        return self.result


class Twins(Several):
    """up -c with functions in one slot: one is replaced, one removed, one stays, and one more is deployed into it."""

    first = section("a", 7777, 1) + section("b", 7778, 1) + section("c", 7779, 1)
    second = section("a", 7777, 2) + section("c", 7779, 1) + section("d", 7780, 1)
    result = (2, 0, 1, 1)


# By name: made for a Host.
SCENARIOS = {
    "up": Up,
    "down": Down,
    "deploy": lambda h: Deploy(h, "b", (1, 2, 0, 0)),
    "remove": lambda h: Remove(h, "b"),
    "replace": Replace,
    "rollback": Rollback,
    "several": Several,
    "twins": Twins,
    "deploy-tc": lambda h: Deploy(h, "watch", (1, 0, 0, 0)),
    "remove-tc": lambda h: Remove(h, "watch"),
    "deploy-component": lambda h: Deploy(h, "c", (1, 3, 3, 3)),
    "replace-component": ReplaceComponent,
    "remove-component": lambda h: Remove(h, "c"),
}
