#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP clients for 32-http.bats, over the kernel's TCP.

http_client.py say ADDR PORT TEXT...        sends each TEXT by itself without waiting, then prints all that comes until
                                            the other end closes, or until --bytes N are there
http_client.py ask ADDR COUNT PATH          COUNT requests on one connection (http.client); prints status codes and times
http_client.py held ADDR COMMAND...         one request, then COMMAND, then another on the same connection; prints both
http_client.py swap ADDR PATH COMMAND...    asks while COMMAND runs, and prints the distinct answers and their number
http_client.py serve PORT FIFO              a server: sends its one client each line of FIFO
http_client.py wait ADDR PORT               connects, prints "connected", and "got ..." for each line it gets afterwards
"""
import http.client
import socket
import subprocess
import sys


def unescape(text):
    return text.encode().decode("unicode_escape").encode("latin-1")


def say(address, port, *texts):
    wanted = None
    if texts[0] == "--bytes":
        wanted, texts = int(texts[1]), texts[2:]
    s = socket.create_connection((address, int(port)), timeout=20)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for text in texts:
        if text == "--shut":
            s.shutdown(socket.SHUT_WR)
        else:
            s.sendall(unescape(text))
    got = b""
    while wanted is None or len(got) < wanted:
        part = s.recv(65536)
        if not part:
            break
        got += part
    sys.stdout.buffer.write(got)


def request(connection, path):
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def ask(address, count, path):
    connection = http.client.HTTPConnection(address, 80, timeout=60)
    codes = {}
    for _ in range(int(count)):
        code, _ = request(connection, path)
        codes[code] = codes.get(code, 0) + 1
    print(" ".join(f"{code}:{n}" for code, n in sorted(codes.items())))


def held(address, *command):
    connection = http.client.HTTPConnection(address, 80, timeout=20)
    codes = [request(connection, "/healthz")[0]]
    sock = connection.sock
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    connection.request("GET", "/healthz")
    same = connection.sock is sock
    answer = connection.getresponse()
    print(codes[0], answer.status, "same" if same else "another", answer.getheader("Connection"))


def swap(address, path, *command):
    connection = http.client.HTTPConnection(address, 80, timeout=20)
    answers = {}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        answer = request(connection, path)
        answers[answer] = answers.get(answer, 0) + 1
    assert process.returncode == 0, command
    for (code, text), _ in sorted(answers.items()):
        print(code, text[:1], len(text), len(set(text)))


def serve(port, fifo):
    with socket.create_server(("", int(port))) as server:
        client, _ = server.accept()
    with open(fifo, "rb") as lines:
        for line in lines:
            client.sendall(line)


def wait(address, port):
    s = socket.create_connection((address, int(port)), timeout=30)
    print("connected", flush=True)
    while True:
        part = s.recv(4096)
        if not part:
            break
        print("got", part.decode().strip(), flush=True)


if __name__ == "__main__":
    {"say": say, "ask": ask, "held": held, "swap": swap, "serve": serve, "wait": wait}[sys.argv[1]](*sys.argv[2:])
