// RUN: taso-opt %s -p convert-taso-to-linalg | filecheck %s

// One function for equal ops; it records the op, its operands' types are those of the function.
func.func @softmax(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = taso.softmax %x, axis = 1 : tensor<2x3xf32> -> tensor<2x3xf32>
  %z = taso.softmax %y, axis = 1 : tensor<2x3xf32> -> tensor<2x3xf32>
  func.return %z : tensor<2x3xf32>
}

func.func @layer_norm(%x: tensor<2x3xf16>, %g: tensor<3xf16>, %b: tensor<3xf16>) -> tensor<2x3xf16> {
  %y = taso.layer_norm %x, %g, %b, eps = 1.0e-05
      : tensor<2x3xf16>, tensor<3xf16>, tensor<3xf16> -> tensor<2x3xf16>
  func.return %y : tensor<2x3xf16>
}

// CHECK:      builtin.module {
// CHECK-NEXT: func.func @softmax(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
// CHECK-NEXT:   %y = func.call @softmax_0(%x) : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:   %z = func.call @softmax_0(%y) : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:   func.return %z : tensor<2x3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @layer_norm(%x: tensor<2x3xf16>, %g: tensor<3xf16>, %b: tensor<3xf16>) -> tensor<2x3xf16> {
// CHECK-NEXT:   %y = func.call @layer_norm_0(%x, %g, %b) : (tensor<2x3xf16>, tensor<3xf16>, tensor<3xf16>) -> tensor<2x3xf16>
// CHECK-NEXT:   func.return %y : tensor<2x3xf16>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @softmax_0(%0: tensor<2x3xf32>) -> tensor<2x3xf32> attributes {taso.op = "taso.softmax", taso.attrs = {axis = 1 : i64}} {
// CHECK-NEXT:   %1 = arith.constant 0xff800000 : f32
// CHECK-NEXT:   %2 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %3 = linalg.fill ins(%1 : f32) outs(%2 : tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:   %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%0 : tensor<2x3xf32>) outs(%3 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in: f32, %out: f32):
// CHECK-NEXT:     %5 = arith.maximumf %out, %in : f32
// CHECK-NEXT:     linalg.yield %5 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %6 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %7 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%0, %4 : tensor<2x3xf32>, tensor<2xf32>) outs(%6 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in_1: f32, %in_2: f32, %out_1: f32):
// CHECK-NEXT:     %8 = arith.subf %in_1, %in_2 : f32
// CHECK-NEXT:     linalg.yield %8 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   %9 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %10 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%7 : tensor<2x3xf32>) outs(%9 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in_3: f32, %out_2: f32):
// CHECK-NEXT:     %11 = math.exp %in_3 : f32
// CHECK-NEXT:     linalg.yield %11 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   %12 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   %13 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %14 = linalg.fill ins(%12 : f32) outs(%13 : tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:   %15 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%10 : tensor<2x3xf32>) outs(%14 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in_4: f32, %out_3: f32):
// CHECK-NEXT:     %16 = arith.addf %out_3, %in_4 : f32
// CHECK-NEXT:     linalg.yield %16 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %17 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %18 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%10, %15 : tensor<2x3xf32>, tensor<2xf32>) outs(%17 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in_5: f32, %in_6: f32, %out_4: f32):
// CHECK-NEXT:     %19 = arith.divf %in_5, %in_6 : f32
// CHECK-NEXT:     linalg.yield %19 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   func.return %18 : tensor<2x3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func private @layer_norm_0(%0: tensor<2x3xf16>, %1: tensor<3xf16>, %2: tensor<3xf16>) -> tensor<2x3xf16> attributes {taso.op = "taso.layer_norm", taso.attrs = {eps = 1.000000e-05 : f64}} {
// CHECK-NEXT:   %3 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %4 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%0 : tensor<2x3xf16>) outs(%3 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in: f16, %out: f32):
// CHECK-NEXT:     %5 = arith.extf %in : f16 to f32
// CHECK-NEXT:     linalg.yield %5 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   %6 = tensor.empty() : tensor<3xf32>
// CHECK-NEXT:   %7 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%1 : tensor<3xf16>) outs(%6 : tensor<3xf32>) {
// CHECK-NEXT:   ^bb0(%in_1: f16, %out_1: f32):
// CHECK-NEXT:     %8 = arith.extf %in_1 : f16 to f32
// CHECK-NEXT:     linalg.yield %8 : f32
// CHECK-NEXT:   } -> tensor<3xf32>
// CHECK-NEXT:   %9 = tensor.empty() : tensor<3xf32>
// CHECK-NEXT:   %10 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%2 : tensor<3xf16>) outs(%9 : tensor<3xf32>) {
// CHECK-NEXT:   ^bb0(%in_2: f16, %out_2: f32):
// CHECK-NEXT:     %11 = arith.extf %in_2 : f16 to f32
// CHECK-NEXT:     linalg.yield %11 : f32
// CHECK-NEXT:   } -> tensor<3xf32>
// CHECK-NEXT:   %12 = arith.constant 0.000000e+00 : f32
// CHECK-NEXT:   %13 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %14 = linalg.fill ins(%12 : f32) outs(%13 : tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:   %15 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%4 : tensor<2x3xf32>) outs(%14 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in_3: f32, %out_3: f32):
// CHECK-NEXT:     %16 = arith.addf %out_3, %in_3 : f32
// CHECK-NEXT:     linalg.yield %16 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %17 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %18 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%15 : tensor<2xf32>) outs(%17 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in_4: f32, %out_4: f32):
// CHECK-NEXT:     %19 = arith.constant 3.000000e+00 : f32
// CHECK-NEXT:     %20 = arith.divf %in_4, %19 : f32
// CHECK-NEXT:     linalg.yield %20 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %21 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %22 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%4, %18 : tensor<2x3xf32>, tensor<2xf32>) outs(%21 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in_5: f32, %in_6: f32, %out_5: f32):
// CHECK-NEXT:     %23 = arith.subf %in_5, %in_6 : f32
// CHECK-NEXT:     linalg.yield %23 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   %24 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %25 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%22 : tensor<2x3xf32>) outs(%24 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in_7: f32, %out_6: f32):
// CHECK-NEXT:     %26 = arith.mulf %in_7, %in_7 : f32
// CHECK-NEXT:     linalg.yield %26 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   %27 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %28 = linalg.fill ins(%12 : f32) outs(%27 : tensor<2xf32>) -> tensor<2xf32>
// CHECK-NEXT:   %29 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]} ins(%25 : tensor<2x3xf32>) outs(%28 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in_8: f32, %out_7: f32):
// CHECK-NEXT:     %30 = arith.addf %out_7, %in_8 : f32
// CHECK-NEXT:     linalg.yield %30 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %31 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %32 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%29 : tensor<2xf32>) outs(%31 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in_9: f32, %out_8: f32):
// CHECK-NEXT:     %33 = arith.constant 3.000000e+00 : f32
// CHECK-NEXT:     %34 = arith.divf %in_9, %33 : f32
// CHECK-NEXT:     linalg.yield %34 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %35 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %36 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%32 : tensor<2xf32>) outs(%35 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in_10: f32, %out_9: f32):
// CHECK-NEXT:     %37 = arith.constant 1.000000e-05 : f32
// CHECK-NEXT:     %38 = arith.addf %in_10, %37 : f32
// CHECK-NEXT:     linalg.yield %38 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %39 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %40 = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%36 : tensor<2xf32>) outs(%39 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in_11: f32, %out_10: f32):
// CHECK-NEXT:     %41 = math.rsqrt %in_11 : f32
// CHECK-NEXT:     linalg.yield %41 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %42 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %43 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%22, %40 : tensor<2x3xf32>, tensor<2xf32>) outs(%42 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in_12: f32, %in_13: f32, %out_11: f32):
// CHECK-NEXT:     %44 = arith.mulf %in_12, %in_13 : f32
// CHECK-NEXT:     linalg.yield %44 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   %45 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %46 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%43, %7 : tensor<2x3xf32>, tensor<3xf32>) outs(%45 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in_14: f32, %in_15: f32, %out_12: f32):
// CHECK-NEXT:     %47 = arith.mulf %in_14, %in_15 : f32
// CHECK-NEXT:     linalg.yield %47 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   %48 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %49 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%46, %10 : tensor<2x3xf32>, tensor<3xf32>) outs(%48 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in_16: f32, %in_17: f32, %out_13: f32):
// CHECK-NEXT:     %50 = arith.addf %in_16, %in_17 : f32
// CHECK-NEXT:     linalg.yield %50 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   %51 = tensor.empty() : tensor<2x3xf16>
// CHECK-NEXT:   %52 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%49 : tensor<2x3xf32>) outs(%51 : tensor<2x3xf16>) {
// CHECK-NEXT:   ^bb0(%in_18: f32, %out_14: f16):
// CHECK-NEXT:     %53 = arith.truncf %in_18 : f32 to f16
// CHECK-NEXT:     linalg.yield %53 : f16
// CHECK-NEXT:   } -> tensor<2x3xf16>
// CHECK-NEXT:   func.return %52 : tensor<2x3xf16>
// CHECK-NEXT: }
// CHECK-NEXT: }
