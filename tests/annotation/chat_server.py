"""A server of OpenAI's chat completions that answers as a test tells it; run as a script, it prints its port.

`PUT /rules` takes a list of rules and forgets what was asked before. A rule applies to requests of a `model` (any when
left out) whose text holds `match` (any when left out) and has `replies`, which take turns; the last one stays. A reply
has some of `text`, `status`, `headers`, `delay` (seconds before the answer), `drip` (seconds between its bytes), `raw`
(a whole body), `usage`, `finish_reason`, and `hang_up` (close without a word). `GET /log` tells what was asked, and
how many at once at most.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


class State:
    def __init__(self):
        self.lock = threading.Lock()
        self.reset([])

    def reset(self, rules):
        self.rules, self.requests, self.in_flight, self.most_in_flight = rules, [], 0, 0

    def begin(self, request):
        with self.lock:
            self.requests.append(request)
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
            for rule in self.rules:
                if rule.get("model") in (None, request["model"]) and rule.get("match", "") in request["text"]:
                    replies = rule["replies"]
                    return replies.pop(0) if len(replies) > 1 else replies[0]
        return {"status": 418, "raw": "no rule for this"}

    def end(self, request, *, answered):
        with self.lock:
            self.in_flight -= 1
            request["answered"] = answered


STATE = State()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        with STATE.lock:
            self.reply(200, json.dumps({"requests": STATE.requests, "most_in_flight": STATE.most_in_flight}))

    def do_PUT(self):
        rules = json.loads(self.body())
        with STATE.lock:
            STATE.reset(rules)
        self.reply(200, "{}")

    def do_POST(self):
        body = json.loads(self.body())
        content = body["messages"][0]["content"]
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        request = {
            "path": self.path,
            "authorization": self.headers.get("Authorization"),
            "model": body["model"],
            "text": parts[-1]["text"],
            "media": [part[part["type"]]["url"] for part in parts[:-1]],
            "media_types": [part["type"] for part in parts[:-1]],
            "body": {name: value for name, value in body.items() if name != "messages"},
            "answered": None,
        }
        reply = STATE.begin(request)
        time.sleep(reply.get("delay", 0))
        if reply.get("hang_up"):
            STATE.end(request, answered=False)
            self.close_connection = True
            return
        status = reply.get("status", 200)
        try:
            text = reply.get("raw") or completion(body["model"], reply)
            self.reply(status, text, reply.get("headers", {}), drip=reply.get("drip", 0))
        finally:
            STATE.end(request, answered=status == 200)

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"]))

    def reply(self, status, text, headers=(), *, drip=0):
        content = text.encode()
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        try:
            for piece in [content] if not drip else [content[i : i + 1] for i in range(len(content))]:
                time.sleep(drip)
                self.wfile.write(piece)
        except OSError:  # the client has given up
            self.close_connection = True

    def log_message(self, *_):
        pass


def completion(model, reply):
    message = {"role": "assistant", "content": reply.get("text")}
    choice = {"index": 0, "message": message, "finish_reason": reply.get("finish_reason", "stop")}
    return json.dumps(
        {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": model,
            "choices": [choice],
            "usage": reply.get("usage", USAGE),
        }
    )


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()  # ends with its parent
    server.serve_forever(poll_interval=0.05)
