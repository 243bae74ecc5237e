"""A loop that answers each JSON line of standard input with one on standard output."""

import json
import sys
import time


def answer(commands):
    """`commands` maps the field "do" to functions of the whole command, which give a dictionary."""
    for line in sys.stdin:
        command = json.loads(line)
        try:
            reply = commands[command["do"]](command)
        except Exception as error:  # reported to the other side, which goes on
            reply = {"failure": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


def milliseconds(run, count):
    """Time of `count` calls."""
    start = time.perf_counter()
    for _ in range(count):
        run()
    return 1000 * (time.perf_counter() - start)
