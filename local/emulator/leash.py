"""The child's end of a leash: lets a process end, with everything it started, when its parent is gone.

The child's standard input is a pipe whose writing end only the parent holds (`local.emulator.child`). However
the parent ends, even by `kill -9`, the system closes that end, and the read below returns.

Run it as `python leash.py FOLDER MODULE ...`. It uses the standard library alone, because the emulator's
interpreter runs it too.
"""

import os
import runpy
import shutil
import signal
import sys
import threading


def hold(folder: str) -> None:
    """Remove `folder` and kill this process's group as soon as the parent lets go.

    The process must lead a group of its own (`start_new_session`), as `local.emulator.child` arranges.
    """
    leash = os.dup(0)
    _replace_standard_input()
    threading.Thread(target=_watch, args=(leash, folder), daemon=True).start()


def _replace_standard_input() -> None:
    # The processes that this one starts must neither hold the leash nor read from it.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _watch(leash: int, folder: str) -> None:
    os.read(leash, 1)
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def main() -> None:
    """Run a module on a leash, otherwise as `python -m` would."""
    folder, module = sys.argv[1:3]
    sys.argv = [module, *sys.argv[3:]]
    hold(folder)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
