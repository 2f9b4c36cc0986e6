from .find_cold import BASE, work  # noqa: F401  (the workload is this module)

TITLE = "find with stat, again"
setup = work
