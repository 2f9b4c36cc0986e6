from .status_cold import BASE, work  # noqa: F401  (the workload is this module)

TITLE = "git status, again"
setup = work
