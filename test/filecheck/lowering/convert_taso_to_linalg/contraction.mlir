// RUN: taso-opt %s -p convert-taso-to-linalg | filecheck %s

func.func @matrices(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>) -> tensor<2x5xf32> {
  %r = taso.matmul %a, %b : tensor<2x3xf32>, tensor<3x5xf32> -> tensor<2x5xf32>
  func.return %r : tensor<2x5xf32>
}

// `linalg.matmul` has no maps in the form that xDSL prints.
func.func @transposed(%a: tensor<4x4xf32>, %b: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %t = taso.transpose %b, perm = [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
  %r = taso.matmul %a, %t : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  func.return %r : tensor<4x4xf32>
}

func.func @batches(%a: tensor<7x2x3xi32>, %b: tensor<3x5xi32>) -> tensor<7x2x5xi32> {
  %r = taso.matmul %a, %b : tensor<7x2x3xi32>, tensor<3x5xi32> -> tensor<7x2x5xi32>
  func.return %r : tensor<7x2x5xi32>
}

func.func @outer_product(%a: tensor<2xf32>, %b: tensor<3xf32>) -> tensor<3x2xf32> {
  %r = taso.einsum %a, %b, equation = "i,j->ji" : tensor<2xf32>, tensor<3xf32> -> tensor<3x2xf32>
  func.return %r : tensor<3x2xf32>
}

// Accumulates in f32, rounds once.
func.func @halves(%a: tensor<2x3xf16>, %b: tensor<3x5xf16>) -> tensor<2x5xf16> {
  %r = taso.matmul %a, %b : tensor<2x3xf16>, tensor<3x5xf16> -> tensor<2x5xf16>
  func.return %r : tensor<2x5xf16>
}

// Two at a time.
func.func @chain(%a: tensor<9x1xf32>, %b: tensor<1x9xf32>, %c: tensor<9x2xf32>) -> tensor<9x2xf32> {
  %r = taso.einsum %a, %b, %c, equation = "ab,bc,cd->ad"
      : tensor<9x1xf32>, tensor<1x9xf32>, tensor<9x2xf32> -> tensor<9x2xf32>
  func.return %r : tensor<9x2xf32>
}

// CHECK:      builtin.module {
// CHECK-NEXT: func.func @matrices(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>) -> tensor<2x5xf32> {
// CHECK-NEXT:   %0 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   %1 = tensor.empty() : tensor<2x5xf32>
// CHECK-NEXT:   %2 = linalg.fill ins(%0 : f32) outs(%1 : tensor<2x5xf32>) -> tensor<2x5xf32>
// CHECK-NEXT:   %r = linalg.matmul ins(%a, %b : tensor<2x3xf32>, tensor<3x5xf32>) outs(%2 : tensor<2x5xf32>) -> tensor<2x5xf32>
// CHECK-NEXT:   func.return %r : tensor<2x5xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @transposed(%a: tensor<4x4xf32>, %b: tensor<4x4xf32>) -> tensor<4x4xf32> {
// CHECK-NEXT:   %0 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   %1 = tensor.empty() : tensor<4x4xf32>
// CHECK-NEXT:   %2 = linalg.fill ins(%0 : f32) outs(%1 : tensor<4x4xf32>) -> tensor<4x4xf32>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%a, %b : tensor<4x4xf32>, tensor<4x4xf32>) outs(%2 : tensor<4x4xf32>) {
// CHECK-NEXT:   ^bb0(%in: f32, %in_1: f32, %out: f32):
// CHECK-NEXT:     %3 = arith.mulf %in, %in_1 : f32
// CHECK-NEXT:     %4 = arith.addf %out, %3 : f32
// CHECK-NEXT:     linalg.yield %4 : f32
// CHECK-NEXT:   } -> tensor<4x4xf32>
// CHECK-NEXT:   func.return %r : tensor<4x4xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @batches(%a: tensor<7x2x3xi32>, %b: tensor<3x5xi32>) -> tensor<7x2x5xi32> {
// CHECK-NEXT:   %0 = arith.constant 0 : i32
// CHECK-NEXT:   %1 = tensor.empty() : tensor<7x2x5xi32>
// CHECK-NEXT:   %2 = linalg.fill ins(%0 : i32) outs(%1 : tensor<7x2x5xi32>) -> tensor<7x2x5xi32>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>, affine_map<(d0, d1, d2, d3) -> (d3, d2)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%a, %b : tensor<7x2x3xi32>, tensor<3x5xi32>) outs(%2 : tensor<7x2x5xi32>) {
// CHECK-NEXT:   ^bb0(%in: i32, %in_1: i32, %out: i32):
// CHECK-NEXT:     %3 = arith.muli %in, %in_1 : i32
// CHECK-NEXT:     %4 = arith.addi %out, %3 : i32
// CHECK-NEXT:     linalg.yield %4 : i32
// CHECK-NEXT:   } -> tensor<7x2x5xi32>
// CHECK-NEXT:   func.return %r : tensor<7x2x5xi32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @outer_product(%a: tensor<2xf32>, %b: tensor<3xf32>) -> tensor<3x2xf32> {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<3x2xf32>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%a, %b : tensor<2xf32>, tensor<3xf32>) outs(%0 : tensor<3x2xf32>) {
// CHECK-NEXT:   ^bb0(%in: f32, %in_1: f32, %out: f32):
// CHECK-NEXT:     %1 = arith.mulf %in, %in_1 : f32
// CHECK-NEXT:     linalg.yield %1 : f32
// CHECK-NEXT:   } -> tensor<3x2xf32>
// CHECK-NEXT:   func.return %r : tensor<3x2xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @halves(%a: tensor<2x3xf16>, %b: tensor<3x5xf16>) -> tensor<2x5xf16> {
// CHECK-NEXT:   %r = func.call @matmul_0(%a, %b) : (tensor<2x3xf16>, tensor<3x5xf16>) -> tensor<2x5xf16>
// CHECK-NEXT:   func.return %r : tensor<2x5xf16>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @chain(%a: tensor<9x1xf32>, %b: tensor<1x9xf32>, %c: tensor<9x2xf32>) -> tensor<9x2xf32> {
// CHECK-NEXT:   %r = func.call @einsum_0(%a, %b, %c) : (tensor<9x1xf32>, tensor<1x9xf32>, tensor<9x2xf32>) -> tensor<9x2xf32>
// CHECK-NEXT:   func.return %r : tensor<9x2xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @matmul_0(%0: tensor<2x3xf16>, %1: tensor<3x5xf16>) -> tensor<2x5xf16> attributes {taso.op = "taso.matmul", taso.attrs = {}} {
// CHECK-NEXT:   %2 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   %3 = tensor.empty() : tensor<2x5xf32>
// CHECK-NEXT:   %4 = linalg.fill ins(%2 : f32) outs(%3 : tensor<2x5xf32>) -> tensor<2x5xf32>
// CHECK-NEXT:   %5 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d2, d1)>, affine_map<(d0, d1, d2) -> (d0, d1)>], iterator_types = ["parallel", "parallel", "reduction"]} ins(%0, %1 : tensor<2x3xf16>, tensor<3x5xf16>) outs(%4 : tensor<2x5xf32>) {
// CHECK-NEXT:   ^bb0(%in: f16, %in_1: f16, %out: f32):
// CHECK-NEXT:     %6 = arith.extf %in : f16 to f32
// CHECK-NEXT:     %7 = arith.extf %in_1 : f16 to f32
// CHECK-NEXT:     %8 = arith.mulf %6, %7 : f32
// CHECK-NEXT:     %9 = arith.addf %out, %8 : f32
// CHECK-NEXT:     linalg.yield %9 : f32
// CHECK-NEXT:   } -> tensor<2x5xf32>
// CHECK-NEXT:   %10 = tensor.empty() : tensor<2x5xf16>
// CHECK-NEXT:   %11 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%5 : tensor<2x5xf32>) outs(%10 : tensor<2x5xf16>) {
// CHECK-NEXT:   ^bb0(%in_2: f32, %out_1: f16):
// CHECK-NEXT:     %12 = arith.truncf %in_2 : f32 to f16
// CHECK-NEXT:     linalg.yield %12 : f16
// CHECK-NEXT:   } -> tensor<2x5xf16>
// CHECK-NEXT:   func.return %11 : tensor<2x5xf16>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @einsum_0(%0: tensor<9x1xf32>, %1: tensor<1x9xf32>, %2: tensor<9x2xf32>) -> tensor<9x2xf32> attributes {taso.op = "taso.einsum", taso.attrs = {equation = "ab,bc,cd->ad"}} {
// CHECK-NEXT:   %3 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   %4 = tensor.empty() : tensor<1x2xf32>
// CHECK-NEXT:   %5 = linalg.fill ins(%3 : f32) outs(%4 : tensor<1x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT:   %6 = linalg.matmul ins(%1, %2 : tensor<1x9xf32>, tensor<9x2xf32>) outs(%5 : tensor<1x2xf32>) -> tensor<1x2xf32>
// CHECK-NEXT:   %7 = tensor.empty() : tensor<9x2xf32>
// CHECK-NEXT:   %8 = linalg.fill ins(%3 : f32) outs(%7 : tensor<9x2xf32>) -> tensor<9x2xf32>
// CHECK-NEXT:   %9 = linalg.matmul ins(%0, %6 : tensor<9x1xf32>, tensor<1x2xf32>) outs(%8 : tensor<9x2xf32>) -> tensor<9x2xf32>
// CHECK-NEXT:   func.return %9 : tensor<9x2xf32>
// CHECK-NEXT: }
// CHECK-NEXT: }
