from . import sh

TITLE = "make of 41 C files"
BASE = "program"


def work(directory):
    sh(directory, "make -j2")
