// Softmax over rows, written out.
func.func @main(%x: tensor<8192x4096xf32>) -> tensor<8192x4096xf32> {
  %max = taso.reduce_max %x, axes = [1] : tensor<8192x4096xf32> -> tensor<8192xf32>
  %max_row = taso.broadcast %max, dims = [0] : tensor<8192xf32> -> tensor<8192x4096xf32>
  %shifted = taso.sub %x, %max_row : tensor<8192x4096xf32>
  %exp = taso.exp %shifted : tensor<8192x4096xf32>
  %sum = taso.reduce_sum %exp, axes = [1] : tensor<8192x4096xf32> -> tensor<8192xf32>
  %sum_row = taso.broadcast %sum, dims = [0] : tensor<8192xf32> -> tensor<8192x4096xf32>
  %out = taso.div %exp, %sum_row : tensor<8192x4096xf32>
  func.return %out : tensor<8192x4096xf32>
}
