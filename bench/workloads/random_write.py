import os

from .random_read import BASE, offsets  # noqa: F401

TITLE = "10,000 random writes of 4 KiB in 64 MiB of the base, fsync"
BLOCK = bytes(4096)


def work(directory):
    fd = os.open(os.path.join(directory, "medium"), os.O_WRONLY)
    for offset in offsets(10000):
        os.pwrite(fd, BLOCK, offset)
    os.fsync(fd)
    os.close(fd)
