// A@B is computed twice, once for each sum.
func.func @main(
    %a: tensor<512x512xf32>, %b: tensor<512x512xf32>,
    %c: tensor<512x512xf32>, %d: tensor<512x512xf32>)
    -> (tensor<512x512xf32>, tensor<512x512xf32>) {
  %ab = taso.matmul %a, %b : tensor<512x512xf32>, tensor<512x512xf32> -> tensor<512x512xf32>
  %abc = taso.add %ab, %c : tensor<512x512xf32>
  %ab_again = taso.matmul %a, %b : tensor<512x512xf32>, tensor<512x512xf32> -> tensor<512x512xf32>
  %abd = taso.add %ab_again, %d : tensor<512x512xf32>
  func.return %abc, %abd : tensor<512x512xf32>, tensor<512x512xf32>
}
