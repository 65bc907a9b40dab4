#!/usr/bin/env python3
"""Registers one process of a service in ZooKeeper, keeps its load up to date and stands for election.

The node is ephemeral. It goes at once when this process ends, and after the session timeout when it is killed.
"""

import argparse
import json
import os
import signal
import socket
import sys
import threading
import time

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import ConnectionClosedError, ConnectionLoss, NoNodeError, SessionExpiredError

arguments = argparse.ArgumentParser(description=__doc__)
arguments.add_argument("service")
arguments.add_argument("--name", default="%s-%d" % (socket.gethostname(), os.getpid()))
arguments.add_argument("--port", type=int, default=8000)
arguments.add_argument("--zookeeper", default="127.0.0.1:2181", help="host:port,host:port")
arguments.add_argument("--timeout", type=float, default=10, help="session timeout in seconds")
asked = arguments.parse_args()

STARTED = int(time.time() * 1000)
UPDATE_S = 1
SERVICE = "/services/" + asked.service
zk = KazooClient(hosts=asked.zookeeper, timeout=asked.timeout)


def about():
    load = min(1, os.getloadavg()[0] / os.cpu_count())
    fields = {"host": socket.gethostname(), "port": asked.port, "version": "1.0.0", "started": STARTED, "load": load}
    return json.dumps(fields).encode()


def register():
    """Updates the node, and creates it where there is none: at first, and after the session has expired."""
    try:
        zk.set(SERVICE + "/" + asked.name, about())
    except NoNodeError:
        zk.create(SERVICE + "/" + asked.name, about(), ephemeral=True, makepath=True)


def stand_for_election():
    """Leads until the session is lost, because then another candidate may lead; then stands again."""
    lost = threading.Event()
    zk.add_listener(lambda state: lost.set() if state == KazooState.LOST else None)

    def lead():
        print("%s leads %s" % (asked.name, asked.service), flush=True)
        lost.wait()

    while True:
        lost.clear()
        try:
            zk.Election(SERVICE + "/election", asked.name).run(lead)
        except (ConnectionLoss, SessionExpiredError):
            continue
        except ConnectionClosedError:
            return  # this process is about to end


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
zk.start()
threading.Thread(target=stand_for_election, daemon=True).start()
try:
    while True:
        try:
            register()
        except (ConnectionLoss, SessionExpiredError):
            pass  # kazoo reconnects by itself, and the next round registers
        time.sleep(UPDATE_S)
except KeyboardInterrupt:
    pass
finally:
    zk.stop()
