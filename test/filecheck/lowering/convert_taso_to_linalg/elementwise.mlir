// RUN: taso-opt %s -p convert-taso-to-linalg | filecheck %s

// Splats become constants of the body, an operand read twice is one input.
func.func @scaled_square(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %s = taso.mul %x, %x : tensor<2x3xf32>
  %c = taso.constant 0.5 : tensor<2x3xf32>
  %r = taso.mul %s, %c : tensor<2x3xf32>
  func.return %r : tensor<2x3xf32>
}

// NaN stays NaN: maximumf, not maxnumf.
func.func @relu(%x: tensor<3xf64>) -> tensor<3xf64> {
  %r = taso.relu %x : tensor<3xf64>
  func.return %r : tensor<3xf64>
}

func.func @negative_integer(%x: tensor<i32>) -> tensor<i32> {
  %r = taso.neg %x : tensor<i32>
  func.return %r : tensor<i32>
}

// A broadcast and a transposed operand are maps.
func.func @add_row(%x: tensor<3x2xf32>, %row: tensor<3xf32>) -> tensor<2x3xf32> {
  %t = taso.transpose %x, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  %b = taso.broadcast %row, dims = [1] : tensor<3xf32> -> tensor<2x3xf32>
  %r = taso.add %t, %b : tensor<2x3xf32>
  func.return %r : tensor<2x3xf32>
}

func.func @to_boolean(%x: tensor<3xf32>) -> tensor<3xi1> {
  %r = taso.cast %x : tensor<3xf32> -> tensor<3xi1>
  func.return %r : tensor<3xi1>
}

// f16 computes in f32, in a function that says what it is.
func.func @gelu(%x: tensor<3xf16>) -> tensor<3xf16> {
  %r = taso.gelu %x, approximate = "none" : tensor<3xf16>
  func.return %r : tensor<3xf16>
}

// CHECK:      builtin.module {
// CHECK-NEXT: func.func @scaled_square(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %s = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<2x3xf32>) outs(%0 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in: f32, %out: f32):
// CHECK-NEXT:     %1 = arith.mulf %in, %in : f32
// CHECK-NEXT:     linalg.yield %1 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   %2 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%s : tensor<2x3xf32>) outs(%2 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in_1: f32, %out_1: f32):
// CHECK-NEXT:     %3 = arith.constant 5.000000e-01 : f32
// CHECK-NEXT:     %4 = arith.mulf %in_1, %3 : f32
// CHECK-NEXT:     linalg.yield %4 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   func.return %r : tensor<2x3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @relu(%x: tensor<3xf64>) -> tensor<3xf64> {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<3xf64>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%x : tensor<3xf64>) outs(%0 : tensor<3xf64>) {
// CHECK-NEXT:   ^bb0(%in: f64, %out: f64):
// CHECK-NEXT:     %1 = arith.constant 0.000000e+00 : f64
// CHECK-NEXT:     %2 = arith.maximumf %in, %1 : f64
// CHECK-NEXT:     linalg.yield %2 : f64
// CHECK-NEXT:   } -> tensor<3xf64>
// CHECK-NEXT:   func.return %r : tensor<3xf64>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @negative_integer(%x: tensor<i32>) -> tensor<i32> {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<i32>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%x : tensor<i32>) outs(%0 : tensor<i32>) {
// CHECK-NEXT:   ^bb0(%in: i32, %out: i32):
// CHECK-NEXT:     %1 = arith.constant 0 : i32
// CHECK-NEXT:     %2 = arith.subi %1, %in : i32
// CHECK-NEXT:     linalg.yield %2 : i32
// CHECK-NEXT:   } -> tensor<i32>
// CHECK-NEXT:   func.return %r : tensor<i32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @add_row(%x: tensor<3x2xf32>, %row: tensor<3xf32>) -> tensor<2x3xf32> {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1, d0)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%x, %row : tensor<3x2xf32>, tensor<3xf32>) outs(%0 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in: f32, %in_1: f32, %out: f32):
// CHECK-NEXT:     %1 = arith.addf %in, %in_1 : f32
// CHECK-NEXT:     linalg.yield %1 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   func.return %r : tensor<2x3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @to_boolean(%x: tensor<3xf32>) -> tensor<3xi1> {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<3xi1>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%x : tensor<3xf32>) outs(%0 : tensor<3xi1>) {
// CHECK-NEXT:   ^bb0(%in: f32, %out: i1):
// CHECK-NEXT:     %1 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:     %2 = arith.cmpf une, %in, %1 : f32
// CHECK-NEXT:     linalg.yield %2 : i1
// CHECK-NEXT:   } -> tensor<3xi1>
// CHECK-NEXT:   func.return %r : tensor<3xi1>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @gelu(%x: tensor<3xf16>) -> tensor<3xf16> {
// CHECK-NEXT:   %r = func.call @gelu_0(%x) : (tensor<3xf16>) -> tensor<3xf16>
// CHECK-NEXT:   func.return %r : tensor<3xf16>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @gelu_0(%0: tensor<3xf16>) -> tensor<3xf16> attributes {taso.op = "taso.gelu", taso.attrs = {approximate = "none"}} {
// CHECK-NEXT:   %1 = tensor.empty() : tensor<3xf16>
// CHECK-NEXT:   %2 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%0 : tensor<3xf16>) outs(%1 : tensor<3xf16>) {
// CHECK-NEXT:   ^bb0(%in: f16, %out: f16):
// CHECK-NEXT:     %3 = arith.extf %in : f16 to f32
// CHECK-NEXT:     %4 = arith.constant 0.707106769 : f32
// CHECK-NEXT:     %5 = arith.mulf %3, %4 : f32
// CHECK-NEXT:     %6 = math.erf %5 : f32
// CHECK-NEXT:     %7 = arith.constant 5.000000e-01 : f32
// CHECK-NEXT:     %8 = arith.mulf %3, %7 : f32
// CHECK-NEXT:     %9 = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:     %10 = arith.addf %6, %9 : f32
// CHECK-NEXT:     %11 = arith.mulf %8, %10 : f32
// CHECK-NEXT:     %12 = arith.truncf %11 : f32 to f16
// CHECK-NEXT:     linalg.yield %12 : f16
// CHECK-NEXT:   } -> tensor<3xf16>
// CHECK-NEXT:   func.return %2 : tensor<3xf16>
// CHECK-NEXT: }
// CHECK-NEXT: }
