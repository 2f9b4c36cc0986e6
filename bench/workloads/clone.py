from . import sh

TITLE = "git clone of 5,000 files"
BASE = "project"


def work(directory):
    sh(directory, "git clone -q . clone")
