import os
import subprocess

TITLE = "npm ci, from its cache"
BASE = "npm"


def setup(directory):
    """The cache that the making of the base filled lies beside it: bases.make_npm."""
    with open(os.path.join(directory, ".cache-place"), encoding="utf-8") as f:
        os.environ["npm_config_cache"] = f.read().strip()


def work(directory):
    subprocess.run(["npm", "ci", "--prefer-offline", "--no-audit", "--no-fund",
                    "--ignore-scripts"], check=True, cwd=directory,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE)
