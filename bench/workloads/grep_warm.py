from .grep_cold import BASE, work  # noqa: F401  (the workload is this module)

TITLE = "grep -r, again"
setup = work
