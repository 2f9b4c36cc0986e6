import os

TITLE = "256 MiB of the base read, first"
BASE = "big"


def work(directory):
    fd = os.open(os.path.join(directory, "big"), os.O_RDONLY)
    buffer = bytearray(1 << 20)
    while os.readv(fd, [buffer]):
        pass
    os.close(fd)
