// RUN: taso-opt %s -p 'taso-apply-rules{rules=activation-sigmoid,activation-silu,activation-silu-quotient,activation-gelu-erf,activation-gelu-erf-over-root,activation-gelu-erf-of-quotient,activation-gelu-tanh,activation-gelu-tanh-of-cube,activation-gelu-tanh-of-product,activation-gelu-tanh-factored,activation-gelu-share-erf,activation-gelu-share-erf-over-root,activation-gelu-share-erf-of-quotient,activation-gelu-share-tanh,activation-gelu-share-tanh-of-cube,activation-gelu-share-tanh-of-product,activation-gelu-share-tanh-factored}' | filecheck %s

// Written-out activations become the ops.

// CHECK-LABEL: func.func @sigmoid(
// CHECK-NEXT:   %y = taso.sigmoid %x : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @sigmoid(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %n = taso.neg %x : tensor<4x3xf32>
  %e = taso.exp %n : tensor<4x3xf32>
  %d = taso.add %e, %one : tensor<4x3xf32>
  %y = taso.div %one, %d : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @silu(
// CHECK-NEXT:   %y = taso.silu %x : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @silu(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %s = taso.sigmoid %x : tensor<4x3xf32>
  %y = taso.mul %s, %x : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @silu_quotient(
// CHECK-NEXT:   %y = taso.silu %x : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @silu_quotient(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %n = taso.neg %x : tensor<4x3xf32>
  %e = taso.exp %n : tensor<4x3xf32>
  %d = taso.add %one, %e : tensor<4x3xf32>
  %y = taso.div %x, %d : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @gelu_erf(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "none" : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_erf(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %c = taso.constant 0.70710677 : tensor<4x3xf32>
  %s = taso.mul %x, %c : tensor<4x3xf32>
  %t = taso.erf %s : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %h = taso.mul %x, %half : tensor<4x3xf32>
  %b = taso.add %t, %one : tensor<4x3xf32>
  %y = taso.mul %h, %b : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @gelu_erf_over_root(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "none" : tensor<4x3xf64>
// CHECK-NEXT:   func.return %y : tensor<4x3xf64>
func.func @gelu_erf_over_root(%x: tensor<4x3xf64>) -> tensor<4x3xf64> {
  %c = taso.constant 0.7071067811865475 : tensor<4x3xf64>
  %s = taso.mul %c, %x : tensor<4x3xf64>
  %t = taso.erf %s : tensor<4x3xf64>
  %half = taso.constant 0.5 : tensor<4x3xf64>
  %one = taso.constant 1.0 : tensor<4x3xf64>
  %h = taso.mul %x, %half : tensor<4x3xf64>
  %b = taso.add %t, %one : tensor<4x3xf64>
  %y = taso.mul %h, %b : tensor<4x3xf64>
  func.return %y : tensor<4x3xf64>
}

// CHECK-LABEL: func.func @gelu_erf_of_quotient(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "none" : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_erf_of_quotient(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %c = taso.constant 1.4142135 : tensor<4x3xf32>
  %s = taso.div %x, %c : tensor<4x3xf32>
  %t = taso.erf %s : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %h = taso.mul %x, %half : tensor<4x3xf32>
  %b = taso.add %t, %one : tensor<4x3xf32>
  %y = taso.mul %h, %b : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @gelu_tanh(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "tanh" : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_tanh(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %three = taso.constant 3.0 : tensor<4x3xf32>
  %cube = taso.pow %x, %three : tensor<4x3xf32>
  %c = taso.constant 0.7978846 : tensor<4x3xf32>
  %cubic = taso.constant 0.044715 : tensor<4x3xf32>
  %k = taso.mul %cube, %cubic : tensor<4x3xf32>
  %sum = taso.add %x, %k : tensor<4x3xf32>
  %arg = taso.mul %sum, %c : tensor<4x3xf32>
  %t = taso.tanh %arg : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %h = taso.mul %x, %half : tensor<4x3xf32>
  %b = taso.add %t, %one : tensor<4x3xf32>
  %y = taso.mul %h, %b : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @gelu_tanh_of_cube(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "tanh" : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_tanh_of_cube(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %square = taso.mul %x, %x : tensor<4x3xf32>
  %cube = taso.mul %square, %x : tensor<4x3xf32>
  %c = taso.constant 0.7978846 : tensor<4x3xf32>
  %cubic = taso.constant 0.044715 : tensor<4x3xf32>
  %k = taso.mul %cube, %cubic : tensor<4x3xf32>
  %sum = taso.add %x, %k : tensor<4x3xf32>
  %arg = taso.mul %sum, %c : tensor<4x3xf32>
  %t = taso.tanh %arg : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %h = taso.mul %x, %half : tensor<4x3xf32>
  %b = taso.add %t, %one : tensor<4x3xf32>
  %y = taso.mul %h, %b : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @gelu_tanh_of_product(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "tanh" : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_tanh_of_product(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %c = taso.constant 0.7978846 : tensor<4x3xf32>
  %cubic = taso.constant 0.044715 : tensor<4x3xf32>
  %first = taso.mul %x, %cubic : tensor<4x3xf32>
  %square = taso.mul %first, %x : tensor<4x3xf32>
  %k = taso.mul %x, %square : tensor<4x3xf32>
  %sum = taso.add %x, %k : tensor<4x3xf32>
  %arg = taso.mul %sum, %c : tensor<4x3xf32>
  %t = taso.tanh %arg : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %h = taso.mul %x, %half : tensor<4x3xf32>
  %b = taso.add %t, %one : tensor<4x3xf32>
  %y = taso.mul %h, %b : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @gelu_tanh_factored(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "tanh" : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_tanh_factored(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %cubic = taso.constant 0.044715 : tensor<4x3xf32>
  %c = taso.constant 0.7978846 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %a = taso.mul %cubic, %x : tensor<4x3xf32>
  %q = taso.mul %a, %x : tensor<4x3xf32>
  %p = taso.add %one, %q : tensor<4x3xf32>
  %s = taso.mul %x, %c : tensor<4x3xf32>
  %arg = taso.mul %s, %p : tensor<4x3xf32>
  %t = taso.tanh %arg : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %h = taso.mul %x, %half : tensor<4x3xf32>
  %b = taso.add %t, %one : tensor<4x3xf32>
  %y = taso.mul %h, %b : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @gelu_share_erf(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "none" : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_share_erf(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %c = taso.constant 0.70710677 : tensor<4x3xf32>
  %s = taso.mul %x, %c : tensor<4x3xf32>
  %t = taso.erf %s : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %b = taso.add %t, %one : tensor<4x3xf32>
  %h = taso.mul %half, %b : tensor<4x3xf32>
  %y = taso.mul %x, %h : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @gelu_share_erf_over_root(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "none" : tensor<4x3xf64>
// CHECK-NEXT:   func.return %y : tensor<4x3xf64>
func.func @gelu_share_erf_over_root(%x: tensor<4x3xf64>) -> tensor<4x3xf64> {
  %c = taso.constant 0.7071067811865475 : tensor<4x3xf64>
  %s = taso.mul %c, %x : tensor<4x3xf64>
  %t = taso.erf %s : tensor<4x3xf64>
  %half = taso.constant 0.5 : tensor<4x3xf64>
  %one = taso.constant 1.0 : tensor<4x3xf64>
  %b = taso.add %t, %one : tensor<4x3xf64>
  %h = taso.mul %half, %b : tensor<4x3xf64>
  %y = taso.mul %x, %h : tensor<4x3xf64>
  func.return %y : tensor<4x3xf64>
}

// CHECK-LABEL: func.func @gelu_share_erf_of_quotient(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "none" : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_share_erf_of_quotient(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %c = taso.constant 1.4142135 : tensor<4x3xf32>
  %s = taso.div %x, %c : tensor<4x3xf32>
  %t = taso.erf %s : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %b = taso.add %t, %one : tensor<4x3xf32>
  %h = taso.mul %half, %b : tensor<4x3xf32>
  %y = taso.mul %x, %h : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @gelu_share_tanh(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "tanh" : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_share_tanh(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %three = taso.constant 3.0 : tensor<4x3xf32>
  %cube = taso.pow %x, %three : tensor<4x3xf32>
  %c = taso.constant 0.7978846 : tensor<4x3xf32>
  %cubic = taso.constant 0.044715 : tensor<4x3xf32>
  %k = taso.mul %cube, %cubic : tensor<4x3xf32>
  %sum = taso.add %x, %k : tensor<4x3xf32>
  %arg = taso.mul %sum, %c : tensor<4x3xf32>
  %t = taso.tanh %arg : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %b = taso.add %t, %one : tensor<4x3xf32>
  %h = taso.mul %half, %b : tensor<4x3xf32>
  %y = taso.mul %x, %h : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @gelu_share_tanh_of_cube(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "tanh" : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_share_tanh_of_cube(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %square = taso.mul %x, %x : tensor<4x3xf32>
  %cube = taso.mul %square, %x : tensor<4x3xf32>
  %c = taso.constant 0.7978846 : tensor<4x3xf32>
  %cubic = taso.constant 0.044715 : tensor<4x3xf32>
  %k = taso.mul %cube, %cubic : tensor<4x3xf32>
  %sum = taso.add %x, %k : tensor<4x3xf32>
  %arg = taso.mul %sum, %c : tensor<4x3xf32>
  %t = taso.tanh %arg : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %b = taso.add %t, %one : tensor<4x3xf32>
  %h = taso.mul %half, %b : tensor<4x3xf32>
  %y = taso.mul %x, %h : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @gelu_share_tanh_of_product(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "tanh" : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_share_tanh_of_product(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %c = taso.constant 0.7978846 : tensor<4x3xf32>
  %cubic = taso.constant 0.044715 : tensor<4x3xf32>
  %first = taso.mul %x, %cubic : tensor<4x3xf32>
  %square = taso.mul %first, %x : tensor<4x3xf32>
  %k = taso.mul %x, %square : tensor<4x3xf32>
  %sum = taso.add %x, %k : tensor<4x3xf32>
  %arg = taso.mul %sum, %c : tensor<4x3xf32>
  %t = taso.tanh %arg : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %b = taso.add %t, %one : tensor<4x3xf32>
  %h = taso.mul %half, %b : tensor<4x3xf32>
  %y = taso.mul %x, %h : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @gelu_share_tanh_factored(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "tanh" : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_share_tanh_factored(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %cubic = taso.constant 0.044715 : tensor<4x3xf32>
  %c = taso.constant 0.7978846 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %a = taso.mul %cubic, %x : tensor<4x3xf32>
  %q = taso.mul %a, %x : tensor<4x3xf32>
  %p = taso.add %one, %q : tensor<4x3xf32>
  %s = taso.mul %x, %c : tensor<4x3xf32>
  %arg = taso.mul %s, %p : tensor<4x3xf32>
  %t = taso.tanh %arg : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %b = taso.add %t, %one : tensor<4x3xf32>
  %h = taso.mul %half, %b : tensor<4x3xf32>
  %y = taso.mul %x, %h : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// Constants fit as they are rounded to the element type.
// CHECK-LABEL: func.func @gelu_in_bf16(
// CHECK-NEXT:   %y = taso.gelu %x, approximate = "tanh" : tensor<4x3xbf16>
// CHECK-NEXT:   func.return %y : tensor<4x3xbf16>
func.func @gelu_in_bf16(%x: tensor<4x3xbf16>) -> tensor<4x3xbf16> {
  %cubic = taso.constant 0.04468 : tensor<4x3xbf16>
  %c = taso.constant 0.797 : tensor<4x3xbf16>
  %one = taso.constant 1.0 : tensor<4x3xbf16>
  %a = taso.mul %cubic, %x : tensor<4x3xbf16>
  %q = taso.mul %a, %x : tensor<4x3xbf16>
  %p = taso.add %one, %q : tensor<4x3xbf16>
  %s = taso.mul %x, %c : tensor<4x3xbf16>
  %arg = taso.mul %s, %p : tensor<4x3xbf16>
  %t = taso.tanh %arg : tensor<4x3xbf16>
  %half = taso.constant 0.5 : tensor<4x3xbf16>
  %h = taso.mul %x, %half : tensor<4x3xbf16>
  %b = taso.add %t, %one : tensor<4x3xbf16>
  %y = taso.mul %h, %b : tensor<4x3xbf16>
  func.return %y : tensor<4x3xbf16>
}

// 0.0447 is not 0.044715.
// CHECK-LABEL: func.func @gelu_of_another_cube(
// CHECK-NEXT:   %three = taso.constant 3.0 : tensor<4x3xf32>
// CHECK-NEXT:   %cube = taso.pow %x, %three : tensor<4x3xf32>
// CHECK-NEXT:   %c = taso.constant 0.7978846 : tensor<4x3xf32>
// CHECK-NEXT:   %cubic = taso.constant 0.0447 : tensor<4x3xf32>
// CHECK-NEXT:   %k = taso.mul %cube, %cubic : tensor<4x3xf32>
// CHECK-NEXT:   %sum = taso.add %x, %k : tensor<4x3xf32>
// CHECK-NEXT:   %arg = taso.mul %sum, %c : tensor<4x3xf32>
// CHECK-NEXT:   %t = taso.tanh %arg : tensor<4x3xf32>
// CHECK-NEXT:   %half = taso.constant 0.5 : tensor<4x3xf32>
// CHECK-NEXT:   %one = taso.constant 1.0 : tensor<4x3xf32>
// CHECK-NEXT:   %h = taso.mul %x, %half : tensor<4x3xf32>
// CHECK-NEXT:   %b = taso.add %t, %one : tensor<4x3xf32>
// CHECK-NEXT:   %y = taso.mul %h, %b : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_of_another_cube(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %three = taso.constant 3.0 : tensor<4x3xf32>
  %cube = taso.pow %x, %three : tensor<4x3xf32>
  %c = taso.constant 0.7978846 : tensor<4x3xf32>
  %cubic = taso.constant 0.0447 : tensor<4x3xf32>
  %k = taso.mul %cube, %cubic : tensor<4x3xf32>
  %sum = taso.add %x, %k : tensor<4x3xf32>
  %arg = taso.mul %sum, %c : tensor<4x3xf32>
  %t = taso.tanh %arg : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %h = taso.mul %x, %half : tensor<4x3xf32>
  %b = taso.add %t, %one : tensor<4x3xf32>
  %y = taso.mul %h, %b : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// The factor outside is another value.
// CHECK-LABEL: func.func @gelu_of_two(
// CHECK-NEXT:   %w = taso.exp %x : tensor<4x3xf32>
// CHECK-NEXT:   %c = taso.constant 0.70710677 : tensor<4x3xf32>
// CHECK-NEXT:   %s = taso.mul %w, %c : tensor<4x3xf32>
// CHECK-NEXT:   %r = taso.erf %s : tensor<4x3xf32>
// CHECK-NEXT:   %half = taso.constant 0.5 : tensor<4x3xf32>
// CHECK-NEXT:   %one = taso.constant 1.0 : tensor<4x3xf32>
// CHECK-NEXT:   %h = taso.mul %x, %half : tensor<4x3xf32>
// CHECK-NEXT:   %b = taso.add %r, %one : tensor<4x3xf32>
// CHECK-NEXT:   %y = taso.mul %h, %b : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @gelu_of_two(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %w = taso.exp %x : tensor<4x3xf32>
  %c = taso.constant 0.70710677 : tensor<4x3xf32>
  %s = taso.mul %w, %c : tensor<4x3xf32>
  %r = taso.erf %s : tensor<4x3xf32>
  %half = taso.constant 0.5 : tensor<4x3xf32>
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %h = taso.mul %x, %half : tensor<4x3xf32>
  %b = taso.add %r, %one : tensor<4x3xf32>
  %y = taso.mul %h, %b : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}

// Without the minus: 1 - sigmoid(x).
// CHECK-LABEL: func.func @exp_of_positive(
// CHECK-NEXT:   %one = taso.constant 1.0 : tensor<4x3xf32>
// CHECK-NEXT:   %e = taso.exp %x : tensor<4x3xf32>
// CHECK-NEXT:   %d = taso.add %e, %one : tensor<4x3xf32>
// CHECK-NEXT:   %y = taso.div %one, %d : tensor<4x3xf32>
// CHECK-NEXT:   func.return %y : tensor<4x3xf32>
func.func @exp_of_positive(%x: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %e = taso.exp %x : tensor<4x3xf32>
  %d = taso.add %e, %one : tensor<4x3xf32>
  %y = taso.div %one, %d : tensor<4x3xf32>
  func.return %y : tensor<4x3xf32>
}
