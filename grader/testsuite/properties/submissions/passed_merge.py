"""Sorts by merging."""


def ordered(numbers):
    if len(numbers) < 2:
        return list(numbers)
    middle = len(numbers) // 2
    left, right = ordered(numbers[:middle]), ordered(numbers[middle:])
    merged = []
    while left and right:
        merged.append((left if left[0] <= right[0] else right).pop(0))
    return merged + left + right
