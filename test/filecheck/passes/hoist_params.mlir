// RUN: taso-opt %s -p taso-hoist-params | filecheck %s
// RUN: taso-opt %s -p taso-hoist-params,taso-hoist-params | filecheck %s

// What depends on parameters alone moves; a view of it stays, and a parameter not used any more goes.
// CHECK:       func.func @main(%x: tensor<3x4xf32> {taso.source = 1 : i64}, %b: tensor<6xf32> {taso.param, taso.source = 3 : i64}, %t: tensor<4x6xf32> {taso.prepared = 0 : i64}, %r: tensor<4x6xf32> {taso.prepared = 1 : i64}) -> (tensor<3x6xf32>, tensor<6x4xf32>, tensor<4x6xf32>) attributes {taso.arguments = [tensor<4x6xf32>, tensor<3x4xf32>, tensor<4x6xf32>, tensor<6xf32>, tensor<2xf32>]} {
// CHECK-NEXT:    %tt = taso.transpose %t, perm = [1, 0]
// CHECK-NEXT:    %y = taso.matmul %x, %t
// CHECK-NEXT:    %row = taso.broadcast %b
// CHECK-NEXT:    %z = taso.add %y, %row
// CHECK-NEXT:    func.return %z, %tt, %r
// CHECK:       func.func @main__prepare(%w: tensor<4x6xf32> {taso.source = 0 : i64}, %v: tensor<4x6xf32> {taso.source = 2 : i64}) -> (tensor<4x6xf32>, tensor<4x6xf32>) {
// CHECK-NEXT:    %two = taso.constant 2.0
// CHECK-NEXT:    %s = taso.add %w, %v
// CHECK-NEXT:    %t = taso.mul %s, %two
// CHECK-NEXT:    %r = taso.relu %s
// CHECK-NEXT:    func.return %t, %r
func.func @main(
    %w: tensor<4x6xf32> {taso.param},
    %x: tensor<3x4xf32>,
    %v: tensor<4x6xf32> {taso.param},
    %b: tensor<6xf32> {taso.param},
    %unused: tensor<2xf32> {taso.param}
) -> (tensor<3x6xf32>, tensor<6x4xf32>, tensor<4x6xf32>) {
  %two = taso.constant 2.0 : tensor<4x6xf32>
  %s = taso.add %w, %v : tensor<4x6xf32>
  %t = taso.mul %s, %two : tensor<4x6xf32>
  %r = taso.relu %s : tensor<4x6xf32>
  %tt = taso.transpose %t, perm = [1, 0] : tensor<4x6xf32> -> tensor<6x4xf32>
  %y = taso.matmul %x, %t : tensor<3x4xf32>, tensor<4x6xf32> -> tensor<3x6xf32>
  %row = taso.broadcast %b, dims = [1] : tensor<6xf32> -> tensor<3x6xf32>
  %z = taso.add %y, %row : tensor<3x6xf32>
  func.return %z, %tt, %r : tensor<3x6xf32>, tensor<6x4xf32>, tensor<4x6xf32>
}

// Views of parameters alone: nothing to prepare, nothing changes.
// CHECK:       func.func @views(%x: tensor<3x4xf32>, %w: tensor<6x4xf32> {taso.param}) -> tensor<3x6xf32> {
// CHECK-NEXT:    %wt = taso.transpose %w
// CHECK-NEXT:    %y = taso.matmul %x, %wt
// CHECK-NOT:   @views__prepare
func.func @views(%x: tensor<3x4xf32>, %w: tensor<6x4xf32> {taso.param}) -> tensor<3x6xf32> {
  %wt = taso.transpose %w, perm = [1, 0] : tensor<6x4xf32> -> tensor<4x6xf32>
  %y = taso.matmul %x, %wt : tensor<3x4xf32>, tensor<4x6xf32> -> tensor<3x6xf32>
  func.return %y : tensor<3x6xf32>
}

// No parameters.
// CHECK:       func.func @inputs(%x: tensor<3xf32>) -> tensor<3xf32> {
// CHECK-NEXT:    %y = taso.exp %x
func.func @inputs(%x: tensor<3xf32>) -> tensor<3xf32> {
  %y = taso.exp %x : tensor<3xf32>
  func.return %y : tensor<3xf32>
}

// A private function takes what it takes.
// CHECK:       func.func private @inner(%x: tensor<3xf32>, %w: tensor<3xf32> {taso.param})
// CHECK-NEXT:    taso.exp %w
func.func private @inner(%x: tensor<3xf32>, %w: tensor<3xf32> {taso.param}) -> tensor<3xf32> {
  %e = taso.exp %w : tensor<3xf32>
  %y = taso.add %x, %e : tensor<3xf32>
  func.return %y : tensor<3xf32>
}
