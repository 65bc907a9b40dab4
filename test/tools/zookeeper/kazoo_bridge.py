"""A kazoo client driven over stdio: one JSON request a line in, one JSON reply or event a line out.

Request: {"id": 1, "op": "create", "args": {...}}.  Reply: {"id": 1, "result": ...} or {"id": 1, "error": "NoNodeError: ..."}.
Event: {"event": "children", "path": "/a", "children": [...]}.
"""

import json
import sys
import threading
from base64 import b64decode, b64encode

from kazoo.client import KazooClient

output_lock = threading.Lock()


def emit(message):
    with output_lock:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def stat_fields(stat):
    """All numbers that may pass 2^53 travel as hexadecimal strings."""
    if stat is None:
        return None
    wide = ("czxid", "mzxid", "pzxid", "ephemeralOwner")
    return {name: hex(value) if name in wide else value for name, value in stat._asdict().items()}


class Bridge:
    def __init__(self):
        self.client = None
        self.parties = {}
        self.locks = {}

    def connect(self, hosts, timeoutMs):
        self.client = KazooClient(hosts=hosts, timeout=timeoutMs / 1000)
        self.client.start(timeout=20)
        return {"sessionId": hex(self.client.client_id[0])}

    def create(self, path, data, ephemeral, sequence):
        return self.client.create(path, b64decode(data), ephemeral=ephemeral, sequence=sequence)

    def ensure_path(self, path):
        return bool(self.client.ensure_path(path))

    def get(self, path):
        data, stat = self.client.get(path)
        return {"data": b64encode(data).decode(), "stat": stat_fields(stat)}

    def get_children(self, path):
        return self.client.get_children(path)

    def exists(self, path):
        return stat_fields(self.client.exists(path))

    def set(self, path, data, version):
        return stat_fields(self.client.set(path, b64decode(data), version=version))

    def delete(self, path, version, recursive):
        return self.client.delete(path, version=version, recursive=recursive)

    def watch_children(self, path):
        @self.client.ChildrenWatch(path)
        def changed(children):
            emit({"event": "children", "path": path, "children": children})

    def count_under_lock(self, lock, counter, times):
        """Adds one to a node this number of times, each time under kazoo's own lock; the write itself guards nothing."""
        for _ in range(times):
            with self.client.Lock(lock):
                data, _stat = self.client.get(counter)
                self.client.set(counter, b"%d" % (int(data) + 1))

    def acquire_lock(self, path, identifier):
        """Answers when it holds the lock; until then this process does nothing else."""
        self.locks[path] = self.client.Lock(path, identifier)
        self.locks[path].acquire()
        return self.locks[path].node

    def release_lock(self, path):
        self.locks.pop(path).release()

    def contenders(self, path):
        return self.client.Lock(path).contenders()

    def run_election(self, path, identifier, ballot):
        """Answers when it has led, which it does just long enough to write its name on a node."""
        self.client.Election(path, identifier).run(self.client.set, ballot, identifier.encode())

    def join_party(self, path, identifier):
        self.parties[path] = self.client.Party(path, identifier)
        self.parties[path].join()

    def leave_party(self, path):
        self.parties[path].leave()

    def party(self, path):
        return sorted(self.client.Party(path))

    def close(self):
        if self.client is not None:
            self.client.stop()
            self.client.close()


def main():
    bridge = Bridge()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            result = getattr(bridge, request["op"])(**request["args"])
            emit({"id": request["id"], "result": result})
        except Exception as error:
            emit({"id": request["id"], "error": "%s: %s" % (type(error).__name__, error)})
    bridge.close()


main()
