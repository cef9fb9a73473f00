// (Aᵀ)ᵀ is A. Qᵀ@Kᵀ with Q = Wq@X and K = Wk@Y is (K@Q)ᵀ: no operand need be transposed.
func.func @main(
    %a: tensor<1000x1000xf32>, %x: tensor<512x4096xf32>, %y: tensor<512x512xf32>,
    %wq: tensor<512x512xf32> {taso.param},
    %wk: tensor<2048x512xf32> {taso.param}) -> (tensor<1000x1000xf32>, tensor<4096x2048xf32>) {
  %at = taso.transpose %a, perm = [1, 0] : tensor<1000x1000xf32> -> tensor<1000x1000xf32>
  %att = taso.transpose %at, perm = [1, 0] : tensor<1000x1000xf32> -> tensor<1000x1000xf32>
  %q = taso.matmul %wq, %x : tensor<512x512xf32>, tensor<512x4096xf32> -> tensor<512x4096xf32>
  %k = taso.matmul %wk, %y : tensor<2048x512xf32>, tensor<512x512xf32> -> tensor<2048x512xf32>
  %qt = taso.transpose %q, perm = [1, 0] : tensor<512x4096xf32> -> tensor<4096x512xf32>
  %kt = taso.transpose %k, perm = [1, 0] : tensor<2048x512xf32> -> tensor<512x2048xf32>
  %qk = taso.matmul %qt, %kt : tensor<4096x512xf32>, tensor<512x2048xf32> -> tensor<4096x2048xf32>
  func.return %att, %qk : tensor<1000x1000xf32>, tensor<4096x2048xf32>
}
