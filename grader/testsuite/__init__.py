"""Example submissions, each with the verdict it must get: the grader's own exam.

A folder is an exercise in the content format. A file in ``submissions/`` or ``attacks/`` is one submission;
the first word of its name is the verdict. Its first line says what it does, or how it tries to cheat.
"""
