"""Does not parse."""
def mix(a, b)
    return 0
