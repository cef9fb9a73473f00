// RUN: taso-opt %s -p convert-taso-to-linalg | filecheck %s

func.func @both(%x: tensor<3xi1>, %y: tensor<3xi1>) -> tensor<3xi1> {
  %r = taso.and %x, %y : tensor<3xi1>
  func.return %r : tensor<3xi1>
}

func.func @opposite(%x: tensor<3xi1>) -> tensor<3xi1> {
  %r = taso.not %x : tensor<3xi1>
  func.return %r : tensor<3xi1>
}

func.func @flipped_bits(%x: tensor<i32>) -> tensor<i32> {
  %r = taso.not %x : tensor<i32>
  func.return %r : tensor<i32>
}

// CHECK:      builtin.module {
// CHECK-NEXT: func.func @both(%x: tensor<3xi1>, %y: tensor<3xi1>) -> tensor<3xi1> {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<3xi1>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%x, %y : tensor<3xi1>, tensor<3xi1>) outs(%0 : tensor<3xi1>) {
// CHECK-NEXT:   ^bb0(%in: i1, %in_1: i1, %out: i1):
// CHECK-NEXT:     %1 = arith.andi %in, %in_1 : i1
// CHECK-NEXT:     linalg.yield %1 : i1
// CHECK-NEXT:   } -> tensor<3xi1>
// CHECK-NEXT:   func.return %r : tensor<3xi1>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @opposite(%x: tensor<3xi1>) -> tensor<3xi1> {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<3xi1>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%x : tensor<3xi1>) outs(%0 : tensor<3xi1>) {
// CHECK-NEXT:   ^bb0(%in: i1, %out: i1):
// CHECK-NEXT:     %1 = arith.constant true
// CHECK-NEXT:     %2 = arith.xori %in, %1 : i1
// CHECK-NEXT:     linalg.yield %2 : i1
// CHECK-NEXT:   } -> tensor<3xi1>
// CHECK-NEXT:   func.return %r : tensor<3xi1>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @flipped_bits(%x: tensor<i32>) -> tensor<i32> {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<i32>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%x : tensor<i32>) outs(%0 : tensor<i32>) {
// CHECK-NEXT:   ^bb0(%in: i32, %out: i32):
// CHECK-NEXT:     %1 = arith.constant -1 : i32
// CHECK-NEXT:     %2 = arith.xori %in, %1 : i32
// CHECK-NEXT:     linalg.yield %2 : i32
// CHECK-NEXT:   } -> tensor<i32>
// CHECK-NEXT:   func.return %r : tensor<i32>
// CHECK-NEXT: }
// CHECK-NEXT: }
