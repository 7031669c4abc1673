def primes_below(n: int) -> int:
    """How many primes there are below n."""
    sieve = bytearray([1]) * n
    sieve[:2] = b"\0\0"
    for number in range(2, int(n**0.5) + 1):
        if sieve[number]:
            for multiple in range(number * number, n, number):
                sieve[multiple] = 0
    return sum(sieve)
