"""The order of nodes: inputs first, else the document's order; against networkx, which knows the same order."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from porsche.compiler.graph import _cycles, _sorted

EDGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=25)


@given(EDGES)
def test_order_and_cycles(edges: list[tuple[int, int]]) -> None:
    names = [f"n{i}" for i in range(10)]
    position = {name: i for i, name in enumerate(names)}
    followers: dict[str, set[str]] = {name: set() for name in names}
    for a, b in edges:
        followers[names[a]].add(names[b])
    graph: nx.DiGraph[str] = nx.DiGraph([(a, b) for a, every in followers.items() for b in every])
    graph.add_nodes_from(names)
    order = _sorted(followers, position)
    if nx.is_directed_acyclic_graph(graph):
        assert order == list(nx.lexicographical_topological_sort(graph, key=position.__getitem__))
        assert _cycles(followers, position) == []
    else:
        inside = {name for cycle in nx.simple_cycles(graph) for name in cycle}
        assert {name for cycle in _cycles(followers, position) for name in cycle} == inside
        assert not inside & set(order)
