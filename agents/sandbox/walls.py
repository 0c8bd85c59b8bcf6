"""What holds an agent: the three modes, the bounds that a mode sets, and what of it this machine can build.

`trusted` runs in the host's process. `isolated`: a process of its own, a clean environment, bounds, a keeper that leaves nothing of it, and
Landlock and a process namespace where the kernel has them. `sealed`: all of them and no network, or it does not start. What was built is
named, so that a result can say it; a wall that was promised and cannot be raised stops the agent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from envs.errors import FAILURE, UserError

__all__ = ["MODES", "Bounds", "Plan", "clean_environment", "machine", "planned", "readable"]

MODES = ("trusted", "isolated", "sealed")
JAIL = Path(__file__).with_name("jail.py")
ROOT = Path(__file__).parents[2]
_SYSTEM = (
    "/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/opt", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d",
    "/etc/localtime", "/etc/alternatives", "/etc/ssl/openssl.cnf",
    "/dev/urandom", "/dev/random", "/dev/zero", "/proc/self", "/proc/cpuinfo",
    "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu",
)  # fmt: skip
_KEPT = ("PATH", "LANG", "LC_ALL", "TZ")


@dataclass(frozen=True)
class Bounds:
    """Of each of an agent's processes: memory in MiB (0: none), seconds of processor, open files, MiB of one file; processes of its user.

    The last has no effect on the superuser; a process namespace then still ends with its first process.
    """

    memory: int = 4096
    cpu: int = 3600
    files: int = 256
    size: int = 64
    processes: int = 256


@dataclass(frozen=True)
class Plan:
    """What `jail` is told. read: what can be read and run; look: folders that can only be listed.

    walls: what will hold the agent, in words, as a result records it.
    """

    mode: str
    bounds: Bounds
    landlock: int
    namespaces: tuple[str, ...]
    seccomp: bool
    read: tuple[str, ...]
    look: tuple[str, ...] = ()

    @property
    def walls(self) -> tuple[str, ...]:
        found = ["process", "bounds"]
        found += [f"landlock {self.landlock}"] if self.landlock else []
        found += [f"{name} namespace" for name in self.namespaces if name != "user"]
        return (*found, "seccomp") if self.seccomp else tuple(found)

    def arguments(self, scratch: Path, control: int, command: Iterable[str]) -> list[str]:
        """The command line of the jail around a command; scratch: the one folder that it may write to."""
        bounds = asdict(self.bounds)
        told: dict[str, Any] = {
            **bounds, "memory": self.bounds.memory << 20, "size": self.bounds.size << 20, "landlock": self.landlock,
            "namespaces": list(self.namespaces), "seccomp": self.seccomp, "read": [*_SYSTEM, *self.read], "look": list(self.look),
            "scratch": str(scratch), "write": [str(scratch), "/dev/null"], "control": control,
        }  # fmt: skip
        return [sys.executable, "-I", "-S", str(JAIL), json.dumps(told), *command]


_PROBE = f"""
import json, os, sys
sys.path.insert(0, {str(JAIL.parent)!r})
import jail
def able(act, *arguments):
    pid = os.fork()
    if not pid:
        try: act(*arguments)
        except BaseException: os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1] == 0
version = jail.landlock_version()
def spaces(*names):
    jail.unshare(list(names))
    if not os.fork(): os._exit(0)
    os.wait()
print(json.dumps({{"landlock": version if version and able(jail.landlock, version, ["/"], [], []) else 0,
    "pid": able(spaces, "user", "pid"),
    "net": able(spaces, "user", "pid", "net", "ipc"), "seccomp": able(jail.seccomp, os.uname().machine)}}))
"""


@cache
def machine() -> Mapping[str, Any]:
    """What this machine can build, tried in a process of its own: landlock (version, 0 without), pid, net, seccomp."""
    if sys.platform != "linux":
        return {"landlock": 0, "pid": False, "net": False, "seccomp": False}
    tried = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _PROBE],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=30,
    )
    found: dict[str, Any] = json.loads(tried.stdout) if tried.returncode == 0 else {}
    return {"landlock": 0, "pid": False, "net": False, "seccomp": False} | found


def planned(
    mode: str, bounds: Bounds | None = None, read: Iterable[str | Path] = (), able: Mapping[str, Any] | None = None
) -> Plan:
    """The walls of a mode on this machine; read: what the agent may read besides the system and Python.

    Raises UserError for a mode that is not known, or that cannot be built here: nothing is run with less than was asked for.
    """
    able = machine() if able is None else able
    if mode not in MODES[1:]:
        raise UserError(f"no sandbox {mode!r}: it is one of {', '.join(MODES)}")
    if sys.platform != "linux":
        raise UserError(f"agents can be {mode} on Linux only: run them trusted, or on a machine of their own", FAILURE)
    sealed = mode == "sealed"
    missing = [name for name, there in (("Landlock", able["landlock"] >= 1), ("user, process and network namespaces", able["net"]),
                                        ("seccomp filters", able["seccomp"])) if not there]  # fmt: skip
    if sealed and missing:
        raise UserError(
            f"this machine cannot seal an agent: it has no {', no '.join(missing)}; `isolated` needs less", FAILURE
        )
    namespaces = ("user", "pid", "net", "ipc") if sealed else ("user", "pid") if able["pid"] else ()
    return Plan(
        mode, bounds or Bounds(), able["landlock"], namespaces, sealed, tuple(str(Path(path).absolute()) for path in (*readable(), *read))
    )  # fmt: skip


@cache
def readable() -> tuple[str, ...]:
    """Where this Python and its packages are; not the working folder, nor a checkout that this code is run from."""
    private = {str(Path.cwd()), str(ROOT)}
    places = [
        sys.prefix,
        sys.base_prefix,
        sys.exec_prefix,
        *(place for place in sys.path if place not in private and place and Path(place).exists()),
    ]
    return tuple(dict.fromkeys(places))


def clean_environment(scratch: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """What an agent's process finds in its environment: the path, the language, its scratch folder; no secret of the host."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    return (
        kept
        | one_thread
        | {"HOME": str(scratch), "TMPDIR": str(scratch), "PYTHONDONTWRITEBYTECODE": "1"}
        | dict(more or {})
    )
