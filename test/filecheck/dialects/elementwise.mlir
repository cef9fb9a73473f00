// RUN: taso-opt %s --print-op-generic | taso-opt | taso-opt | filecheck %s

// CHECK-LABEL: func.func @unary
func.func @unary(%a: tensor<2x3xf32>, %i: tensor<4xi32>) {
  // CHECK: taso.neg %i : tensor<4xi32>
  %neg = taso.neg %i : tensor<4xi32>
  // CHECK: taso.abs %i : tensor<4xi32>
  %abs = taso.abs %i : tensor<4xi32>
  // CHECK: taso.exp %a : tensor<2x3xf32>
  %exp = taso.exp %a : tensor<2x3xf32>
  // CHECK: taso.log %a : tensor<2x3xf32>
  %log = taso.log %a : tensor<2x3xf32>
  // CHECK: taso.sqrt %a : tensor<2x3xf32>
  %sqrt = taso.sqrt %a : tensor<2x3xf32>
  // CHECK: taso.rsqrt %a : tensor<2x3xf32>
  %rsqrt = taso.rsqrt %a : tensor<2x3xf32>
  // CHECK: taso.tanh %a : tensor<2x3xf32>
  %tanh = taso.tanh %a : tensor<2x3xf32>
  // CHECK: taso.erf %a : tensor<2x3xf32>
  %erf = taso.erf %a : tensor<2x3xf32>
  // CHECK: taso.sin %a : tensor<2x3xf32>
  %sin = taso.sin %a : tensor<2x3xf32>
  // CHECK: taso.cos %a : tensor<2x3xf32>
  %cos = taso.cos %a : tensor<2x3xf32>
  func.return
}

// CHECK-LABEL: func.func @binary
func.func @binary(%a: tensor<0x3xbf16>, %b: tensor<0x3xbf16>, %s: tensor<i64>) {
  // CHECK: taso.add %a, %b : tensor<0x3xbf16>
  %add = taso.add %a, %b : tensor<0x3xbf16>
  // CHECK: taso.sub %s, %s : tensor<i64>
  %sub = taso.sub %s, %s : tensor<i64>
  // CHECK: taso.mul %a, %b {hint = 1 : i64} : tensor<0x3xbf16>
  %mul = taso.mul %a, %b {hint = 1 : i64} : tensor<0x3xbf16>
  // CHECK: taso.div %a, %b : tensor<0x3xbf16>
  %div = taso.div %a, %b : tensor<0x3xbf16>
  // CHECK: taso.max %s, %s : tensor<i64>
  %max = taso.max %s, %s : tensor<i64>
  // CHECK: taso.min %a, %b : tensor<0x3xbf16>
  %min = taso.min %a, %b : tensor<0x3xbf16>
  // CHECK: taso.pow %a, %b : tensor<0x3xbf16>
  %pow = taso.pow %a, %b : tensor<0x3xbf16>
  func.return
}

// CHECK-LABEL: func.func @cast
func.func @cast(%a: tensor<2xf32>) {
  // CHECK: taso.cast %a : tensor<2xf32> -> tensor<2xf16>
  %half = taso.cast %a : tensor<2xf32> -> tensor<2xf16>
  // CHECK: taso.cast %half : tensor<2xf16> -> tensor<2xi1>
  %bool = taso.cast %half : tensor<2xf16> -> tensor<2xi1>
  func.return
}
