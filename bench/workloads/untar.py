from . import sh

TITLE = "untar of 10,000 files"
BASE = "many"


def work(directory):
    sh(directory, "tar -xf tree.tar --one-top-level=new")
