// RUN: taso-opt %s --print-op-generic | taso-opt | taso-opt | filecheck %s

// CHECK-LABEL: func.func @matmul
func.func @matmul(%a: tensor<5x2x3xf16>, %b: tensor<3x4xf16>, %c: tensor<5x4x2xf16>) {
  // CHECK: taso.matmul %a, %b : tensor<5x2x3xf16>, tensor<3x4xf16> -> tensor<5x2x4xf16>
  %shared = taso.matmul %a, %b : tensor<5x2x3xf16>, tensor<3x4xf16> -> tensor<5x2x4xf16>
  // CHECK: taso.matmul %shared, %c {hint = "keep"} : tensor<5x2x4xf16>, tensor<5x4x2xf16> -> tensor<5x2x2xf16>
  %batched = taso.matmul %shared, %c {hint = "keep"} : tensor<5x2x4xf16>, tensor<5x4x2xf16> -> tensor<5x2x2xf16>
  func.return
}

// CHECK-LABEL: func.func @einsum
func.func @einsum(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %c: tensor<4xf32>) {
  // CHECK: taso.einsum %a, %b, %c, equation = "ij,jk,k->i" : tensor<2x3xf32>, tensor<3x4xf32>, tensor<4xf32> -> tensor<2xf32>
  %chain = taso.einsum %a, %b, %c, equation = "ij,jk,k->i" : tensor<2x3xf32>, tensor<3x4xf32>, tensor<4xf32> -> tensor<2xf32>
  func.return
}
