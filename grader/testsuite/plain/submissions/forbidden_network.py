"""Asks the network for the answer."""

import urllib.request


def mix(a, b):
    return int(urllib.request.urlopen("http://example.com", timeout=1).read())
