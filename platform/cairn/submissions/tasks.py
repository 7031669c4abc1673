"""Control work of exams, on the site's own Celery queue."""

from celery import shared_task

from cairn.submissions import exams


@shared_task(name="cairn.submissions.tasks.settle_exams", ignore_result=True)  # type: ignore[untyped-decorator]
def settle_exams() -> None:
    """Hand in sittings whose time is up and release the results that are due."""
    exams.settle_all()
