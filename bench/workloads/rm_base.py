from . import sh

TITLE = "rm -rf of 10,000 base files"
BASE = "many"


def work(directory):
    sh(directory, "rm -rf tree")
