"""The child's end of a leash: a process that ends, with all it started, when its parent is gone.

The parent holds the writing end of the pipe that is this process's standard input (`local.emulator.child`).
However the parent ends, by `kill -9` too, the system closes that end, and the read below returns.

Run as `python leash.py FOLDER MODULE ...`. Standard library only: the emulator's interpreter runs it too.
"""

import os
import runpy
import shutil
import signal
import sys
import threading


def hold(folder: str) -> None:
    """Kill this process's group, and remove `folder`, as soon as the parent lets go.

    The process must lead a group of its own (`start_new_session`), as `local.emulator.child` arranges.
    """
    leash = os.dup(0)
    _replace_standard_input()
    threading.Thread(target=_watch, args=(leash, folder), daemon=True).start()


def _replace_standard_input() -> None:
    # What this process starts must not hold, or read from, the leash.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _watch(leash: int, folder: str) -> None:
    os.read(leash, 1)
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Run a module, as `python -m` would, on a leash."""
    folder, module = sys.argv[1:3]
    sys.argv = [module, *sys.argv[3:]]
    hold(folder)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
