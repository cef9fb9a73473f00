"""An e-graph of tensor programs: classes of equal terms, kept closed under congruence.

After egg (Willsey et al., POPL 2021): hash-consed nodes, union-find over classes, congruence
restored in batches by `rebuild`, and analyses that every class carries: its tensor types,
whether it is computed from parameters alone, and its value where it is constant.

Ids are handed out in order of creation and a union keeps the smaller one, so that a class's
oldest node has children with smaller ids: `birth` is an acyclic program for every class.
Nothing depends on hash or address order: equal inputs give equal graphs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from taso.dialects.base import TasoOp
from taso.dialects.extern import operand_count
from taso.dialects.fold import evaluate_constants
from taso.dialects.spec import Attrs, AttrValue, TensorSpec
from taso.dialects.taso import OPS

INPUT = "input"
RESULT = "result"
CONSTANT = "constant"
EXTERN = "extern"
NARY_OPS = ("add", "mul")
"""Ops whose nodes have two or more children."""
COMMUTATIVE_OPS = frozenset(name for name, op in OPS.items() if getattr(op, "COMMUTATIVE", False))


class ENode(NamedTuple):
    """An op applied to classes.

    `attrs` are in the order of `attribute_names(op)`; of an `input` its index, of a `result`
    the number of the result that it takes from a class of several. Children of commutative
    ops are sorted by class. A random call has the random call before it, if any, as its last
    child: this keeps the calls apart, and in order.
    """

    op: str
    attrs: tuple[AttrValue, ...]
    children: tuple[int, ...]


class Reason(NamedTuple):
    """Why two classes are equal: a rule and what its symbols stood for.

    Of constant folding, the node and the constant; of an n-ary node, the chain (see `chained`).
    """

    rule: str
    substitution: tuple[object, ...] = ()


class Union(NamedTuple):
    """A recorded union of two classes, by the ids as given."""

    left: int
    right: int
    reason: Reason


CONGRUENCE = Reason("congruence")
FOLDING = "constant-folding"
NARY = "associate-chain"


def chained(op: str, groups: Sequence[Sequence[int]]) -> Reason:
    """Why an add (or mul) of adds equals one n-ary node.

    `groups` are the operands of each operand that is an add itself; else the operand alone.
    """
    return Reason(NARY, (op, tuple(tuple(group) for group in groups)))


class SpecMismatchError(ValueError):
    """Two classes of different types were said to be equal: the rule is unsound."""


def attribute_names(op: str) -> tuple[str, ...]:
    """The names of a node's attributes, in their order."""
    return _ATTRIBUTE_NAMES[op]


_ATTRIBUTE_NAMES: dict[str, tuple[str, ...]] = {
    **{name: (*op.attribute_kinds(), *op.RESULT_ATTRS) for name, op in OPS.items()},
    INPUT: ("index",),
    RESULT: ("index",),
}


def node_attrs(node: ENode) -> dict[str, AttrValue]:
    """A node's attributes by name, as the op class takes them."""
    return dict(zip(_ATTRIBUTE_NAMES[node.op], node.attrs, strict=True))


def make_node(op: str, attrs: Attrs, children: Sequence[int] = ()) -> ENode:
    """A node of attributes given by name."""
    return ENode(op, tuple(attrs[name] for name in _ATTRIBUTE_NAMES[op]), tuple(children))


def is_random(node: ENode) -> bool:
    """The node is a random call: two of them are never one."""
    return node.op == EXTERN and node_attrs(node)["random"] is True


def is_repeated(node: ENode) -> bool:
    """The node belongs into every run, as `taso.dialects.extern` has it."""
    return node.op == EXTERN and (is_random(node) or not node.children)


def operand_classes(node: ENode) -> tuple[int, ...]:
    """The children that are operands: not the call that only comes before."""
    return node.children[: operand_count(node_attrs(node))] if is_random(node) else node.children


@dataclass(slots=True, eq=False)
class EClass:
    """Equal nodes, and what holds of all of them."""

    specs: tuple[TensorSpec, ...]
    """One type; several where the nodes have several results."""
    param: bool
    constants: tuple[Attrs, ...] | None
    """The attributes of a `constant` for each result, where the value is known."""
    by_op: dict[str, list[ENode]] = field(default_factory=dict[str, list[ENode]])
    parents: dict[ENode, int] = field(default_factory=dict[ENode, int])
    """Nodes with this class as a child, as they were when made, and their classes then."""


class EGraph:
    """Classes of equal nodes. Between unions and `rebuild`, congruence may not hold."""

    def __init__(self) -> None:
        self.classes: dict[int, EClass] = {}
        """Classes by canonical id."""
        self.birth: list[ENode] = []
        """The node with which each id was made."""
        self.unions: list[Union] = []
        self.touched: dict[int, None] = {}
        """Classes made, merged or newly known constant or param since this was cleared."""
        self.names: dict[int, str] = {}
        """Names of values in the source, for readable output."""
        self.size = 0
        """Number of nodes; exact after `rebuild`."""
        self._leader: list[int] = []
        self._memo: dict[ENode, int] = {}
        self._repairs: list[tuple[ENode, int]] = []
        self._changed: dict[int, None] = {}

    def find(self, cid: int) -> int:
        """The canonical id of a class."""
        leader = self._leader
        while leader[cid] != cid:
            leader[cid] = leader[leader[cid]]
            cid = leader[cid]
        return cid

    def class_ids(self) -> list[int]:
        """Canonical ids, ascending."""
        return sorted(self.classes)

    def nodes(self, cid: int) -> list[ENode]:
        """The nodes of a class; canonical after `rebuild`."""
        return [n for nodes in self.classes[self.find(cid)].by_op.values() for n in nodes]

    def specs(self, cid: int) -> tuple[TensorSpec, ...]:
        return self.classes[self.find(cid)].specs

    def spec(self, cid: int) -> TensorSpec:
        """The type of a class of one result."""
        (spec,) = self.specs(cid)
        return spec

    def is_param(self, cid: int) -> bool:
        """The value is computed from parameters and constants alone."""
        return self.classes[self.find(cid)].param

    def constant(self, cid: int) -> Attrs | None:
        """The attributes of the `constant` that the class equals, if it is known to."""
        constants = self.classes[self.find(cid)].constants
        return None if constants is None or len(constants) != 1 else constants[0]

    def canonical(self, node: ENode) -> ENode:
        """The node over canonical classes, children of commutative ops sorted."""
        children = tuple([self.find(c) for c in node.children])
        if node.op in COMMUTATIVE_OPS:
            children = tuple(sorted(children))
        return node if children == node.children else ENode(node.op, node.attrs, children)

    def lookup(self, node: ENode) -> int | None:
        """The class that holds the node, if one does."""
        cid = self._memo.get(self.canonical(node))
        return None if cid is None else self.find(cid)

    def add_input(self, index: int, spec: TensorSpec, param: bool) -> int:
        """The class of a function argument."""
        node = ENode(INPUT, (index,), ())
        known = self._memo.get(node)
        return self._insert(node, EClass((spec,), param, None)) if known is None else known

    def add(self, node: ENode) -> int:
        """The class of the node, made if new. `ConstraintError` if the op refuses its operands."""
        node = self.canonical(node)
        known = self._memo.get(node)
        if known is not None:
            return self.find(known)
        children = [self.classes[c] for c in operand_classes(node)]
        param = not is_repeated(node) and _all_param(children)
        cid = self._insert(node, EClass(_infer(node, children), param, None))
        self._learn_constants(cid, node, children)
        return self.find(cid)

    def _insert(self, node: ENode, eclass: EClass) -> int:
        cid = len(self._leader)
        self._leader.append(cid)
        self.birth.append(node)
        eclass.by_op[node.op] = [node]
        self.classes[cid] = eclass
        self._memo[node] = cid
        for child in node.children:
            self.classes[child].parents[node] = cid
        self.touched[cid] = None
        self.size += 1
        return cid

    def union(self, a: int, b: int, reason: Reason) -> bool:
        """Merge two classes; False if they were one. `SpecMismatchError` if types differ."""
        left, right = sorted((self.find(a), self.find(b)))
        if left == right:
            return False
        keep, gone = self.classes[left], self.classes[right]
        if keep.specs != gone.specs:
            raise SpecMismatchError(
                f"rule {reason.rule} equates {_show(keep.specs)} and {_show(gone.specs)}"
            )
        del self.classes[right]
        self._leader[right] = left
        self.unions.append(Union(a, b, reason))
        for op, nodes in gone.by_op.items():
            keep.by_op.setdefault(op, []).extend(nodes)
        self._repairs.extend(gone.parents.items())
        keep.parents.update(gone.parents)
        if (keep.param, keep.constants is None) != (gone.param, gone.constants is None):
            self._changed[left] = None
        keep.param = keep.param or gone.param
        # Constants of equal terms can differ by rounding; that of the older class stays.
        keep.constants = keep.constants or gone.constants
        self.touched[left] = None
        return True

    def rebuild(self) -> None:
        """Restore congruence, canonical nodes and the analyses after unions."""
        dirty: dict[int, None] = {}
        while self._repairs or self._changed:
            if self._repairs:
                self._repair(dirty)
            else:
                changed, self._changed = self._changed, {}
                for cid in dict.fromkeys(self.find(c) for c in changed):
                    self._propagate(self.find(cid))
        for cid in dict.fromkeys(self.find(c) for c in dirty):
            self._clean(self.classes[cid])

    def _repair(self, dirty: dict[int, None]) -> None:
        """Give nodes with a merged child their canonical form, and merge those now equal."""
        repairs, self._repairs = self._repairs, []
        for node, cid in repairs:
            self._memo.pop(node, None)
            fresh = self.canonical(node)
            cid = self.find(cid)
            dirty[cid] = None
            known = self._memo.get(fresh)
            if known is not None:
                self.union(known, cid, CONGRUENCE)
            self._memo[fresh] = self.find(cid)

    def _clean(self, eclass: EClass) -> None:
        for op, nodes in eclass.by_op.items():
            fresh = list(dict.fromkeys(self.canonical(n) for n in nodes))
            self.size += len(fresh) - len(nodes)
            eclass.by_op[op] = fresh

    def _propagate(self, cid: int) -> None:
        """Tell the users of a class what was newly learnt of it."""
        self.touched[cid] = None
        for node, user in list(self.classes[cid].parents.items()):
            user = self.find(user)
            eclass = self.classes[user]
            if eclass.param and eclass.constants is not None:
                continue  # nothing is left to learn
            children = [self.classes[self.find(c)] for c in node.children]
            if not eclass.param and not is_repeated(node) and _all_param(children):
                eclass.param = True
                self._changed[user] = None
            if eclass.constants is None:
                self._learn_constants(user, node, children)

    def _learn_constants(self, cid: int, node: ENode, children: Sequence[EClass]) -> None:
        eclass = self.classes[cid]
        constants = _constants(node, children)
        if constants is None or eclass.constants is not None:
            return
        eclass.constants = constants
        eclass.param = True
        self._changed[cid] = None
        (name, *rest) = eclass.by_op
        if len(constants) == 1 and not (name == CONSTANT and not rest):
            constant = make_node(CONSTANT, constants[0])
            self.union(cid, self.add(constant), Reason(FOLDING, (node, constant)))


def _infer(node: ENode, children: Sequence[EClass]) -> tuple[TensorSpec, ...]:
    if node.op == RESULT:
        (child,) = children
        return (child.specs[cast(int, node.attrs[0])],)
    return OPS[node.op].infer([spec for c in children for spec in c.specs], node_attrs(node))


def _all_param(children: Iterable[EClass]) -> bool:
    return all(c.param for c in children)


def _constants(node: ENode, children: Sequence[EClass]) -> tuple[Attrs, ...] | None:
    """The values of a node's results, where its operands are constants and it can be folded."""
    if node.op == CONSTANT:
        return (node_attrs(node),)
    known = [c.constants for c in children]
    operands = [attrs for constants in known if constants is not None for attrs in constants]
    if not children or None in known:
        return None
    if node.op == RESULT:
        return (operands[cast(int, node.attrs[0])],)
    return _fold(OPS[node.op], operands, node_attrs(node), nary=node.op in NARY_OPS)


def _fold(
    op: type[TasoOp], operands: list[Attrs], attrs: Attrs, nary: bool
) -> tuple[Attrs, ...] | None:
    while nary and len(operands) > 2:
        first = evaluate_constants(op, operands[:2], attrs)
        if first is None:
            return None
        operands = [*first, *operands[2:]]
    folded = evaluate_constants(op, operands, attrs)
    return None if folded is None else tuple(folded)


def _show(specs: tuple[TensorSpec, ...]) -> str:
    return ", ".join(map(str, specs))
