# SPDX-License-Identifier: Apache-2.0
"""http.py - the function http against nginx: a short page over connections that are kept, asked for by wrk."""
import contextlib
import os
import re
import resource

from harness import HOST_IP, Figures, Row, SERVERS, Side, built, cpu_seconds, sh

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
def kernel(bench):
    pages = bench.file("site.rows", sh(built("kfaas-http-rows"), bench.file("site.http", SITE)))
    secret = os.path.join(bench.work, "secret.rows")
    sh(built("kfaas-http-rows"), "--secret", secret)
    # A veth sends what XDP answers only if the far end has XDP, too.
    with bench.xdp(built("tools/bench/empty.bpf.o"), client=True), \
            bench.up(f"[function http]\ndata.pages = {pages}\ndata.secret = {secret}\n"):
        yield


def nginx(bench):
    conf = bench.file("nginx.conf", NGINX.format(ip=HOST_IP, cpus=os.cpu_count(), work=bench.work))
    return bench.server(f"{SERVERS}/nginx/usr/sbin/nginx", "-p", bench.work, "-e", "stderr", "-c", conf,
                        ready=bench.listens(80, "t"))


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def wrong(bench):
    """wrk looks at the status only: whether the text is right is looked at once before a run and once after it."""
    return bench.in_client("curl", "-sS", "-m", "5", f"http://{HOST_IP}/healthz", check=False).strip() != "ok"


def load(bench, seconds):
    """wrk takes whole seconds only. Its own CPU time does not count."""
    errors, whole = wrong(bench), max(1, round(seconds))
    before, mine = cpu_seconds(), children()
    said = bench.in_client("wrk", "-t", "1", "-c", "32", "-d", str(whole), f"http://{HOST_IP}/healthz")
    cpu = cpu_seconds() - before - (children() - mine)
    n, took = re.search(r"(\d+) requests in ([\d.]+)s", said).groups()
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    socket = re.search(r"connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    errors += wrong(bench) + (int(bad.group(1)) if bad else 0)
    return Figures(float(took), int(n), int(n), errors, sum(map(int, socket.groups())) if socket else 0, max(0.0, cpu))


ROWS = [
    Row("http: kernel / nginx, keep-alive", Side("http in the kernel", kernel), Side("nginx", nginx), load,
        {"answers": None, "cpu": 10}),
]
