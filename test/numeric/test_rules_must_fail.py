"""Plausible wrong rules, each a neighbour of one in the library: the checker refuses them all."""

from dataclasses import replace

import pytest

from taso.passes.rules.check import check
from taso.passes.rules.library import FAMILIES, RULES
from taso.passes.rules.notation import Rule, any_var, var
from taso.passes.rules.ops import add, mul, reduce_sum
from taso.passes.rules.text import parse_rules

TOO_WEAK = {
    # Rules of the library without one of their conditions.
    "transpose-identity": "is_identity",
    "transpose-matmul-operands": "swaps_last_two",
    "transpose-broadcast": "ascending",
    "broadcast-identity": "equal",
    "broadcast-reshape-identity": "equal",
    "reduction-sum-over-count": "equal",
    "reduction-mean-of-broadcast": "is_positive",
    "reduction-variance": "equal",
    "composite-softmax": "equal",
    "composite-softmax-unshifted": "is_positive",
    "composite-layer-norm": "is_positive",
    "composite-rms-norm": "is_positive",
    "composite-batch-norm": "equal",
    "concat-split-2": "equal",
    "concat-operands-of-add": "equal",
    "concat-slice-identity": "equal",
    "matmul-column-scale": "equal",
    "convolution-concat-inputs-reversed": "is_positive",
    "convolution-of-concat": "is_positive",
    "convolution-enlarge-both-kernels": "equal",
    "convolution-as-matmul-reversed": "is_positive",
    "pooling-max-of-concat": "is_positive",
    "pooling-max-of-max": "at_most",
    "pooling-as-convolution-reversed": "at_most",
    "padding-identity": "is_zero",
    "padding-into-average": "at_most",
}

WRONG = """
rule matmul-factor-shared-on-other-sides:
  add(matmul(a: [m, m], b: [m, m]), matmul(c: [m, m], a)) => matmul(a, add(b, c))
rule matmul-commutes:
  matmul(a: [m, m], b: [m, m]) => matmul(b, a)
rule matmul-product-of-transposes-in-order:
  matmul(transpose(a: [m, m], perm=[1, 0]), transpose(b: [m, m], perm=[1, 0]))
  => transpose(matmul(a, b), perm=[1, 0])
rule matmul-factor-with-batches-apart:
  add(matmul(a: [*p, m, k], b: [*q, k, n]), matmul(a, c: [*r, k, n])) => matmul(a, add(b, c))
rule matmul-concat-halves-equal:
  matmul(x: [m, k], a: [k, n0]), matmul(x, b: [k, n1])
  => split(matmul(x, concat(a, b, axis=1)), axis=1, sizes=[n0, n0])#0,
     split(matmul(x, concat(a, b, axis=1)), axis=1, sizes=[n0, n0])#1
rule matmul-concat-swapped:
  matmul(x: [m, k], a: [k, n]), matmul(x, b: [k, n])
  => split(matmul(x, concat(b, a, axis=1)), axis=1, sizes=[n, n])#0,
     split(matmul(x, concat(b, a, axis=1)), axis=1, sizes=[n, n])#1
rule matmul-scale-twice:
  mul(matmul(a: [m, k], b: [k, n]), splat(?c): [m, n])
  => matmul(mul(a, splat(?c): [m, k]), mul(b, splat(?c): [k, n]))
rule matmul-relu-through:
  relu(matmul(a: [m, k], b: [k, n])) => matmul(relu(a), b)
rule matmul-exact-association exact nonfinite-lost overflow-may-grow:
  matmul(matmul(a: [m, k], b: [k, n]), c: [n, j]) => matmul(a, matmul(b, c))
rule matmul-association-that-claims-to-keep-overflow nonfinite-lost:
  matmul(matmul(a: [m, k], b: [k, n]), c: [n, j]) => matmul(a, matmul(b, c))
rule matmul-factor-that-claims-to-keep-nonfinite:
  add(matmul(a: [m, k], b: [k, n]), matmul(a, c: [k, n])) => matmul(a, add(b, c))
rule elementwise-relu-of-sum:
  relu(add(x: [*s], y: [*s])) => add(relu(x), relu(y))
rule elementwise-root-of-square:
  sqrt(mul(x, x)) => x
rule elementwise-log-of-product:
  log(mul(x, y)) => add(log(x), log(y))
rule elementwise-sub-commutes:
  sub(x, y) => sub(y, x)
rule elementwise-max-of-negative:
  neg(max(x, y)) => max(neg(x), neg(y))
rule elementwise-sub-self-that-claims-to-keep-nan exact:
  sub(x: [*s], x) => splat(0): [*s]
rule elementwise-exact-add-zero exact:
  add(x: [*s], splat(0): [*s]) => x
rule transpose-compose-in-the-other-order exact:
  transpose(transpose(x, perm=?p), perm=?q) => transpose(x, perm=compose(?q, ?p))
rule transpose-add-one-operand exact:
  transpose(add(x: [m, m], y: [m, m]), perm=?p) => add(transpose(x, perm=?p), y)
rule transpose-sum-same-axes:
  reduce_sum(transpose(x, perm=?p), axes=?a) => reduce_sum(x, axes=?a)
rule concat-along-another-axis exact:
  concat(x: [m, m], y: [m, m], axis=0) => concat(x, y, axis=1)
rule concat-commutes exact:
  concat(x, y, axis=?a) => concat(y, x, axis=?a)
rule concat-of-split-in-another-order exact:
  concat(split(x, axis=?a, sizes=[n0, n1])#1, split(x, axis=?a, sizes=[n0, n1])#0, axis=?a) => x
rule concat-softmax:
  concat(softmax(x, axis=1), softmax(y, axis=1), axis=1) => softmax(concat(x, y, axis=1), axis=1)
rule reduction-max-of-sum:
  reduce_max(add(x, y), axes=?a) => add(reduce_max(x, axes=?a), reduce_max(y, axes=?a))
rule reduction-max-of-negative:
  reduce_max(neg(x), axes=?a) => neg(reduce_max(x, axes=?a))
rule reduction-variance-with-the-other-correction:
  var(x, axes=?a, correction=1) => var(x, axes=?a, correction=0)
rule reduction-sum-of-broadcast-uncounted:
  reduce_sum(broadcast(x: [m], dims=[1], shape=[n, m]), axes=[0]) => x
rule broadcast-compose-by-the-inner-dims exact:
  broadcast(broadcast(x, dims=?d, shape=?t), dims=?e, shape=?u)
  => broadcast(x, dims=?d, shape=?u)
rule broadcast-reshape-of-a-sum exact:
  reshape(add(x: [*s], y: [*s]), shape=?t) => add(reshape(x, shape=?t), reshape(x, shape=?t))
rule broadcast-along-the-other-axis exact:
  broadcast(x: [m], dims=[0], shape=[m, m]) => broadcast(x, dims=[1], shape=[m, m])
rule composite-softmax-scale-leaves:
  softmax(mul(x: [*s], splat(?c): [*s]), axis=?a) => mul(softmax(x, axis=?a), splat(?c): [*s])
rule composite-layer-norm-eps-outside:
  layer_norm(x: [m, n], g: [n], b: [n], eps=?eps) => layer_norm(x, g, b, eps=0.0)
rule composite-batch-norm-with-no-correction:
  batch_norm(x, g: [n], b: [n], axis=?a, eps=?eps, correction=1)
  => batch_norm(x, g, b, axis=?a, eps=?eps, correction=0)
rule composite-attention-key-not-transposed:
  matmul(softmax(matmul(q: [m, m], k: [m, m]), axis=-1), v: [m, m])
  => attention(q, k, v, scale=1.0, causal=false)
rule composite-attention-without-softmax:
  matmul(softmax(matmul(q: [m, d], k: [d, n]), axis=-1), v: [n, d]) => matmul(q, matmul(k, v))
rule composite-attention-mask-scaled nonfinite-lost:
  matmul(softmax(mul(add(matmul(q: [m, d], k: [d, n]), mask: [m, n]), splat(2): [m, n]), axis=-1),
         v: [n, d])
  => attention(q, transpose(k, perm=[1, 0]), v, mask, scale=2.0, causal=false)
rule composite-attention-masked-that-claims-to-keep-nan:
  matmul(softmax(add(matmul(q: [m, d], k: [d, n]), mask: [m, n]), axis=-1), v: [n, d])
  => attention(q, transpose(k, perm=[1, 0]), v, mask, scale=1.0, causal=false)
rule composite-attention-causal-for-the-mask-forgotten:
  attention(q: [m, d], k: [n, d], v: [n, d], mask: [m, n], scale=?scale, causal=false)
  => attention(q, k, v, mask, scale=?scale, causal=true)
rule composite-log-softmax-of-the-other-axis nonfinite-lost:
  log(softmax(x: [m, m], axis=0)) => log_softmax(x, axis=1)
rule composite-rms-norm-of-a-sum:
  mul(mul(x: [m, n], broadcast(rsqrt(add(reduce_sum(mul(x, x), axes=[1]), splat(?eps): [m])),
                               dims=[0], shape=[m, n])),
      broadcast(gamma: [n], dims=[1], shape=[m, n]))
  => rms_norm(x, gamma, eps=?eps)
rule composite-attention-softmax-of-columns:
  matmul(softmax(matmul(q: [m, d], k: [d, n]), axis=-2), v: [n, d])
  => attention(q, transpose(k, perm=[1, 0]), v, scale=1.0, causal=false)
rule activation-sigmoid-of-positive:
  div(splat(1): [*s], add(exp(x: [*s]), splat(1): [*s])) => sigmoid(x)
rule activation-silu-of-another-value:
  mul(x: [*s], sigmoid(y: [*s])) => silu(x)
rule activation-gelu-tanh-as-erf:
  gelu(x, approximate="tanh") => gelu(x, approximate="none")
rule activation-gelu-without-the-root:
  mul(mul(x: [*s], splat(0.5): [*s]), add(erf(x), splat(1): [*s])) => gelu(x, approximate="none")
rule convolution-scale-input-channels:
  mul(conv2d(x, w: [m, m, k, l], stride=?u, padding=?p, dilation=?d, groups=?g),
    broadcast(s: [m], dims=[1], shape=?t))
  => conv2d(x, mul(w, broadcast(s, dims=[1], shape=shape(w))), stride=?u, padding=?p,
    dilation=?d, groups=?g)
rule convolution-scale-outputs-by-what-scales-inputs:
  conv2d(mul(x: [n, m, h, v], broadcast(s: [m], dims=[1], shape=?t)), w: [m, c, k, l],
    stride=?u, padding=?p, dilation=?d, groups=?g)
  => conv2d(x, mul(w, broadcast(s, dims=[0], shape=shape(w))), stride=?u, padding=?p,
    dilation=?d, groups=?g)
rule convolution-scale-channels-without-the-bias:
  mul(add(conv2d(x, w: [o, c, k, l], stride=?u, padding=?p, dilation=?d, groups=?g),
    broadcast(b: [o], dims=[1], shape=?t)), broadcast(s: [o], dims=[1], shape=?t))
  => add(conv2d(x, mul(w, broadcast(s, dims=[0], shape=shape(w))), stride=?u, padding=?p,
    dilation=?d, groups=?g), broadcast(b, dims=[1], shape=?t))
rule convolution-add-biases-of-which-one-is-of-the-input:
  conv2d(add(x: [n, m, h, v], broadcast(b: [m], dims=[1], shape=?t)), w: [m, c, k, l],
    stride=?u, padding=?p, dilation=?d, groups=?g)
  => conv2d(x, add(w, broadcast(b, dims=[0], shape=shape(w))), stride=?u, padding=?p,
    dilation=?d, groups=?g)
rule convolution-scale-channels-that-claims-to-keep-overflow nonfinite-lost:
  mul(conv2d(x, w: [o, c, k, l], stride=?u, padding=?p, dilation=?d, groups=?g),
    broadcast(s: [o], dims=[1], shape=?t))
  => conv2d(x, mul(w, broadcast(s, dims=[0], shape=shape(w))), stride=?u, padding=?p,
    dilation=?d, groups=?g)
rule convolution-concat-weights-of-groups:
  conv2d(x, w: [o, c, k, l], stride=?u, padding=?p, dilation=?d, groups=?g),
  conv2d(x, v: [q, c, k, l], stride=?u, padding=?p, dilation=?d, groups=?g)
  => split(conv2d(x, concat(w, v, axis=0), stride=?u, padding=?p, dilation=?d, groups=?g),
       axis=1, sizes=[o, q])#0,
     split(conv2d(x, concat(w, v, axis=0), stride=?u, padding=?p, dilation=?d, groups=?g),
       axis=1, sizes=[o, q])#1
rule convolution-enlarge-kernel-without-padding nonfinite-lost:
  conv2d(x, w: [o, c, 1, 1], stride=?u, padding=[1, 1], dilation=?d, groups=?g)
  => conv2d(x, pad(w, low=[0, 0, 1, 1], high=[0, 0, 1, 1], value=0.0), stride=?u,
       padding=[1, 1], dilation=?d, groups=?g)
rule convolution-enlarge-kernel-whatever-the-dilation nonfinite-lost:
  conv2d(x, w: [o, c, k, l], stride=?u, padding=[p, q], dilation=?d, groups=?g)
  => conv2d(x, pad(w, low=[0, 0, 1, 1], high=[0, 0, 1, 1], value=0.0), stride=?u,
       padding=[p + 1, q + 1], dilation=?d, groups=?g)
rule convolution-enlarge-kernel-on-one-side nonfinite-lost:
  conv2d(x, w: [o, c, k, l], stride=[1, 1], padding=[p, q], dilation=[1, 1], groups=?g)
  => conv2d(x, pad(w, low=[0, 0, 0, 0], high=[0, 0, 2, 2], value=0.0), stride=[1, 1],
       padding=[p + 1, q + 1], dilation=[1, 1], groups=?g)
rule convolution-enlarge-kernel-that-claims-to-keep-nonfinite:
  conv2d(x, w: [o, c, k, l], stride=?u, padding=[p, q], dilation=[1, 1], groups=?g)
  => conv2d(x, pad(w, low=[0, 0, 1, 1], high=[0, 0, 1, 1], value=0.0), stride=?u,
       padding=[p + 1, q + 1], dilation=[1, 1], groups=?g)
rule convolution-concat-inputs-of-groups:
  add(conv2d(x: [n, c, h, v], w: [o, i, k, l], stride=?u, padding=?p, dilation=?d, groups=?g),
    conv2d(y: [n, c, h, v], z: [o, i, k, l], stride=?u, padding=?p, dilation=?d, groups=?g))
  => conv2d(concat(x, y, axis=1), concat(w, z, axis=1), stride=?u, padding=?p, dilation=?d,
       groups=?g)
rule convolution-factor-weights-of-other-inputs nonfinite-lost:
  add(conv2d(x: [n, c, h, v], w: [o, i, k, l], stride=?u, padding=?p, dilation=?d, groups=?g),
    conv2d(y: [n, c, h, v], z: [o, i, k, l], stride=?u, padding=?p, dilation=?d, groups=?g))
  => conv2d(add(x, y), add(w, z), stride=?u, padding=?p, dilation=?d, groups=?g)
rule convolution-groups-as-one-by-repeating-weights nonfinite-lost:
  conv2d(x, w: [o, i, k, l], stride=?u, padding=?p, dilation=?d, groups=2)
  => conv2d(x, concat(w, w, axis=1), stride=?u, padding=?p, dilation=?d, groups=1)
rule convolution-batch-of-other-groups:
  conv2d(x: [n, 2 * i, h, v], w: [2 * o, i, k, l], stride=?u, padding=?p, dilation=?d, groups=2),
  conv2d(y: [n, i, h, v], z: [q, i, k, l], stride=?u, padding=?p, dilation=?d, groups=1)
  => split(conv2d(concat(x, y, axis=1), concat(w, z, axis=0), stride=?u, padding=?p,
       dilation=?d, groups=3), axis=1, sizes=[2 * o, q])#0,
     split(conv2d(concat(x, y, axis=1), concat(w, z, axis=0), stride=?u, padding=?p,
       dilation=?d, groups=3), axis=1, sizes=[2 * o, q])#1
rule convolution-shift-input-channels-with-padding nonfinite-lost overflow-may-grow:
  conv2d(add(x: [n, i, h, v], broadcast(s: [i], dims=[1], shape=?t)), w: [o, i, k, l],
    stride=?u, padding=?p, dilation=?d, groups=1)
  => add(conv2d(x, w, stride=?u, padding=?p, dilation=?d, groups=1),
       broadcast(reduce_sum(mul(w, broadcast(s, dims=[1], shape=[o, i, k, l])), axes=[1, 2, 3]),
         dims=[1], shape=convolution_shape(shape(x), shape(w), ?u, ?p, ?d)))
rule convolution-as-matmul-with-padding:
  conv2d(x: [n, i, h, v], w: [o, i, 1, 1], stride=[1, 1], padding=[1, 1], dilation=[1, 1],
    groups=1)
  => reshape(matmul(reshape(w, shape=[o, i]), reshape(x, shape=[n, i, h * v])),
       shape=[n, o, h, v])
rule convolution-compose-padded nonfinite-lost overflow-may-grow:
  conv2d(conv2d(x, u: [i, j, 1, 1], stride=[1, 1], padding=[1, 1], dilation=?d, groups=1),
    w: [o, i, k, l], stride=?u, padding=[p, q], dilation=[1, 1], groups=1)
  => conv2d(x, einsum(w, reshape(u, shape=[i, j]), equation="abcd,be->aecd"), stride=?u,
       padding=[p, q], dilation=[1, 1], groups=1)
rule pooling-relu-of-dilated-max:
  max_pool2d(relu(x), kernel=?k, stride=?s, padding=?p, dilation=?d)
  => relu(max_pool2d(x, kernel=?k, stride=?s, padding=?p, dilation=?d))
rule pooling-relu-of-mean:
  avg_pool2d(relu(x), kernel=?k, stride=?s, padding=?p, count_include_pad=?c)
  => relu(avg_pool2d(x, kernel=?k, stride=?s, padding=?p, count_include_pad=?c))
rule pooling-shift-of-max-that-claims-to-keep-nonfinite:
  max_pool2d(add(x: [n, c, h, v], broadcast(b: [c], dims=[1], shape=?t)), kernel=?k, stride=?s,
    padding=?p, dilation=[1, 1])
  => add(max_pool2d(x, kernel=?k, stride=?s, padding=?p, dilation=[1, 1]),
       broadcast(b, dims=[1], shape=pooled_shape(shape(x), ?k, ?s, ?p)))
rule pooling-max-of-max-padded exact:
  max_pool2d(max_pool2d(x, kernel=[2, 2], stride=[2, 2], padding=[0, 0], dilation=[1, 1]),
    kernel=[2, 2], stride=[2, 2], padding=[1, 1], dilation=[1, 1])
  => max_pool2d(x, kernel=[4, 4], stride=[4, 4], padding=[2, 2], dilation=[1, 1])
rule pooling-mean-of-mean-that-overlap overflow-may-grow:
  avg_pool2d(avg_pool2d(x, kernel=[2, 2], stride=[1, 1], padding=[0, 0], count_include_pad=?c),
    kernel=[2, 2], stride=?s, padding=[0, 0], count_include_pad=?c)
  => avg_pool2d(x, kernel=[3, 3], stride=?s, padding=[0, 0], count_include_pad=?c)
rule pooling-uncounted-though-padded:
  avg_pool2d(x, kernel=?k, stride=?s, padding=?p, count_include_pad=true)
  => avg_pool2d(x, kernel=?k, stride=?s, padding=?p, count_include_pad=false)
rule pooling-shift-of-mean-that-counts nonfinite-lost overflow-may-grow:
  avg_pool2d(add(x: [n, c, h, v], broadcast(b: [c], dims=[1], shape=?t)), kernel=?k, stride=?s,
    padding=?p, count_include_pad=true)
  => add(avg_pool2d(x, kernel=?k, stride=?s, padding=?p, count_include_pad=true),
       broadcast(b, dims=[1], shape=pooled_shape(shape(x), ?k, ?s, ?p)))
rule pooling-as-convolution-uncounted nonfinite-lost:
  avg_pool2d(x: [n, c, h, v], kernel=[k, l], stride=?s, padding=?p, count_include_pad=false)
  => conv2d(x, splat(reciprocal(k * l)): [c, 1, k, l], stride=?s, padding=?p, dilation=[1, 1],
       groups=c)
rule pooling-into-pointwise-uncounted nonfinite-lost overflow-may-grow:
  conv2d(avg_pool2d(x, kernel=[k, l], stride=?s, padding=?p, count_include_pad=false),
    w: [o, i, 1, 1], stride=[1, 1], padding=[0, 0], dilation=?d, groups=?g)
  => conv2d(x, mul(broadcast(reshape(w, shape=[o, i]), dims=[0, 1], shape=[o, i, k, l]),
       splat(reciprocal(k * l)): [o, i, k, l]), stride=?s, padding=?p, dilation=[1, 1], groups=?g)
rule padding-compose-of-other-values exact:
  pad(pad(x, low=?l, high=?h, value=?a), low=?m, high=?i, value=?b)
  => pad(x, low=sums(?l, ?m), high=sums(?h, ?i), value=?a)
rule padding-into-convolution-of-another-value:
  conv2d(pad(x, low=[0, 0, a, b], high=[0, 0, a, b], value=1.0), w, stride=?u, padding=[p, q],
    dilation=?d, groups=?g)
  => conv2d(x, w, stride=?u, padding=[p + a, q + b], dilation=?d, groups=?g)
rule padding-into-mean-of-the-image-alone:
  avg_pool2d(pad(x, low=[0, 0, 1, 1], high=[0, 0, 1, 1], value=0.0), kernel=[3, 3], stride=?s,
    padding=[0, 0], count_include_pad=?c)
  => avg_pool2d(x, kernel=[3, 3], stride=?s, padding=[1, 1], count_include_pad=false)
rule einsum-matmul-of-transposed-operand:
  einsum(x: [m, k], y: [n, k], equation="ab,cb->ac") => matmul(x, y)
rule einsum-fuse-at-the-other-operand:
  einsum(einsum(x, y, equation=?f), z, equation=?e) => einsum(x, y, z, equation=fused(?e, ?f, 1))
rule einsum-pair-without-the-rest-of-the-letters:
  einsum(x: [m, k], y: [k, n], z: [n, k], equation="ab,bc,cb->a")
  => einsum(einsum(x, y, equation="ab,bc->ac"), z, equation="ac,cb->a")
"""
RULES_THAT_FAIL = parse_rules(WRONG)


def test_every_family_has_neighbours() -> None:
    families = {rule.family for rule in RULES_THAT_FAIL}
    assert families == {rule.family for rule in RULES.values()}


@pytest.mark.parametrize("rule", RULES_THAT_FAIL, ids=lambda rule: rule.name)
def test_refused(rule: Rule) -> None:
    verdict = check(rule)
    assert verdict.counterexample is not None
    assert not verdict.holds


@pytest.mark.parametrize("name", TOO_WEAK)
def test_refused_without_its_condition(name: str) -> None:
    rule = RULES[name]
    kept = tuple(c for c in rule.where if c.predicate != TOO_WEAK[name])
    assert len(kept) < len(rule.where)
    assert check(replace(rule, where=kept)).counterexample is not None


@pytest.mark.parametrize("name", FAMILIES)
def test_siblings_in_another_order_are_refused(name: str) -> None:
    rule = FAMILIES[name].members[3]
    assert check(replace(rule, rhs=rule.rhs[::-1])).counterexample is not None


def test_a_rule_without_instances_does_not_hold() -> None:
    x, row = any_var("x"), var("row", 7, 1)
    never = Rule(
        "elementwise-never",
        lhs=(mul(add(row, row), reduce_sum(row, (0, 1))),),
        rhs=(mul(add(row, row), reduce_sum(row, (0, 1))),),
    )
    verdict = check(never)
    assert verdict.instances == 0
    assert not verdict.holds
    assert check(Rule("elementwise-same", (add(x, x),), (add(x, x),))).holds
