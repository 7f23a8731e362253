# SPDX-License-Identifier: Apache-2.0
"""http.py - the function http against nginx: a short page over connections that are kept, asked for by wrk."""
import contextlib
import os
import re

from load import Seen, client
from row import Row, Side
from world import HOST_IP, built, sh, tool, unpacked

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
		location = /healthz {{ default_type text/plain; return 200 ok; }}
	}}
}}
"""


@contextlib.contextmanager
def kernel(world):
    pages = world.file("site.rows", sh(built("kfaas-http-rows"), world.file("site.http", SITE)))
    secret = os.path.join(world.work, "secret.rows")
    sh(built("kfaas-http-rows"), "--secret", secret)
    with world.takes_xdp(), world.up(f"[function http]\ndata.pages = {pages}\ndata.secret = {secret}\n"):
        yield


def nginx(world):
    conf = world.file("nginx.conf", NGINX.format(ip=HOST_IP, cpus=os.cpu_count(), work=world.work))
    return world.server(unpacked("nginx", "usr/sbin/nginx"), "-p", world.work, "-e", "stderr", "-c", conf,
                        ready=world.listens(80, "t"))


def wrong(world):
    """wrk looks at the status only: whether the text is right is looked at once before a run and once after it."""
    return world.in_client("curl", "-sS", "-m", "5", f"http://{HOST_IP}/healthz", check=False).strip() != "ok"


def wrk(*options):
    def load(world, seconds):
        """wrk takes whole seconds only; a run for warmth is not worth one."""
        errors, whole = wrong(world), max(1, round(seconds))
        if seconds < 0.1:
            return None
        said, cpu = client(world, tool("wrk"), "-t", "1", "-c", "32", "-d", str(whole), *options,
                           f"http://{HOST_IP}/healthz")
        n, took = re.search(r"(\d+) requests in ([\d.]+)s", said).groups()
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
        socket = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
        errors += wrong(world) + (int(bad.group(1)) if bad else 0)
        return Seen(float(took), int(n), int(n), errors, sum(map(int, socket.groups())) if socket else 0, cpu)
    return load


KERNEL, NGINX_SIDE = Side("http in the kernel", kernel), Side("nginx", nginx)

ROWS = [
    Row("http: kernel / nginx, keep-alive", KERNEL, NGINX_SIDE, wrk(), {"answers": None, "cpu": 10}, main=True, most=5),
    Row("http: kernel / nginx, a connection each", KERNEL, NGINX_SIDE, wrk("-H", "Connection: close"),
        {"answers": None, "cpu": 10}, most=5),
]
