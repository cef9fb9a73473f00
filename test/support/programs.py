"""Small programs in float64, a few for each kind of rewrite, as text."""

PROGRAMS: dict[str, str] = {
    "attention": """
func.func @main(%x: tensor<6x5xf64>, %wq: tensor<4x6xf64> {taso.param},
    %wk: tensor<4x6xf64> {taso.param}, %wv: tensor<3x6xf64> {taso.param}) -> tensor<5x3xf64> {
  %q = taso.matmul %wq, %x : tensor<4x6xf64>, tensor<6x5xf64> -> tensor<4x5xf64>
  %k = taso.matmul %wk, %x : tensor<4x6xf64>, tensor<6x5xf64> -> tensor<4x5xf64>
  %v = taso.matmul %wv, %x : tensor<3x6xf64>, tensor<6x5xf64> -> tensor<3x5xf64>
  %qt = taso.transpose %q, perm = [1, 0] : tensor<4x5xf64> -> tensor<5x4xf64>
  %vt = taso.transpose %v, perm = [1, 0] : tensor<3x5xf64> -> tensor<5x3xf64>
  %s = taso.matmul %qt, %k : tensor<5x4xf64>, tensor<4x5xf64> -> tensor<5x5xf64>
  %p = taso.softmax %s, axis = 1 : tensor<5x5xf64> -> tensor<5x5xf64>
  %o = taso.matmul %p, %vt : tensor<5x5xf64>, tensor<5x3xf64> -> tensor<5x3xf64>
  func.return %o : tensor<5x3xf64>
}""",
    "factoring": """
func.func @main(%a: tensor<2x3xf64>, %b: tensor<3x5xf64>, %c: tensor<3x5xf64>,
    %d: tensor<3x5xf64>, %e: tensor<2x5xf64>) -> tensor<2x5xf64> {
  %ab = taso.matmul %a, %b : tensor<2x3xf64>, tensor<3x5xf64> -> tensor<2x5xf64>
  %ac = taso.matmul %a, %c : tensor<2x3xf64>, tensor<3x5xf64> -> tensor<2x5xf64>
  %ad = taso.matmul %a, %d : tensor<2x3xf64>, tensor<3x5xf64> -> tensor<2x5xf64>
  %s = taso.add %ab, %e : tensor<2x5xf64>
  %t = taso.add %s, %ac : tensor<2x5xf64>
  %u = taso.add %ad, %t : tensor<2x5xf64>
  func.return %u : tensor<2x5xf64>
}""",
    "chain": """
func.func @main(%a: tensor<7x2xf64>, %b: tensor<2x6xf64>, %c: tensor<6x3xf64>,
    %d: tensor<3x1xf64>) -> tensor<7x1xf64> {
  %ab = taso.matmul %a, %b : tensor<7x2xf64>, tensor<2x6xf64> -> tensor<7x6xf64>
  %abc = taso.matmul %ab, %c : tensor<7x6xf64>, tensor<6x3xf64> -> tensor<7x3xf64>
  %abcd = taso.matmul %abc, %d : tensor<7x3xf64>, tensor<3x1xf64> -> tensor<7x1xf64>
  func.return %abcd : tensor<7x1xf64>
}""",
    "einsum": """
func.func @main(%a: tensor<4x3xf64>, %b: tensor<3x5xf64>, %c: tensor<5x2xf64>)
    -> tensor<2x4xf64> {
  %ab = taso.einsum %a, %b, equation = "ij,jk->ik"
    : tensor<4x3xf64>, tensor<3x5xf64> -> tensor<4x5xf64>
  %abc = taso.einsum %ab, %c, equation = "ik,kl->li"
    : tensor<4x5xf64>, tensor<5x2xf64> -> tensor<2x4xf64>
  func.return %abc : tensor<2x4xf64>
}""",
    "softmax": """
func.func @main(%x: tensor<4x7xf64>) -> tensor<4x7xf64> {
  %m = taso.reduce_max %x, axes = [1] : tensor<4x7xf64> -> tensor<4xf64>
  %mr = taso.broadcast %m, dims = [0] : tensor<4xf64> -> tensor<4x7xf64>
  %s = taso.sub %x, %mr : tensor<4x7xf64>
  %e = taso.exp %s : tensor<4x7xf64>
  %t = taso.reduce_sum %e, axes = [1] : tensor<4x7xf64> -> tensor<4xf64>
  %tr = taso.broadcast %t, dims = [0] : tensor<4xf64> -> tensor<4x7xf64>
  %o = taso.div %e, %tr : tensor<4x7xf64>
  func.return %o : tensor<4x7xf64>
}""",
    "batch-norm": """
func.func @main(%x: tensor<9x4xf64>, %g: tensor<4xf64> {taso.param},
    %b: tensor<4xf64> {taso.param}) -> tensor<9x4xf64> {
  %m = taso.reduce_mean %x, axes = [0] : tensor<9x4xf64> -> tensor<4xf64>
  %mr = taso.broadcast %m, dims = [1] : tensor<4xf64> -> tensor<9x4xf64>
  %c = taso.sub %x, %mr : tensor<9x4xf64>
  %v = taso.var %x, axes = [0], correction = 1 : tensor<9x4xf64> -> tensor<4xf64>
  %eps = taso.constant 1.0e-05 : tensor<4xf64>
  %s = taso.add %v, %eps : tensor<4xf64>
  %d = taso.sqrt %s : tensor<4xf64>
  %dr = taso.broadcast %d, dims = [1] : tensor<4xf64> -> tensor<9x4xf64>
  %n = taso.div %c, %dr : tensor<9x4xf64>
  %gr = taso.broadcast %g, dims = [1] : tensor<4xf64> -> tensor<9x4xf64>
  %ng = taso.mul %n, %gr : tensor<9x4xf64>
  %br = taso.broadcast %b, dims = [1] : tensor<4xf64> -> tensor<9x4xf64>
  %o = taso.add %ng, %br : tensor<9x4xf64>
  %r = taso.relu %o : tensor<9x4xf64>
  func.return %r : tensor<9x4xf64>
}""",
    "movement": """
func.func @main(%x: tensor<4x6xf64>, %y: tensor<4x6xf64>, %w: tensor<4x5xf64> {taso.param})
    -> (tensor<6x4xf64>, tensor<6x5xf64>) {
  %c = taso.concat %x, %y, axis = 0 : tensor<4x6xf64>, tensor<4x6xf64> -> tensor<8x6xf64>
  %p, %q = taso.split %c, axis = 0, sizes = [4, 4]
    : tensor<8x6xf64> -> tensor<4x6xf64>, tensor<4x6xf64>
  %t = taso.transpose %p, perm = [1, 0] : tensor<4x6xf64> -> tensor<6x4xf64>
  %u = taso.transpose %t, perm = [1, 0] : tensor<6x4xf64> -> tensor<4x6xf64>
  %v = taso.transpose %u, perm = [1, 0] : tensor<4x6xf64> -> tensor<6x4xf64>
  %r = taso.relu %v : tensor<6x4xf64>
  %qt = taso.transpose %q, perm = [1, 0] : tensor<4x6xf64> -> tensor<6x4xf64>
  %o = taso.matmul %qt, %w : tensor<6x4xf64>, tensor<4x5xf64> -> tensor<6x5xf64>
  func.return %r, %o : tensor<6x4xf64>, tensor<6x5xf64>
}""",
}
