// ((A@B)@C)@D from left to right makes a 1000×1000 matrix; from right to left, nothing but vectors.
func.func @main(
    %a: tensor<1000x10xf32>, %b: tensor<10x1000xf32>,
    %c: tensor<1000x10xf32>, %d: tensor<10x1xf32>) -> tensor<1000x1xf32> {
  %ab = taso.matmul %a, %b : tensor<1000x10xf32>, tensor<10x1000xf32> -> tensor<1000x1000xf32>
  %abc = taso.matmul %ab, %c : tensor<1000x1000xf32>, tensor<1000x10xf32> -> tensor<1000x10xf32>
  %abcd = taso.matmul %abc, %d : tensor<1000x10xf32>, tensor<10x1xf32> -> tensor<1000x1xf32>
  func.return %abcd : tensor<1000x1xf32>
}
