import os
import random

TITLE = "20,000 random reads of 4 KiB in 64 MiB"
BASE = "medium"


def offsets(count):
    chance = random.Random(4)
    return [chance.randrange(64 * 256) * 4096 for _ in range(count)]


def work(directory):
    fd = os.open(os.path.join(directory, "medium"), os.O_RDONLY)
    for offset in offsets(20000):
        os.pread(fd, 4096, offset)
    os.close(fd)
