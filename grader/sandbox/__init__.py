"""How learner code is confined. A backend is offered only after it has proved itself on this machine."""

from grader.sandbox.base import Backend, Confined, Exit, SandboxUnavailable
from grader.sandbox.select import select_backend

__all__ = ["Backend", "Confined", "Exit", "SandboxUnavailable", "select_backend"]
