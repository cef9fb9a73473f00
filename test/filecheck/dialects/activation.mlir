// RUN: taso-opt %s --print-op-generic | taso-opt | taso-opt | filecheck %s

// CHECK-LABEL: func.func @activation
func.func @activation(%a: tensor<2x3xf32>, %i: tensor<4xi32>) {
  // CHECK: taso.relu %i : tensor<4xi32>
  %relu = taso.relu %i : tensor<4xi32>
  // CHECK: taso.gelu %a, approximate = "none" : tensor<2x3xf32>
  %gelu = taso.gelu %a, approximate = "none" : tensor<2x3xf32>
  // CHECK: taso.gelu %a, approximate = "tanh" {hint = "keep"} : tensor<2x3xf32>
  %gelu_tanh = taso.gelu %a, approximate = "tanh" {hint = "keep"} : tensor<2x3xf32>
  // CHECK: taso.sigmoid %a : tensor<2x3xf32>
  %sigmoid = taso.sigmoid %a : tensor<2x3xf32>
  // CHECK: taso.silu %a : tensor<2x3xf32>
  %silu = taso.silu %a : tensor<2x3xf32>
  func.return
}
