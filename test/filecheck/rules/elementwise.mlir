// RUN: taso-opt %s -p 'taso-apply-rules{rules=elementwise-add-zero,elementwise-sub-zero,elementwise-mul-one,elementwise-div-one,elementwise-sub-self,elementwise-neg-neg,elementwise-add-neg,elementwise-sub-neg,elementwise-relu-relu,elementwise-max-zero,elementwise-mul-constants,elementwise-div-constant,elementwise-rsqrt,elementwise-div-sqrt,elementwise-div-broadcast-sqrt,elementwise-pow-two,elementwise-pow-minus-half}' | filecheck %s

// Identities and normal forms of element-wise ops.

// CHECK-LABEL: func.func @add_zero(
// CHECK-NEXT:   func.return %x : tensor<2x3xf32>
func.func @add_zero(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %splat = taso.constant 0.0 : tensor<2x3xf32>
  %add = taso.add %x, %splat : tensor<2x3xf32>
  func.return %add : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @sub_zero(
// CHECK-NEXT:   func.return %x : tensor<4x3xf32>
func.func @sub_zero(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %splat = taso.constant 0.0 : tensor<4x3xf32>
  %sub = taso.sub %x, %splat : tensor<4x3xf32>
  func.return %sub : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @mul_one(
// CHECK-NEXT:   func.return %x : tensor<4x3xf32>
func.func @mul_one(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %splat = taso.constant 1.0 : tensor<4x3xf32>
  %mul = taso.mul %x, %splat : tensor<4x3xf32>
  func.return %mul : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @div_one(
// CHECK-NEXT:   func.return %x : tensor<3x2xf32>
func.func @div_one(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %splat = taso.constant 1.0 : tensor<3x2xf32>
  %div = taso.div %x, %splat : tensor<3x2xf32>
  func.return %div : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @sub_self(
// CHECK-NEXT:   %sub = taso.constant 0.0 : tensor<3x4xf32>
// CHECK-NEXT:   func.return %sub : tensor<3x4xf32>
func.func @sub_self(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %sub = taso.sub %x, %x : tensor<3x4xf32>
  func.return %sub : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @neg_neg(
// CHECK-NEXT:   func.return %x : tensor<2x3xf32>
func.func @neg_neg(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %neg = taso.neg %x : tensor<2x3xf32>
  %neg_1 = taso.neg %neg : tensor<2x3xf32>
  func.return %neg_1 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @add_neg(
// CHECK-NEXT:   %add = taso.sub %x, %y : tensor<2x5xf32>
// CHECK-NEXT:   func.return %add : tensor<2x5xf32>
func.func @add_neg(%x: tensor<2x5xf32>, %y: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %neg = taso.neg %y : tensor<2x5xf32>
  %add = taso.add %x, %neg : tensor<2x5xf32>
  func.return %add : tensor<2x5xf32>
}

// CHECK-LABEL: func.func @sub_neg(
// CHECK-NEXT:   %sub = taso.add %x, %y : tensor<3x5xf32>
// CHECK-NEXT:   func.return %sub : tensor<3x5xf32>
func.func @sub_neg(%x: tensor<3x5xf32>, %y: tensor<3x5xf32>) -> tensor<3x5xf32> {
  %neg = taso.neg %y : tensor<3x5xf32>
  %sub = taso.sub %x, %neg : tensor<3x5xf32>
  func.return %sub : tensor<3x5xf32>
}

// CHECK-LABEL: func.func @relu_relu(
// CHECK-NEXT:   %relu = taso.relu %x : tensor<3x2xf32>
// CHECK-NEXT:   func.return %relu : tensor<3x2xf32>
func.func @relu_relu(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %relu = taso.relu %x : tensor<3x2xf32>
  %relu_1 = taso.relu %relu : tensor<3x2xf32>
  func.return %relu_1 : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @max_zero(
// CHECK-NEXT:   %max = taso.relu %x : tensor<5x4xf32>
// CHECK-NEXT:   func.return %max : tensor<5x4xf32>
func.func @max_zero(%x: tensor<5x4xf32>) -> tensor<5x4xf32> {
  %splat = taso.constant 0.0 : tensor<5x4xf32>
  %max = taso.max %x, %splat : tensor<5x4xf32>
  func.return %max : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @mul_constants(
// CHECK-NEXT:   %0 = taso.constant 6.0 : tensor<3x2xf32>
// CHECK-NEXT:   %mul = taso.mul %x, %0 : tensor<3x2xf32>
// CHECK-NEXT:   func.return %mul : tensor<3x2xf32>
func.func @mul_constants(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %splat = taso.constant 3.0 : tensor<3x2xf32>
  %mul = taso.mul %x, %splat : tensor<3x2xf32>
  %splat_1 = taso.constant 2.0 : tensor<3x2xf32>
  %mul_1 = taso.mul %mul, %splat_1 : tensor<3x2xf32>
  func.return %mul_1 : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @div_constant(
// CHECK-NEXT:   %0 = taso.constant 0.33333334 : tensor<5x2xf32>
// CHECK-NEXT:   %div = taso.mul %x, %0 : tensor<5x2xf32>
// CHECK-NEXT:   func.return %div : tensor<5x2xf32>
func.func @div_constant(%x: tensor<5x2xf32>) -> tensor<5x2xf32> {
  %splat = taso.constant 3.0 : tensor<5x2xf32>
  %div = taso.div %x, %splat : tensor<5x2xf32>
  func.return %div : tensor<5x2xf32>
}

// CHECK-LABEL: func.func @rsqrt(
// CHECK-NEXT:   %div = taso.rsqrt %x : tensor<4x5xf32>
// CHECK-NEXT:   func.return %div : tensor<4x5xf32>
func.func @rsqrt(%x: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %splat = taso.constant 1.0 : tensor<4x5xf32>
  %sqrt = taso.sqrt %x : tensor<4x5xf32>
  %div = taso.div %splat, %sqrt : tensor<4x5xf32>
  func.return %div : tensor<4x5xf32>
}

// CHECK-LABEL: func.func @div_sqrt(
// CHECK-NEXT:   %0 = taso.rsqrt %y : tensor<4x5xf32>
// CHECK-NEXT:   %div = taso.mul %x, %0 : tensor<4x5xf32>
// CHECK-NEXT:   func.return %div : tensor<4x5xf32>
func.func @div_sqrt(%x: tensor<4x5xf32>, %y: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %sqrt = taso.sqrt %y : tensor<4x5xf32>
  %div = taso.div %x, %sqrt : tensor<4x5xf32>
  func.return %div : tensor<4x5xf32>
}

// CHECK-LABEL: func.func @div_broadcast_sqrt(
// CHECK-NEXT:   %0 = taso.rsqrt %y : tensor<2xf32>
// CHECK-NEXT:   %1 = taso.broadcast %0, dims = [1] : tensor<2xf32> -> tensor<5x2xf32>
// CHECK-NEXT:   %div = taso.mul %x, %1 : tensor<5x2xf32>
// CHECK-NEXT:   func.return %div : tensor<5x2xf32>
func.func @div_broadcast_sqrt(%x: tensor<5x2xf32>, %y: tensor<2xf32>) -> tensor<5x2xf32> {
  %sqrt = taso.sqrt %y : tensor<2xf32>
  %broadcast = taso.broadcast %sqrt, dims = [1] : tensor<2xf32> -> tensor<5x2xf32>
  %div = taso.div %x, %broadcast : tensor<5x2xf32>
  func.return %div : tensor<5x2xf32>
}

// CHECK-LABEL: func.func @pow_two(
// CHECK-NEXT:   %pow = taso.mul %x, %x : tensor<5x2xf32>
// CHECK-NEXT:   func.return %pow : tensor<5x2xf32>
func.func @pow_two(%x: tensor<5x2xf32>) -> tensor<5x2xf32> {
  %splat = taso.constant 2.0 : tensor<5x2xf32>
  %pow = taso.pow %x, %splat : tensor<5x2xf32>
  func.return %pow : tensor<5x2xf32>
}

// CHECK-LABEL: func.func @pow_minus_half(
// CHECK-NEXT:   %pow = taso.rsqrt %x : tensor<5x4xf32>
// CHECK-NEXT:   func.return %pow : tensor<5x4xf32>
func.func @pow_minus_half(%x: tensor<5x4xf32>) -> tensor<5x4xf32> {
  %splat = taso.constant -0.5 : tensor<5x4xf32>
  %pow = taso.pow %x, %splat : tensor<5x4xf32>
  func.return %pow : tensor<5x4xf32>
}

// Not zero.
// CHECK-LABEL: func.func @add_not_zero(
// CHECK-NEXT:   %splat = taso.constant 2.0 : tensor<2x3xf32>
// CHECK-NEXT:   %add = taso.add %x, %splat : tensor<2x3xf32>
// CHECK-NEXT:   func.return %add : tensor<2x3xf32>
func.func @add_not_zero(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %splat = taso.constant 2.0 : tensor<2x3xf32>
  %add = taso.add %x, %splat : tensor<2x3xf32>
  func.return %add : tensor<2x3xf32>
}
