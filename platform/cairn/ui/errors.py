"""What a verb says when a person asks for something that cannot be.

Raised by any room, turned into a page, a fragment or a problem document in one place (``config``).
"""


class Refusal(Exception):
    """A refusal with a message for the person: what happened, what was kept, what to do."""

    status = 400
    code = "refused"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(Refusal):
    """There is no such thing for this person. Whether it exists for somebody else is not told."""

    status = 404
    code = "not-found"

    def __init__(self, message: str = "There is nothing here for you. The address may be mistyped.") -> None:
        super().__init__(message)


class Forbidden(Refusal):
    """The person may see this, but not do that."""

    status = 403
    code = "forbidden"
