from grader.checks import check, close, equal, example, raises


@example
def test_arithmetic(student):
    """Multiplies and adds"""
    a, b = student.Value(2.0), student.Value(-3.0)
    c = a * b + 1.0
    close(c.data, -5.0)


def test_backward(student):
    """Finds the gradients of a product"""
    a, b = student.Value(2.0), student.Value(-3.0)
    c = a * b + a
    c.backward()
    close((a.grad, b.grad), (-2.0, 2.0))


def test_set_and_iterate(student):
    """Has attributes that can be set, and parents that can be walked"""
    a = student.Value(1.0)
    a.data = 4.0
    close((a + a).data, 8.0)
    equal(len(list((a * 2.0).parents)), 2)


def test_calls_back(student):
    """Calls the function that it is given"""
    seen = []
    close(student.apply(lambda x: seen.append(x) or x * 3, 5), 15)
    equal(seen, [5])


def test_text(student):
    """Shows its number"""
    check("2.5" in str(student.Value(2.5)), "The text of a value should hold its number.")


def test_error(student):
    """Refuses text"""
    with raises(student, "TypeError"):
        student.Value("two")
