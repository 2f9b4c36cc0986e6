from . import sh

TITLE = "git status, first"
BASE = "project"


def work(directory):
    sh(directory, "git status")
