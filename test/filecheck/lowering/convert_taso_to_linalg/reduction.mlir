// RUN: taso-opt %s -p convert-taso-to-linalg | filecheck %s

func.func @sum(%x: tensor<2x3x5xf32>) -> tensor<3xf32> {
  %r = taso.reduce_sum %x, axes = [0, 2] : tensor<2x3x5xf32> -> tensor<3xf32>
  func.return %r : tensor<3xf32>
}

func.func @largest(%x: tensor<2x3xf32>, %i: tensor<2x3xi64>) -> (tensor<f32>, tensor<2xi64>) {
  %r = taso.reduce_max %x, axes = [0, 1] : tensor<2x3xf32> -> tensor<f32>
  %s = taso.reduce_max %i, axes = [1] : tensor<2x3xi64> -> tensor<2xi64>
  func.return %r, %s : tensor<f32>, tensor<2xi64>
}

func.func @mean(%x: tensor<2x3xbf16>) -> tensor<2xbf16> {
  %r = taso.reduce_mean %x, axes = [1] : tensor<2x3xbf16> -> tensor<2xbf16>
  func.return %r : tensor<2xbf16>
}

func.func @var(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  %r = taso.var %x, axes = [1], correction = 1 : tensor<2x3xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// CHECK:      builtin.module {
// CHECK-NEXT: func.func @sum(%x: tensor<2x3x5xf32>) -> tensor<3xf32> {
// CHECK-NEXT:   %0 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   %1 = tensor.empty() : tensor<3xf32>
// CHECK-NEXT:   %2 = linalg.fill ins(%0 : f32) outs(%1 : tensor<3xf32>) -> tensor<3xf32>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d1, d0, d2)>, affine_map<(d0, d1, d2) -> (d0)>], iterator_types = ["parallel", "reduction", "reduction"]} ins(%x : tensor<2x3x5xf32>) outs(%2 : tensor<3xf32>) {
// CHECK-NEXT:   ^bb0(%in: f32, %out: f32):
// CHECK-NEXT:     %3 = arith.addf %out, %in : f32
// CHECK-NEXT:     linalg.yield %3 : f32
// CHECK-NEXT:   } -> tensor<3xf32>
// CHECK-NEXT:   func.return %r : tensor<3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @largest(%x: tensor<2x3xf32>, %i: tensor<2x3xi64>) -> (tensor<f32>, tensor<2xi64>) {
// CHECK-NEXT:   %0 = arith.constant 0xff800000 : f32
// CHECK-NEXT:   %1 = tensor.empty() : tensor<f32>
// CHECK-NEXT:   %2 = linalg.fill ins(%0 : f32) outs(%1 : tensor<f32>) -> tensor<f32>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> ()>], iterator_types = ["reduction", "reduction"]} ins(%x : tensor<2x3xf32>) outs(%2 : tensor<f32>) {
// CHECK-NEXT:   ^bb0(%in: f32, %out: f32):
// CHECK-NEXT:     %3 = arith.maximumf %out, %in : f32
// CHECK-NEXT:     linalg.yield %3 : f32
// CHECK-NEXT:   } -> tensor<f32>
// CHECK-NEXT:   %4 = arith.constant -9223372036854775808 : i64
// CHECK-NEXT:   %5 = tensor.empty() : tensor<2xi64>
// CHECK-NEXT:   %6 = linalg.fill ins(%4 : i64) outs(%5 : tensor<2xi64>) -> tensor<2xi64>
// CHECK-NEXT:   %s = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%i : tensor<2x3xi64>) outs(%6 : tensor<2xi64>) {
// CHECK-NEXT:   ^bb0(%in_1: i64, %out_1: i64):
// CHECK-NEXT:     %7 = arith.maxsi %out_1, %in_1 : i64
// CHECK-NEXT:     linalg.yield %7 : i64
// CHECK-NEXT:   } -> tensor<2xi64>
// CHECK-NEXT:   func.return %r, %s : tensor<f32>, tensor<2xi64>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @mean(%x: tensor<2x3xbf16>) -> tensor<2xbf16> {
// CHECK-NEXT:   %r = func.call @reduce_mean_0(%x) : (tensor<2x3xbf16>) -> tensor<2xbf16>
// CHECK-NEXT:   func.return %r : tensor<2xbf16>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @var(%x: tensor<2x3xf32>) -> tensor<2xf32> {
// CHECK-NEXT:   %r = func.call @var_0(%x) : (tensor<2x3xf32>) -> tensor<2xf32>
// CHECK-NEXT:   func.return %r : tensor<2xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @reduce_mean_0(%0: tensor<2x3xbf16>) -> tensor<2xbf16> attributes {taso.op = "taso.reduce_mean", taso.attrs = {axes = array<i64: 1>}} {
// CHECK-NEXT:   %1 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %2 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%0 : tensor<2x3xbf16>) outs(%1 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in: bf16, %out: f32):
// CHECK-NEXT:     %3 = arith.extf %in : bf16 to f32
// CHECK-NEXT:     linalg.yield %3 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   %4 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   %5 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %6 = linalg.fill ins(%4 : f32) outs(%5 : tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:   %7 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%2 : tensor<2x3xf32>) outs(%6 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in_1: f32, %out_1: f32):
// CHECK-NEXT:     %8 = arith.addf %out_1, %in_1 : f32
// CHECK-NEXT:     linalg.yield %8 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %9 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %10 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%7 : tensor<2xf32>) outs(%9 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in_2: f32, %out_2: f32):
// CHECK-NEXT:     %11 = arith.constant 3.000000e+00 : f32
// CHECK-NEXT:     %12 = arith.divf %in_2, %11 : f32
// CHECK-NEXT:     linalg.yield %12 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %13 = tensor.empty() : tensor<2xbf16>
// CHECK-NEXT:   %14 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%10 : tensor<2xf32>) outs(%13 : tensor<2xbf16>) {
// CHECK-NEXT:   ^bb0(%in_3: f32, %out_3: bf16):
// CHECK-NEXT:     %15 = arith.truncf %in_3 : f32 to bf16
// CHECK-NEXT:     linalg.yield %15 : bf16
// CHECK-NEXT:   } -> tensor<2xbf16>
// CHECK-NEXT:   func.return %14 : tensor<2xbf16>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @var_0(%0: tensor<2x3xf32>) -> tensor<2xf32> attributes {taso.op = "taso.var", taso.attrs = {axes = array<i64: 1>, correction = 1 : i64}} {
// CHECK-NEXT:   %1 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   %2 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %3 = linalg.fill ins(%1 : f32) outs(%2 : tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:   %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%0 : tensor<2x3xf32>) outs(%3 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in: f32, %out: f32):
// CHECK-NEXT:     %5 = arith.addf %out, %in : f32
// CHECK-NEXT:     linalg.yield %5 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %6 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %7 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%4 : tensor<2xf32>) outs(%6 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in_1: f32, %out_1: f32):
// CHECK-NEXT:     %8 = arith.constant 3.000000e+00 : f32
// CHECK-NEXT:     %9 = arith.divf %in_1, %8 : f32
// CHECK-NEXT:     linalg.yield %9 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %10 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %11 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%0, %7 : tensor<2x3xf32>, tensor<2xf32>) outs(%10 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in_2: f32, %in_3: f32, %out_2: f32):
// CHECK-NEXT:     %12 = arith.subf %in_2, %in_3 : f32
// CHECK-NEXT:     linalg.yield %12 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   %13 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %14 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%11 : tensor<2x3xf32>) outs(%13 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in_4: f32, %out_3: f32):
// CHECK-NEXT:     %15 = arith.mulf %in_4, %in_4 : f32
// CHECK-NEXT:     linalg.yield %15 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   %16 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %17 = linalg.fill ins(%1 : f32) outs(%16 : tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:   %18 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%14 : tensor<2x3xf32>) outs(%17 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in_5: f32, %out_4: f32):
// CHECK-NEXT:     %19 = arith.addf %out_4, %in_5 : f32
// CHECK-NEXT:     linalg.yield %19 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %20 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %21 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%18 : tensor<2xf32>) outs(%20 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in_6: f32, %out_5: f32):
// CHECK-NEXT:     %22 = arith.constant 2.000000e+00 : f32
// CHECK-NEXT:     %23 = arith.divf %in_6, %22 : f32
// CHECK-NEXT:     linalg.yield %23 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   func.return %21 : tensor<2xf32>
// CHECK-NEXT: }
// CHECK-NEXT: }
