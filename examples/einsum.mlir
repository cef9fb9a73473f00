// Two einsums in a row: the other order, ij,(jk,kl), never makes the 4096×4096 matrix.
func.func @main(
    %a: tensor<4096x64xf32>, %b: tensor<64x4096xf32>,
    %c: tensor<4096x64xf32>) -> tensor<4096x64xf32> {
  %ab = taso.einsum %a, %b, equation = "ij,jk->ik"
      : tensor<4096x64xf32>, tensor<64x4096xf32> -> tensor<4096x4096xf32>
  %abc = taso.einsum %ab, %c, equation = "ik,kl->il"
      : tensor<4096x4096xf32>, tensor<4096x64xf32> -> tensor<4096x64xf32>
  func.return %abc : tensor<4096x64xf32>
}
