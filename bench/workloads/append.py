import os
import time

TITLE = "1 byte appended to a base file of 256 MiB"
BASE = "big"


def work(directory):
    """Timed within: starting a process would cost more than what is measured."""
    path = os.path.join(directory, "big")
    start = time.perf_counter()
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.write(fd, b"x")
    os.close(fd)
    return time.perf_counter() - start
