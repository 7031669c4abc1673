"""Control work of learning, on the site's own Celery queue."""

from celery import shared_task

from cairn.learning import digest


@shared_task(name="cairn.learning.tasks.send_digests", ignore_result=True)  # type: ignore[untyped-decorator]
def send_digests() -> None:
    """Send the digests that are due."""
    digest.send_due()
