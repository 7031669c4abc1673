"""Units that answers are given in, and how one is turned into another. Pure.

A small table and no library: questions of this curriculum measure time, data, lengths, weights, frequencies,
angles, shares and numbers of operations. Every unit is a factor of its kind's first one.
"""

from collections.abc import Mapping

_KINDS: Mapping[str, Mapping[str, float]] = {
    "share": {"": 1, "%": 0.01, "percent": 0.01, "‰": 0.001},
    "time": {"s": 1, "ns": 1e-9, "µs": 1e-6, "us": 1e-6, "ms": 1e-3, "min": 60, "h": 3600, "d": 86400,
             "sec": 1, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400},
    "data": {"B": 1, "bit": 0.125, "bits": 0.125, "bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
             "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40, "Mbit": 1.25e5, "Gbit": 1.25e8},
    "length": {"m": 1, "nm": 1e-9, "µm": 1e-6, "um": 1e-6, "mm": 1e-3, "cm": 1e-2, "km": 1e3},
    "weight": {"kg": 1, "mg": 1e-6, "g": 1e-3, "t": 1e3},
    "frequency": {"Hz": 1, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9},
    "angle": {"rad": 1, "°": 0.017453292519943295, "deg": 0.017453292519943295,
              "degrees": 0.017453292519943295, "radians": 1},
    "operations": {"FLOP": 1, "MFLOP": 1e6, "GFLOP": 1e9, "TFLOP": 1e12, "PFLOP": 1e15},
    "energy": {"J": 1, "kJ": 1e3, "Wh": 3600, "kWh": 3.6e6},
    "power": {"W": 1, "mW": 1e-3, "kW": 1e3, "MW": 1e6},
}  # fmt: skip


def factor(written: str, wanted: str) -> float | None:
    """What a number in ``written`` is multiplied with to be one in ``wanted``; None if they are no one kind.

    Spelling that differs in case is forgiven where it means one unit only.
    """
    if written.casefold() == wanted.casefold():
        return 1.0
    for units in _KINDS.values():
        if wanted in units and (unit := _spelt(written, units)) is not None:
            return units[unit] / units[wanted]
    return None


def _spelt(written: str, units: Mapping[str, float]) -> str | None:
    if written in units:
        return written
    near = {unit for unit in units if unit.casefold() == written.casefold()}
    return near.pop() if len(near) == 1 else None
