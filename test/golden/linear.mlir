// A bias as the epilogue of a product, parameters, and one that is prepared.
func.func @main__prepare(
    %w: tensor<3x4xf32> {taso.source = 1 : i64},
    %s: tensor<4xf32> {taso.source = 3 : i64}) -> tensor<3x4xf32> {
  %columns = taso.broadcast %s, dims = [1] : tensor<4xf32> -> tensor<3x4xf32>
  %scaled = taso.mul %w, %columns : tensor<3x4xf32>
  func.return %scaled : tensor<3x4xf32>
}
func.func @main(
    %x: tensor<5x3xf32> {taso.source = 0 : i64},
    %b: tensor<4xf32> {taso.param, taso.source = 2 : i64},
    %scaled: tensor<3x4xf32> {taso.prepared = 0 : i64}) -> tensor<5x4xf32> {
  %p = taso.matmul %x, %scaled : tensor<5x3xf32>, tensor<3x4xf32> -> tensor<5x4xf32>
  %rows = taso.broadcast %b, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
  %sum = taso.add %p, %rows : tensor<5x4xf32>
  %y = taso.relu %sum : tensor<5x4xf32>
  func.return %y : tensor<5x4xf32>
}
