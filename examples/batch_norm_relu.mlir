// Batch normalisation by the batch's own statistics, then relu, written out. The variance divides
// by n - 1, as torch.var does by default.
func.func @main(
    %x: tensor<4096x256xf32>,
    %gamma: tensor<256xf32> {taso.param},
    %beta: tensor<256xf32> {taso.param}) -> tensor<4096x256xf32> {
  %mean = taso.reduce_mean %x, axes = [0] : tensor<4096x256xf32> -> tensor<256xf32>
  %var = taso.var %x, axes = [0], correction = 1 : tensor<4096x256xf32> -> tensor<256xf32>
  %mean_row = taso.broadcast %mean, dims = [1] : tensor<256xf32> -> tensor<4096x256xf32>
  %centred = taso.sub %x, %mean_row : tensor<4096x256xf32>
  %eps = taso.constant 1.0e-05 : tensor<256xf32>
  %shifted = taso.add %var, %eps : tensor<256xf32>
  %deviation = taso.sqrt %shifted : tensor<256xf32>
  %deviation_row = taso.broadcast %deviation, dims = [1] : tensor<256xf32> -> tensor<4096x256xf32>
  %normal = taso.div %centred, %deviation_row : tensor<4096x256xf32>
  %gamma_row = taso.broadcast %gamma, dims = [1] : tensor<256xf32> -> tensor<4096x256xf32>
  %scaled = taso.mul %normal, %gamma_row : tensor<4096x256xf32>
  %beta_row = taso.broadcast %beta, dims = [1] : tensor<256xf32> -> tensor<4096x256xf32>
  %moved = taso.add %scaled, %beta_row : tensor<4096x256xf32>
  %out = taso.relu %moved : tensor<4096x256xf32>
  func.return %out : tensor<4096x256xf32>
}
