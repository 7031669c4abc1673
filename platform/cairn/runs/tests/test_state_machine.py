"""Whatever nodes, people and the sweeper do in whatever order, a run keeps its promises."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from cairn.accounts.models import User
from cairn.runs import actions, queries
from cairn.runs.models import Run
from cairn.runs.tests.conftest import batch, queued, report
from grader.contract import Verdict

STEPS = (
    "claim",
    "events",
    "resend",
    "heartbeat",
    "pass",
    "fail",
    "internal",
    "release",
    "lapse",
    "sweep",
    "cancel",
)

HELD = ("events", "resend", "heartbeat", "pass", "fail", "internal", "release")  # what needs a lease


class World:
    """One run, and every token that was ever given for it: nodes may act late, and on old leases."""

    def __init__(self) -> None:
        name = uuid.uuid4().hex[:12]
        self.owner = User.objects.create_user(name, f"{name}@example.org")
        self.run = queued(self.owner)
        self.tokens: list[str] = []
        self.valid = ""
        self.ends = 0

    def do(self, step: str, late: bool) -> None:
        """One step of anybody. A late step uses the oldest token there is."""
        token = (self.tokens[0] if late else self.tokens[-1]) if self.tokens else "none"
        before, valid = self.seen(), self.valid
        try:
            self._do(step, token)
        except actions.LeaseLost:
            assert self.seen() == before
            assert token != valid
        else:
            assert step not in HELD or token == valid, "a lost lease still had an effect"
        self._check(before)

    def _do(self, step: str, token: str) -> None:
        match step:
            case "claim":
                claim = actions.claim("grade", "n1")
                if claim:
                    self.tokens.append(claim.token)
                    self.valid = claim.token
            case "events" | "resend":
                count = Run.objects.values_list("batches", flat=True).get(pk=self.run.pk)
                first = count if step == "events" else 0
                actions.append_events(self.run.pk, token, batch(first, *(["a"] * (count - first + 1))))
            case "heartbeat":
                actions.heartbeat(self.run.pk, token)
            case "pass" | "fail" | "internal":
                verdict = {"pass": Verdict.PASSED, "fail": Verdict.FAILED, "internal": Verdict.INTERNAL}[step]
                actions.finish(self.run.pk, token, report(self.run, verdict))
            case "release":
                actions.release(self.run.pk, token)
            case "lapse":
                past = timezone.now() - timedelta(seconds=1)
                Run.objects.filter(pk=self.run.pk, state="running").update(lease_until=past)
            case "sweep":
                actions.sweep()
            case "cancel":
                actions.cancel(self.run, self.owner)

    def seen(self) -> tuple[object, ...]:
        """All that anybody could tell of the run."""
        return tuple(Run.objects.filter(pk=self.run.pk).values_list().get())

    def _check(self, before: tuple[object, ...]) -> None:
        run = Run.objects.get(pk=self.run.pk)
        fields = [field.attname for field in Run._meta.concrete_fields]
        was = dict(zip(fields, before, strict=True))
        if was["state"] in ("finished", "cancelled"):
            assert self.seen() == before, "what has ended never changes"
        assert run.tries <= 3
        assert (run.state == "running") == bool(run.token_hash) == bool(run.lease_until)
        assert (run.state == "finished") == bool(run.verdict) == bool(run.report)
        assert run.is_terminal == bool(run.finished_at)
        seqs = [event["seq"] for event in queries.events_after(run.pk, 0)]
        assert seqs == list(range(1, run.last_seq + 1))
        if run.state != "running":
            self.valid = ""


class StateMachine(TestCase):
    """Random walks through the verbs."""

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from(STEPS), st.booleans()), max_size=25))
    def test_no_order_of_steps_breaks_a_run(self, steps: list[tuple[str, bool]]) -> None:
        world = World()
        for step, late in steps:
            world.do(step, late and len(world.tokens) > 1)

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from(STEPS[:10]), st.booleans()), max_size=15))
    def test_a_run_that_nobody_cancels_always_reaches_a_verdict(self, steps: list[tuple[str, bool]]) -> None:
        world = World()
        for step, late in [*steps, *[("lapse", False), ("sweep", False), ("claim", False)] * 4]:
            world.do(step, late and len(world.tokens) > 1)
        run = Run.objects.get(pk=world.run.pk)
        assert run.state == "finished"
        assert run.verdict in ("passed", "failed", "internal")


pytestmark = pytest.mark.django_db
