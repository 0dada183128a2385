#!/usr/bin/env python3
"""What one would write without Takt: paho-mqtt and onnxruntime, one process, no history, no journal.

Subscribes to messages that carry the model's inputs as JSON fields, runs the model once per message
and publishes a verdict of the same shape as Takt's. It is the yardstick of the benchmarks: the CPU
time of this process per message, and its latency as the consumer of the verdicts measures it.

The path is as short as it can honestly be made: nodelay on the socket, one thread in the session,
the input array allocated once, the callback does the work.

The model takes one tensor [1, n] or [n]; the names of the n fields come from `--fields`. Its first
output holds the scores, in the order of `--limit`.

Prints `ready` when subscribed. After `--messages` messages, or at SIGTERM, prints one line of JSON:
    {"messages": …, "cpu_us_per_message": …, "user_us_per_message": …, "system_us_per_message": …,
     "wall_s": …, "per_second": …, "run_us_p50": …, "run_us_p99": …, "memory_max_mb": …}
CPU and wall time run from the first message to the last; `--warm-up` messages before are not counted.
"""

import argparse
import json
import resource
import signal
import socket
import sys
import threading
import time

import numpy as np
import onnxruntime as ort
import paho.mqtt.client as mqtt


class Judge:
    """One model, and what it costs."""

    def __init__(self, arguments: argparse.Namespace):
        self.session = session(arguments.model)
        model_input = self.session.get_inputs()[0]
        element = np.float64 if model_input.type == "tensor(double)" else np.float32
        self.fields = fields(arguments.fields)
        self.limits = dict(limit for limit in arguments.limit)
        self.input = np.zeros((1, len(self.fields)) if len(model_input.shape) == 2 else len(self.fields), element)
        self.row = self.input.reshape(-1)
        self.feed = {model_input.name: self.input}
        self.outputs = [output.name for output in self.session.get_outputs()]
        self.out_topic, self.qos = arguments.verdicts, arguments.qos
        self.n_first, self.n_last = arguments.warm_up, arguments.messages
        self.n = 0
        self.run_ns: list[int] = []
        self.began = self.ended = usage()
        self.done = threading.Event()

    def on_message(self, client: mqtt.Client, _userdata, message: mqtt.MQTTMessage) -> None:
        """From payload to verdict."""
        if self.n == self.n_first:
            self.began = usage()
        fields = json.loads(message.payload)
        for i, name in enumerate(self.fields):
            self.row[i] = fields[name]
        at = time.perf_counter_ns()
        scores, *_ = self.session.run(self.outputs, self.feed)
        self.run_ns.append(time.perf_counter_ns() - at)
        values = dict(zip(self.limits, scores.reshape(-1).tolist()))
        failed = any(values[name] > limit for name, limit in self.limits.items())
        self.n += 1
        verdict = {
            "epoch": 1,
            "seq": self.n,
            "verdict": "fail" if failed else "pass",
            "reason": None,
            "part": None,
            "at": time.time(),
            "scores": {name: {"value": values[name], "limit": limit} for name, limit in self.limits.items()},
            "window": {"key": fields.get("ts")},
        }
        client.publish(self.out_topic, json.dumps(verdict), qos=self.qos)
        if self.n_last is not None and self.n >= self.n_first + self.n_last:
            self.stop()

    def stop(self, *_signal) -> None:
        """Takes the time and ends."""
        if not self.done.is_set():
            self.ended = usage()
            self.done.set()

    def report(self) -> dict:
        """The figures."""
        n = max(self.n - self.n_first, 0)
        user, system, wall = (end - begin for begin, end in zip(self.began, self.ended))
        runs = np.array(self.run_ns[self.n_first :] or [0]) / 1000
        each = lambda seconds: round(seconds / n * 1e6, 2) if n else None
        return {
            "messages": n,
            "cpu_us_per_message": each(user + system),
            "user_us_per_message": each(user),
            "system_us_per_message": each(system),
            "wall_s": round(wall, 3),
            "per_second": round(n / wall, 1) if wall > 0 else None,
            "run_us_p50": round(float(np.percentile(runs, 50)), 2),
            "run_us_p99": round(float(np.percentile(runs, 99)), 2),
            "memory_max_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        }


def usage() -> tuple[float, float, float]:
    """User time, system time and wall time in seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime, used.ru_stime, time.perf_counter()


def session(path: str) -> ort.InferenceSession:
    """One thread: more only spin at these sizes."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def fields(text: str) -> list[str]:
    """`xmeas_{1..41},xmv_{1..11}` as 52 names."""
    names = []
    for part in text.split(","):
        before, brace, rest = part.partition("{")
        if not brace:
            names.append(part)
            continue
        span, _, after = rest.partition("}")
        first, _, last = span.partition("..")
        names += [f"{before}{i}{after}" for i in range(int(first), int(last) + 1)]
    return names


def limit(text: str) -> tuple[str, float]:
    """`t2=28.9`."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError("write NAME=VALUE")
    return name, float(value)


def nodelay(_client, _userdata, sock) -> None:
    """Without it a small message can wait 40 ms for company."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def main() -> None:
    """Reads the command line and runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1", help="the broker")
    parser.add_argument("--port", type=int, default=1883, help="the broker's port")
    parser.add_argument("--topic", required=True, help="where the messages come from")
    parser.add_argument("--verdicts", required=True, metavar="TOPIC", help="where the verdicts go")
    parser.add_argument("--model", required=True, metavar="FILE", help="the ONNX model")
    parser.add_argument("--fields", default="xmeas_{1..41},xmv_{1..11}", help="the model's inputs in its order")
    parser.add_argument("--limit", type=limit, nargs="+", default=[("t2", 28.907), ("spe", 50.829)], metavar="NAME=VALUE")
    parser.add_argument("--qos", type=int, default=1, choices=(0, 1, 2), help="both ways (default: 1)")
    parser.add_argument("--warm-up", type=int, default=0, metavar="N", help="messages before counting begins")
    parser.add_argument("--messages", type=int, metavar="N", help="end after so many more (default: at SIGTERM)")
    parser.add_argument("--client-id", default="bench-python")
    arguments = parser.parse_args()
    judge = Judge(arguments)
    signal.signal(signal.SIGTERM, judge.stop)
    signal.signal(signal.SIGINT, judge.stop)
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=arguments.client_id)
    client.max_inflight_messages_set(1000)
    client.on_socket_open = nodelay
    client.on_message = judge.on_message
    client.on_connect = lambda *_: client.subscribe(arguments.topic, qos=arguments.qos)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect(arguments.host, arguments.port)
    client.loop_start()
    judge.done.wait()
    time.sleep(0.2)  # the last acknowledgements
    client.disconnect()
    client.loop_stop()
    print(json.dumps(judge.report()), flush=True)
    if judge.n == 0:
        sys.exit("no message came")


if __name__ == "__main__":
    main()
