// RUN: taso-opt %s --print-op-generic | taso-opt | taso-opt | filecheck %s

// CHECK-LABEL: func.func @kernel
func.func @kernel(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>) {
  // CHECK: %one = taso.kernel(%x = %a : tensor<2x3xf32>, %y = %b : tensor<2x3xf32>) -> tensor<2x3xf32> {
  %one = taso.kernel(%x = %a : tensor<2x3xf32>, %y = %b : tensor<2x3xf32>) -> tensor<2x3xf32> {
    // CHECK: %sum = taso.add %x, %y : tensor<2x3xf32>
    %sum = taso.add %x, %y : tensor<2x3xf32>
    // CHECK: taso.yield %sum : tensor<2x3xf32>
    taso.yield %sum : tensor<2x3xf32>
  }
  // CHECK: %two, %three = taso.kernel(%x = %one : tensor<2x3xf32>) -> tensor<2x3xf32>, tensor<3x2xf32> attributes {hint = "keep"} {
  %two, %three = taso.kernel(%x = %one : tensor<2x3xf32>) -> tensor<2x3xf32>, tensor<3x2xf32> attributes {hint = "keep"} {
    // CHECK: %exp = taso.exp %x : tensor<2x3xf32>
    %exp = taso.exp %x : tensor<2x3xf32>
    // CHECK: %t = taso.transpose %x, perm = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
    %t = taso.transpose %x, perm = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
    // CHECK: taso.yield {last = true} %exp, %t : tensor<2x3xf32>, tensor<3x2xf32>
    taso.yield {last = true} %exp, %t : tensor<2x3xf32>, tensor<3x2xf32>
  }
  // CHECK: %fill = taso.kernel() -> tensor<2xf32> {
  %fill = taso.kernel() -> tensor<2xf32> {
    // CHECK: %zero = taso.constant 0.0 : tensor<2xf32>
    %zero = taso.constant 0.0 : tensor<2xf32>
    // CHECK: taso.yield %zero : tensor<2xf32>
    taso.yield %zero : tensor<2xf32>
  }
  func.return
}
