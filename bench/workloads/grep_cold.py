from . import sh

TITLE = "grep -r, first"
BASE = "project"


def work(directory):
    sh(directory, "grep -r nothing-like-it . || true")
