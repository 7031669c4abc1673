"""The two sides of grading, and what they say to each other.

``judge.py`` runs the hidden tests in a trusted process. ``learner.py`` runs the learner's code in the
sandbox, and imports nothing of this package but ``codec.py``. ``text.py`` makes learner text safe to show.
"""
