"""``sandbox doctor``: what isolation this machine gives, each guarantee tested by trying to break it."""

import json
import os
import platform
import subprocess
import time
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from grader.contract import Job, Kind, Limits, Report
from grader.harness.room import landlock_version
from grader.run import run
from grader.sandbox.base import Backend, SandboxUnavailable
from grader.sandbox.probes import Probe, probes
from grader.sandbox.select import SAFE, select_backend
from grader.training import company

_LIMITS = Limits(wall_seconds=2.5, cpu_seconds=1, memory_bytes=96 * 2**20, file_bytes=2**22, processes=32)


@dataclass(frozen=True)
class Guarantee:
    """One promise, whether it was kept when tried, and what was seen if not."""

    name: str
    held: bool
    detail: str


def doctor(backend: Backend | None = None) -> list[Guarantee]:
    """Tries to break each guarantee of ``backend``, or of the one that would be used.

    Raises SandboxUnavailable if none works.
    """
    backend = backend or select_backend()
    return [_try(probe, backend) for probe in probes()] + [_nothing_left(backend)]


def _job(code: str) -> Job:
    return Job(id="doctor", kind=Kind.TRY, files={"solution.py": code}, tests={}, limits=_LIMITS)


def _try(probe: Probe, backend: Backend) -> Guarantee:
    report = run(_job(probe.code), lambda event: None, backend=backend)
    held = report.status is probe.verdict if probe.verdict != "passed" else _said_so(report)
    held = held or (probe.name == "processes" and _said_so(report))
    seen = report.output.strip()[-200:] or report.message
    return Guarantee(probe.name, held, probe.promise if held else f"{report.status}: {seen}")


def _said_so(report: Report) -> bool:
    return report.output.strip().endswith("held")


def _nothing_left(backend: Backend) -> Guarantee:
    """Starts a process that would outlive its parent, and looks for it from outside."""
    mark = f"cairn-doctor-{os.getpid()}"
    code = (
        "import os, sys, time\n"
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        sleep = 'import time; time.sleep(30)'\n"
        f"        os.execv(sys.executable, [sys.executable, '-I', '-S', '-c', sleep, '{mark}'])\n"
        "    os._exit(0)\ntime.sleep(0.3)\n"
    )
    run(_job(code), lambda event: None, backend=backend)
    time.sleep(0.1)
    found = subprocess.run(["pgrep", "-f", mark], capture_output=True, text=True, check=False).stdout.split()  # noqa: S603, S607
    promise = "A process that fled into a session of its own ends with the run."
    return Guarantee("tree", not found, promise if not found else f"still running: {found}")


def data() -> dict[str, Any]:
    """The doctor's findings as one JSON document: the backend that is used, and every other that works."""
    try:
        chosen = select_backend()
    except SandboxUnavailable as error:
        return {"backend": None, "isolates": False, "message": str(error), "guarantees": [], "backends": []}
    examined = [_examined(chosen)] + [_other(name) for name in SAFE if name != chosen.name]
    return {
        **examined[0],
        "message": "" if chosen.isolates else "CAIRN_SANDBOX=unsafe was set: learner code is not confined.",
        **_groups(chosen),
        "landlock": landlock_version(),
        "user": "root" if os.geteuid() == 0 else "ordinary user",
        "kernel": platform.release(),
        "alone": company.missing(),
        "backends": examined,
    }


def _groups(backend: Backend) -> dict[str, Any]:
    """Who keeps the limits on memory, processes and cores, and what that means."""
    missing = getattr(backend, "groups_missing", "") or f"{backend.name} does not use them"
    if version := getattr(backend, "groups", 0):
        kept = "a control group for each job: the kernel stops it at the limit, and counts only what it took"
        return {"cgroups": version, "cgroups_missing": "", "memory": f"by version {version} of {kept}"}
    kept = "adding up the tree's memory every 20 ms, and by an address space limit in each process"
    return {"cgroups": 0, "cgroups_missing": missing, "memory": f"by {kept}"}


def _examined(backend: Backend) -> dict[str, Any]:
    guarantees = doctor(backend)
    return {
        "backend": backend.name,
        "isolates": backend.isolates and all(guarantee.held for guarantee in guarantees),
        "guarantees": [asdict(guarantee) for guarantee in guarantees],
    }


def _other(name: str) -> dict[str, Any]:
    """A backend that would do if it were asked for, or why it would not."""
    try:
        return _examined(select_backend(name))
    except SandboxUnavailable as error:
        return {"backend": name, "isolates": False, "guarantees": [], "message": str(error)}


def main(as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False) -> None:
    """Tests every guarantee on this machine. Exit 0 if all hold, 2 if one does not or there is no sandbox."""
    found = data()
    if as_json:
        typer.echo(json.dumps(found))
    else:
        _show(found, Console(soft_wrap=True))
    raise typer.Exit(0 if found["isolates"] else 2)


def _show(found: dict[str, Any], console: Console) -> None:
    if found["message"]:
        console.print(found["message"], markup=False)
    if found["backend"] is None:
        return
    console.print(f"{found['user']}, Linux {found['kernel']}. Used here: {found['backend']}.", markup=False)
    for examined in found["backends"]:
        _show_backend(examined, console)
    landlock = f"version {found['landlock']}" if found["landlock"] else "not in this kernel, and not needed"
    why = f" No control groups: {found['cgroups_missing']}." if found["cgroups_missing"] else ""
    console.print(f"Memory is limited {found['memory']}.{why} Landlock: {landlock}.", markup=False)
    alone = f"can't: {found['alone']}" if found["alone"] else "can, where CAIRN_NODE_ADDRESS is set"
    console.print(f"Training together with other nodes: this machine {alone}.", markup=False)


def _show_backend(examined: dict[str, Any], console: Console) -> None:
    if not examined["guarantees"]:
        console.print(f"{examined['backend']} does not work here: {examined['message']}", markup=False)
        return
    table = Table(title=examined["backend"])
    for title in ("guarantee", "", "detail"):
        table.add_column(title)
    for one in examined["guarantees"]:
        table.add_row(one["name"], "[green]holds[/]" if one["held"] else "[red]BROKEN[/]", one["detail"])
    console.print(table)
