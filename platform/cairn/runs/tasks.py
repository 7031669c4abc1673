"""Control work, on the site's own Celery queue."""

from celery import shared_task

from cairn.runs import actions


@shared_task(name="cairn.runs.tasks.sweep", ignore_result=True)  # type: ignore[untyped-decorator]
def sweep() -> None:
    """Give back expired leases and wake nodes for what waits."""
    actions.sweep()
