"""Runs kazoo's own recipes against an ensemble: kazoo_recipes.py HOSTS RECIPE. Prints the observations as one JSON line."""

import json
import sys
import threading
import time
from contextlib import ExitStack

from kazoo.client import KazooClient

WAIT_S = 15


class Clients:
    """Clients that end with the run."""

    def __init__(self, hosts, stack):
        self.hosts = hosts
        self.stack = stack

    def new(self):
        client = KazooClient(hosts=self.hosts, timeout=4)
        client.start(timeout=WAIT_S)
        self.stack.callback(client.close)
        self.stack.callback(client.stop)
        return client


def wait_until(what, probe):
    deadline = time.monotonic() + WAIT_S
    while not probe():
        if time.monotonic() > deadline:
            raise TimeoutError("gave up waiting until " + what)
        time.sleep(0.01)


def run(target, *args):
    thread = threading.Thread(target=target, args=args, daemon=True)
    thread.start()
    return thread


def party(clients):
    one, two = clients.new(), clients.new()
    first, second = one.Party("/party", "one"), two.Party("/party", "two")
    first.join()
    second.join()
    both = sorted(first)
    second.leave()
    return [both, sorted(first), len(first)]


def shallow_party_loses_a_member_whose_session_ends(clients):
    one, two = clients.new(), clients.new()
    first, second = one.ShallowParty("/shallow", "one"), two.ShallowParty("/shallow", "two")
    first.join()
    second.join()
    both = len(first)
    two.stop()
    return [both, len(first)]


def lock(clients):
    one, two = clients.new(), clients.new()
    held, wanted = one.Lock("/lock", "one"), two.Lock("/lock", "two")
    order = []
    held.acquire()
    order.append("one holds")

    def acquire():
        with wanted:
            order.append("two holds")

    waiting = run(acquire)
    wait_until("two waits", lambda: held.contenders() == ["one", "two"])
    order.append("two waits")
    held.release()
    waiting.join(WAIT_S)
    return order


def lock_passes_on_when_its_holder_goes(clients):
    one, two = clients.new(), clients.new()
    one.Lock("/orphan", "one").acquire()
    wanted = two.Lock("/orphan", "two")
    waiting = run(wanted.acquire)
    wait_until("two waits", lambda: len(wanted.contenders()) == 2)
    one.stop()
    waiting.join(WAIT_S)
    return wanted.is_acquired


def election(clients):
    leaders = []
    go_on = threading.Event()

    def lead(name):
        leaders.append(name)
        go_on.wait(WAIT_S)

    first, second = clients.new().Election("/election", "one"), clients.new().Election("/election", "two")
    one = run(first.run, lead, "one")
    wait_until("one leads", lambda: leaders == ["one"])
    two = run(second.run, lead, "two")
    wait_until("two stands", lambda: second.contenders() == ["one", "two"])
    go_on.set()
    one.join(WAIT_S)
    two.join(WAIT_S)
    return leaders


def data_watch(clients):
    one, two = clients.new(), clients.new()
    seen = []

    @one.DataWatch("/data")
    def changed(data, stat):
        seen.append(None if data is None else [data.decode(), stat.version])

    for change in (
        lambda: two.create("/data", b"a"),
        lambda: two.set("/data", b"b"),
        lambda: two.delete("/data"),
    ):
        known = len(seen)
        change()
        wait_until("the change is seen", lambda: len(seen) > known)
    return seen


def children_watch(clients):
    one, two = clients.new(), clients.new()
    one.ensure_path("/children")
    seen = []

    @one.ChildrenWatch("/children")
    def changed(children):
        seen.append(sorted(children))

    for change in (
        lambda: two.create("/children/a", ephemeral=True),
        lambda: two.create("/children/b"),
        lambda: two.stop(),
    ):
        known = len(seen)
        change()
        wait_until("the change is seen", lambda: len(seen) > known)
    return seen


def transaction(clients):
    one = clients.new()
    good = one.transaction()
    good.create("/transaction", b"a")
    good.set_data("/transaction", b"b")
    bad = one.transaction()
    bad.create("/transaction/child")
    bad.check("/transaction", 7)
    made, refused = good.commit(), bad.commit()
    return [made[0], made[1].version, [type(error).__name__ for error in refused]]


def credentials(clients):
    one, two = clients.new(), clients.new()
    one.add_auth("digest", "ann:secret")
    from kazoo.security import CREATOR_ALL_ACL

    one.create("/private", b"", acl=CREATOR_ALL_ACL)
    try:
        two.get("/private")
    except Exception as error:
        refusal = type(error).__name__
    two.add_auth("digest", "ann:secret")
    return [refusal, two.get("/private")[1].version]


def main():
    hosts, recipe = sys.argv[1:]
    with ExitStack() as stack:
        print(json.dumps(globals()[recipe](Clients(hosts, stack))))


main()
