// RUN: taso-opt %s -p taso-optimize,taso-hoist-params,taso-form-kernels | filecheck %s --check-prefixes=CHECK,OPT
// RUN: taso-opt %s -p canonicalize,cse,dce,taso-simplify,cse | filecheck %s --check-prefixes=CHECK,CSE

// Of two equal calls, one stays. Random ones stay as they are, in their order, used or not; and
// what parameters alone determine is prepared, unless it is random or needs what is.
// OPT:        func.func @main(%x: tensor<3x4xf32> {{.*}}, %w: tensor<3x4xf32> {taso.param, taso.source = 1 : i64}, %we: tensor<3x4xf32> {taso.prepared = 0 : i64})
// CHECK:        %r = taso.extern %x, overload = "aten.roll.default"
// CHECK-NOT:    "aten.roll.default"{{.*}}3x4xf32
// CHECK:        [[A:%\w+]], [[M:%\w+]] = taso.extern %r, overload = "aten.native_dropout.default"
// CHECK-NEXT:   taso.extern overload = "aten.rand.default"
// CHECK-NEXT:   [[B:%\w+]], [[N:%\w+]] = taso.extern %r, overload = "aten.native_dropout.default"
// CHECK-NEXT:   [[C:%\w+]] = taso.extern %w, overload = "aten.bernoulli.p"
// CSE-NEXT:     %wr = taso.extern %w, overload = "aten.flip.default"
// CSE-NEXT:     %we = taso.exp %wr
// CHECK:        [[D:%\w+]] = taso.exp [[C]]
// CHECK-NEXT:   func.return [[A]], [[B]], %we, [[D]]
// OPT:        func.func @main__prepare(%w: tensor<3x4xf32>
// OPT-NEXT:     %wr = taso.extern %w, overload = "aten.flip.default"
// OPT-NEXT:     %we = taso.exp %wr
// OPT-NEXT:     func.return %we
func.func @main(%x: tensor<3x4xf32>, %w: tensor<3x4xf32> {taso.param}) -> (tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>) {
  %r = taso.extern %x, overload = "aten.roll.default", arguments = "$0, [1], [0]", random = false : tensor<3x4xf32> -> tensor<3x4xf32>
  %s = taso.extern %x, overload = "aten.roll.default", arguments = "$0, [1], [0]", random = false : tensor<3x4xf32> -> tensor<3x4xf32>
  %dead = taso.extern %x, overload = "aten.roll.default", arguments = "$0, [2], [0]", random = false : tensor<3x4xf32> -> tensor<3x4xf32>
  %a, %m = taso.extern %r, overload = "aten.native_dropout.default", arguments = "$0, 0.5, True", random = true : tensor<3x4xf32> -> tensor<3x4xf32>, tensor<3x4xi1>
  %unused = taso.extern overload = "aten.rand.default", arguments = "[2, 3]", random = true : -> tensor<2x3xf32>
  %b, %n = taso.extern %s, overload = "aten.native_dropout.default", arguments = "$0, 0.5, True", random = true : tensor<3x4xf32> -> tensor<3x4xf32>, tensor<3x4xi1>
  %c = taso.extern %w, overload = "aten.bernoulli.p", arguments = "$0, 0.5", random = true : tensor<3x4xf32> -> tensor<3x4xf32>
  %wr = taso.extern %w, overload = "aten.flip.default", arguments = "$0, [0]", random = false : tensor<3x4xf32> -> tensor<3x4xf32>
  %we = taso.exp %wr : tensor<3x4xf32>
  %d = taso.exp %c : tensor<3x4xf32>
  func.return %a, %b, %we, %d : tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>
}
