"""One workload a file: TITLE, BASE (see bases.py), `work(directory)`, which is timed unless
it returns its own seconds, and if need be `setup(directory)`, which is not."""
import subprocess


def sh(directory, script):
    subprocess.run(["sh", "-ec", script], check=True, cwd=directory,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE)
