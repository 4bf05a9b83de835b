"""The configurator as a local page. Owns the plan that is worked on, and its file.

Only this machine reaches it, and only its own pages may change the plan.
"""

from __future__ import annotations

import copy
import json
import threading
import urllib.parse
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from . import files, form, pages
from .words import Words, languages

HOST = "127.0.0.1"
_MAX_FORM = 1 << 20  # bytes
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_REPORT_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_KINDS = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "toml": "application/toml; charset=utf-8",
}


class Work:
    """The plan that is worked on; each change is kept in `file`. Safe in threads."""

    def __init__(self, tables: dict[str, Any], file: Path, language: str):
        self.lock = threading.Lock()
        self.tables = copy.deepcopy(tables)
        self.words = Words(language)
        self._file = file

    def anew(self) -> None:
        """Begin with a new plan; the one before is kept beside it."""
        self.keep()
        self._file.replace(self._file.with_suffix(".before.json"))
        self.tables = form.new(self.words)
        self.keep()

    def keep(self) -> None:
        """Write the plan to its file, whole or not at all."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_name(self._file.name + ".new")
        text = json.dumps(self.tables, ensure_ascii=False, indent=1, default=str)
        new.write_text(text + "\n", encoding="utf-8")
        new.replace(self._file)


class Server(ThreadingHTTPServer):
    """Serves the pages of a Work on a port (0: a free one)."""

    daemon_threads = True

    def __init__(self, work: Work, port: int = 0):
        self.work = work
        super().__init__((HOST, port), _Handler)

    @property
    def address(self) -> str:
        """The page's."""
        return f"http://{HOST}:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 60  # s, for a browser that opens a connection and asks nothing

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        if not self._is_ours():
            return
        work = self.server.work
        name = urllib.parse.unquote(self.path.partition("?")[0]).strip("/")
        with work.lock:
            if name in pages.STEPS:
                self._page(pages.render(name, work.tables, work.words))
            elif name == "style.css":
                self._answer(HTTPStatus.OK, pages.STYLE, "css")
            elif name == "":
                self._go(pages.STEPS[0])
            elif name.startswith("files/"):
                self._file(name.removeprefix("files/"))
            else:
                self._answer(HTTPStatus.NOT_FOUND, work.words.page("no_page"), "html")

    def do_POST(self) -> None:
        if not self._is_ours():
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MAX_FORM:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "", "html")
            return
        body = self.rfile.read(int(length)).decode("utf-8", "replace")
        fields = urllib.parse.parse_qsl(body, keep_blank_values=True)
        step = self.path.strip("/")
        with self.server.work.lock:
            if step in pages.STEPS:
                self._take(step, fields)
            elif step == "new":
                self.server.work.anew()
                self._go(pages.STEPS[0])
            elif step == "language":
                self._speak(dict(fields))
            else:
                self._answer(HTTPStatus.NOT_FOUND, "", "html")

    def _take(self, step: str, fields: list[tuple[str, str]]) -> None:
        """A step's form, and where it leads."""
        work = self.server.work
        go = dict(fields).get("go", "on")
        form.fill(work.tables, [one for one in fields if one[0] != "go"])
        place = form.act(work.tables, go, work.words)
        work.keep()
        number = pages.STEPS.index(step)
        if go == "back":
            self._go(pages.STEPS[number - 1])
        elif go != "on":
            self._go(f"{step}#{pages.identity(place)}" if place else step)
        else:
            checked = pages.STEPS[: number + 1]
            _, problems = pages.judge(work.tables)
            if any(pages.step_of(one.path) == step for one in problems):
                self._page(pages.render(step, work.tables, work.words, checked=checked))
            else:
                self._go(pages.STEPS[number + 1])

    def _speak(self, fields: dict[str, str]) -> None:
        language, step = fields.get("language"), fields.get("step", "")
        if language in languages():
            self.server.work.words = Words(language)
        self._go(step if step in pages.STEPS else pages.STEPS[0])

    def _file(self, name: str) -> None:
        work = self.server.work
        result, _ = pages.judge(work.tables)
        texts = files.contents(result, work.tables, work.words) if result else {}
        if name not in texts:
            self._answer(HTTPStatus.NOT_FOUND, work.words.page("no_page"), "html")
            return
        kind = name.rpartition(".")[2]
        policy = _REPORT_POLICY if kind == "html" else _POLICY
        shown = {} if kind == "html" else {"Content-Disposition": f'attachment; filename="{name}"'}
        self._answer(HTTPStatus.OK, texts[name], kind, policy, shown)

    def _is_ours(self) -> bool:
        """Not a page of somebody else, nor this page by a foreign name."""
        port = self.server.server_port
        hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        origin = self.headers.get("Origin")
        ours = self.headers.get("Host") in hosts
        ours &= origin is None or origin in {f"http://{host}" for host in hosts}
        if not ours:
            self._answer(HTTPStatus.FORBIDDEN, "", "html")
        return ours

    def _page(self, text: str) -> None:
        self._answer(HTTPStatus.OK, text, "html")

    def _go(self, place: str) -> None:
        self._answer(HTTPStatus.SEE_OTHER, "", "html", more={"Location": f"/{place}"})

    def _answer(
        self,
        status: HTTPStatus,
        text: str,
        kind: str,
        policy: str = _POLICY,
        more: dict[str, str] | None = None,
    ) -> None:
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        fields = {
            "Content-Type": _KINDS[kind],
            "Content-Length": str(len(body)),
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
        }
        for name, value in (fields | (more or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
