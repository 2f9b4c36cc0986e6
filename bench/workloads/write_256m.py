import os

TITLE = "256 MiB written and fsynced"
BASE = "empty"
BLOCK = bytes(range(256)) * 4096


def work(directory):
    fd = os.open(os.path.join(directory, "new"), os.O_CREAT | os.O_WRONLY, 0o644)
    for _ in range(256):
        os.write(fd, BLOCK)
    os.fsync(fd)
    os.close(fd)
