"""What is measured: each is a context manager over (base, place) that yields the directory
of a fresh view of the base, and leaves nothing mounted."""
import os
import shutil
import subprocess
import time

BUILD = os.environ.get("AGENTFS_BUILD", os.path.join(os.path.dirname(__file__), "../build"))
AGENTFS = os.path.abspath(os.path.join(BUILD, "src/cli/agentfs"))


def call(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def layers(place):
    """Folders upper and work, and the mount point."""
    paths = [os.path.join(place, name) for name in ("upper", "work", "view")]
    for path in paths:
        os.mkdir(path)
    return paths


class View:
    """A mount that can be entered; subclasses say how it is made and ended."""
    NAME = ""

    def __init__(self, base, place):
        self.base, self.place = base, place
        self.view = os.path.join(place, "view")

    @staticmethod
    def missing():
        """Why it cannot be measured here, or None."""
        return None

    def __enter__(self):
        self.mount()
        return self.view

    def __exit__(self, *_):
        os.chdir("/")
        for _ in range(100):
            try:
                return self.unmount()
            except subprocess.CalledProcessError:
                time.sleep(0.05)
        return self.unmount()

    def mount(self):
        raise NotImplementedError

    def unmount(self):
        call("umount" if os.geteuid() == 0 else "fusermount3",
             *([] if os.geteuid() == 0 else ["-u"]), self.view)


class Plain(View):
    NAME = "plain"

    def mount(self):
        call("cp", "-a", self.base, self.view)

    def unmount(self):
        shutil.rmtree(self.view, ignore_errors=True)


class Overlayfs(View):
    NAME = "overlayfs"

    @staticmethod
    def missing():
        return None if os.geteuid() == 0 else "mounting it needs root"

    def mount(self):
        upper, work, view = layers(self.place)
        call("mount", "-t", "overlay", "overlay", "-o",
             f"lowerdir={self.base},upperdir={upper},workdir={work}", view)


class FuseOverlayfs(View):
    NAME = "fuse-overlayfs"

    @staticmethod
    def missing():
        return None if shutil.which("fuse-overlayfs") else "it is not installed"

    def mount(self):
        upper, work, view = layers(self.place)
        call("fuse-overlayfs", "-o",
             f"lowerdir={self.base},upperdir={upper},workdir={work}", view)


class AgentFS(View):
    NAME = "agentfs"

    @staticmethod
    def missing():
        return None if os.access(AGENTFS, os.X_OK) else f"{AGENTFS} is not built"

    def mount(self):
        os.chdir(self.place)
        call(AGENTFS, "init", "-q", "bench", "--base", self.base)
        call(AGENTFS, "mount", "bench", self.view)

    def unmount(self):
        call(AGENTFS, "umount", self.view)


ALL = [Plain, Overlayfs, FuseOverlayfs, AgentFS]
