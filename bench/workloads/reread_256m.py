from .read_256m import BASE, work  # noqa: F401  (the workload is this module)

TITLE = "256 MiB of the base read, again"
setup = work
