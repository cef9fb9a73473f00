"""The `taso` ops as linalg on tensors: one lowering an op, and a closed list of forms.

What `convert-taso-to-linalg` writes, and all that a reader of its output has to know
(`T` is a static tensor type; loop dims are `d0, d1, …`; but for windows, all maps are projected
permutations):

* **element-wise**: `linalg.generic`, all dims parallel, identity output map, no use of the
  output's old value. Input maps may permute (a transposed operand) or drop dims (a broadcast
  operand). The body is straight-line `arith`/`math` on scalars, constants included.
* **contraction**: `linalg.generic`, the result's dims first (parallel), then the summed ones
  (reduction); a body of `mul`s in operand order and one `add` into the output, each operand
  through `arith.extf` first where f16 or bf16 accumulates in f32; the init is a fill with 0.
  With one operand and no `mul` it is a **sum**; with `maximumf`, `maxsi` or `ori` for `add` and
  a fill with the least value, a **maximum**; with `minimumf`, `minsi` or `andi` and the largest
  value, a **minimum**.
* **window**: a contraction, sum or maximum whose first operand, an image that is padded, is read
  at `d_y * stride + d_ky * dilation` along each of its last two axes. Where no second operand
  gives the bounds of `d_ky` and `d_kx`, it is a `tensor.empty` that is not read. It stands in a
  private function that records its op.
* **indexed**, in functions that record their op alone: a generic whose body reads `linalg.index`.
  A gather is element-wise on the indices and reads the table by `tensor.extract`; an arg-extremum
  is a minimum of the indices that are hits; a cumulative sum is a sum of the elements up to each.
* **`linalg.matmul`**: two plain matrices of f32, f64 or integers, the init a fill with 0.
* **`linalg.transpose`, `linalg.broadcast`**: of a value that an op other than an element-wise
  one or a contraction reads; their inits are `tensor.empty`.
* **`linalg.fill`** of a `tensor.empty` with an `arith.constant`: inits and splats.
* **`tensor.insert_slice`** (strides 1) into a fill: a padded tensor.
* **`tensor.concat`, `tensor.extract_slice`** (strides 1), **`tensor.collapse_shape`,
  `tensor.expand_shape`** (a reshape is the first, the second, or one after the other).
* **`tensor.empty`** as an init, and as a value where a tensor has no elements.
* **`arith.constant dense<…> : T`** of integers, and of floats that xDSL reads back. One that it
  does not (inf, NaN, large whole floats) is a constant of its bits, i16 to i64, and an
  element-wise `arith.bitcast`.
* **`func.call`** of a private function that stands for one op or kernel (see `functions`); of a
  function that is declared, for `taso.extern`.

Every generic has one result. Scalar constants stand outside the generics only as the values
of fills.
"""
