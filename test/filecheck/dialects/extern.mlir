// RUN: taso-opt %s --print-op-generic | taso-opt | taso-opt | filecheck %s

// CHECK-LABEL: func.func @extern
func.func @extern(%a: tensor<4x3xf32>, %i: tensor<2xi64>) {
  // CHECK: %r = taso.extern %a, overload = "aten.roll.default", arguments = "$0, [1], [0]", random = false : tensor<4x3xf32> -> tensor<4x3xf32>
  %r = taso.extern %a, overload = "aten.roll.default", arguments = "$0, [1], [0]", random = false : tensor<4x3xf32> -> tensor<4x3xf32>
  // CHECK: %v, %j = taso.extern %a, overload = "aten.sort.default", arguments = "$0, 0, True", random = false {hint = "keep"} : tensor<4x3xf32> -> tensor<4x3xf32>, tensor<4x3xi64>
  %v, %j = taso.extern %a, overload = "aten.sort.default", arguments = "$0, 0, True", random = false {hint = "keep"} : tensor<4x3xf32> -> tensor<4x3xf32>, tensor<4x3xi64>
  // CHECK: taso.extern %a, %i, overload = "aten.index.Tensor", arguments = "$0, [None, $1]", random = false : tensor<4x3xf32>, tensor<2xi64> -> tensor<4x2xf32>
  %p = taso.extern %a, %i, overload = "aten.index.Tensor", arguments = "$0, [None, $1]", random = false : tensor<4x3xf32>, tensor<2xi64> -> tensor<4x2xf32>
  // CHECK: taso.extern overload = "aten.rand.default", arguments = "[2, 3], dtype=float16", random = true : -> tensor<2x3xf16>
  %n = taso.extern overload = "aten.rand.default", arguments = "[2, 3], dtype=float16", random = true : -> tensor<2x3xf16>
  // CHECK: taso.extern %a, overload = "aten.clamp.default", arguments = "$0, -inf, 1.5", random = false : tensor<4x3xf32> -> tensor<4x3xf32>
  %c = taso.extern %a, overload = "aten.clamp.default", arguments = "$0, -inf, 1.5", random = false : tensor<4x3xf32> -> tensor<4x3xf32>
  func.return
}
