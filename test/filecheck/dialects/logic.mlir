// RUN: taso-opt %s --print-op-generic | taso-opt | taso-opt | filecheck %s

// CHECK-LABEL: func.func @logic
func.func @logic(%a: tensor<2x3xi1>, %b: tensor<2x3xi1>, %i: tensor<i32>) {
  // CHECK: taso.and %a, %b : tensor<2x3xi1>
  %and = taso.and %a, %b : tensor<2x3xi1>
  // CHECK: taso.or %i, %i : tensor<i32>
  %or = taso.or %i, %i : tensor<i32>
  // CHECK: taso.xor %a, %b : tensor<2x3xi1>
  %xor = taso.xor %a, %b : tensor<2x3xi1>
  // CHECK: taso.not %i : tensor<i32>
  %not = taso.not %i : tensor<i32>
  func.return
}
