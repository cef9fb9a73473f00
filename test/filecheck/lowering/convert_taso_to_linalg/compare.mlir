// RUN: taso-opt %s -p convert-taso-to-linalg | filecheck %s

// NaN differs from everything: `une`. All else is ordered.
func.func @floats(%x: tensor<3xf32>, %y: tensor<3xf32>) -> (tensor<3xi1>, tensor<3xi1>) {
  %ne = taso.compare %x, %y, predicate = "ne" : tensor<3xf32>, tensor<3xf32> -> tensor<3xi1>
  %le = taso.compare %x, %y, predicate = "le" : tensor<3xf32>, tensor<3xf32> -> tensor<3xi1>
  func.return %ne, %le : tensor<3xi1>, tensor<3xi1>
}

func.func @integers(%x: tensor<i64>, %y: tensor<i64>) -> tensor<i1> {
  %gt = taso.compare %x, %y, predicate = "gt" : tensor<i64>, tensor<i64> -> tensor<i1>
  func.return %gt : tensor<i1>
}

// A signed i1 would be 0 or -1.
func.func @booleans(%x: tensor<i1>, %y: tensor<i1>) -> tensor<i1> {
  %gt = taso.compare %x, %y, predicate = "gt" : tensor<i1>, tensor<i1> -> tensor<i1>
  func.return %gt : tensor<i1>
}

func.func @mask(%c: tensor<2x3xi1>, %x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %least = taso.constant -inf : tensor<2x3xf32>
  %r = taso.select %c, %x, %least : tensor<2x3xi1>, tensor<2x3xf32>, tensor<2x3xf32> -> tensor<2x3xf32>
  func.return %r : tensor<2x3xf32>
}

// A condition that is one constant needs no op.
func.func @chosen(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %c = taso.constant false : tensor<2xi1>
  %r = taso.select %c, %x, %y : tensor<2xi1>, tensor<2xf32>, tensor<2xf32> -> tensor<2xf32>
  func.return %r : tensor<2xf32>
}

// CHECK:      builtin.module {
// CHECK-NEXT: func.func @floats(%x: tensor<3xf32>, %y: tensor<3xf32>) -> (tensor<3xi1>, tensor<3xi1>) {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<3xi1>
// CHECK-NEXT:   %ne = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%x, %y : tensor<3xf32>, tensor<3xf32>) outs(%0 : tensor<3xi1>) {
// CHECK-NEXT:   ^bb0(%in: f32, %in_1: f32, %out: i1):
// CHECK-NEXT:     %1 = arith.cmpf une, %in, %in_1 : f32
// CHECK-NEXT:     linalg.yield %1 : i1
// CHECK-NEXT:   } -> tensor<3xi1>
// CHECK-NEXT:   %2 = tensor.empty() : tensor<3xi1>
// CHECK-NEXT:   %le = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} ins(%x, %y : tensor<3xf32>, tensor<3xf32>) outs(%2 : tensor<3xi1>) {
// CHECK-NEXT:   ^bb0(%in_2: f32, %in_3: f32, %out_1: i1):
// CHECK-NEXT:     %3 = arith.cmpf ole, %in_2, %in_3 : f32
// CHECK-NEXT:     linalg.yield %3 : i1
// CHECK-NEXT:   } -> tensor<3xi1>
// CHECK-NEXT:   func.return %ne, %le : tensor<3xi1>, tensor<3xi1>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @integers(%x: tensor<i64>, %y: tensor<i64>) -> tensor<i1> {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<i1>
// CHECK-NEXT:   %gt = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%x, %y : tensor<i64>, tensor<i64>) outs(%0 : tensor<i1>) {
// CHECK-NEXT:   ^bb0(%in: i64, %in_1: i64, %out: i1):
// CHECK-NEXT:     %1 = arith.cmpi sgt, %in, %in_1 : i64
// CHECK-NEXT:     linalg.yield %1 : i1
// CHECK-NEXT:   } -> tensor<i1>
// CHECK-NEXT:   func.return %gt : tensor<i1>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @booleans(%x: tensor<i1>, %y: tensor<i1>) -> tensor<i1> {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<i1>
// CHECK-NEXT:   %gt = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []} ins(%x, %y : tensor<i1>, tensor<i1>) outs(%0 : tensor<i1>) {
// CHECK-NEXT:   ^bb0(%in: i1, %in_1: i1, %out: i1):
// CHECK-NEXT:     %1 = arith.cmpi ugt, %in, %in_1 : i1
// CHECK-NEXT:     linalg.yield %1 : i1
// CHECK-NEXT:   } -> tensor<i1>
// CHECK-NEXT:   func.return %gt : tensor<i1>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @mask(%c: tensor<2x3xi1>, %x: tensor<2x3xf32>) -> tensor<2x3xf32> {
// CHECK-NEXT:   %0 = tensor.empty() : tensor<2x3xf32>
// CHECK-NEXT:   %r = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]} ins(%c, %x : tensor<2x3xi1>, tensor<2x3xf32>) outs(%0 : tensor<2x3xf32>) {
// CHECK-NEXT:   ^bb0(%in: i1, %in_1: f32, %out: f32):
// CHECK-NEXT:     %1 = arith.constant 0xff800000 : f32
// CHECK-NEXT:     %2 = arith.select %in, %in_1, %1 : f32
// CHECK-NEXT:     linalg.yield %2 : f32
// CHECK-NEXT:   } -> tensor<2x3xf32>
// CHECK-NEXT:   func.return %r : tensor<2x3xf32>
// CHECK-NEXT: }
// CHECK-NEXT: func.func @chosen(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
// CHECK-NEXT:   func.return %y : tensor<2xf32>
// CHECK-NEXT: }
// CHECK-NEXT: }
