// RUN: taso-opt %s --print-op-generic | taso-opt | taso-opt | filecheck %s

// CHECK-LABEL: func.func @reduction
func.func @reduction(%a: tensor<2x3x4xf32>, %i: tensor<2x3xi64>, %p: tensor<2x3xi1>) {
  // CHECK: taso.reduce_sum %i, axes = [0, 1] : tensor<2x3xi64> -> tensor<i64>
  %sum = taso.reduce_sum %i, axes = [0, 1] : tensor<2x3xi64> -> tensor<i64>
  // CHECK: taso.reduce_max %a, axes = [2] : tensor<2x3x4xf32> -> tensor<2x3xf32>
  %max = taso.reduce_max %a, axes = [2] : tensor<2x3x4xf32> -> tensor<2x3xf32>
  // CHECK: taso.reduce_mean %a, axes = [0, 2] {hint = "keep"} : tensor<2x3x4xf32> -> tensor<3xf32>
  %mean = taso.reduce_mean %a, axes = [0, 2] {hint = "keep"} : tensor<2x3x4xf32> -> tensor<3xf32>
  // CHECK: taso.var %a, axes = [1], correction = 1 : tensor<2x3x4xf32> -> tensor<2x4xf32>
  %var = taso.var %a, axes = [1], correction = 1 : tensor<2x3x4xf32> -> tensor<2x4xf32>
  // CHECK: taso.reduce_min %p, axes = [1] : tensor<2x3xi1> -> tensor<2xi1>
  %all = taso.reduce_min %p, axes = [1] : tensor<2x3xi1> -> tensor<2xi1>
  // CHECK: taso.argmax %a, axis = 1 : tensor<2x3x4xf32> -> tensor<2x4xi64>
  %argmax = taso.argmax %a, axis = 1 : tensor<2x3x4xf32> -> tensor<2x4xi64>
  // CHECK: taso.argmin %i, axis = 0 : tensor<2x3xi64> -> tensor<3xi64>
  %argmin = taso.argmin %i, axis = 0 : tensor<2x3xi64> -> tensor<3xi64>
  func.return
}
