// RUN: taso-opt %s --print-op-generic | taso-opt | taso-opt | filecheck %s

// CHECK-LABEL: func.func @scan
func.func @scan(%x: tensor<2x3xi64>) {
  // CHECK: taso.cumsum %x, axis = 1 : tensor<2x3xi64> -> tensor<2x3xi64>
  %cumsum = taso.cumsum %x, axis = 1 : tensor<2x3xi64> -> tensor<2x3xi64>
  func.return
}
