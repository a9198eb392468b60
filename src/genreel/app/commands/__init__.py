"""A file per command: its flags, as the fields of `Options`, beside what it does, `run`."""

DONE, NOTHING_DONE, USAGE, SOME_FAILED = 0, 1, 2, 3
"""Exit codes: all done; nothing could be done; wrong usage; some inputs failed."""


def exit_code(successes: int, failures: int) -> int:
    """The exit code of a command that handled several inputs."""
    if not successes:
        return NOTHING_DONE
    return SOME_FAILED if failures else DONE
