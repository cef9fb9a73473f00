// RUN: taso-opt %s -p convert-taso-to-linalg | filecheck %s

builtin.module attributes {taso.version = 1 : i64} {
  func.func @main(%x: tensor<2x3xf32>, %w: tensor<3xf32> {taso.param, taso.source = 1 : i64}) -> tensor<2x3xf32> {
    %k = taso.kernel(%a = %x : tensor<2x3xf32>, %b = %w : tensor<3xf32>) -> tensor<2x3xf32> {
      %r = taso.broadcast %b, dims = [1] : tensor<3xf32> -> tensor<2x3xf32>
      %s = taso.add %a, %r : tensor<2x3xf32>
      %g = taso.gelu %s, approximate = "tanh" : tensor<2x3xf32>
      taso.yield %g : tensor<2x3xf32>
    }
    %l = taso.kernel(%a = %k : tensor<2x3xf32>, %b = %w : tensor<3xf32>) -> tensor<2x3xf32> {
      %r = taso.broadcast %b, dims = [1] : tensor<3xf32> -> tensor<2x3xf32>
      %s = taso.add %a, %r : tensor<2x3xf32>
      %g = taso.gelu %s, approximate = "tanh" : tensor<2x3xf32>
      taso.yield %g : tensor<2x3xf32>
    }
    func.return %l : tensor<2x3xf32>
  }
}

// CHECK:      builtin.module attributes {taso.version = 1 : i64} {
// CHECK-NEXT:   func.func @main(%x: tensor<2x3xf32>, %w: tensor<3xf32> {taso.param, taso.source = 1 : i64}) -> tensor<2x3xf32> {
// CHECK-NEXT:     %k = func.call @kernel_0(%x, %w) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:     %l = func.call @kernel_0(%k, %w) : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:     func.return %l : tensor<2x3xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   func.func private @gelu_0(%0: tensor<2x3xf32>) -> tensor<2x3xf32> attributes {taso.op = "taso.gelu", taso.attrs = {approximate = "tanh"}} {
// CHECK-NEXT:     %1 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:     %2 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%0 : tensor<2x3xf32>) outs(%1 : tensor<2x3xf32>) {
// CHECK-NEXT:     ^bb0(%in: f32, %out: f32):
// CHECK-NEXT:       %3 = arith.mulf %in, %in : f32
// CHECK-NEXT:       %4 = arith.mulf %3, %in : f32
// CHECK-NEXT:       %5 = arith.constant 4.471500e-02 : f32
// CHECK-NEXT:       %6 = arith.mulf %4, %5 : f32
// CHECK-NEXT:       %7 = arith.constant 0.797884583 : f32
// CHECK-NEXT:       %8 = arith.addf %in, %6 : f32
// CHECK-NEXT:       %9 = arith.mulf %8, %7 : f32
// CHECK-NEXT:       %10 = math.tanh %9 : f32
// CHECK-NEXT:       %11 = arith.constant 5.000000e-01 : f32
// CHECK-NEXT:       %12 = arith.mulf %in, %11 : f32
// CHECK-NEXT:       %13 = arith.constant 1.000000e+00 : f32
// CHECK-NEXT:       %14 = arith.addf %10, %13 : f32
// CHECK-NEXT:       %15 = arith.mulf %12, %14 : f32
// CHECK-NEXT:       linalg.yield %15 : f32
// CHECK-NEXT:     } -> tensor<2x3xf32>
// CHECK-NEXT:     func.return %2 : tensor<2x3xf32>
// CHECK-NEXT:   }
// CHECK-NEXT:   func.func private @kernel_0(%a: tensor<2x3xf32>, %b: tensor<3xf32>) -> tensor<2x3xf32> attributes {taso.op = "taso.kernel"} {
// CHECK-NEXT:     %0 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:     %s = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%a, %b : tensor<2x3xf32>, tensor<3xf32>) outs(%0 : tensor<2x3xf32>) {
// CHECK-NEXT:     ^bb0(%in: f32, %in_1: f32, %out: f32):
// CHECK-NEXT:       %1 = arith.addf %in, %in_1 : f32
// CHECK-NEXT:       linalg.yield %1 : f32
// CHECK-NEXT:     } -> tensor<2x3xf32>
// CHECK-NEXT:     %g = func.call @gelu_0(%s) : (tensor<2x3xf32>) -> tensor<2x3xf32>
// CHECK-NEXT:     func.return %g : tensor<2x3xf32>
// CHECK-NEXT:   }
// CHECK-NEXT: }
