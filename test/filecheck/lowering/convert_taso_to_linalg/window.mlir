// RUN: taso-opt %s -p convert-taso-to-linalg | filecheck %s

func.func @conv2d(%x: tensor<2x4x5x6xf16>, %w: tensor<6x2x3x1xf16>) -> tensor<2x6x3x6xf16> {
  %y = taso.conv2d %x, %w, stride = [2, 1], padding = [1, 0], dilation = [1, 1], groups = 2 : tensor<2x4x5x6xf16>, tensor<6x2x3x1xf16> -> tensor<2x6x3x6xf16>
  func.return %y : tensor<2x6x3x6xf16>
}

func.func @avg_pool2d(%x: tensor<2x3x4x4xf32>) -> tensor<2x3x2x2xf32> {
  %y = taso.avg_pool2d %x, kernel = [3, 3], stride = [2, 2], padding = [1, 1], count_include_pad = false : tensor<2x3x4x4xf32> -> tensor<2x3x2x2xf32>
  func.return %y : tensor<2x3x2x2xf32>
}

func.func @max_pool2d(%x: tensor<2x3x5x4xf32>) -> tensor<2x3x2x3xf32> {
  %y = taso.max_pool2d %x, kernel = [2, 2], stride = [2, 1], padding = [0, 0], dilation = [1, 1] : tensor<2x3x5x4xf32> -> tensor<2x3x2x3xf32>
  func.return %y : tensor<2x3x2x3xf32>
}

func.func @pad(%x: tensor<2x3xi64>) -> tensor<4x4xi64> {
  %y = taso.pad %x, low = [0, 1], high = [2, 0], value = 7.0 : tensor<2x3xi64> -> tensor<4x4xi64>
  func.return %y : tensor<4x4xi64>
}

// CHECK:      builtin.module {
// CHECK-NEXT: func.func @conv2d(%x: tensor<2x4x5x6xf16>, %w: tensor<6x2x3x1xf16>) -> tensor<2x6x3x6xf16> {
// CHECK-NEXT:   %y = func.call @conv2d_0(%x, %w) : (tensor<2x4x5x6xf16>, tensor<6x2x3x1xf16>) -> tensor<2x6x3x6xf16>
// CHECK-NEXT:   func.return %y : tensor<2x6x3x6xf16>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @avg_pool2d(%x: tensor<2x3x4x4xf32>) -> tensor<2x3x2x2xf32> {
// CHECK-NEXT:   %y = func.call @avg_pool2d_0(%x) : (tensor<2x3x4x4xf32>) -> tensor<2x3x2x2xf32>
// CHECK-NEXT:   func.return %y : tensor<2x3x2x2xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @max_pool2d(%x: tensor<2x3x5x4xf32>) -> tensor<2x3x2x3xf32> {
// CHECK-NEXT:   %y = func.call @max_pool2d_0(%x) : (tensor<2x3x5x4xf32>) -> tensor<2x3x2x3xf32>
// CHECK-NEXT:   func.return %y : tensor<2x3x2x3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @pad(%x: tensor<2x3xi64>) -> tensor<4x4xi64> {
// CHECK-NEXT:   %0 = arith.constant 7 : i64
// CHECK-NEXT:   %1 = tensor.empty() : tensor<4x4xi64>
// CHECK-NEXT:   %2 = linalg.fill ins(%0 : i64) outs(%1 : tensor<4x4xi64>) -> tensor<4x4xi64>
// CHECK-NEXT:   %y = tensor.insert_slice %x into %2[0, 1] [2, 3] [1, 1] : tensor<2x3xi64> into tensor<4x4xi64>
// CHECK-NEXT:   func.return %y : tensor<4x4xi64>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @conv2d_0(%0: tensor<2x4x5x6xf16>, %1: tensor<6x2x3x1xf16>) -> tensor<2x6x3x6xf16> attributes {taso.op = "taso.conv2d", taso.attrs = {stride = array<i64: 2, 1>, padding = array<i64: 1, 0>, dilation = array<i64: 1, 1>, groups = 2 : i64}} {
// CHECK-NEXT:   %2 = arith.constant 0.000000e+00 : f16
// CHECK-NEXT:   %3 = tensor.empty() : tensor<2x4x7x6xf16>
// CHECK-NEXT:   %4 = linalg.fill ins(%2 : f16) outs(%3 : tensor<2x4x7x6xf16>) -> tensor<2x4x7x6xf16>
// CHECK-NEXT:   %5 = tensor.insert_slice %0 into %4[0, 0, 1, 0] [2, 4, 5, 6] [1, 1, 1, 1] : tensor<2x4x5x6xf16> into tensor<2x4x7x6xf16>
// CHECK-NEXT:   %6 = tensor.expand_shape %5 [[0 : i64], [1 : i64, 2 : i64], [3 : i64], [4 : i64]] output_shape [2, 2, 2, 7, 6] : tensor<2x4x7x6xf16> into tensor<2x2x2x7x6xf16>
// CHECK-NEXT:   %7 = tensor.expand_shape %1 [[0 : i64, 1 : i64], [2 : i64], [3 : i64], [4 : i64]] output_shape [2, 3, 2, 3, 1] : tensor<6x2x3x1xf16> into tensor<2x3x2x3x1xf16>
// CHECK-NEXT:   %8 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   %9 = tensor.empty() : tensor<2x2x3x3x6xf32>
// CHECK-NEXT:   %10 = linalg.fill ins(%8 : f32) outs(%9 : tensor<2x2x3x3x6xf32>) -> tensor<2x2x3x3x6xf32>
// CHECK-NEXT:   %11 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d0, d1, d5, ((d3 * 2) + d6), (d4 + d7))>, affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d1, d2, d5, d6, d7)>, affine_map<(d0, d1, d2, d3, d4, d5, d6, d7) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%6, %7 : tensor<2x2x2x7x6xf16>, tensor<2x3x2x3x1xf16>) outs(%10 : tensor<2x2x3x3x6xf32>) {
// CHECK-NEXT:   ^bb0(%in: f16, %in_1: f16, %out: f32):
// CHECK-NEXT:     %12 = arith.extf %in : f16 to f32
// CHECK-NEXT:     %13 = arith.extf %in_1 : f16 to f32
// CHECK-NEXT:     %14 = arith.mulf %12, %13 : f32
// CHECK-NEXT:     %15 = arith.addf %out, %14 : f32
// CHECK-NEXT:     linalg.yield %15 : f32
// CHECK-NEXT:   } -> tensor<2x2x3x3x6xf32>
// CHECK-NEXT:   %16 = tensor.empty() : tensor<2x2x3x3x6xf16>
// CHECK-NEXT:   %17 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>, affine_map<(d0, d1, d2, d3, d4) -> (d0, d1, d2, d3, d4)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "parallel"]} ins(%11 : tensor<2x2x3x3x6xf32>) outs(%16 : tensor<2x2x3x3x6xf16>) {
// CHECK-NEXT:   ^bb0(%in_2: f32, %out_1: f16):
// CHECK-NEXT:     %18 = arith.truncf %in_2 : f32 to f16
// CHECK-NEXT:     linalg.yield %18 : f16
// CHECK-NEXT:   } -> tensor<2x2x3x3x6xf16>
// CHECK-NEXT:   %19 = tensor.collapse_shape %17 [[0 : i64], [1 : i64, 2 : i64], [3 : i64], [4 : i64]] : tensor<2x2x3x3x6xf16> into tensor<2x6x3x6xf16>
// CHECK-NEXT:   func.return %19 : tensor<2x6x3x6xf16>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @avg_pool2d_0(%0: tensor<2x3x4x4xf32>) -> tensor<2x3x2x2xf32> attributes {taso.op = "taso.avg_pool2d", taso.attrs = {kernel = array<i64: 3, 3>, stride = array<i64: 2, 2>, padding = array<i64: 1, 1>, count_include_pad = false}} {
// CHECK-NEXT:   %1 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   %2 = tensor.empty() : tensor<2x3x6x6xf32>
// CHECK-NEXT:   %3 = linalg.fill ins(%1 : f32) outs(%2 : tensor<2x3x6x6xf32>) -> tensor<2x3x6x6xf32>
// CHECK-NEXT:   %4 = tensor.insert_slice %0 into %3[0, 0, 1, 1] [2, 3, 4, 4] [1, 1, 1, 1] : tensor<2x3x4x4xf32> into tensor<2x3x6x6xf32>
// CHECK-NEXT:   %5 = tensor.empty() : tensor<3x3xf32>
// CHECK-NEXT:   %6 = tensor.empty() : tensor<2x3x2x2xf32>
// CHECK-NEXT:   %7 = linalg.fill ins(%1 : f32) outs(%6 : tensor<2x3x2x2xf32>) -> tensor<2x3x2x2xf32>
// CHECK-NEXT:   %8 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, ((d2 * 2) + d4), ((d3 * 2) + d5))>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%4, %5 : tensor<2x3x6x6xf32>, tensor<3x3xf32>) outs(%7 : tensor<2x3x2x2xf32>) {
// CHECK-NEXT:   ^bb0(%in: f32, %in_1: f32, %out: f32):
// CHECK-NEXT:     %9 = arith.addf %out, %in : f32
// CHECK-NEXT:     linalg.yield %9 : f32
// CHECK-NEXT:   } -> tensor<2x3x2x2xf32>
// CHECK-NEXT:   %10 = arith.constant dense<[[4.000000e+00, 6.000000e+00], [6.000000e+00, 9.000000e+00]]> : tensor<2x2xf32>
// CHECK-NEXT:   %11 = tensor.empty() : tensor<2x3x2x2xf32>
// CHECK-NEXT:   %12 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d2, d3)>, affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%8, %10 : tensor<2x3x2x2xf32>, tensor<2x2xf32>) outs(%11 : tensor<2x3x2x2xf32>) {
// CHECK-NEXT:   ^bb0(%in_2: f32, %in_3: f32, %out_1: f32):
// CHECK-NEXT:     %13 = arith.divf %in_2, %in_3 : f32
// CHECK-NEXT:     linalg.yield %13 : f32
// CHECK-NEXT:   } -> tensor<2x3x2x2xf32>
// CHECK-NEXT:   func.return %12 : tensor<2x3x2x2xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @max_pool2d_0(%0: tensor<2x3x5x4xf32>) -> tensor<2x3x2x3xf32> attributes {taso.op = "taso.max_pool2d", taso.attrs = {kernel = array<i64: 2, 2>, stride = array<i64: 2, 1>, padding = array<i64: 0, 0>, dilation = array<i64: 1, 1>}} {
// CHECK-NEXT:   %1 = tensor.empty() : tensor<2x2xf32>
// CHECK-NEXT:   %2 = arith.constant 0xff800000 : f32
// CHECK-NEXT:   %3 = tensor.empty() : tensor<2x3x2x3xf32>
// CHECK-NEXT:   %4 = linalg.fill ins(%2 : f32) outs(%3 : tensor<2x3x2x3xf32>) -> tensor<2x3x2x3xf32>
// CHECK-NEXT:   %5 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, ((d2 * 2) + d4), (d3 + d5))>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1, d2, d3)>], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]} ins(%0, %1 : tensor<2x3x5x4xf32>, tensor<2x2xf32>) outs(%4 : tensor<2x3x2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in: f32, %in_1: f32, %out: f32):
// CHECK-NEXT:     %6 = arith.maximumf %out, %in : f32
// CHECK-NEXT:     linalg.yield %6 : f32
// CHECK-NEXT:   } -> tensor<2x3x2x3xf32>
// CHECK-NEXT:   func.return %5 : tensor<2x3x2x3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: }
