"""Runs in the peers' environment: a fresh kernel for each file named on standard input; says its seconds."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from jupyter_client.manager import start_new_kernel  # type: ignore[import-not-found]  # only in that environment


def printed_by(client: Any, code: str) -> str:
    """What the code printed, or its trace."""
    said: list[str] = []

    def hear(message: Any) -> None:
        content = message["content"]
        said.append(content.get("text") or "\n".join(content.get("traceback", ())))

    client.execute_interactive(code, output_hook=hear, timeout=120)
    return "".join(said)


def main() -> None:
    """From the decision to run a file to its answer; ending the kernel is not in the time."""
    for line in sys.stdin:
        began = time.perf_counter()
        manager, client = start_new_kernel(kernel_name="python3")
        said = printed_by(client, Path(line.strip()).read_text())
        seconds = time.perf_counter() - began
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        sys.stdout.write(json.dumps([seconds, said]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
