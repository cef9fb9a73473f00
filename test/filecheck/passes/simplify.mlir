// RUN: taso-opt %s -p taso-simplify | filecheck %s
// RUN: taso-opt %s -p taso-simplify,taso-simplify | filecheck %s

// One rule opens the way for the next, until nothing is left to do.
func.func @fixpoint(%a: tensor<4x3xf32>) -> tensor<4x3xf32> {
  %one = taso.constant 1.0 : tensor<4x3xf32>
  %0 = taso.transpose %a, perm = [1, 0] : tensor<4x3xf32> -> tensor<3x4xf32>
  %1 = taso.neg %0 : tensor<3x4xf32>
  %2 = taso.neg %1 : tensor<3x4xf32>
  %3 = taso.transpose %2, perm = [1, 0] : tensor<3x4xf32> -> tensor<4x3xf32>
  %4 = taso.mul %one, %3 : tensor<4x3xf32>
  func.return %4 : tensor<4x3xf32>
}
// CHECK-LABEL: @fixpoint
// CHECK-NEXT:    func.return %a : tensor<4x3xf32>

// An op with several results is replaced whole.
func.func @split_of_concat(%a: tensor<4x3xf32>, %b: tensor<4x2xf32>) -> (tensor<4x3xf32>, tensor<4x2xf32>) {
  %0 = taso.concat %a, %b, axis = 1 : tensor<4x3xf32>, tensor<4x2xf32> -> tensor<4x5xf32>
  %1, %2 = taso.split %0, axis = 1, sizes = [3, 2] : tensor<4x5xf32> -> tensor<4x3xf32>, tensor<4x2xf32>
  func.return %1, %2 : tensor<4x3xf32>, tensor<4x2xf32>
}
// CHECK-LABEL: @split_of_concat
// CHECK-NEXT:    func.return %a, %b

// Where the pieces are not the parts, the split stays.
func.func @must_not_cancel(%a: tensor<4x3xf32>, %b: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<4x3xf32>) {
  %0 = taso.concat %a, %b, axis = 1 : tensor<4x3xf32>, tensor<4x2xf32> -> tensor<4x5xf32>
  %1, %2 = taso.split %0, axis = 1, sizes = [2, 3] : tensor<4x5xf32> -> tensor<4x2xf32>, tensor<4x3xf32>
  func.return %1, %2 : tensor<4x2xf32>, tensor<4x3xf32>
}
// CHECK-LABEL: @must_not_cancel
// CHECK-NEXT:    taso.concat
// CHECK-NEXT:    taso.split

// Only splats of the neutral value vanish.
func.func @must_not_vanish(%a: tensor<2xf32>) -> tensor<2xf32> {
  %c = taso.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %0 = taso.mul %a, %c : tensor<2xf32>
  func.return %0 : tensor<2xf32>
}
// CHECK-LABEL: @must_not_vanish
// CHECK:         taso.mul %a

// It costs what it saves: factoring is left to the search.
func.func @not_always_better(%a: tensor<4x3xf32>, %b: tensor<3x5xf32>, %c: tensor<3x5xf32>) -> tensor<4x5xf32> {
  %0 = taso.matmul %a, %b : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
  %1 = taso.matmul %a, %c : tensor<4x3xf32>, tensor<3x5xf32> -> tensor<4x5xf32>
  %2 = taso.add %0, %1 : tensor<4x5xf32>
  func.return %2 : tensor<4x5xf32>
}
// CHECK-LABEL: @not_always_better
// CHECK-COUNT-2:  taso.matmul
