"""Grading on a worker node: takes a Job, runs learner code sealed, gives back Events and a Report.

Nothing here knows Django, a database or the site. See ``contract.py`` for the only shared words.
"""
