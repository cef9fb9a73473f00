// RUN: taso-opt %s --print-op-generic | taso-opt | taso-opt | filecheck %s

// CHECK-LABEL: func.func @gather
func.func @gather(%t: tensor<7x3x4xf16>, %i: tensor<2x5xi64>, %j: tensor<i32>) {
  // CHECK: taso.gather %t, %i, axis = 0 : tensor<7x3x4xf16>, tensor<2x5xi64> -> tensor<2x5x3x4xf16>
  %rows = taso.gather %t, %i, axis = 0 : tensor<7x3x4xf16>, tensor<2x5xi64> -> tensor<2x5x3x4xf16>
  // CHECK: taso.gather %t, %j, axis = 1 : tensor<7x3x4xf16>, tensor<i32> -> tensor<7x4xf16>
  %one = taso.gather %t, %j, axis = 1 : tensor<7x3x4xf16>, tensor<i32> -> tensor<7x4xf16>
  func.return
}
