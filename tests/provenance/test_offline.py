"""Signing and verifying open no socket, in Python or in any native library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# A seccomp filter that kills the process at the first socket(2) of any family but AF_UNIX: it sees Rust and C as well.
_GUARD = r"""
import ctypes, platform, struct, sys
numbers = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}.get(platform.machine())
if sys.platform != "linux" or numbers is None:
    sys.exit(77)
arch, nr = numbers
def op(code, jt, jf, k): return struct.pack("HBBI", code, jt, jf, k)
program = (op(0x20, 0, 0, 4) + op(0x15, 0, 5, arch) + op(0x20, 0, 0, 0) + op(0x15, 0, 3, nr)
           + op(0x20, 0, 0, 16) + op(0x15, 1, 0, 1) + op(0x06, 0, 0, 0x80000000) + op(0x06, 0, 0, 0x7FFF0000))
held = ctypes.create_string_buffer(program, len(program))
class Prog(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(Prog(len(program) // 8, ctypes.addressof(held))), 0, 0):
    sys.exit(77)
"""

_WORK = r"""
import os, threading
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_package import noon, write_picture
from conftest import row
from answerprint.provenance.certificates import write_anchor
from answerprint.provenance.credentials import ANCHOR, Ingredient, Statement, write_sidecar
from answerprint.provenance.keys import own_signer
from answerprint.provenance.ledger import Ledger
from answerprint.provenance.package import close_folder
from answerprint.provenance.verify import verify
folder, signer = Path(sys.argv[1]), own_signer()
with Ledger.create(folder / "job-1.ledger.jsonl", "job-1", clock=noon) as ledger:
    ledger.append(row(0, output_digest=write_picture(folder / "frames/0000.tif", 1)))
    ledger.seal(signer)
write_anchor(folder / ANCHOR)
write_sidecar(folder / "frames/0000.tif", Statement(title="0000.tif", opened=Ingredient(title="plate.tif", digest="a" * 64)))
close_folder(folder, kind="apply", signer=signer)
answer = verify(folder, deep=True)
assert answer.exit_code == 0, answer
print("verified")
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", _GUARD + code, *arguments], capture_output=True, check=False)


def test_signing_and_verifying_open_no_socket(tmp_path: Path) -> None:
    caught = run("import socket; socket.socket(socket.AF_INET); print('opened')")
    if caught.returncode == 77:
        pytest.skip("this system cannot filter system calls (seccomp)")
    assert caught.returncode < 0 and b"opened" not in caught.stdout  # the guard itself works
    done = run(_WORK, str(tmp_path / "work"), str(Path(__file__).parent))
    assert done.returncode == 0 and b"verified" in done.stdout, done.stderr.decode()
