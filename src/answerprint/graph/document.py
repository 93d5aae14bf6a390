"""The graph document: which operations run on a shot and what is plugged into what, as plain JSON."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from answerprint.graph.contract import Operation
from answerprint.production import BadInput

Registry = dict[str, type[Operation]]
"""Operation name to class; the rooms above decide what is in it."""


class Node(BaseModel):
    """One operation in the graph. An input names another node, or a bound source as ``@name``."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, pattern=r"^[a-z][a-z0-9_]*$")
    operation: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    inputs: dict[str, str | list[str]] = Field(default_factory=dict)


class Graph(BaseModel):
    """Nodes, the one whose picture is the result, and the matte that protects performers (when there is one)."""

    model_config = ConfigDict(extra="forbid")

    nodes: list[Node]
    result: str
    protect: str | None = Field(default=None, description="node or @source whose matte no fill may enter")
    performers: str | None = Field(default=None, description="where performers are, to compute the class; subtracts nothing")

    def node(self, name: str) -> Node:
        """The node called ``name``."""
        for node in self.nodes:
            if node.id == name:
                return node
        raise BadInput("graph", f"there is no node {name!r}", f"use one of {', '.join(n.id for n in self.nodes)}")

    def order(self) -> list[Node]:
        """The nodes so that each stands behind everything it reads. A circle is refused."""
        done: list[Node] = []
        waiting = list(self.nodes)
        names = {node.id for node in self.nodes}
        while waiting:
            ready = [n for n in waiting if not (_refs(n) & names) - {d.id for d in done}]
            if not ready:
                raise BadInput(
                    "graph", f"nodes {', '.join(n.id for n in waiting)} feed one another in a circle", "cut one of the wires"
                )
            done += ready
            waiting = [n for n in waiting if n not in ready]
        return done

    def checked(self, registry: Registry, bound: set[str]) -> Graph:
        """This graph, once every operation, input, and parameter has been found good against the registry."""
        names = {node.id for node in self.nodes}
        if len(names) != len(self.nodes):
            raise BadInput("graph", "two nodes have the same id", "give each node its own id")
        for node in self.nodes:
            if node.operation not in registry:
                raise BadInput(
                    f"graph node {node.id}",
                    f"there is no operation {node.operation!r}",
                    f"use one of {', '.join(sorted(registry))}",
                )
            sockets = {s.name: s for s in registry[node.operation].inputs}
            for name in node.inputs:
                if name not in sockets:
                    raise BadInput(
                        f"graph node {node.id}", f"{node.operation} has no input {name!r}", f"it takes {', '.join(sockets)}"
                    )
            for socket in sockets.values():
                if socket.required and socket.name not in node.inputs:
                    raise BadInput(f"graph node {node.id}", f"input {socket.name!r} is not connected", socket.description)
            for ref in _refs(node):
                if ref not in names and ref not in bound:
                    raise BadInput(
                        f"graph node {node.id}",
                        f"{ref!r} is neither a node nor a bound source",
                        "connect it to something that exists",
                    )
        for role, plugged in (("protect", self.protect), ("performers", self.performers)):
            if plugged is not None and plugged not in names | bound:
                raise BadInput(
                    "graph", f"{role} {plugged!r} is neither a node nor a bound source", "connect it to something that exists"
                )
        self.node(self.result)
        self.order()
        return self


def _refs(node: Node) -> set[str]:
    found: set[str] = set()
    for value in node.inputs.values():
        found.update([value] if isinstance(value, str) else value)
    return found
