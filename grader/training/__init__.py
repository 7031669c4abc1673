"""Training runs on a node: data, a sealed program that learns for minutes or hours, and its evaluation.

``run.py`` is the entry. ``client.py`` and ``program.py`` are what the learner's process meets inside the
sandbox; everything else is on the trusted side and believes nothing that comes from there.
"""
