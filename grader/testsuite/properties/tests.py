from collections import Counter

from grader.checks import check, equal, example
from hypothesis import given, settings
from hypothesis import strategies as st


@example
def test_example(student):
    """Sorts three numbers"""
    equal(student.ordered([3, 1, 2]), [1, 2, 3])


def test_any_list(student):
    """Sorts whatever list it is given"""

    @settings(max_examples=100, deadline=None, database=None, derandomize=True)
    @given(st.lists(st.integers(-1000, 1000), max_size=30))
    def property_holds(numbers):
        answer = student.ordered(numbers)
        check(isinstance(answer, list), "The answer should be a list.")
        check(Counter(answer) == Counter(numbers), "Every number should be there as often as before.")
        check(all(a <= b for a, b in zip(answer, answer[1:])), "No number should come before a smaller one.")

    property_holds()
