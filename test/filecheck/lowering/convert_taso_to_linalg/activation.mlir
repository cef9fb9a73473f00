// RUN: taso-opt %s -p convert-taso-to-linalg | filecheck %s

func.func @sigmoid(%x: tensor<3xf64>) -> tensor<3xf64> {
  %r = taso.sigmoid %x : tensor<3xf64>
  func.return %r : tensor<3xf64>
}

// f16 computes in f32.
func.func @silu(%x: tensor<3xf16>) -> tensor<3xf16> {
  %r = taso.silu %x : tensor<3xf16>
  func.return %r : tensor<3xf16>
}

// CHECK:      builtin.module {
// CHECK-NEXT: func.func @sigmoid(%x: tensor<3xf64>) -> tensor<3xf64> {
// CHECK-NEXT:   %r = func.call @sigmoid_0(%x) : (tensor<3xf64>) -> tensor<3xf64>
// CHECK-NEXT:   func.return %r : tensor<3xf64>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @silu(%x: tensor<3xf16>) -> tensor<3xf16> {
// CHECK-NEXT:   %r = func.call @silu_0(%x) : (tensor<3xf16>) -> tensor<3xf16>
// CHECK-NEXT:   func.return %r : tensor<3xf16>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @sigmoid_0(%0: tensor<3xf64>) -> tensor<3xf64> attributes {taso.op = "taso.sigmoid", taso.attrs = {}} {
// CHECK-NEXT:   %1 = tensor.empty() : tensor<3xf64>
// CHECK-NEXT:   %2 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%0 : tensor<3xf64>) outs(%1 : tensor<3xf64>) {
// CHECK-NEXT:   ^bb0(%in: f64, %out: f64):
// CHECK-NEXT:     %3 = arith.constant 1.000000e+00 : f64
// CHECK-NEXT:     %4 = arith.negf %in : f64
// CHECK-NEXT:     %5 = math.exp %4 : f64
// CHECK-NEXT:     %6 = arith.constant 1.000000e+00 : f64
// CHECK-NEXT:     %7 = arith.addf %5, %6 : f64
// CHECK-NEXT:     %8 = arith.divf %3, %7 : f64
// CHECK-NEXT:     linalg.yield %8 : f64
// CHECK-NEXT:   } -> tensor<3xf64>
// CHECK-NEXT:   func.return %2 : tensor<3xf64>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @silu_0(%0: tensor<3xf16>) -> tensor<3xf16> attributes {taso.op = "taso.silu", taso.attrs = {}} {
// CHECK-NEXT:   %1 = tensor.empty() : tensor<3xf16>
// CHECK-NEXT:   %2 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%0 : tensor<3xf16>) outs(%1 : tensor<3xf16>) {
// CHECK-NEXT:   ^bb0(%in: f16, %out: f16):
// CHECK-NEXT:     %3 = arith.extf %in : f16 to f32
// CHECK-NEXT:     %4 = arith.negf %3 : f32
// CHECK-NEXT:     %5 = math.exp %4 : f32
// CHECK-NEXT:     %6 = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:     %7 = arith.addf %5, %6 : f32
// CHECK-NEXT:     %8 = arith.divf %3, %7 : f32
// CHECK-NEXT:     %9 = arith.truncf %8 : f32 to f16
// CHECK-NEXT:     linalg.yield %9 : f16
// CHECK-NEXT:   } -> tensor<3xf16>
// CHECK-NEXT:   func.return %2 : tensor<3xf16>
// CHECK-NEXT: }
// CHECK-NEXT: }
