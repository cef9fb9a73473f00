// RUN: taso-opt %s -p 'taso-apply-rules{rules=broadcast-compose,broadcast-identity,broadcast-reshape-compose,broadcast-reshape-identity,broadcast-exp,broadcast-sin,broadcast-abs,broadcast-erf,broadcast-cos,broadcast-log,broadcast-neg,broadcast-rsqrt,broadcast-sqrt,broadcast-gelu,broadcast-relu,broadcast-sigmoid,broadcast-silu,broadcast-tanh,broadcast-add,broadcast-div,broadcast-max,broadcast-min,broadcast-mul,broadcast-sub,broadcast-add-constant,broadcast-div-constant,broadcast-max-constant,broadcast-min-constant,broadcast-mul-constant,broadcast-sub-constant,broadcast-reshape-add-constant,broadcast-reshape-div-constant,broadcast-reshape-exp,broadcast-reshape-gelu,broadcast-reshape-log,broadcast-reshape-max-constant,broadcast-reshape-mul-constant,broadcast-reshape-neg,broadcast-reshape-relu,broadcast-reshape-rsqrt,broadcast-reshape-sqrt,broadcast-reshape-sub-constant,broadcast-reshape-tanh,broadcast-reshape-abs,broadcast-reshape-cos,broadcast-reshape-erf,broadcast-reshape-sin,broadcast-reshape-sigmoid,broadcast-reshape-silu,broadcast-reshape-min-constant}' | filecheck %s

// Broadcasts and reshapes compose, vanish, and move out of element-wise ops.

// CHECK-LABEL: func.func @compose(
// CHECK-NEXT:   %broadcast = taso.broadcast %x, dims = [2] : tensor<2xf32> -> tensor<1x1x2xf32>
// CHECK-NEXT:   func.return %broadcast : tensor<1x1x2xf32>
func.func @compose(%x: tensor<2xf32>) -> tensor<1x1x2xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<2xf32> -> tensor<1x2xf32>
  %broadcast_1 = taso.broadcast %broadcast, dims = [0, 2] : tensor<1x2xf32> -> tensor<1x1x2xf32>
  func.return %broadcast_1 : tensor<1x1x2xf32>
}

// CHECK-LABEL: func.func @identity(
// CHECK-NEXT:   func.return %x : tensor<3xf32>
func.func @identity(%x: tensor<3xf32>) -> tensor<3xf32> {
  %broadcast = taso.broadcast %x, dims = [0] : tensor<3xf32> -> tensor<3xf32>
  func.return %broadcast : tensor<3xf32>
}

// CHECK-LABEL: func.func @reshape_compose(
// CHECK-NEXT:   %reshape = taso.reshape %x : tensor<5x3xf32> -> tensor<15x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<15x1xf32>
func.func @reshape_compose(%x: tensor<5x3xf32>) -> tensor<15x1xf32> {
  %reshape = taso.reshape %x : tensor<5x3xf32> -> tensor<15xf32>
  %reshape_1 = taso.reshape %reshape : tensor<15xf32> -> tensor<15x1xf32>
  func.return %reshape_1 : tensor<15x1xf32>
}

// CHECK-LABEL: func.func @reshape_identity(
// CHECK-NEXT:   func.return %x : tensor<5xf32>
func.func @reshape_identity(%x: tensor<5xf32>) -> tensor<5xf32> {
  %reshape = taso.reshape %x : tensor<5xf32> -> tensor<5xf32>
  func.return %reshape : tensor<5xf32>
}

// CHECK-LABEL: func.func @reshape_add_constant(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<3x2xf32> -> tensor<1x3x2xf32>
// CHECK-NEXT:   %1 = taso.constant 3.0 : tensor<f32>
// CHECK-NEXT:   %2 = taso.broadcast %1, dims = [] : tensor<f32> -> tensor<1x3x2xf32>
// CHECK-NEXT:   %reshape = taso.add %0, %2 : tensor<1x3x2xf32>
// CHECK-NEXT:   func.return %reshape : tensor<1x3x2xf32>
func.func @reshape_add_constant(%x: tensor<3x2xf32>) -> tensor<1x3x2xf32> {
  %splat = taso.constant 3.0 : tensor<3x2xf32>
  %add = taso.add %x, %splat : tensor<3x2xf32>
  %reshape = taso.reshape %add : tensor<3x2xf32> -> tensor<1x3x2xf32>
  func.return %reshape : tensor<1x3x2xf32>
}

// CHECK-LABEL: func.func @reshape_div_constant(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<3x2xf32> -> tensor<1x3x2xf32>
// CHECK-NEXT:   %1 = taso.constant 3.0 : tensor<f32>
// CHECK-NEXT:   %2 = taso.broadcast %1, dims = [] : tensor<f32> -> tensor<1x3x2xf32>
// CHECK-NEXT:   %reshape = taso.div %0, %2 : tensor<1x3x2xf32>
// CHECK-NEXT:   func.return %reshape : tensor<1x3x2xf32>
func.func @reshape_div_constant(%x: tensor<3x2xf32>) -> tensor<1x3x2xf32> {
  %splat = taso.constant 3.0 : tensor<3x2xf32>
  %div = taso.div %x, %splat : tensor<3x2xf32>
  %reshape = taso.reshape %div : tensor<3x2xf32> -> tensor<1x3x2xf32>
  func.return %reshape : tensor<1x3x2xf32>
}

// CHECK-LABEL: func.func @reshape_exp(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   %reshape = taso.exp %0 : tensor<4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x1xf32>
func.func @reshape_exp(%x: tensor<4xf32>) -> tensor<4x1xf32> {
  %exp = taso.exp %x : tensor<4xf32>
  %reshape = taso.reshape %exp : tensor<4xf32> -> tensor<4x1xf32>
  func.return %reshape : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @reshape_gelu(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4x2x4xf32> -> tensor<4x2x4x1xf32>
// CHECK-NEXT:   %reshape = taso.gelu %0, approximate = "tanh" : tensor<4x2x4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x2x4x1xf32>
func.func @reshape_gelu(%x: tensor<4x2x4xf32>) -> tensor<4x2x4x1xf32> {
  %gelu = taso.gelu %x, approximate = "tanh" : tensor<4x2x4xf32>
  %reshape = taso.reshape %gelu : tensor<4x2x4xf32> -> tensor<4x2x4x1xf32>
  func.return %reshape : tensor<4x2x4x1xf32>
}

// CHECK-LABEL: func.func @reshape_log(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   %reshape = taso.log %0 : tensor<4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x1xf32>
func.func @reshape_log(%x: tensor<4xf32>) -> tensor<4x1xf32> {
  %log = taso.log %x : tensor<4xf32>
  %reshape = taso.reshape %log : tensor<4xf32> -> tensor<4x1xf32>
  func.return %reshape : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @reshape_max_constant(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<3x2xf32> -> tensor<1x3x2xf32>
// CHECK-NEXT:   %1 = taso.constant 3.0 : tensor<f32>
// CHECK-NEXT:   %2 = taso.broadcast %1, dims = [] : tensor<f32> -> tensor<1x3x2xf32>
// CHECK-NEXT:   %reshape = taso.max %0, %2 : tensor<1x3x2xf32>
// CHECK-NEXT:   func.return %reshape : tensor<1x3x2xf32>
func.func @reshape_max_constant(%x: tensor<3x2xf32>) -> tensor<1x3x2xf32> {
  %splat = taso.constant 3.0 : tensor<3x2xf32>
  %max = taso.max %x, %splat : tensor<3x2xf32>
  %reshape = taso.reshape %max : tensor<3x2xf32> -> tensor<1x3x2xf32>
  func.return %reshape : tensor<1x3x2xf32>
}

// CHECK-LABEL: func.func @reshape_mul_constant(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<3x2xf32> -> tensor<1x3x2xf32>
// CHECK-NEXT:   %1 = taso.constant 3.0 : tensor<f32>
// CHECK-NEXT:   %2 = taso.broadcast %1, dims = [] : tensor<f32> -> tensor<1x3x2xf32>
// CHECK-NEXT:   %reshape = taso.mul %0, %2 : tensor<1x3x2xf32>
// CHECK-NEXT:   func.return %reshape : tensor<1x3x2xf32>
func.func @reshape_mul_constant(%x: tensor<3x2xf32>) -> tensor<1x3x2xf32> {
  %splat = taso.constant 3.0 : tensor<3x2xf32>
  %mul = taso.mul %x, %splat : tensor<3x2xf32>
  %reshape = taso.reshape %mul : tensor<3x2xf32> -> tensor<1x3x2xf32>
  func.return %reshape : tensor<1x3x2xf32>
}

// CHECK-LABEL: func.func @reshape_neg(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   %reshape = taso.neg %0 : tensor<4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x1xf32>
func.func @reshape_neg(%x: tensor<4xf32>) -> tensor<4x1xf32> {
  %neg = taso.neg %x : tensor<4xf32>
  %reshape = taso.reshape %neg : tensor<4xf32> -> tensor<4x1xf32>
  func.return %reshape : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @reshape_relu(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   %reshape = taso.relu %0 : tensor<4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x1xf32>
func.func @reshape_relu(%x: tensor<4xf32>) -> tensor<4x1xf32> {
  %relu = taso.relu %x : tensor<4xf32>
  %reshape = taso.reshape %relu : tensor<4xf32> -> tensor<4x1xf32>
  func.return %reshape : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @reshape_rsqrt(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   %reshape = taso.rsqrt %0 : tensor<4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x1xf32>
func.func @reshape_rsqrt(%x: tensor<4xf32>) -> tensor<4x1xf32> {
  %rsqrt = taso.rsqrt %x : tensor<4xf32>
  %reshape = taso.reshape %rsqrt : tensor<4xf32> -> tensor<4x1xf32>
  func.return %reshape : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @reshape_sqrt(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   %reshape = taso.sqrt %0 : tensor<4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x1xf32>
func.func @reshape_sqrt(%x: tensor<4xf32>) -> tensor<4x1xf32> {
  %sqrt = taso.sqrt %x : tensor<4xf32>
  %reshape = taso.reshape %sqrt : tensor<4xf32> -> tensor<4x1xf32>
  func.return %reshape : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @reshape_sub_constant(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<3x2xf32> -> tensor<1x3x2xf32>
// CHECK-NEXT:   %1 = taso.constant 3.0 : tensor<f32>
// CHECK-NEXT:   %2 = taso.broadcast %1, dims = [] : tensor<f32> -> tensor<1x3x2xf32>
// CHECK-NEXT:   %reshape = taso.sub %0, %2 : tensor<1x3x2xf32>
// CHECK-NEXT:   func.return %reshape : tensor<1x3x2xf32>
func.func @reshape_sub_constant(%x: tensor<3x2xf32>) -> tensor<1x3x2xf32> {
  %splat = taso.constant 3.0 : tensor<3x2xf32>
  %sub = taso.sub %x, %splat : tensor<3x2xf32>
  %reshape = taso.reshape %sub : tensor<3x2xf32> -> tensor<1x3x2xf32>
  func.return %reshape : tensor<1x3x2xf32>
}

// CHECK-LABEL: func.func @reshape_tanh(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   %reshape = taso.tanh %0 : tensor<4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x1xf32>
func.func @reshape_tanh(%x: tensor<4xf32>) -> tensor<4x1xf32> {
  %tanh = taso.tanh %x : tensor<4xf32>
  %reshape = taso.reshape %tanh : tensor<4xf32> -> tensor<4x1xf32>
  func.return %reshape : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @exp(
// CHECK-NEXT:   %0 = taso.exp %x : tensor<4xf32>
// CHECK-NEXT:   %exp = taso.broadcast %0, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
// CHECK-NEXT:   func.return %exp : tensor<5x4xf32>
func.func @exp(%x: tensor<4xf32>) -> tensor<5x4xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
  %exp = taso.exp %broadcast : tensor<5x4xf32>
  func.return %exp : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @sin(
// CHECK-NEXT:   %0 = taso.sin %x : tensor<4xf32>
// CHECK-NEXT:   %sin = taso.broadcast %0, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
// CHECK-NEXT:   func.return %sin : tensor<5x4xf32>
func.func @sin(%x: tensor<4xf32>) -> tensor<5x4xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
  %sin = taso.sin %broadcast : tensor<5x4xf32>
  func.return %sin : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @abs(
// CHECK-NEXT:   %0 = taso.abs %x : tensor<4xf32>
// CHECK-NEXT:   %abs = taso.broadcast %0, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
// CHECK-NEXT:   func.return %abs : tensor<5x4xf32>
func.func @abs(%x: tensor<4xf32>) -> tensor<5x4xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
  %abs = taso.abs %broadcast : tensor<5x4xf32>
  func.return %abs : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @erf(
// CHECK-NEXT:   %0 = taso.erf %x : tensor<4xf32>
// CHECK-NEXT:   %erf = taso.broadcast %0, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
// CHECK-NEXT:   func.return %erf : tensor<5x4xf32>
func.func @erf(%x: tensor<4xf32>) -> tensor<5x4xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
  %erf = taso.erf %broadcast : tensor<5x4xf32>
  func.return %erf : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @cos(
// CHECK-NEXT:   %0 = taso.cos %x : tensor<4xf32>
// CHECK-NEXT:   %cos = taso.broadcast %0, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
// CHECK-NEXT:   func.return %cos : tensor<5x4xf32>
func.func @cos(%x: tensor<4xf32>) -> tensor<5x4xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
  %cos = taso.cos %broadcast : tensor<5x4xf32>
  func.return %cos : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @log(
// CHECK-NEXT:   %0 = taso.log %x : tensor<2xf32>
// CHECK-NEXT:   %log = taso.broadcast %0, dims = [1] : tensor<2xf32> -> tensor<0x2xf32>
// CHECK-NEXT:   func.return %log : tensor<0x2xf32>
func.func @log(%x: tensor<2xf32>) -> tensor<0x2xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<2xf32> -> tensor<0x2xf32>
  %log = taso.log %broadcast : tensor<0x2xf32>
  func.return %log : tensor<0x2xf32>
}

// CHECK-LABEL: func.func @neg(
// CHECK-NEXT:   %0 = taso.neg %x : tensor<4xf32>
// CHECK-NEXT:   %neg = taso.broadcast %0, dims = [1] : tensor<4xf32> -> tensor<2x4xf32>
// CHECK-NEXT:   func.return %neg : tensor<2x4xf32>
func.func @neg(%x: tensor<4xf32>) -> tensor<2x4xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<4xf32> -> tensor<2x4xf32>
  %neg = taso.neg %broadcast : tensor<2x4xf32>
  func.return %neg : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @rsqrt(
// CHECK-NEXT:   %0 = taso.rsqrt %x : tensor<5xf32>
// CHECK-NEXT:   %rsqrt = taso.broadcast %0, dims = [1] : tensor<5xf32> -> tensor<3x5xf32>
// CHECK-NEXT:   func.return %rsqrt : tensor<3x5xf32>
func.func @rsqrt(%x: tensor<5xf32>) -> tensor<3x5xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<5xf32> -> tensor<3x5xf32>
  %rsqrt = taso.rsqrt %broadcast : tensor<3x5xf32>
  func.return %rsqrt : tensor<3x5xf32>
}

// CHECK-LABEL: func.func @sqrt(
// CHECK-NEXT:   %0 = taso.sqrt %x : tensor<3xf32>
// CHECK-NEXT:   %sqrt = taso.broadcast %0, dims = [1] : tensor<3xf32> -> tensor<1x3xf32>
// CHECK-NEXT:   func.return %sqrt : tensor<1x3xf32>
func.func @sqrt(%x: tensor<3xf32>) -> tensor<1x3xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<3xf32> -> tensor<1x3xf32>
  %sqrt = taso.sqrt %broadcast : tensor<1x3xf32>
  func.return %sqrt : tensor<1x3xf32>
}

// CHECK-LABEL: func.func @gelu(
// CHECK-NEXT:   %0 = taso.gelu %x, approximate = "tanh" : tensor<5xf32>
// CHECK-NEXT:   %gelu = taso.broadcast %0, dims = [1] : tensor<5xf32> -> tensor<5x5xf32>
// CHECK-NEXT:   func.return %gelu : tensor<5x5xf32>
func.func @gelu(%x: tensor<5xf32>) -> tensor<5x5xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<5xf32> -> tensor<5x5xf32>
  %gelu = taso.gelu %broadcast, approximate = "tanh" : tensor<5x5xf32>
  func.return %gelu : tensor<5x5xf32>
}

// CHECK-LABEL: func.func @relu(
// CHECK-NEXT:   %0 = taso.relu %x : tensor<5xf32>
// CHECK-NEXT:   %relu = taso.broadcast %0, dims = [1] : tensor<5xf32> -> tensor<1x5xf32>
// CHECK-NEXT:   func.return %relu : tensor<1x5xf32>
func.func @relu(%x: tensor<5xf32>) -> tensor<1x5xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<5xf32> -> tensor<1x5xf32>
  %relu = taso.relu %broadcast : tensor<1x5xf32>
  func.return %relu : tensor<1x5xf32>
}

// CHECK-LABEL: func.func @sigmoid(
// CHECK-NEXT:   %0 = taso.sigmoid %x : tensor<5xf32>
// CHECK-NEXT:   %sigmoid = taso.broadcast %0, dims = [1] : tensor<5xf32> -> tensor<1x5xf32>
// CHECK-NEXT:   func.return %sigmoid : tensor<1x5xf32>
func.func @sigmoid(%x: tensor<5xf32>) -> tensor<1x5xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<5xf32> -> tensor<1x5xf32>
  %sigmoid = taso.sigmoid %broadcast : tensor<1x5xf32>
  func.return %sigmoid : tensor<1x5xf32>
}

// CHECK-LABEL: func.func @silu(
// CHECK-NEXT:   %0 = taso.silu %x : tensor<5xf32>
// CHECK-NEXT:   %silu = taso.broadcast %0, dims = [1] : tensor<5xf32> -> tensor<1x5xf32>
// CHECK-NEXT:   func.return %silu : tensor<1x5xf32>
func.func @silu(%x: tensor<5xf32>) -> tensor<1x5xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<5xf32> -> tensor<1x5xf32>
  %silu = taso.silu %broadcast : tensor<1x5xf32>
  func.return %silu : tensor<1x5xf32>
}

// CHECK-LABEL: func.func @tanh(
// CHECK-NEXT:   %0 = taso.tanh %x : tensor<5xf32>
// CHECK-NEXT:   %tanh = taso.broadcast %0, dims = [1] : tensor<5xf32> -> tensor<2x5xf32>
// CHECK-NEXT:   func.return %tanh : tensor<2x5xf32>
func.func @tanh(%x: tensor<5xf32>) -> tensor<2x5xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<5xf32> -> tensor<2x5xf32>
  %tanh = taso.tanh %broadcast : tensor<2x5xf32>
  func.return %tanh : tensor<2x5xf32>
}

// CHECK-LABEL: func.func @add(
// CHECK-NEXT:   %0 = taso.add %x, %y : tensor<4xf32>
// CHECK-NEXT:   %add = taso.broadcast %0, dims = [1] : tensor<4xf32> -> tensor<2x4xf32>
// CHECK-NEXT:   func.return %add : tensor<2x4xf32>
func.func @add(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<2x4xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<4xf32> -> tensor<2x4xf32>
  %broadcast_1 = taso.broadcast %y, dims = [1] : tensor<4xf32> -> tensor<2x4xf32>
  %add = taso.add %broadcast, %broadcast_1 : tensor<2x4xf32>
  func.return %add : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @div(
// CHECK-NEXT:   %0 = taso.div %x, %y : tensor<3xf32>
// CHECK-NEXT:   %div = taso.broadcast %0, dims = [1] : tensor<3xf32> -> tensor<3x3xf32>
// CHECK-NEXT:   func.return %div : tensor<3x3xf32>
func.func @div(%x: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<3x3xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<3xf32> -> tensor<3x3xf32>
  %broadcast_1 = taso.broadcast %y, dims = [1] : tensor<3xf32> -> tensor<3x3xf32>
  %div = taso.div %broadcast, %broadcast_1 : tensor<3x3xf32>
  func.return %div : tensor<3x3xf32>
}

// CHECK-LABEL: func.func @max(
// CHECK-NEXT:   %0 = taso.max %x, %y : tensor<2xf32>
// CHECK-NEXT:   %max = taso.broadcast %0, dims = [1] : tensor<2xf32> -> tensor<4x2xf32>
// CHECK-NEXT:   func.return %max : tensor<4x2xf32>
func.func @max(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<4x2xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<2xf32> -> tensor<4x2xf32>
  %broadcast_1 = taso.broadcast %y, dims = [1] : tensor<2xf32> -> tensor<4x2xf32>
  %max = taso.max %broadcast, %broadcast_1 : tensor<4x2xf32>
  func.return %max : tensor<4x2xf32>
}

// CHECK-LABEL: func.func @min(
// CHECK-NEXT:   %0 = taso.min %x, %y : tensor<2xf32>
// CHECK-NEXT:   %min = taso.broadcast %0, dims = [1] : tensor<2xf32> -> tensor<4x2xf32>
// CHECK-NEXT:   func.return %min : tensor<4x2xf32>
func.func @min(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<4x2xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<2xf32> -> tensor<4x2xf32>
  %broadcast_1 = taso.broadcast %y, dims = [1] : tensor<2xf32> -> tensor<4x2xf32>
  %min = taso.min %broadcast, %broadcast_1 : tensor<4x2xf32>
  func.return %min : tensor<4x2xf32>
}

// CHECK-LABEL: func.func @mul(
// CHECK-NEXT:   %0 = taso.mul %x, %y : tensor<2xf32>
// CHECK-NEXT:   %mul = taso.broadcast %0, dims = [1] : tensor<2xf32> -> tensor<2x2xf32>
// CHECK-NEXT:   func.return %mul : tensor<2x2xf32>
func.func @mul(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2x2xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<2xf32> -> tensor<2x2xf32>
  %broadcast_1 = taso.broadcast %y, dims = [1] : tensor<2xf32> -> tensor<2x2xf32>
  %mul = taso.mul %broadcast, %broadcast_1 : tensor<2x2xf32>
  func.return %mul : tensor<2x2xf32>
}

// CHECK-LABEL: func.func @sub(
// CHECK-NEXT:   %0 = taso.sub %x, %y : tensor<2xf32>
// CHECK-NEXT:   %sub = taso.broadcast %0, dims = [1] : tensor<2xf32> -> tensor<3x2xf32>
// CHECK-NEXT:   func.return %sub : tensor<3x2xf32>
func.func @sub(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<3x2xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<2xf32> -> tensor<3x2xf32>
  %broadcast_1 = taso.broadcast %y, dims = [1] : tensor<2xf32> -> tensor<3x2xf32>
  %sub = taso.sub %broadcast, %broadcast_1 : tensor<3x2xf32>
  func.return %sub : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @add_constant(
// CHECK-NEXT:   %0 = taso.constant 3.0 : tensor<2xf32>
// CHECK-NEXT:   %1 = taso.add %x, %0 : tensor<2xf32>
// CHECK-NEXT:   %add = taso.broadcast %1, dims = [1] : tensor<2xf32> -> tensor<5x2xf32>
// CHECK-NEXT:   func.return %add : tensor<5x2xf32>
func.func @add_constant(%x: tensor<2xf32>) -> tensor<5x2xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<2xf32> -> tensor<5x2xf32>
  %splat = taso.constant 3.0 : tensor<5x2xf32>
  %add = taso.add %broadcast, %splat : tensor<5x2xf32>
  func.return %add : tensor<5x2xf32>
}

// CHECK-LABEL: func.func @div_constant(
// CHECK-NEXT:   %0 = taso.constant 3.0 : tensor<3xf32>
// CHECK-NEXT:   %1 = taso.div %x, %0 : tensor<3xf32>
// CHECK-NEXT:   %div = taso.broadcast %1, dims = [1] : tensor<3xf32> -> tensor<5x3xf32>
// CHECK-NEXT:   func.return %div : tensor<5x3xf32>
func.func @div_constant(%x: tensor<3xf32>) -> tensor<5x3xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<3xf32> -> tensor<5x3xf32>
  %splat = taso.constant 3.0 : tensor<5x3xf32>
  %div = taso.div %broadcast, %splat : tensor<5x3xf32>
  func.return %div : tensor<5x3xf32>
}

// CHECK-LABEL: func.func @max_constant(
// CHECK-NEXT:   %0 = taso.constant 2.0 : tensor<3xf32>
// CHECK-NEXT:   %1 = taso.max %x, %0 : tensor<3xf32>
// CHECK-NEXT:   %max = taso.broadcast %1, dims = [1] : tensor<3xf32> -> tensor<2x3xf32>
// CHECK-NEXT:   func.return %max : tensor<2x3xf32>
func.func @max_constant(%x: tensor<3xf32>) -> tensor<2x3xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<3xf32> -> tensor<2x3xf32>
  %splat = taso.constant 2.0 : tensor<2x3xf32>
  %max = taso.max %broadcast, %splat : tensor<2x3xf32>
  func.return %max : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @min_constant(
// CHECK-NEXT:   %0 = taso.constant 2.0 : tensor<3xf32>
// CHECK-NEXT:   %1 = taso.min %x, %0 : tensor<3xf32>
// CHECK-NEXT:   %min = taso.broadcast %1, dims = [1] : tensor<3xf32> -> tensor<2x3xf32>
// CHECK-NEXT:   func.return %min : tensor<2x3xf32>
func.func @min_constant(%x: tensor<3xf32>) -> tensor<2x3xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<3xf32> -> tensor<2x3xf32>
  %splat = taso.constant 2.0 : tensor<2x3xf32>
  %min = taso.min %broadcast, %splat : tensor<2x3xf32>
  func.return %min : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @mul_constant(
// CHECK-NEXT:   %0 = taso.constant 2.0 : tensor<4xf32>
// CHECK-NEXT:   %1 = taso.mul %x, %0 : tensor<4xf32>
// CHECK-NEXT:   %mul = taso.broadcast %1, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
// CHECK-NEXT:   func.return %mul : tensor<5x4xf32>
func.func @mul_constant(%x: tensor<4xf32>) -> tensor<5x4xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
  %splat = taso.constant 2.0 : tensor<5x4xf32>
  %mul = taso.mul %broadcast, %splat : tensor<5x4xf32>
  func.return %mul : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @sub_constant(
// CHECK-NEXT:   %0 = taso.constant 0.5 : tensor<5xf32>
// CHECK-NEXT:   %1 = taso.sub %x, %0 : tensor<5xf32>
// CHECK-NEXT:   %sub = taso.broadcast %1, dims = [1] : tensor<5xf32> -> tensor<4x5xf32>
// CHECK-NEXT:   func.return %sub : tensor<4x5xf32>
func.func @sub_constant(%x: tensor<5xf32>) -> tensor<4x5xf32> {
  %broadcast = taso.broadcast %x, dims = [1] : tensor<5xf32> -> tensor<4x5xf32>
  %splat = taso.constant 0.5 : tensor<4x5xf32>
  %sub = taso.sub %broadcast, %splat : tensor<4x5xf32>
  func.return %sub : tensor<4x5xf32>
}

// The operands repeat along different axes.
// CHECK-LABEL: func.func @sum_of_unlike_broadcasts(
// CHECK-NEXT:   %row = taso.broadcast %x, dims = [1] : tensor<3xf32> -> tensor<3x3xf32>
// CHECK-NEXT:   %column = taso.broadcast %y, dims = [0] : tensor<3xf32> -> tensor<3x3xf32>
// CHECK-NEXT:   %sum = taso.add %row, %column : tensor<3x3xf32>
// CHECK-NEXT:   func.return %sum : tensor<3x3xf32>
func.func @sum_of_unlike_broadcasts(%x: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<3x3xf32> {
  %row = taso.broadcast %x, dims = [1] : tensor<3xf32> -> tensor<3x3xf32>
  %column = taso.broadcast %y, dims = [0] : tensor<3xf32> -> tensor<3x3xf32>
  %sum = taso.add %row, %column : tensor<3x3xf32>
  func.return %sum : tensor<3x3xf32>
}

// CHECK-LABEL: func.func @reshape_abs(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   %reshape = taso.abs %0 : tensor<4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x1xf32>
func.func @reshape_abs(%x: tensor<4xf32>) -> tensor<4x1xf32> {
  %abs = taso.abs %x : tensor<4xf32>
  %reshape = taso.reshape %abs : tensor<4xf32> -> tensor<4x1xf32>
  func.return %reshape : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @reshape_cos(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   %reshape = taso.cos %0 : tensor<4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x1xf32>
func.func @reshape_cos(%x: tensor<4xf32>) -> tensor<4x1xf32> {
  %cos = taso.cos %x : tensor<4xf32>
  %reshape = taso.reshape %cos : tensor<4xf32> -> tensor<4x1xf32>
  func.return %reshape : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @reshape_erf(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   %reshape = taso.erf %0 : tensor<4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x1xf32>
func.func @reshape_erf(%x: tensor<4xf32>) -> tensor<4x1xf32> {
  %erf = taso.erf %x : tensor<4xf32>
  %reshape = taso.reshape %erf : tensor<4xf32> -> tensor<4x1xf32>
  func.return %reshape : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @reshape_sin(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   %reshape = taso.sin %0 : tensor<4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x1xf32>
func.func @reshape_sin(%x: tensor<4xf32>) -> tensor<4x1xf32> {
  %sin = taso.sin %x : tensor<4xf32>
  %reshape = taso.reshape %sin : tensor<4xf32> -> tensor<4x1xf32>
  func.return %reshape : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @reshape_sigmoid(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   %reshape = taso.sigmoid %0 : tensor<4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x1xf32>
func.func @reshape_sigmoid(%x: tensor<4xf32>) -> tensor<4x1xf32> {
  %sigmoid = taso.sigmoid %x : tensor<4xf32>
  %reshape = taso.reshape %sigmoid : tensor<4xf32> -> tensor<4x1xf32>
  func.return %reshape : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @reshape_silu(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<4xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   %reshape = taso.silu %0 : tensor<4x1xf32>
// CHECK-NEXT:   func.return %reshape : tensor<4x1xf32>
func.func @reshape_silu(%x: tensor<4xf32>) -> tensor<4x1xf32> {
  %silu = taso.silu %x : tensor<4xf32>
  %reshape = taso.reshape %silu : tensor<4xf32> -> tensor<4x1xf32>
  func.return %reshape : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @reshape_min_constant(
// CHECK-NEXT:   %0 = taso.reshape %x : tensor<3x2xf32> -> tensor<1x3x2xf32>
// CHECK-NEXT:   %1 = taso.constant 3.0 : tensor<f32>
// CHECK-NEXT:   %2 = taso.broadcast %1, dims = [] : tensor<f32> -> tensor<1x3x2xf32>
// CHECK-NEXT:   %reshape = taso.min %0, %2 : tensor<1x3x2xf32>
// CHECK-NEXT:   func.return %reshape : tensor<1x3x2xf32>
func.func @reshape_min_constant(%x: tensor<3x2xf32>) -> tensor<1x3x2xf32> {
  %splat = taso.constant 3.0 : tensor<3x2xf32>
  %min = taso.min %x, %splat : tensor<3x2xf32>
  %reshape = taso.reshape %min : tensor<3x2xf32> -> tensor<1x3x2xf32>
  func.return %reshape : tensor<1x3x2xf32>
}
