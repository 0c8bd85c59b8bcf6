"""Runs a program behind walls and leaves nothing of it: `python -I -S jail.py PLAN COMMAND...`, PLAN as `walls.Plan` gives it in JSON.

This process is the subreaper of everything that the program starts. It waits for the program's end or for the end of the control socket,
whichever is first, kills all that is left, reports how the program ended over the socket, and ends. A wall that cannot be raised ends it
with code 125: nothing is run with fewer walls than were asked for. Imports the standard library alone, because it starts with every agent.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import sys
from typing import Any

CANNOT = 125
_LIBC = ctypes.CDLL(None, use_errno=True)
_PDEATHSIG, _NO_NEW_PRIVS, _SUBREAPER, _SECCOMP = 1, 38, 36, 22
_CLONE = {"user": 0x10000000, "pid": 0x20000000, "net": 0x40000000, "ipc": 0x08000000}
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
# Rights over files by version of Landlock: execute, write, read file, read folder, remove x2, make x7; refer; truncate; ioctl.
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16, 6: 16}
_READ_ONLY, _LOOK, _FILE = 0b1101, 0b1000, 0b1100000000000111
_SYSCALLS = {  # machine: (audit architecture, socket, what is refused)
    "x86_64": (0xC000003E, 41, (101, 310, 311, 165, 166, 155, 321, 425, 426, 427, 323, 248, 249, 250, 298, 246, 320, 175, 313, 176, 272,
                                308, 304, 161, 167, 169, 428, 429, 430, 431, 432, 442)),
    "aarch64": (0xC00000B7, 198, (117, 270, 271, 40, 39, 41, 280, 425, 426, 427, 282, 217, 218, 219, 241, 104, 294, 105, 273, 106, 97,
                                  268, 265, 51, 224, 142, 428, 429, 430, 431, 432, 442)),
}  # fmt: skip
"""ptrace, reading others' memory, mounting, bpf, io_uring, userfaultfd, keys, perf, kexec, modules, unshare, setns, handles, chroot."""


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _prctl(option: int, *values: int) -> None:
    padded = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    _checked(_LIBC.prctl(option, *padded), f"prctl {option}")


def landlock_version() -> int:
    """The version of Landlock in this kernel, 0 without it."""
    return max(0, int(_LIBC.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint(1))))


def unshare(names: list[str]) -> None:
    """Leave these namespaces; the program's user stays who he is."""
    user, group = os.getuid(), os.getgid()
    flags = 0
    for name in names:
        flags |= _CLONE[name]
    _checked(_LIBC.unshare(flags), f"namespaces {', '.join(names)}")
    if "user" in names:
        for file, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{file}", "w", encoding="ascii") as told:
                told.write(line)


def landlock(version: int, read: list[str], write: list[str], look: list[str]) -> None:
    """From here on: files under `read` can be read and run, those under `write` changed, folders under `look` listed; no TCP, no signals
    and abstract sockets across the wall.
    """
    files = (1 << _RIGHTS[min(version, 6)]) - 1
    net = 3 if version >= 4 else 0
    scoped = 3 if version >= 6 else 0
    attributes = (ctypes.c_uint64 * 3)(files, net, scoped)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _checked(_LIBC.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), ctypes.c_uint(0)), "landlock")
    for paths, rights in ((read, _READ_ONLY), (write, files), (look, _LOOK)):
        for path in paths:
            _allow(ruleset, path, rights & files)
    _prctl(_NO_NEW_PRIVS, 1)
    _checked(_LIBC.syscall(_LANDLOCK_RESTRICT, ruleset, ctypes.c_uint(0)), "landlock")
    os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there need not be allowed
    if not os.path.isdir(path):
        rights &= _FILE
    # struct { u64 allowed; s32 parent; } without padding
    rule = rights.to_bytes(8, sys.byteorder) + handle.to_bytes(4, sys.byteorder, signed=True)
    _checked(_LIBC.syscall(_LANDLOCK_ADD, ruleset, ctypes.c_int(1), rule, ctypes.c_uint(0)), f"landlock {path}")
    os.close(handle)


def seccomp(machine: str) -> None:
    """Refuse with EPERM what no player needs: sockets of any kind, looking into others, mounting, new namespaces, io_uring."""
    architecture, socket, refused = _SYSCALLS[machine]
    numbers = [socket, *refused]
    program = [(0x20, 0, 0, 4), (0x15, 1, 0, architecture), (0x06, 0, 0, 0x80000000), (0x20, 0, 0, 0)]
    if machine == "x86_64":
        program += [(0x35, len(numbers) + 1, 0, 0x40000000)]  # the numbers of x32 would pass by the list
    program += [(0x15, len(numbers) - i, 0, number) for i, number in enumerate(numbers)]
    program += [(0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x00050000 | 1)]
    code = b"".join(
        op.to_bytes(2, sys.byteorder) + bytes([yes, no]) + value.to_bytes(4, sys.byteorder)
        for op, yes, no, value in program
    )
    buffer = ctypes.create_string_buffer(code)

    class Filter(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))

    filter_ = Filter(len(program), ctypes.cast(buffer, ctypes.c_void_p))
    _prctl(_NO_NEW_PRIVS, 1)
    _checked(
        _LIBC.prctl(_SECCOMP, ctypes.c_ulong(2), ctypes.byref(filter_), ctypes.c_ulong(0), ctypes.c_ulong(0)), "seccomp"
    )


def _limit(plan: dict[str, Any]) -> None:
    """Bounds of one process: bytes of memory, seconds of processor, open files, bytes of a file, processes of the user."""
    kinds = {
        "memory": "RLIMIT_AS",
        "cpu": "RLIMIT_CPU",
        "files": "RLIMIT_NOFILE",
        "size": "RLIMIT_FSIZE",
        "processes": "RLIMIT_NPROC",
    }
    for name, kind in kinds.items():
        if plan.get(name):
            number = getattr(resource, kind)
            most = resource.getrlimit(number)[1]
            value = plan[name] if most == resource.RLIM_INFINITY else min(plan[name], most)
            resource.setrlimit(number, (value, value))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _become(plan: dict[str, Any], command: list[str], control: int) -> None:
    """The program, behind its walls. Does not come back."""
    os.set_inheritable(control, False)
    try:
        os.setsid()
        _prctl(_PDEATHSIG, signal.SIGKILL)
        for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.umask(0o077)
        os.chdir(plan["scratch"])
        _limit(plan)
        if plan.get("landlock"):
            landlock(plan["landlock"], plan["read"], plan["write"], plan["look"])
        if plan.get("seccomp"):
            seccomp(os.uname().machine)
    except (OSError, ValueError, KeyError) as error:
        _give_up(control, error)
    try:
        os.execvp(command[0], command)  # noqa: S606  a program is what this is for
    except OSError as error:
        os.write(2, f"{command[0]} could not be started: {error.strerror}\n".encode())
        os._exit(127)


def _give_up(control: int, error: Exception) -> None:
    """Tell the host by the socket that the program cannot write to: no agent can pretend that its walls failed."""
    os.write(control, f"!{error}".encode())
    os._exit(CANNOT)


def _children() -> list[int]:
    found: list[int] = []
    for task in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{task}/children", encoding="ascii") as file:
            found += map(int, file.read().split())
    return found


def _bury(first: int) -> int:
    """Kill whatever is left, until this process has no child; how the first one ended (as waitpid tells it)."""
    told = 0
    while True:
        for pid in _children():
            os.kill(pid, signal.SIGKILL)
        try:
            pid, status = os.waitpid(-1, 0)
        except ChildProcessError:
            return told
        if pid == first:
            told = status


def main(arguments: list[str]) -> None:
    """See the module."""
    plan, command = json.loads(arguments[0]), arguments[1:]
    control: int = plan["control"]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the host's; it then hangs up
    try:
        _prctl(_SUBREAPER, 1)
        if plan.get("namespaces"):
            unshare(plan["namespaces"])
        pid = os.fork()
    except (OSError, KeyError) as error:
        _give_up(control, error)
    if pid == 0:
        _become(plan, command, control)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    program = os.pidfd_open(pid)
    select.select([program, control], [], [])
    status = _bury(pid)
    os.write(control, str(status).encode())
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
