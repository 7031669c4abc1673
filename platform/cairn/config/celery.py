"""The site's own Celery app: the sweeper and other control work, beside the database.

Nodes have another app, ``grader.worker``, on the same broker and other queues.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cairn.config.settings")
app = Celery("cairn")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
