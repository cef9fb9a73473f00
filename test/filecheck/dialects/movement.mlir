// RUN: taso-opt %s --print-op-generic | taso-opt | taso-opt | filecheck %s

// CHECK-LABEL: func.func @constant
func.func @constant() {
  // CHECK: taso.constant 0.0 : tensor<1000x1000xf32>
  %zero = taso.constant 0.0 : tensor<1000x1000xf32>
  // CHECK: taso.constant 0.1 {hint = "keep"} : tensor<f16>
  %tenth = taso.constant 0.1 {hint = "keep"} : tensor<f16>
  // CHECK: taso.constant -inf : tensor<2xbf16>
  %minus_inf = taso.constant -inf : tensor<2xbf16>
  // CHECK: taso.constant nan : tensor<f64>
  %nan = taso.constant nan : tensor<f64>
  // CHECK: taso.constant dense<"0x0100C0FF"> : tensor<3xf32>
  %payload = taso.constant dense<"0x0100C0FF"> : tensor<3xf32>
  // CHECK: taso.constant 16777217.0 : tensor<f64>
  %whole = taso.constant 16777217.0 : tensor<f64>
  // CHECK: taso.constant -7 : tensor<3xi32>
  %int = taso.constant -7 : tensor<3xi32>
  // CHECK: taso.constant true : tensor<2x2xi1>
  %true = taso.constant true : tensor<2x2xi1>
  // CHECK: taso.constant dense<{{\[\[}}1.0, 1.0e-05], [-0.5, 3.0]]> {hint = "keep"} : tensor<2x2xf32>
  %list = taso.constant dense<[[1.0, 1.0e-05], [-0.5, 3.0]]> {hint = "keep"} : tensor<2x2xf32>
  // CHECK: taso.constant dense<[true, false]> : tensor<2xi1>
  %bools = taso.constant dense<[true, false]> : tensor<2xi1>
  // CHECK: taso.constant dense<"0x00000000000080FF"> : tensor<2xf32>
  %mask = taso.constant dense<"0x00000000000080FF"> : tensor<2xf32>
  // CHECK: taso.constant dense<> : tensor<0x4xi64>
  %empty = taso.constant dense<> : tensor<0x4xi64>
  func.return
}

// CHECK-LABEL: func.func @view
func.func @view(%a: tensor<2x3x4xf32>, %s: tensor<f32>) {
  // CHECK: taso.transpose %a, perm = [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  %transpose = taso.transpose %a, perm = [2, 0, 1] : tensor<2x3x4xf32> -> tensor<4x2x3xf32>
  // CHECK: taso.transpose %s, perm = [] : tensor<f32> -> tensor<f32>
  %identity = taso.transpose %s, perm = [] : tensor<f32> -> tensor<f32>
  // CHECK: taso.reshape %a : tensor<2x3x4xf32> -> tensor<6x4xf32>
  %reshape = taso.reshape %a : tensor<2x3x4xf32> -> tensor<6x4xf32>
  // CHECK: taso.broadcast %a, dims = [0, 2, 3] : tensor<2x3x4xf32> -> tensor<2x5x3x4xf32>
  %broadcast = taso.broadcast %a, dims = [0, 2, 3] : tensor<2x3x4xf32> -> tensor<2x5x3x4xf32>
  // CHECK: taso.broadcast %s, dims = [] : tensor<f32> -> tensor<7xf32>
  %scalar = taso.broadcast %s, dims = [] : tensor<f32> -> tensor<7xf32>
  // CHECK: taso.slice %a, axis = 1, start = 1, stop = 3 : tensor<2x3x4xf32> -> tensor<2x2x4xf32>
  %slice = taso.slice %a, axis = 1, start = 1, stop = 3 : tensor<2x3x4xf32> -> tensor<2x2x4xf32>
  // CHECK: taso.split %a, axis = 2, sizes = [1, 3] {hint = "keep"} : tensor<2x3x4xf32> -> tensor<2x3x1xf32>, tensor<2x3x3xf32>
  %split, %rest = taso.split %a, axis = 2, sizes = [1, 3] {hint = "keep"} : tensor<2x3x4xf32> -> tensor<2x3x1xf32>, tensor<2x3x3xf32>
  func.return
}

// CHECK-LABEL: func.func @concat
func.func @concat(%a: tensor<2x3xf32>, %b: tensor<2x1xf32>) {
  // CHECK: taso.concat %a, %b, %a, axis = 1 : tensor<2x3xf32>, tensor<2x1xf32>, tensor<2x3xf32> -> tensor<2x7xf32>
  %concat = taso.concat %a, %b, %a, axis = 1 : tensor<2x3xf32>, tensor<2x1xf32>, tensor<2x3xf32> -> tensor<2x7xf32>
  func.return
}
