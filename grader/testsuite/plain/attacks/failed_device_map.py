"""Maps devices of memory and disks."""


def mix(a, b):
    for name in ("/dev/mem", "/dev/kmem", "/dev/vda", "/dev/sda", "/dev/kvm", "/dev/fuse", "/proc/kcore"):
        try:
            with open(name, "rb") as file:
                return file.read(4)
        except OSError:
            continue
    return None
