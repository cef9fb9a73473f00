// Reductions, and in-place updates of a temporary.
func.func @main(%x: tensor<7x5xf32>) -> tensor<7x5xf32> {
  %largest = taso.reduce_max %x, axes = [1] : tensor<7x5xf32> -> tensor<7xf32>
  %shift = taso.broadcast %largest, dims = [0] : tensor<7xf32> -> tensor<7x5xf32>
  %centred = taso.sub %x, %shift : tensor<7x5xf32>
  %powers = taso.exp %centred : tensor<7x5xf32>
  %total = taso.reduce_sum %powers, axes = [1] : tensor<7x5xf32> -> tensor<7xf32>
  %scale = taso.broadcast %total, dims = [0] : tensor<7xf32> -> tensor<7x5xf32>
  %y = taso.div %powers, %scale : tensor<7x5xf32>
  func.return %y : tensor<7x5xf32>
}
