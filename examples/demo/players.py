"""Who tells the demo's story, and the processes that play in it."""
import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time

PATIENCE_S = 30  # for each stage; a machine under load is no failure


class DemoError(Exception):
    """A stage did not happen; the text says which."""


class Paper:
    """Where the story is written: a time, who, and what happened, within the terminal's width."""

    def __init__(self):
        self.is_terminal = sys.stdout.isatty()
        self.colours = self.is_terminal and not os.environ.get("NO_COLOR")
        self.lock = threading.Lock()

    @staticmethod
    def width():
        return min(shutil.get_terminal_size((100, 24)).columns, 110)

    def paint(self, code, text):
        return f"\033[{code}m{text}\033[0m" if self.colours else text

    def title(self, text):
        with self.lock:
            print(f"\n{self.paint('1', text)}", flush=True)

    def say(self, who, text, colour="", when=None):
        clock = time.strftime("%H:%M:%S", time.localtime(when))
        lines = textwrap.wrap(text, max(self.width() - 24, 30), break_on_hyphens=False)
        with self.lock:
            for number, line in enumerate(lines):
                head = f"  {self.paint('2', clock)}  {who:<10}" if number == 0 else " " * 22
                print(f"{head} {self.paint(colour, line) if colour else line}", flush=True)

    def show(self, text):
        """As it is, to be read or copied."""
        with self.lock:
            for line in text.splitlines():
                print(f"    {line}", flush=True)

    def command(self, text):
        with self.lock:
            print(f"  {self.paint('36', '$ ' + text)}", flush=True)


class Player:
    """A process that tells what happens to it as one JSON object a line."""

    def __init__(self, demo, name, command, on_event, token=""):
        self.name = name
        self.events = []
        self.changed = threading.Condition()
        self.process = demo.start(command, {"HIKESHI_TOKEN": token}, stdout=subprocess.PIPE)
        self.on_event = on_event
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        last = None
        for line in self.process.stdout:
            event = json.loads(line)
            if self.on_event and {**event, "time": 0} != last:
                self.on_event(event)
            last = {**event, "time": 0}
            with self.changed:
                self.events.append(event)
                self.changed.notify_all()

    def wait_for(self, what, told, after=0.0):
        """The first event of this kind that came after a time."""
        end = time.monotonic() + PATIENCE_S
        with self.changed:
            while True:
                for event in self.events:
                    if event["event"] == what and event["time"] >= after:
                        return event
                if self.process.poll() is not None:
                    raise DemoError(f"{told}: {self.name} ended")
                if not self.changed.wait(max(end - time.monotonic(), 0)):
                    raise DemoError(f"{told}: not within {PATIENCE_S} s")

    def count(self, what, after, before):
        with self.changed:
            return sum(1 for event in self.events
                       if event["event"] == what and after <= event["time"] <= before)
