// RUN: taso-opt %s --print-op-generic | taso-opt | taso-opt | filecheck %s

// CHECK-LABEL: func.func @composite
func.func @composite(%x: tensor<2x3x4xf32>, %g: tensor<4xf32>, %c: tensor<3xf32>) {
  // CHECK: taso.softmax %x, axis = 1 : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  %softmax = taso.softmax %x, axis = 1 : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  // CHECK: taso.layer_norm %x, %g, %g, eps = 1.0e-05 : tensor<2x3x4xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<2x3x4xf32>
  %layer_norm = taso.layer_norm %x, %g, %g, eps = 1.0e-05 : tensor<2x3x4xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<2x3x4xf32>
  // CHECK: taso.batch_norm %x, %c, %c, axis = 1, eps = 0.001, correction = 1 {hint = "keep"} : tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<2x3x4xf32>
  %batch_norm = taso.batch_norm %x, %c, %c, axis = 1, eps = 0.001, correction = 1 {hint = "keep"} : tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<2x3x4xf32>
  // CHECK: taso.log_softmax %x, axis = 0 : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  %log_softmax = taso.log_softmax %x, axis = 0 : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  // CHECK: taso.rms_norm %x, %g, eps = 1.0e-06 : tensor<2x3x4xf32>, tensor<4xf32> -> tensor<2x3x4xf32>
  %rms_norm = taso.rms_norm %x, %g, eps = 1.0e-06 : tensor<2x3x4xf32>, tensor<4xf32> -> tensor<2x3x4xf32>
  // CHECK: taso.group_norm %x, %c, %c, groups = 3, eps = 1.0e-05 : tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<2x3x4xf32>
  %group_norm = taso.group_norm %x, %c, %c, groups = 3, eps = 1.0e-05 : tensor<2x3x4xf32>, tensor<3xf32>, tensor<3xf32> -> tensor<2x3x4xf32>
  func.return
}

// CHECK-LABEL: func.func @attention
func.func @attention(%q: tensor<2x3x4xf32>, %k: tensor<2x5x4xf32>, %v: tensor<2x5x6xf32>, %m: tensor<2x3x5xf32>) {
  // CHECK: taso.attention %q, %k, %v, scale = 0.5, causal = false : tensor<2x3x4xf32>, tensor<2x5x4xf32>, tensor<2x5x6xf32> -> tensor<2x3x6xf32>
  %attention = taso.attention %q, %k, %v, scale = 0.5, causal = false : tensor<2x3x4xf32>, tensor<2x5x4xf32>, tensor<2x5x6xf32> -> tensor<2x3x6xf32>
  // CHECK: taso.attention %q, %k, %v, %m, scale = 1.0, causal = true : tensor<2x3x4xf32>, tensor<2x5x4xf32>, tensor<2x5x6xf32>, tensor<2x3x5xf32> -> tensor<2x3x6xf32>
  %masked = taso.attention %q, %k, %v, %m, scale = 1.0, causal = true : tensor<2x3x4xf32>, tensor<2x5x4xf32>, tensor<2x5x6xf32>, tensor<2x3x5xf32> -> tensor<2x3x6xf32>
  func.return
}
