"""A small reader of Nuke scripts of its own: enough Tcl to find an unbalanced brace or quote, and the stack that wires the nodes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Node:
    kind: str
    knobs: dict[str, str]
    inputs: list[Node | None] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.knobs.get("name", self.kind)


_NO_INPUT = {"Root", "Read", "Constant", "StickyNote"}


def parse(text: str) -> list[Node]:
    """The nodes of a script with what is connected to each input; input 0 is the one pushed last. Raises ValueError for bad syntax."""
    stack: list[Node | None] = []
    kept: dict[str, Node | None] = {}
    nodes = []
    commands = _commands(text)
    for words in commands:
        head = words[0]
        if head == "version":
            continue
        if head == "set":
            assert words[2] == "stack 0", words
            kept[words[1]] = stack[-1]
        elif head == "push":
            stack.append(None if words[1] == "0" else kept[words[1].removeprefix("$")])
        else:
            if len(words) != 2:
                raise ValueError(f"{head}: {len(words)} words where a node has two")
            knobs = dict(_pairs(words[1]))
            wanted = int(knobs.get("inputs", "0" if head in _NO_INPUT else "1"))
            if wanted > len(stack):
                raise ValueError(f"{knobs.get('name')}: wants {wanted} inputs, the stack has {len(stack)}")
            node = Node(head, knobs, [stack.pop() for _ in range(wanted)])
            nodes.append(node)
            if head not in ("Root", "StickyNote"):
                stack.append(node)
    return nodes


def _pairs(body: str) -> list[tuple[str, str]]:
    pairs = []
    for words in _commands(body):
        if len(words) != 2:
            raise ValueError(f"a knob takes one value: {words}")
        pairs.append((words[0], words[1]))
    return pairs


def _commands(text: str) -> list[list[str]]:
    out: list[list[str]] = []
    words: list[str] = []
    at = 0
    while at < len(text):
        c = text[at]
        if c in "\n;":
            if words:
                out.append(words)
            words, at = [], at + 1
        elif c in " \t":
            at += 1
        elif c == "{":
            end = _closing(text, at, "{", "}")
            words.append(text[at + 1 : end])
            at = end + 1
        elif c == "[":
            end = _closing(text, at, "[", "]")
            words.append(text[at + 1 : end])
            at = end + 1
        elif c == '"':
            word, at = _quoted(text, at + 1)
            words.append(word)
        else:
            end = at
            while end < len(text) and text[end] not in " \t\n;":
                if text[end] in '{}"':
                    raise ValueError(f"a bare word with {text[end]!r} in it: {text[at : end + 5]!r}")
                end += 1
            words.append(text[at:end])
            at = end
    if words:
        out.append(words)
    return out


def _quoted(text: str, at: int) -> tuple[str, int]:
    word = ""
    while at < len(text):
        if text[at] == "\\":
            word += {"n": "\n", "t": "\t"}.get(text[at + 1], text[at + 1])
            at += 2
        elif text[at] == '"':
            return word, at + 1
        elif text[at] in "[$":
            raise ValueError(f"Tcl would run what follows: {text[at : at + 20]!r}")
        else:
            word += text[at]
            at += 1
    raise ValueError("a quote without its end")


def _closing(text: str, at: int, opens: str, closes: str) -> int:
    depth = 0
    quoted = False
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == '"':
            quoted = not quoted
        elif not quoted and text[at] == opens:
            depth += 1
        elif not quoted and text[at] == closes:
            depth -= 1
            if not depth:
                return at
        at += 1
    raise ValueError(f"{opens} without its {closes}")
