// RUN: taso-opt %s -p convert-taso-to-linalg | filecheck %s

func.func @views(%x: tensor<2x3xf32>) -> (tensor<3x2xf32>, tensor<4x2x3xf32>) {
  %t = taso.transpose %x, perm = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %b = taso.broadcast %x, dims = [1, 2] : tensor<2x3xf32> -> tensor<4x2x3xf32>
  func.return %t, %b : tensor<3x2xf32>, tensor<4x2x3xf32>
}

// A transposition of a transposition is its operand.
func.func @twice_transposed(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %t = taso.transpose %x, perm = [1, 0] : tensor<2x3xf32> -> tensor<3x2xf32>
  %u = taso.transpose %t, perm = [1, 0] : tensor<3x2xf32> -> tensor<2x3xf32>
  func.return %u : tensor<2x3xf32>
}

func.func @reshapes(%x: tensor<2x3x5xf32>) -> (tensor<6x5xf32>, tensor<2x3x5x1xf32>, tensor<10x3xf32>) {
  %a = taso.reshape %x : tensor<2x3x5xf32> -> tensor<6x5xf32>
  %b = taso.reshape %x : tensor<2x3x5xf32> -> tensor<2x3x5x1xf32>
  %c = taso.reshape %x : tensor<2x3x5xf32> -> tensor<10x3xf32>
  func.return %a, %b, %c : tensor<6x5xf32>, tensor<2x3x5x1xf32>, tensor<10x3xf32>
}

func.func @pieces(%x: tensor<2x3xf32>) -> (tensor<2x5xf32>, tensor<2x1xf32>, tensor<2x2xf32>) {
  %s = taso.slice %x, axis = 1, start = 1, stop = 3 : tensor<2x3xf32> -> tensor<2x2xf32>
  %c = taso.concat %x, %s, axis = 1 : tensor<2x3xf32>, tensor<2x2xf32> -> tensor<2x5xf32>
  %a, %b = taso.split %x, axis = 1, sizes = [1, 2] : tensor<2x3xf32> -> tensor<2x1xf32>, tensor<2x2xf32>
  func.return %c, %a, %b : tensor<2x5xf32>, tensor<2x1xf32>, tensor<2x2xf32>
}

// A splat is never written out; xDSL would not read a list with inf back.
func.func @constants() -> (tensor<9x9xf32>, tensor<2xi32>, tensor<2xf32>, tensor<0xf32>) {
  %a = taso.constant 2.0 : tensor<9x9xf32>
  %b = taso.constant dense<[1, 2]> : tensor<2xi32>
  %c = taso.constant dense<[1.0, inf]> : tensor<2xf32>
  %d = taso.constant dense<> : tensor<0xf32>
  func.return %a, %b, %c, %d : tensor<9x9xf32>, tensor<2xi32>, tensor<2xf32>, tensor<0xf32>
}

// CHECK:      builtin.module {
// CHECK-NEXT: func.func @views(%x: tensor<2x3xf32>) -> (tensor<3x2xf32>, tensor<4x2x3xf32>) {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<3x2xf32>
// CHECK-NEXT:   %1 = linalg.transpose ins(%x:tensor<2x3xf32>) outs(%0:tensor<3x2xf32>) permutation = [1, 0]
// CHECK-NEXT:   %2 = tensor.empty() : tensor<4x2x3xf32>
// CHECK-NEXT:   %3 = linalg.broadcast ins(%x:tensor<2x3xf32>) outs(%2:tensor<4x2x3xf32>) dimensions = [0]
// CHECK-NEXT:   func.return %1, %3 : tensor<3x2xf32>, tensor<4x2x3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @twice_transposed(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
// CHECK-NEXT:   func.return %x : tensor<2x3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @reshapes(%x: tensor<2x3x5xf32>) -> (tensor<6x5xf32>, tensor<2x3x5x1xf32>, tensor<10x3xf32>) {
// CHECK-NEXT:   %a = tensor.collapse_shape %x {{\[\[}}0 : i64, 1 : i64], [2 : i64{{\]\]}} : tensor<2x3x5xf32> into tensor<6x5xf32>
// CHECK-NEXT:   %b = tensor.expand_shape %x {{\[\[}}0 : i64], [1 : i64], [2 : i64, 3 : i64{{\]\]}} output_shape [2, 3, 5, 1] : tensor<2x3x5xf32> into tensor<2x3x5x1xf32>
// CHECK-NEXT:   %0 = tensor.collapse_shape %x {{\[\[}}0 : i64, 1 : i64, 2 : i64{{\]\]}} : tensor<2x3x5xf32> into tensor<30xf32>
// CHECK-NEXT:   %c = tensor.expand_shape %0 {{\[\[}}0 : i64, 1 : i64{{\]\]}} output_shape [10, 3] : tensor<30xf32> into tensor<10x3xf32>
// CHECK-NEXT:   func.return %a, %b, %c : tensor<6x5xf32>, tensor<2x3x5x1xf32>, tensor<10x3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @pieces(%x: tensor<2x3xf32>) -> (tensor<2x5xf32>, tensor<2x1xf32>, tensor<2x2xf32>) {
// CHECK-NEXT:   %s = tensor.extract_slice %x[0, 1] [2, 2] [1, 1] : tensor<2x3xf32> to tensor<2x2xf32>
// CHECK-NEXT:   %c = tensor.concat dim(1) %x, %s : (tensor<2x3xf32>, tensor<2x2xf32>) -> tensor<2x5xf32>
// CHECK-NEXT:   %a = tensor.extract_slice %x[0, 0] [2, 1] [1, 1] : tensor<2x3xf32> to tensor<2x1xf32>
// CHECK-NEXT:   %b = tensor.extract_slice %x[0, 1] [2, 2] [1, 1] : tensor<2x3xf32> to tensor<2x2xf32>
// CHECK-NEXT:   func.return %c, %a, %b : tensor<2x5xf32>, tensor<2x1xf32>, tensor<2x2xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @constants() -> (tensor<9x9xf32>, tensor<2xi32>, tensor<2xf32>, tensor<0xf32>) {
// CHECK-NEXT:   %b = arith.constant dense<[1, 2]> : tensor<2xi32>
// CHECK-NEXT:   %0 = arith.constant dense<[1065353216, 2139095040]> : tensor<2xi32>
// CHECK-NEXT:   %1 = tensor.empty() : tensor<2xf32>
// CHECK-NEXT:   %c = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%0 : tensor<2xi32>) outs(%1 : tensor<2xf32>) {
// CHECK-NEXT:   ^bb0(%in: i32, %out: f32):
// CHECK-NEXT:     %2 = arith.bitcast %in : i32 to f32
// CHECK-NEXT:     linalg.yield %2 : f32
// CHECK-NEXT:   } -> tensor<2xf32>
// CHECK-NEXT:   %d = tensor.empty() : tensor<0xf32>
// CHECK-NEXT:   %3 = arith.constant 2.000000e+00 : f32
// CHECK-NEXT:   %4 = tensor.empty() : tensor<9x9xf32>
// CHECK-NEXT:   %5 = linalg.fill ins(%3 : f32) outs(%4 : tensor<9x9xf32>) -> tensor<9x9xf32>
// CHECK-NEXT:   func.return %5, %b, %c, %d : tensor<9x9xf32>, tensor<2xi32>, tensor<2xf32>, tensor<0xf32>
// CHECK-NEXT: }
// CHECK-NEXT: }
