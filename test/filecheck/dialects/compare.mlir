// RUN: taso-opt %s --print-op-generic | taso-opt | taso-opt | filecheck %s

// CHECK-LABEL: func.func @compare
func.func @compare(%a: tensor<2x3xf16>, %b: tensor<2x3xf16>, %i: tensor<i1>) {
  // CHECK: taso.compare %a, %b, predicate = "le" : tensor<2x3xf16>, tensor<2x3xf16> -> tensor<2x3xi1>
  %le = taso.compare %a, %b, predicate = "le" : tensor<2x3xf16>, tensor<2x3xf16> -> tensor<2x3xi1>
  // CHECK: taso.compare %i, %i, predicate = "eq" : tensor<i1>, tensor<i1> -> tensor<i1>
  %eq = taso.compare %i, %i, predicate = "eq" : tensor<i1>, tensor<i1> -> tensor<i1>
  // CHECK: taso.select %le, %a, %b : tensor<2x3xi1>, tensor<2x3xf16>, tensor<2x3xf16> -> tensor<2x3xf16>
  %select = taso.select %le, %a, %b : tensor<2x3xi1>, tensor<2x3xf16>, tensor<2x3xf16> -> tensor<2x3xf16>
  func.return
}
