"""The served page as a process: what it prints, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

from answerprint.production.catalogue import Production
from answerprint.server.access import visitor_of


def test_it_prints_address_and_token_once_and_ends_quietly_with_a_page_open(tmp_path: Path) -> None:
    Production.create(tmp_path / "house", "Nightjar", 24).close()
    code = (
        "import sys; from answerprint.server.serve import serve\n"
        "try: serve([sys.argv[1]], port=0, work=False, say=lambda line: print(line, flush=True))\n"
        "except KeyboardInterrupt: pass"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "house")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)) as server:
        try:
            assert server.stdout is not None and server.stderr is not None
            address = re.search(r"http://127\.0\.0\.1:\d+", server.stdout.readline())
            token = server.stdout.readline().split()[-1]
            assert address is not None
            with Production.open(tmp_path / "house") as production:
                assert visitor_of(token, {"house": production}) is not None
            request = urllib.request.Request(f"{address[0]}/api/events", headers={"Authorization": f"Bearer {token}"})
            with urllib.request.urlopen(request) as stream:
                assert stream.readline() == b"retry: 1000\n"
                server.send_signal(signal.SIGINT)
                complaints, ended = server.communicate(timeout=60)[1], server.returncode
        finally:
            server.kill()
    assert ended == 0 and complaints == ""


def test_a_second_start_prints_no_token(tmp_path: Path) -> None:
    from answerprint.server.access import first_token

    with Production.create(tmp_path / "house", "Nightjar", 24) as production:
        assert first_token([production]) is not None
        assert first_token([production]) is None


def test_a_taken_port_is_one_clear_line(tmp_path: Path) -> None:
    import socket

    import pytest

    from answerprint.production import BadInput
    from answerprint.server.serve import serve

    Production.create(tmp_path / "house", "Nightjar", 24).close()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(BadInput, match="another --port"):
            serve([tmp_path / "house"], port=taken.getsockname()[1], work=False, say=lambda _: None)
