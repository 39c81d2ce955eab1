"""A server on this machine that speaks the part of the Hub's protocol which an upload needs, and keeps the files."""

import base64
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class HubServer(ThreadingHTTPServer):
    """`repositories`: name with its type before it, such as `models/owner/name` → whether private, and its files."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Requests)
        self.repositories: dict[str, dict] = {}
        self.blobs: dict[str, bytes] = {}  # of large files, by hash
        self.requests: list[str] = []
        self.refuse: int | None = None  # a status that every request gets

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, name: str, *, private: bool = True, **files: bytes) -> None:
        self.repositories[name] = {"private": private, "files": dict(files)}


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self._body()
        path = self.path.split("?")[0]
        if self._refused(path):
            return
        if path == "/api/repos/create":
            asked = json.loads(body)
            owner = asked.get("organization") or "me"
            name = f"{asked.get('type', 'model')}s/{owner}/{asked['name']}"
            if name in self.server.repositories:
                self._answer({"error": "exists", "url": self._page(name)}, status=409)
            else:
                self.server.add(name, private=asked["visibility"] == "private")
                self._answer({"url": self._page(name)})
        elif path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif path.endswith("/preupload/main"):
            modes = [
                {
                    "path": entry["path"],
                    "uploadMode": "lfs" if entry["path"].endswith(".safetensors") else "regular",
                    "shouldIgnore": False,
                }
                for entry in json.loads(body)["files"]
            ]
            self._answer({"files": modes})
        elif path.endswith("/info/lfs/objects/batch"):
            objects = [
                {**entry, "actions": {"upload": {"href": f"{self.server.endpoint}/blob/{entry['oid']}"}}}
                for entry in json.loads(body)["objects"]
            ]
            self._answer({"transfer": "basic", "objects": objects})
        elif match := re.fullmatch(r"/api/(\w+/[^/]+/[^/]+)/commit/main", path):
            self._commit(match[1], [json.loads(line) for line in body.splitlines()])
        else:
            self._answer({"error": "unknown"}, status=404)

    def do_PUT(self):
        body = self._body()
        if self._refused(self.path):
            return
        assert hashlib.sha256(body).hexdigest() == self.path.rsplit("/", 1)[1]
        self.server.blobs[self.path.rsplit("/", 1)[1]] = body
        self._answer({})

    def do_GET(self):
        path = self.path.split("?")[0]
        if self._refused(path):
            return
        if match := re.fullmatch(r"/api/(\w+/[^/]+/[^/]+)(/revision/\w+)?", path):
            found = self.server.repositories.get(match[1])
            if found is None:
                self._answer({"error": "not found"}, status=404, code="RepoNotFound")
                return
            name = match[1].split("/", 1)[1]
            siblings = [{"rfilename": file} for file in found["files"]]
            self._answer({"id": name, "private": found["private"], "sha": _commit(found), "siblings": siblings})
        elif match := re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)/resolve/\w+/(.+)", path):
            name = f"{match[1] or 'models/'}{match[2]}"
            content = self.server.repositories[name]["files"].get(match[3])
            if content is None:
                self._answer({"error": "not found"}, status=404, code="EntryNotFound")
            else:
                self._send(
                    content, etag=hashlib.sha1(content).hexdigest(), commit=_commit(self.server.repositories[name])
                )
        else:
            self._answer({"error": "unknown"}, status=404)

    do_HEAD = do_GET

    def _commit(self, name: str, lines: list[dict]) -> None:
        files = self.server.repositories[name]["files"]
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.server.blobs[value["oid"]]
        commit = _commit(self.server.repositories[name])
        self._answer({"commitUrl": f"{self._page(name)}/commit/{commit}", "commitOid": commit})

    def _page(self, name: str) -> str:
        return f"{self.server.endpoint}/{name.removeprefix('models/')}"

    def _refused(self, path: str) -> bool:
        self.server.requests.append(f"{self.command} {path}")
        if self.server.refuse is not None:
            self._answer({"error": "refused"}, status=self.server.refuse)
        return self.server.refuse is not None

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _answer(self, content: dict, *, status: int = 200, code: str | None = None) -> None:
        self._send(json.dumps(content).encode(), status=status, code=code, kind="application/json")

    def _send(self, content: bytes, *, status=200, code=None, kind="text/plain", etag=None, commit="0" * 40) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(content)), "X-Repo-Commit": commit}
        headers |= {"X-Error-Code": code} if code else {}
        headers |= {"ETag": f'"{etag}"'} if etag else {}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *arguments) -> None:
        """Nothing on the terminal."""


def _commit(repository: dict) -> str:
    """A hash that changes with the files, as a commit's does."""
    return hashlib.sha1(repr(sorted(repository["files"].items())).encode()).hexdigest()


@contextmanager
def hub_server():
    """A running [`HubServer`]."""
    server = HubServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
