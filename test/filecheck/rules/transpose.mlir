// RUN: taso-opt %s -p 'taso-apply-rules{rules=transpose-compose,transpose-identity,transpose-exp,transpose-sin,transpose-abs,transpose-erf,transpose-cos,transpose-log,transpose-neg,transpose-rsqrt,transpose-sqrt,transpose-gelu,transpose-relu,transpose-sigmoid,transpose-silu,transpose-tanh,transpose-add,transpose-div,transpose-max,transpose-min,transpose-mul,transpose-sub,transpose-matmul,transpose-reduce-sum,transpose-reduce-max,transpose-reduce-mean,transpose-softmax}' | filecheck %s --check-prefix=A
// RUN: taso-opt %s -p 'taso-apply-rules{rules=transpose-matmul-operands,transpose-broadcast,transpose-concat}' | filecheck %s --check-prefix=B

// Transposes compose, vanish, and move inward.

// A-LABEL: func.func @compose(
// A-NEXT:   %transpose = taso.transpose %x, perm = [0, 2, 1] : tensor<5x3x2xf32> -> tensor<5x2x3xf32>
// A-NEXT:   func.return %transpose : tensor<5x2x3xf32>
func.func @compose(%x: tensor<5x3x2xf32>) -> tensor<5x2x3xf32> {
  %transpose = taso.transpose %x, perm = [1, 0, 2] : tensor<5x3x2xf32> -> tensor<3x5x2xf32>
  %transpose_1 = taso.transpose %transpose, perm = [1, 2, 0] : tensor<3x5x2xf32> -> tensor<5x2x3xf32>
  func.return %transpose_1 : tensor<5x2x3xf32>
}

// A-LABEL: func.func @identity(
// A-NEXT:   func.return %x : tensor<3x4xf32>
func.func @identity(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %transpose = taso.transpose %x, perm = [0, 1] : tensor<3x4xf32> -> tensor<3x4xf32>
  func.return %transpose : tensor<3x4xf32>
}

// A-LABEL: func.func @exp(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
// A-NEXT:   %transpose = taso.exp %0 : tensor<2x3xf32>
// A-NEXT:   func.return %transpose : tensor<2x3xf32>
func.func @exp(%x: tensor<3x2xf32>) -> tensor<2x3xf32> {
  %exp = taso.exp %x : tensor<3x2xf32>
  %transpose = taso.transpose %exp, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  func.return %transpose : tensor<2x3xf32>
}

// A-LABEL: func.func @sin(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
// A-NEXT:   %transpose = taso.sin %0 : tensor<2x3xf32>
// A-NEXT:   func.return %transpose : tensor<2x3xf32>
func.func @sin(%x: tensor<3x2xf32>) -> tensor<2x3xf32> {
  %sin = taso.sin %x : tensor<3x2xf32>
  %transpose = taso.transpose %sin, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  func.return %transpose : tensor<2x3xf32>
}

// A-LABEL: func.func @abs(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
// A-NEXT:   %transpose = taso.abs %0 : tensor<2x3xf32>
// A-NEXT:   func.return %transpose : tensor<2x3xf32>
func.func @abs(%x: tensor<3x2xf32>) -> tensor<2x3xf32> {
  %abs = taso.abs %x : tensor<3x2xf32>
  %transpose = taso.transpose %abs, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  func.return %transpose : tensor<2x3xf32>
}

// A-LABEL: func.func @erf(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
// A-NEXT:   %transpose = taso.erf %0 : tensor<2x3xf32>
// A-NEXT:   func.return %transpose : tensor<2x3xf32>
func.func @erf(%x: tensor<3x2xf32>) -> tensor<2x3xf32> {
  %erf = taso.erf %x : tensor<3x2xf32>
  %transpose = taso.transpose %erf, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  func.return %transpose : tensor<2x3xf32>
}

// A-LABEL: func.func @cos(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
// A-NEXT:   %transpose = taso.cos %0 : tensor<2x3xf32>
// A-NEXT:   func.return %transpose : tensor<2x3xf32>
func.func @cos(%x: tensor<3x2xf32>) -> tensor<2x3xf32> {
  %cos = taso.cos %x : tensor<3x2xf32>
  %transpose = taso.transpose %cos, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  func.return %transpose : tensor<2x3xf32>
}

// A-LABEL: func.func @log(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<3x5xf32> -> tensor<5x3xf32>
// A-NEXT:   %transpose = taso.log %0 : tensor<5x3xf32>
// A-NEXT:   func.return %transpose : tensor<5x3xf32>
func.func @log(%x: tensor<3x5xf32>) -> tensor<5x3xf32> {
  %log = taso.log %x : tensor<3x5xf32>
  %transpose = taso.transpose %log, perm = [1, 0] : tensor<3x5xf32> -> tensor<5x3xf32>
  func.return %transpose : tensor<5x3xf32>
}

// A-LABEL: func.func @neg(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<4x2xf32> -> tensor<2x4xf32>
// A-NEXT:   %transpose = taso.neg %0 : tensor<2x4xf32>
// A-NEXT:   func.return %transpose : tensor<2x4xf32>
func.func @neg(%x: tensor<4x2xf32>) -> tensor<2x4xf32> {
  %neg = taso.neg %x : tensor<4x2xf32>
  %transpose = taso.transpose %neg, perm = [1, 0] : tensor<4x2xf32> -> tensor<2x4xf32>
  func.return %transpose : tensor<2x4xf32>
}

// A-LABEL: func.func @rsqrt(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<5x3xf32> -> tensor<3x5xf32>
// A-NEXT:   %transpose = taso.rsqrt %0 : tensor<3x5xf32>
// A-NEXT:   func.return %transpose : tensor<3x5xf32>
func.func @rsqrt(%x: tensor<5x3xf32>) -> tensor<3x5xf32> {
  %rsqrt = taso.rsqrt %x : tensor<5x3xf32>
  %transpose = taso.transpose %rsqrt, perm = [1, 0] : tensor<5x3xf32> -> tensor<3x5xf32>
  func.return %transpose : tensor<3x5xf32>
}

// A-LABEL: func.func @sqrt(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<4x2xf32> -> tensor<2x4xf32>
// A-NEXT:   %transpose = taso.sqrt %0 : tensor<2x4xf32>
// A-NEXT:   func.return %transpose : tensor<2x4xf32>
func.func @sqrt(%x: tensor<4x2xf32>) -> tensor<2x4xf32> {
  %sqrt = taso.sqrt %x : tensor<4x2xf32>
  %transpose = taso.transpose %sqrt, perm = [1, 0] : tensor<4x2xf32> -> tensor<2x4xf32>
  func.return %transpose : tensor<2x4xf32>
}

// A-LABEL: func.func @gelu(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<2x4xf32> -> tensor<4x2xf32>
// A-NEXT:   %transpose = taso.gelu %0, approximate = "tanh" : tensor<4x2xf32>
// A-NEXT:   func.return %transpose : tensor<4x2xf32>
func.func @gelu(%x: tensor<2x4xf32>) -> tensor<4x2xf32> {
  %gelu = taso.gelu %x, approximate = "tanh" : tensor<2x4xf32>
  %transpose = taso.transpose %gelu, perm = [1, 0] : tensor<2x4xf32> -> tensor<4x2xf32>
  func.return %transpose : tensor<4x2xf32>
}

// A-LABEL: func.func @relu(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
// A-NEXT:   %transpose = taso.relu %0 : tensor<4x5xf32>
// A-NEXT:   func.return %transpose : tensor<4x5xf32>
func.func @relu(%x: tensor<5x4xf32>) -> tensor<4x5xf32> {
  %relu = taso.relu %x : tensor<5x4xf32>
  %transpose = taso.transpose %relu, perm = [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
  func.return %transpose : tensor<4x5xf32>
}

// A-LABEL: func.func @sigmoid(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
// A-NEXT:   %transpose = taso.sigmoid %0 : tensor<4x5xf32>
// A-NEXT:   func.return %transpose : tensor<4x5xf32>
func.func @sigmoid(%x: tensor<5x4xf32>) -> tensor<4x5xf32> {
  %sigmoid = taso.sigmoid %x : tensor<5x4xf32>
  %transpose = taso.transpose %sigmoid, perm = [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
  func.return %transpose : tensor<4x5xf32>
}

// A-LABEL: func.func @silu(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
// A-NEXT:   %transpose = taso.silu %0 : tensor<4x5xf32>
// A-NEXT:   func.return %transpose : tensor<4x5xf32>
func.func @silu(%x: tensor<5x4xf32>) -> tensor<4x5xf32> {
  %silu = taso.silu %x : tensor<5x4xf32>
  %transpose = taso.transpose %silu, perm = [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
  func.return %transpose : tensor<4x5xf32>
}

// A-LABEL: func.func @tanh(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<5x3xf32> -> tensor<3x5xf32>
// A-NEXT:   %transpose = taso.tanh %0 : tensor<3x5xf32>
// A-NEXT:   func.return %transpose : tensor<3x5xf32>
func.func @tanh(%x: tensor<5x3xf32>) -> tensor<3x5xf32> {
  %tanh = taso.tanh %x : tensor<5x3xf32>
  %transpose = taso.transpose %tanh, perm = [1, 0] : tensor<5x3xf32> -> tensor<3x5xf32>
  func.return %transpose : tensor<3x5xf32>
}

// A-LABEL: func.func @add(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<4x2xf32> -> tensor<2x4xf32>
// A-NEXT:   %1 = taso.transpose %y, perm = [1, 0] : tensor<4x2xf32> -> tensor<2x4xf32>
// A-NEXT:   %transpose = taso.add %0, %1 : tensor<2x4xf32>
// A-NEXT:   func.return %transpose : tensor<2x4xf32>
func.func @add(%x: tensor<4x2xf32>, %y: tensor<4x2xf32>) -> tensor<2x4xf32> {
  %add = taso.add %x, %y : tensor<4x2xf32>
  %transpose = taso.transpose %add, perm = [1, 0] : tensor<4x2xf32> -> tensor<2x4xf32>
  func.return %transpose : tensor<2x4xf32>
}

// A-LABEL: func.func @div(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<5x2xf32> -> tensor<2x5xf32>
// A-NEXT:   %1 = taso.transpose %y, perm = [1, 0] : tensor<5x2xf32> -> tensor<2x5xf32>
// A-NEXT:   %transpose = taso.div %0, %1 : tensor<2x5xf32>
// A-NEXT:   func.return %transpose : tensor<2x5xf32>
func.func @div(%x: tensor<5x2xf32>, %y: tensor<5x2xf32>) -> tensor<2x5xf32> {
  %div = taso.div %x, %y : tensor<5x2xf32>
  %transpose = taso.transpose %div, perm = [1, 0] : tensor<5x2xf32> -> tensor<2x5xf32>
  func.return %transpose : tensor<2x5xf32>
}

// A-LABEL: func.func @max(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<2x5xf32> -> tensor<5x2xf32>
// A-NEXT:   %1 = taso.transpose %y, perm = [1, 0] : tensor<2x5xf32> -> tensor<5x2xf32>
// A-NEXT:   %transpose = taso.max %0, %1 : tensor<5x2xf32>
// A-NEXT:   func.return %transpose : tensor<5x2xf32>
func.func @max(%x: tensor<2x5xf32>, %y: tensor<2x5xf32>) -> tensor<5x2xf32> {
  %max = taso.max %x, %y : tensor<2x5xf32>
  %transpose = taso.transpose %max, perm = [1, 0] : tensor<2x5xf32> -> tensor<5x2xf32>
  func.return %transpose : tensor<5x2xf32>
}

// A-LABEL: func.func @min(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<2x5xf32> -> tensor<5x2xf32>
// A-NEXT:   %1 = taso.transpose %y, perm = [1, 0] : tensor<2x5xf32> -> tensor<5x2xf32>
// A-NEXT:   %transpose = taso.min %0, %1 : tensor<5x2xf32>
// A-NEXT:   func.return %transpose : tensor<5x2xf32>
func.func @min(%x: tensor<2x5xf32>, %y: tensor<2x5xf32>) -> tensor<5x2xf32> {
  %min = taso.min %x, %y : tensor<2x5xf32>
  %transpose = taso.transpose %min, perm = [1, 0] : tensor<2x5xf32> -> tensor<5x2xf32>
  func.return %transpose : tensor<5x2xf32>
}

// A-LABEL: func.func @mul(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<3x5xf32> -> tensor<5x3xf32>
// A-NEXT:   %1 = taso.transpose %y, perm = [1, 0] : tensor<3x5xf32> -> tensor<5x3xf32>
// A-NEXT:   %transpose = taso.mul %0, %1 : tensor<5x3xf32>
// A-NEXT:   func.return %transpose : tensor<5x3xf32>
func.func @mul(%x: tensor<3x5xf32>, %y: tensor<3x5xf32>) -> tensor<5x3xf32> {
  %mul = taso.mul %x, %y : tensor<3x5xf32>
  %transpose = taso.transpose %mul, perm = [1, 0] : tensor<3x5xf32> -> tensor<5x3xf32>
  func.return %transpose : tensor<5x3xf32>
}

// A-LABEL: func.func @sub(
// A-NEXT:   %0 = taso.transpose %x, perm = [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
// A-NEXT:   %1 = taso.transpose %y, perm = [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
// A-NEXT:   %transpose = taso.sub %0, %1 : tensor<4x5xf32>
// A-NEXT:   func.return %transpose : tensor<4x5xf32>
func.func @sub(%x: tensor<5x4xf32>, %y: tensor<5x4xf32>) -> tensor<4x5xf32> {
  %sub = taso.sub %x, %y : tensor<5x4xf32>
  %transpose = taso.transpose %sub, perm = [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
  func.return %transpose : tensor<4x5xf32>
}

// A-LABEL: func.func @matmul(
// A-NEXT:   %0 = taso.transpose %y, perm = [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
// A-NEXT:   %1 = taso.transpose %x, perm = [1, 0] : tensor<5x3xf32> -> tensor<3x5xf32>
// A-NEXT:   %transpose = taso.matmul %0, %1 : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
// A-NEXT:   func.return %transpose : tensor<4x5xf32>
func.func @matmul(%x: tensor<5x3xf32>, %y: tensor<3x4xf32>) -> tensor<4x5xf32> {
  %matmul = taso.matmul %x, %y : tensor<5x3xf32>, tensor<3x4xf32> -> tensor<5x4xf32>
  %transpose = taso.transpose %matmul, perm = [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
  func.return %transpose : tensor<4x5xf32>
}

// A-LABEL: func.func @reduce_sum(
// A-NEXT:   %0 = taso.reduce_sum %x, axes = [2] : tensor<5x3x2xf32> -> tensor<5x3xf32>
// A-NEXT:   %reduce_sum = taso.transpose %0, perm = [0, 1] : tensor<5x3xf32> -> tensor<5x3xf32>
// A-NEXT:   func.return %reduce_sum : tensor<5x3xf32>
func.func @reduce_sum(%x: tensor<5x3x2xf32>) -> tensor<5x3xf32> {
  %transpose = taso.transpose %x, perm = [2, 0, 1] : tensor<5x3x2xf32> -> tensor<2x5x3xf32>
  %reduce_sum = taso.reduce_sum %transpose, axes = [0] : tensor<2x5x3xf32> -> tensor<5x3xf32>
  func.return %reduce_sum : tensor<5x3xf32>
}

// A-LABEL: func.func @reduce_max(
// A-NEXT:   %0 = taso.reduce_max %x, axes = [2] : tensor<3x4x2xf32> -> tensor<3x4xf32>
// A-NEXT:   %reduce_max = taso.transpose %0, perm = [0, 1] : tensor<3x4xf32> -> tensor<3x4xf32>
// A-NEXT:   func.return %reduce_max : tensor<3x4xf32>
func.func @reduce_max(%x: tensor<3x4x2xf32>) -> tensor<3x4xf32> {
  %transpose = taso.transpose %x, perm = [0, 2, 1] : tensor<3x4x2xf32> -> tensor<3x2x4xf32>
  %reduce_max = taso.reduce_max %transpose, axes = [1] : tensor<3x2x4xf32> -> tensor<3x4xf32>
  func.return %reduce_max : tensor<3x4xf32>
}

// A-LABEL: func.func @reduce_mean(
// A-NEXT:   %0 = taso.reduce_mean %x, axes = [1] : tensor<4x5x3xf32> -> tensor<4x3xf32>
// A-NEXT:   %reduce_mean = taso.transpose %0, perm = [1, 0] : tensor<4x3xf32> -> tensor<3x4xf32>
// A-NEXT:   func.return %reduce_mean : tensor<3x4xf32>
func.func @reduce_mean(%x: tensor<4x5x3xf32>) -> tensor<3x4xf32> {
  %transpose = taso.transpose %x, perm = [1, 2, 0] : tensor<4x5x3xf32> -> tensor<5x3x4xf32>
  %reduce_mean = taso.reduce_mean %transpose, axes = [0] : tensor<5x3x4xf32> -> tensor<3x4xf32>
  func.return %reduce_mean : tensor<3x4xf32>
}

// A-LABEL: func.func @softmax(
// A-NEXT:   %0 = taso.transpose %x, perm = [2, 1, 0] : tensor<3x2x4xf32> -> tensor<4x2x3xf32>
// A-NEXT:   %transpose = taso.softmax %0, axis = 0 : tensor<4x2x3xf32> -> tensor<4x2x3xf32>
// A-NEXT:   func.return %transpose : tensor<4x2x3xf32>
func.func @softmax(%x: tensor<3x2x4xf32>) -> tensor<4x2x3xf32> {
  %softmax = taso.softmax %x, axis = 2 : tensor<3x2x4xf32> -> tensor<3x2x4xf32>
  %transpose = taso.transpose %softmax, perm = [2, 1, 0] : tensor<3x2x4xf32> -> tensor<4x2x3xf32>
  func.return %transpose : tensor<4x2x3xf32>
}

// B-LABEL: func.func @matmul_operands(
// B-NEXT:   %0 = taso.matmul %y, %x : tensor<4x3xf32>, tensor<3x2xf32> -> tensor<4x2xf32>
// B-NEXT:   %matmul = taso.transpose %0, perm = [1, 0] : tensor<4x2xf32> -> tensor<2x4xf32>
// B-NEXT:   func.return %matmul : tensor<2x4xf32>
func.func @matmul_operands(%x: tensor<3x2xf32>, %y: tensor<4x3xf32>) -> tensor<2x4xf32> {
  %transpose = taso.transpose %x, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  %transpose_1 = taso.transpose %y, perm = [1, 0] : tensor<4x3xf32> -> tensor<3x4xf32>
  %matmul = taso.matmul %transpose, %transpose_1 : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  func.return %matmul : tensor<2x4xf32>
}

// B-LABEL: func.func @broadcast(
// B-NEXT:   %transpose = taso.broadcast %x, dims = [0] : tensor<2xf32> -> tensor<2xf32>
// B-NEXT:   func.return %transpose : tensor<2xf32>
func.func @broadcast(%x: tensor<2xf32>) -> tensor<2xf32> {
  %broadcast = taso.broadcast %x, dims = [0] : tensor<2xf32> -> tensor<2xf32>
  %transpose = taso.transpose %broadcast, perm = [0] : tensor<2xf32> -> tensor<2xf32>
  func.return %transpose : tensor<2xf32>
}

// B-LABEL: func.func @concat(
// B-NEXT:   %0 = taso.transpose %x, perm = [0] : tensor<2xf32> -> tensor<2xf32>
// B-NEXT:   %1 = taso.transpose %y, perm = [0] : tensor<4xf32> -> tensor<4xf32>
// B-NEXT:   %transpose = taso.concat %0, %1, axis = 0 : tensor<2xf32>, tensor<4xf32> -> tensor<6xf32>
// B-NEXT:   func.return %transpose : tensor<6xf32>
func.func @concat(%x: tensor<2xf32>, %y: tensor<4xf32>) -> tensor<6xf32> {
  %concat = taso.concat %x, %y, axis = 0 : tensor<2xf32>, tensor<4xf32> -> tensor<6xf32>
  %transpose = taso.transpose %concat, perm = [0] : tensor<6xf32> -> tensor<6xf32>
  func.return %transpose : tensor<6xf32>
}

// The permutation is another than that of a matrix.
// B-LABEL: func.func @transposes_that_move_the_batch(
// B-NEXT:   %a = taso.transpose %x, perm = [1, 2, 0] : tensor<2x4x3xf32> -> tensor<4x3x2xf32>
// B-NEXT:   %b = taso.transpose %y, perm = [0, 2, 1] : tensor<4x5x2xf32> -> tensor<4x2x5xf32>
// B-NEXT:   %product = taso.matmul %a, %b : tensor<4x3x2xf32>, tensor<4x2x5xf32> -> tensor<4x3x5xf32>
// B-NEXT:   func.return %product : tensor<4x3x5xf32>
func.func @transposes_that_move_the_batch(%x: tensor<2x4x3xf32>, %y: tensor<4x5x2xf32>) -> tensor<4x3x5xf32> {
  %a = taso.transpose %x, perm = [1, 2, 0] : tensor<2x4x3xf32> -> tensor<4x3x2xf32>
  %b = taso.transpose %y, perm = [0, 2, 1] : tensor<4x5x2xf32> -> tensor<4x2x5xf32>
  %product = taso.matmul %a, %b : tensor<4x3x2xf32>, tensor<4x2x5xf32> -> tensor<4x3x5xf32>
  func.return %product : tensor<4x3x5xf32>
}
