// RUN: taso-opt %s -p 'taso-apply-rules{rules=reduction-sum-over-count,reduction-sum-of-sum,reduction-max-of-max,reduction-sum-of-scaled,reduction-sum-of-broadcast-scaled,reduction-sum-of-broadcast,reduction-max-of-broadcast,reduction-mean-of-broadcast,reduction-sum-of-matmul-rows,reduction-variance,reduction-variance-corrected}' | filecheck %s --check-prefix=A
// RUN: taso-opt %s -p 'taso-apply-rules{rules=reduction-mean-as-sum}' | filecheck %s --check-prefix=B

// Sums, means and variances in simpler form.

// A-LABEL: func.func @sum_over_count(
// A-NEXT:   %div = taso.reduce_mean %x, axes = [1] : tensor<5x3xf32> -> tensor<5xf32>
// A-NEXT:   func.return %div : tensor<5xf32>
func.func @sum_over_count(%x: tensor<5x3xf32>) -> tensor<5xf32> {
  %reduce_sum = taso.reduce_sum %x, axes = [1] : tensor<5x3xf32> -> tensor<5xf32>
  %splat = taso.constant 3.0 : tensor<5xf32>
  %div = taso.div %reduce_sum, %splat : tensor<5xf32>
  func.return %div : tensor<5xf32>
}

// A-LABEL: func.func @sum_of_sum(
// A-NEXT:   %reduce_sum = taso.reduce_sum %x, axes = [0, 2] : tensor<5x3x4xf32> -> tensor<3xf32>
// A-NEXT:   func.return %reduce_sum : tensor<3xf32>
func.func @sum_of_sum(%x: tensor<5x3x4xf32>) -> tensor<3xf32> {
  %reduce_sum = taso.reduce_sum %x, axes = [0] : tensor<5x3x4xf32> -> tensor<3x4xf32>
  %reduce_sum_1 = taso.reduce_sum %reduce_sum, axes = [1] : tensor<3x4xf32> -> tensor<3xf32>
  func.return %reduce_sum_1 : tensor<3xf32>
}

// A-LABEL: func.func @max_of_max(
// A-NEXT:   %reduce_max = taso.reduce_max %x, axes = [0, 1] : tensor<2x5x4xf32> -> tensor<4xf32>
// A-NEXT:   func.return %reduce_max : tensor<4xf32>
func.func @max_of_max(%x: tensor<2x5x4xf32>) -> tensor<4xf32> {
  %reduce_max = taso.reduce_max %x, axes = [0] : tensor<2x5x4xf32> -> tensor<5x4xf32>
  %reduce_max_1 = taso.reduce_max %reduce_max, axes = [0] : tensor<5x4xf32> -> tensor<4xf32>
  func.return %reduce_max_1 : tensor<4xf32>
}

// A-LABEL: func.func @sum_of_scaled(
// A-NEXT:   %0 = taso.reduce_sum %x, axes = [0] : tensor<2x3xf32> -> tensor<3xf32>
// A-NEXT:   %1 = taso.constant 3.0 : tensor<f32>
// A-NEXT:   %2 = taso.broadcast %1, dims = [] : tensor<f32> -> tensor<3xf32>
// A-NEXT:   %reduce_sum = taso.mul %0, %2 : tensor<3xf32>
// A-NEXT:   func.return %reduce_sum : tensor<3xf32>
func.func @sum_of_scaled(%x: tensor<2x3xf32>) -> tensor<3xf32> {
  %splat = taso.constant 3.0 : tensor<2x3xf32>
  %mul = taso.mul %x, %splat : tensor<2x3xf32>
  %reduce_sum = taso.reduce_sum %mul, axes = [0] : tensor<2x3xf32> -> tensor<3xf32>
  func.return %reduce_sum : tensor<3xf32>
}

// A-LABEL: func.func @sum_of_broadcast_scaled(
// A-NEXT:   %0 = taso.reduce_sum %x, axes = [2] : tensor<5x3x4xf32> -> tensor<5x3xf32>
// A-NEXT:   %1 = taso.broadcast %y, dims = [1] : tensor<3xf32> -> tensor<5x3xf32>
// A-NEXT:   %reduce_sum = taso.mul %0, %1 : tensor<5x3xf32>
// A-NEXT:   func.return %reduce_sum : tensor<5x3xf32>
func.func @sum_of_broadcast_scaled(%x: tensor<5x3x4xf32>, %y: tensor<3xf32>) -> tensor<5x3xf32> {
  %broadcast = taso.broadcast %y, dims = [1] : tensor<3xf32> -> tensor<5x3x4xf32>
  %mul = taso.mul %x, %broadcast : tensor<5x3x4xf32>
  %reduce_sum = taso.reduce_sum %mul, axes = [2] : tensor<5x3x4xf32> -> tensor<5x3xf32>
  func.return %reduce_sum : tensor<5x3xf32>
}

// A-LABEL: func.func @sum_of_broadcast(
// A-NEXT:   %0 = taso.broadcast %y, dims = [0] : tensor<5xf32> -> tensor<5x5xf32>
// A-NEXT:   %1 = taso.constant 1.0 : tensor<f32>
// A-NEXT:   %2 = taso.broadcast %1, dims = [] : tensor<f32> -> tensor<5x5xf32>
// A-NEXT:   %reduce_sum = taso.mul %0, %2 : tensor<5x5xf32>
// A-NEXT:   func.return %reduce_sum : tensor<5x5xf32>
func.func @sum_of_broadcast(%y: tensor<5xf32>) -> tensor<5x5xf32> {
  %broadcast = taso.broadcast %y, dims = [0] : tensor<5xf32> -> tensor<5x1x5xf32>
  %reduce_sum = taso.reduce_sum %broadcast, axes = [1] : tensor<5x1x5xf32> -> tensor<5x5xf32>
  func.return %reduce_sum : tensor<5x5xf32>
}

// A-LABEL: func.func @max_of_broadcast(
// A-NEXT:   %reduce_max = taso.broadcast %y, dims = [0] : tensor<5xf32> -> tensor<5x5xf32>
// A-NEXT:   func.return %reduce_max : tensor<5x5xf32>
func.func @max_of_broadcast(%y: tensor<5xf32>) -> tensor<5x5xf32> {
  %broadcast = taso.broadcast %y, dims = [0] : tensor<5xf32> -> tensor<5x1x5xf32>
  %reduce_max = taso.reduce_max %broadcast, axes = [1] : tensor<5x1x5xf32> -> tensor<5x5xf32>
  func.return %reduce_max : tensor<5x5xf32>
}

// A-LABEL: func.func @mean_of_broadcast(
// A-NEXT:   %reduce_mean = taso.broadcast %y, dims = [0] : tensor<4xf32> -> tensor<4x2xf32>
// A-NEXT:   func.return %reduce_mean : tensor<4x2xf32>
func.func @mean_of_broadcast(%y: tensor<4xf32>) -> tensor<4x2xf32> {
  %broadcast = taso.broadcast %y, dims = [1] : tensor<4xf32> -> tensor<2x4x2xf32>
  %reduce_mean = taso.reduce_mean %broadcast, axes = [0] : tensor<2x4x2xf32> -> tensor<4x2xf32>
  func.return %reduce_mean : tensor<4x2xf32>
}

// A-LABEL: func.func @sum_of_matmul_rows(
// A-NEXT:   %0 = taso.reduce_sum %x, axes = [0] : tensor<4x2xf32> -> tensor<2xf32>
// A-NEXT:   %1 = taso.reshape %0 : tensor<2xf32> -> tensor<1x2xf32>
// A-NEXT:   %2 = taso.matmul %1, %y : tensor<1x2xf32>, tensor<2x3xf32> -> tensor<1x3xf32>
// A-NEXT:   %reduce_sum = taso.reshape %2 : tensor<1x3xf32> -> tensor<3xf32>
// A-NEXT:   func.return %reduce_sum : tensor<3xf32>
func.func @sum_of_matmul_rows(%x: tensor<4x2xf32>, %y: tensor<2x3xf32>) -> tensor<3xf32> {
  %matmul = taso.matmul %x, %y : tensor<4x2xf32>, tensor<2x3xf32> -> tensor<4x3xf32>
  %reduce_sum = taso.reduce_sum %matmul, axes = [0] : tensor<4x3xf32> -> tensor<3xf32>
  func.return %reduce_sum : tensor<3xf32>
}

// A-LABEL: func.func @variance(
// A-NEXT:   %reduce_mean = taso.var %x, axes = [0], correction = 0 : tensor<2x5xf32> -> tensor<5xf32>
// A-NEXT:   func.return %reduce_mean : tensor<5xf32>
func.func @variance(%x: tensor<2x5xf32>) -> tensor<5xf32> {
  %reduce_mean = taso.reduce_mean %x, axes = [0] : tensor<2x5xf32> -> tensor<5xf32>
  %broadcast = taso.broadcast %reduce_mean, dims = [1] : tensor<5xf32> -> tensor<2x5xf32>
  %sub = taso.sub %x, %broadcast : tensor<2x5xf32>
  %mul = taso.mul %sub, %sub : tensor<2x5xf32>
  %reduce_mean_1 = taso.reduce_mean %mul, axes = [0] : tensor<2x5xf32> -> tensor<5xf32>
  func.return %reduce_mean_1 : tensor<5xf32>
}

// A-LABEL: func.func @variance_corrected(
// A-NEXT:   %div = taso.var %x, axes = [0], correction = 1 : tensor<4x5xf32> -> tensor<5xf32>
// A-NEXT:   func.return %div : tensor<5xf32>
func.func @variance_corrected(%x: tensor<4x5xf32>) -> tensor<5xf32> {
  %reduce_mean = taso.reduce_mean %x, axes = [0] : tensor<4x5xf32> -> tensor<5xf32>
  %broadcast = taso.broadcast %reduce_mean, dims = [1] : tensor<5xf32> -> tensor<4x5xf32>
  %sub = taso.sub %x, %broadcast : tensor<4x5xf32>
  %mul = taso.mul %sub, %sub : tensor<4x5xf32>
  %reduce_sum = taso.reduce_sum %mul, axes = [0] : tensor<4x5xf32> -> tensor<5xf32>
  %splat = taso.constant 3.0 : tensor<5xf32>
  %div = taso.div %reduce_sum, %splat : tensor<5xf32>
  func.return %div : tensor<5xf32>
}

// The divisor is not the number of summands.
// A-LABEL: func.func @sum_over_another_count(
// A-NEXT:   %sum = taso.reduce_sum %x, axes = [0] : tensor<4x3xf32> -> tensor<3xf32>
// A-NEXT:   %count = taso.constant 3.0 : tensor<3xf32>
// A-NEXT:   %mean = taso.div %sum, %count : tensor<3xf32>
// A-NEXT:   func.return %mean : tensor<3xf32>
func.func @sum_over_another_count(%x: tensor<4x3xf32>) -> tensor<3xf32> {
  %sum = taso.reduce_sum %x, axes = [0] : tensor<4x3xf32> -> tensor<3xf32>
  %count = taso.constant 3.0 : tensor<3xf32>
  %mean = taso.div %sum, %count : tensor<3xf32>
  func.return %mean : tensor<3xf32>
}

// B-LABEL: func.func @mean_as_sum(
// B-NEXT:   %0 = taso.reduce_sum %x, axes = [0] : tensor<4x5xf32> -> tensor<5xf32>
// B-NEXT:   %1 = taso.constant 0.25 : tensor<f32>
// B-NEXT:   %2 = taso.broadcast %1, dims = [] : tensor<f32> -> tensor<5xf32>
// B-NEXT:   %reduce_mean = taso.mul %0, %2 : tensor<5xf32>
// B-NEXT:   func.return %reduce_mean : tensor<5xf32>
func.func @mean_as_sum(%x: tensor<4x5xf32>) -> tensor<5xf32> {
  %reduce_mean = taso.reduce_mean %x, axes = [0] : tensor<4x5xf32> -> tensor<5xf32>
  func.return %reduce_mean : tensor<5xf32>
}
