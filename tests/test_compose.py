"""The compose file: valid, and each service's own command works against a real PostgreSQL and Redis.

There is no container engine where these tests run. So the file is checked by the compose command, and every
command in it is run by hand with the environment it would get there, only the host names replaced.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import services

ROOT = Path(__file__).resolve().parents[1]
SECRETS = {"SECRET_KEY": "a-long-random-value-for-this-test", "POSTGRES_PASSWORD": "secret"}


def compose_command() -> list[str]:
    """`docker compose` where the plugin is there, else Debian's `docker-compose`."""
    plugin = (
        subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if shutil.which("docker")
        else None
    )
    return ["docker", "compose"] if plugin and plugin.returncode == 0 else ["docker-compose"]


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    """The file as the compose command understands it, every profile on."""
    done = subprocess.run(
        [*compose_command(), "--profile", "gpu", "config"],
        cwd=ROOT,
        env={**os.environ, **SECRETS},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def image_command(dockerfile: str) -> list[str]:
    """The CMD of one of our images."""
    text = (ROOT / dockerfile).read_text()
    return json.loads(re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)[-1])


def command_of(service: dict[str, Any]) -> list[str]:
    """What a service runs: its own command, or its image's."""
    command = service.get("command") or image_command(service["build"]["dockerfile"])
    return shlex.split(command) if isinstance(command, str) else list(command)


def test_the_services_are_those_that_the_documents_name(config: dict[str, Any]) -> None:
    nodes = {"worker", "trainer", "gpu-worker"}
    assert set(config["services"]) == nodes | {"setup", "web", "beat", "postgres", "redis"}


def test_every_long_running_service_has_a_health_check(config: dict[str, Any]) -> None:
    without = {name for name, service in config["services"].items() if "healthcheck" not in service}
    assert without == {"setup"}


def test_a_node_is_given_no_database_and_no_secret(config: dict[str, Any]) -> None:
    for name in ("worker", "trainer", "gpu-worker"):
        environment = config["services"][name]["environment"]
        assert not {"DATABASE_URL", "SECRET_KEY", "POSTGRES_PASSWORD"} & set(environment)
        assert not any("postgres" in str(value) for value in environment.values())


def test_the_node_image_holds_no_django() -> None:
    text = (ROOT / "docker/worker.Dockerfile").read_text()
    assert "platform" not in text
    names = (ROOT / "grader/requirements.txt").read_text() + (ROOT / "grader/node.txt").read_text()
    assert not re.search(r"^(django|psycopg)", names, re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("name", ["web", "worker"])
def test_images_run_as_an_ordinary_user(name: str) -> None:
    users = re.findall(r"^USER (\S+)$", (ROOT / f"docker/{name}.Dockerfile").read_text(), re.MULTILINE)
    assert users
    assert users[-1] not in ("root", "0")


def test_the_gpu_worker_waits_for_its_profile_and_asks_for_the_nvidia_runtime(config: dict[str, Any]) -> None:
    service = config["services"]["gpu-worker"]
    assert service["profiles"] == ["gpu"]
    assert service["runtime"] == "nvidia"
    assert "train-gpu" in command_of(service)


def test_what_the_site_keeps_outlives_its_containers(config: dict[str, Any]) -> None:
    for name in ("web", "beat"):
        # The compose command writes a volume out as a mapping or leaves its short form, by its version.
        kept = {_target(volume) for volume in config["services"][name]["volumes"]}
        assert kept == {"/data/artifacts"}


def _target(volume: str | dict[str, str]) -> str:
    return volume.split(":")[1] if isinstance(volume, str) else volume["target"]


class Stack:
    """Runs a service's command as its container would, with the servers of this test behind the names."""

    def __init__(self, config: dict[str, Any], home: Path) -> None:
        self.config = config
        self.home = home
        self.port = services.free_port()
        self.names: dict[str, str] = {}

    def environment(self, name: str) -> dict[str, str]:
        """The service's environment with addresses of this machine."""
        given = {
            key: str(value) for key, value in self.config["services"][name].get("environment", {}).items()
        }
        for old, new in self.names.items():
            given = {key: value.replace(old, new) for key, value in given.items()}
        paths = {"PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", "CAIRN_HOME": str(self.home)}
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.home),
            **given,
            **paths,
        }

    def command(self, name: str) -> list[str]:
        """The service's command, listening on this test's port and keeping its files in its folder."""
        words = command_of(self.config["services"][name])
        return [
            word.replace("0.0.0.0", "127.0.0.1").replace("/tmp/beat", str(self.home / "beat"))
            if word != "8000"
            else str(self.port)
            for word in words
        ]

    def start(self, name: str) -> Any:
        """The running service, ended with the block."""
        return services.child(self.command(name), cwd=ROOT, env=self.environment(name))

    def get(self, address: str) -> tuple[int, bytes]:
        """One request as the health check makes it."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{address}", headers={"Host": "web"})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


@pytest.fixture(scope="module")
def stack(config: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """PostgreSQL, Redis, and the one-shot setup done, with the services' own environment."""
    with services.postgresql() as database_url, services.redis() as redis_url:
        stack = Stack(config, tmp_path_factory.mktemp("data"))
        stack.names = {
            "postgresql://cairn:secret@postgres:5432/cairn": database_url,
            "redis://redis:6379/0": redis_url,
            "http://web:8000": f"http://localhost:{stack.port}",
        }
        for command in (stack.command("setup"), ["python", "manage.py", "collectstatic", "--no-input"]):
            done = subprocess.run(
                command, cwd=ROOT, env=stack.environment("setup"), capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr
        yield stack


def wait_until(holds: Any, seconds: float = 60) -> None:
    """Poll until ``holds()`` is true; fail the test if it never is."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)


def ready(stack: Stack) -> bool:
    """Whether /readyz says that database, broker and a worker are there."""
    try:
        return stack.get("/readyz")[0] == 200
    except OSError:
        return False


def alive(stack: Stack) -> bool:
    """Whether /healthz answers."""
    try:
        return stack.get("/healthz")[0] == 200
    except OSError:
        return False


def test_web_beat_and_worker_find_each_other(stack: Stack) -> None:
    with stack.start("web"):
        wait_until(lambda: alive(stack))
        assert stack.get("/readyz")[0] == 503, "no worker has been seen yet"
        with stack.start("beat"), stack.start("worker"):
            wait_until(lambda: ready(stack))


def test_the_gpu_workers_command_starts_on_its_own_queue(stack: Stack) -> None:
    with stack.start("web"), stack.start("gpu-worker"):
        ping = ["celery", "-A", "grader.worker", "inspect", "active_queues", "--timeout", "2", "--json"]

        def answers() -> bool:
            done = subprocess.run(
                ping,
                cwd=ROOT,
                env=stack.environment("gpu-worker"),
                capture_output=True,
                text=True,
                check=False,
            )
            return '"train-gpu"' in done.stdout

        wait_until(answers)


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_servers_keep_their_names_and_accounts(config: dict[str, Any], name: str) -> None:
    assert config["services"][name]["user"] == name
