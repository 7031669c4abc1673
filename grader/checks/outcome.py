"""The two ways a test ends badly: the answer is wrong, or the learner's code raised."""

from grader.contract import Difference


class CheckFailed(AssertionError):
    """An answer is wrong. ``difference`` is what the page draws."""

    def __init__(self, message: str, difference: Difference | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.difference = difference


class StudentError(Exception):
    """The learner's code raised. ``kinds`` are the names of the exception's classes, most special first."""

    def __init__(
        self,
        type_name: str,
        message: str = "",
        line: int | None = None,
        *,
        kinds: tuple[str, ...] = (),
        cause: str = "",
        trace: str = "",
    ) -> None:
        super().__init__(f"{type_name}: {message}" if message else type_name)
        self.type_name = type_name
        self.message = message
        self.line = line
        self.kinds = kinds or (type_name,)
        self.cause = cause  # "memory", "forbidden" or "": whether a limit was behind it
        self.trace = trace
