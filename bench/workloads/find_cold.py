from . import sh

TITLE = "find with stat, 5,000 files, first"
BASE = "project"


def work(directory):
    sh(directory, "find . -printf '%s %m\\n'")
