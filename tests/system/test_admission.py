"""Many large requests at once: some are told to come back, none takes the engine down."""

import contextlib
import json
import socket

SIZE = 8_000_000
TOGETHER = 20


def body(number):
    """Lines of alerts that nothing acts on, SIZE bytes long."""
    line = json.dumps({"title": "noise", "category": "data", "severity": "low",
                       "uid": f"{number}-%04d", "raw": "x" * 7900}) + "\n"
    text = "".join(line % i for i in range(SIZE // len(line))).encode()
    return text + b"\n" * (SIZE - len(text))


def test_large_bodies_are_bounded_together(engine, sensor):
    host, port = engine.url.removeprefix("http://").split(":")
    head = ("POST /v1/alerts HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
            f"Authorization: Bearer {sensor}\r\nConnection: close\r\nContent-Length: {SIZE}\r\n\r\n")
    clients = []
    for number in range(TOGETHER):
        client = socket.create_connection((host, int(port)), timeout=120)
        client.sendall(head.encode() + body(number)[:-1])
        clients.append(client)
    for client in clients:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # its time to send a body was over
            client.sendall(b"\n")
    answers = []
    for client in clients:
        answer = b""
        while piece := client.recv(1 << 20):
            answer += piece
        client.close()
        answers.append(answer)
    statuses = [int(answer.split()[1]) for answer in answers]
    assert 503 in statuses and set(statuses) <= {202, 408, 429, 503}, statuses
    assert all(b"\r\nRetry-After: " in answer for answer in answers if b" 503 " in answer[:20])
    assert engine.get("/v1/whoami", sensor).status == 200
    assert engine.post("/v1/alerts", sensor, {"title": "after", "severity": "low"}).status == 202
