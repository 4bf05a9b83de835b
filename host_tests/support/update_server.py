"""A web server of updates, which can drop connections, and answer with ranges or without."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class UpdateServer:
    """Serves a folder. `asked`: path and range of each request. drop: after so many bytes of
    `program` a connection ends; ranges: whether it knows them; cut: after so many bytes the
    manifest ends; shifted: by so many bytes each part is another than was asked for."""

    def __init__(
        self,
        folder: Path,
        drop: int | None = None,
        ranges: bool = True,
        cut: int | None = None,
        shifted: int = 0,
    ):
        self.asked: list[tuple[str, str | None]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.asked.append((self.path, self.headers["Range"]))
                file = folder / self.path.lstrip("/")
                if not file.is_file():
                    self.send_error(404, "nothing here")
                    return
                data, status = file.read_bytes(), 200
                bounds = re.match(r"bytes=(\d+)-(\d+)", self.headers["Range"] or "")
                if bounds and ranges:
                    begin = int(bounds[1]) + shifted
                    data, status = data[begin : int(bounds[2]) + 1], 206
                self.send_response(status)
                if status == 206:
                    end = begin + len(data)
                    whole = file.stat().st_size
                    self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{whole}")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                most = drop if file.name == "program" else cut
                self.wfile.write(data[: most or len(data)])
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> UpdateServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
