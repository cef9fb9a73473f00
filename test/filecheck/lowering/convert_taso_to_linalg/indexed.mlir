// RUN: taso-opt %s -p convert-taso-to-linalg | filecheck %s

// What computes with positions: linalg.index in the body, and a record of the op.
func.func @gather(%t: tensor<7x3xf32>, %i: tensor<2x5xi32>) -> tensor<2x5x3xf32> {
  %r = taso.gather %t, %i, axis = 0 : tensor<7x3xf32>, tensor<2x5xi32> -> tensor<2x5x3xf32>
  func.return %r : tensor<2x5x3xf32>
}

func.func @argmin(%x: tensor<2x3xf32>) -> tensor<2xi64> {
  %r = taso.argmin %x, axis = 1 : tensor<2x3xf32> -> tensor<2xi64>
  func.return %r : tensor<2xi64>
}

func.func @cumsum(%x: tensor<2x3xf16>) -> tensor<2x3xf16> {
  %r = taso.cumsum %x, axis = 0 : tensor<2x3xf16> -> tensor<2x3xf16>
  func.return %r : tensor<2x3xf16>
}

// CHECK:      builtin.module {
// CHECK-NEXT: func.func @gather(%t: tensor<7x3xf32>, %i: tensor<2x5xi32>) -> tensor<2x5x3xf32> {
// CHECK-NEXT:   %r = func.call @gather_0(%t, %i) : (tensor<7x3xf32>, tensor<2x5xi32>) -> tensor<2x5x3xf32>
// CHECK-NEXT:   func.return %r : tensor<2x5x3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @argmin(%x: tensor<2x3xf32>) -> tensor<2xi64> {
// CHECK-NEXT:   %r = func.call @argmin_0(%x) : (tensor<2x3xf32>) -> tensor<2xi64>
// CHECK-NEXT:   func.return %r : tensor<2xi64>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @cumsum(%x: tensor<2x3xf16>) -> tensor<2x3xf16> {
// CHECK-NEXT:   %r = func.call @cumsum_0(%x) : (tensor<2x3xf16>) -> tensor<2x3xf16>
// CHECK-NEXT:   func.return %r : tensor<2x3xf16>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @gather_0(%0: tensor<7x3xf32>, %1: tensor<2x5xi32>) -> tensor<2x5x3xf32> attributes {taso.op = "taso.gather", taso.attrs = {axis = 0 : i64}} {
// CHECK-NEXT:   %2 = tensor.empty() : tensor<2x5x3xf32>
// CHECK-NEXT:   %3 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%1 : tensor<2x5xi32>) outs(%2 : tensor<2x5x3xf32>) {
// CHECK-NEXT:   ^bb0(%in: i32, %out: f32):
// CHECK-NEXT:     %4 = linalg.index 2 : index
// CHECK-NEXT:     %5 = arith.index_cast %in : i32 to index
// CHECK-NEXT:     %6 = tensor.extract %0[%5, %4] : tensor<7x3xf32>
// CHECK-NEXT:     linalg.yield %6 : f32
// CHECK-NEXT:   } -> tensor<2x5x3xf32>
// CHECK-NEXT:   func.return %3 : tensor<2x5x3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @argmin_0(%0: tensor<2x3xf32>) -> tensor<2xi64> attributes {taso.op = "taso.argmin", taso.attrs = {axis = 1 : i64}} {
// CHECK-NEXT:   %1 = arith.constant 0x7f800000 : f32
// CHECK-NEXT:   %2 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %3 = linalg.fill ins(%1 : f32) outs(%2 : tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:   %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%0 : tensor<2x3xf32>) outs(%3 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in: f32, %out: f32):
// CHECK-NEXT:     %5 = arith.minimumf %out, %in : f32
// CHECK-NEXT:     linalg.yield %5 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %6 = arith.constant 3 : i64
// CHECK-NEXT:   %7 = tensor.empty() : tensor<2xi64>
// CHECK-NEXT:   %8 = linalg.fill ins(%6 : i64) outs(%7 : tensor<2xi64>) -> tensor<2xi64>
// CHECK-NEXT:   %9 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%0, %4 : tensor<2x3xf32>, tensor<2xf32>) outs(%8 : tensor<2xi64>) {
// CHECK-NEXT:   ^bb0(%in_1: f32, %in_2: f32, %out_1: i64):
// CHECK-NEXT:     %10 = linalg.index 1 : index
// CHECK-NEXT:     %11 = arith.index_cast %10 : index to i64
// CHECK-NEXT:     %12 = arith.cmpf oeq, %in_1, %in_2 : f32
// CHECK-NEXT:     %13 = arith.cmpf uno, %in_1, %in_1 : f32
// CHECK-NEXT:     %14 = arith.ori %12, %13 : i1
// CHECK-NEXT:     %15 = arith.constant 3 : i64
// CHECK-NEXT:     %16 = arith.select %14, %11, %15 : i64
// CHECK-NEXT:     %17 = arith.minsi %out_1, %16 : i64
// CHECK-NEXT:     linalg.yield %17 : i64
// CHECK-NEXT:   } -> tensor<2xi64>
// CHECK-NEXT:   func.return %9 : tensor<2xi64>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @cumsum_0(%0: tensor<2x3xf16>) -> tensor<2x3xf16> attributes {taso.op = "taso.cumsum", taso.attrs = {axis = 0 : i64}} {
// CHECK-NEXT:   %1 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   %2 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %3 = linalg.fill ins(%1 : f32) outs(%2 : tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:   %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%0 : tensor<2x3xf16>) outs(%3 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in: f16, %out: f32):
// CHECK-NEXT:     %5 = arith.extf %in : f16 to f32
// CHECK-NEXT:     %6 = linalg.index 2 : index
// CHECK-NEXT:     %7 = arith.index_cast %6 : index to i64
// CHECK-NEXT:     %8 = linalg.index 0 : index
// CHECK-NEXT:     %9 = arith.index_cast %8 : index to i64
// CHECK-NEXT:     %10 = arith.cmpi sle, %7, %9 : i64
// CHECK-NEXT:     %11 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:     %12 = arith.select %10, %5, %11 : f32
// CHECK-NEXT:     %13 = arith.addf %out, %12 : f32
// CHECK-NEXT:     linalg.yield %13 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   %14 = tensor.empty() : tensor<2x3xf16>
// CHECK-NEXT:   %15 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%4 : tensor<2x3xf32>) outs(%14 : tensor<2x3xf16>) {
// CHECK-NEXT:   ^bb0(%in_1: f32, %out_1: f16):
// CHECK-NEXT:     %16 = arith.truncf %in_1 : f32 to f16
// CHECK-NEXT:     linalg.yield %16 : f16
// CHECK-NEXT:   } -> tensor<2x3xf16>
// CHECK-NEXT:   func.return %15 : tensor<2x3xf16>
// CHECK-NEXT: }
// CHECK-NEXT: }
