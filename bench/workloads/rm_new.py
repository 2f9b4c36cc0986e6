from . import sh

TITLE = "rm -rf of 10,000 new files"
BASE = "many"


def setup(directory):
    sh(directory, "tar -xf tree.tar --one-top-level=new")


def work(directory):
    sh(directory, "rm -rf new")
