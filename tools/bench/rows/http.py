# SPDX-License-Identifier: Apache-2.0
"""http.py - the function http against nginx: a short page over connections that are kept, or closed after each answer.
Asked for by a client in the kernel, which costs both sides the same little, and by wrk, as clients are."""
import contextlib
import json
import os
import re

from load import IDLE, LEAST, TIMEOUT, Seen
from row import Row, Side
from world import CLIENT_IF, CLIENT_IP, HOST_IP, built, sh, tool, unpacked

SITE = "host *\n\t/healthz text ok\n"
NGINX = """daemon off;
worker_processes {cpus};
worker_cpu_affinity auto;
pid {work}/nginx.pid;
error_log stderr error;
events {{ worker_connections 1024; }}
http {{
	access_log off;
	keepalive_requests 1000000000;
	client_body_temp_path {work}/body;
	proxy_temp_path {work}/proxy;
	fastcgi_temp_path {work}/fastcgi;
	uwsgi_temp_path {work}/uwsgi;
	scgi_temp_path {work}/scgi;
	server {{
		listen {ip}:80 reuseport;
		location = /healthz {{ default_type text/plain; return 200 "ok\\n"; }}
	}}
}}
"""


@contextlib.contextmanager
def kernel(world):
    pages = world.file("site.rows", sh(built("kfaas-http-rows"), world.file("site.http", SITE)))
    secret = os.path.join(world.work, "secret.rows")
    sh(built("kfaas-http-rows"), "--secret", secret)
    with world.up(f"[function http]\ndata.pages = {pages}\ndata.secret = {secret}\n"):
        yield


@contextlib.contextmanager
def kernel_for_sockets(world):
    with world.takes_xdp(), kernel(world):
        yield


def nginx_for_sockets(world):
    conf = world.file("nginx.conf", NGINX.format(ip=HOST_IP, cpus=os.cpu_count(), work=world.work))
    return world.server(unpacked("nginx", "usr/sbin/nginx"), "-p", world.work, "-e", "stderr", "-c", conf,
                        ready=world.listens(80, "t"))


@contextlib.contextmanager
def nginx(world):
    with world.plain(), nginx_for_sockets(world):
        yield


def client(*options, frames):
    """32 connections with one request under way on each; every answer's numbers, checksums, status and text are checked
    in the kernel. FRAMES: that it sends for an answer."""
    def load(world, seconds):
        said = json.loads(sh("taskset", "-c", "0", built("tools/bench/http-client"), "--netns", world.client,
                             CLIENT_IF, "--from", CLIENT_IP, "--to", HOST_IP, "--to-mac", world.mac, "--path", "/healthz",
                             "--expect", "ok\n", "--seconds", str(seconds), "--timeout", str(TIMEOUT), *options))
        cpu = said["cpu"] - (world.client_cost or 0) * frames * said["answered"]
        return Seen(said["seconds"], said["sent"], said["answered"], said["wrong"] + said["resets"] + said["repeated"],
                    said["lost"], max(0.0, cpu), said.get("latency", {}))
    return load


def wrong(world):
    """wrk looks at the status only: whether the text is right is looked at once before a run and once after it."""
    return world.in_client("curl", "-sS", "-m", "5", f"http://{HOST_IP}/healthz", check=False) != "ok\n"


def wrk(*options):
    """Of its CPU time nothing can be told: what the kernel does for it and for the server, it does in the midst of it."""
    def load(world, seconds):
        """wrk takes whole seconds only; a run for warmth is not worth one."""
        if seconds < LEAST:
            return None
        errors, whole = wrong(world), max(1, round(seconds))
        said = world.in_client(tool("wrk"), "-t", str(os.cpu_count()), "-c", "32", "-d", str(whole), *options,
                               f"http://{HOST_IP}/healthz")
        n, took = re.search(r"(\d+) requests in ([\d.]+)s", said).groups()
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
        socket = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
        errors += wrong(world) + (int(bad.group(1)) if bad else 0)
        return Seen(float(took), int(n), int(n), errors, sum(map(int, socket.groups())) if socket else 0)
    return load


KERNEL, NGINX_SIDE = Side("http in the kernel", kernel), Side("nginx", nginx)
KERNEL_WRK, NGINX_WRK = Side("http in the kernel", kernel_for_sockets), Side("nginx", nginx_for_sockets)

ROWS = [
    Row("http: kernel / nginx, keep-alive", KERNEL, NGINX_SIDE, client(frames=1), {"answers": None, "cpu": 10}, main=True),
    Row("http: kernel / nginx, a connection each", KERNEL, NGINX_SIDE, client("--close", frames=3),
        {"answers": None, "cpu": 10}),
    Row("http: round trip, idle", KERNEL, NGINX_SIDE,
        client("--connections", "1", "--latency", "--pause", str(10**6 // IDLE), frames=1),
        {"p50": None, "p99": 10, "p999": None}),
    Row("http: round trip, one after the other", KERNEL, NGINX_SIDE,
        client("--connections", "1", "--latency", frames=1), {"p50": None, "p99": None, "p999": None}),
    Row("http: kernel / nginx, wrk", KERNEL_WRK, NGINX_WRK, wrk(), {"answers": None}, most=3),
    Row("http: kernel / nginx, wrk, a connection each", KERNEL_WRK, NGINX_WRK, wrk("-H", "Connection: close"),
        {"answers": None}, most=3),
]
