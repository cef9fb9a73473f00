// Calls of recorded ops, a kernel, views as operands, several results.
func.func @main(
    %x: tensor<6x8xf16>, %w: tensor<8x12xf16> {taso.param}) -> (tensor<6x4xf16>, tensor<6x6xf16>) {
  %qkv = taso.matmul %x, %w : tensor<6x8xf16>, tensor<8x12xf16> -> tensor<6x12xf16>
  %q, %k, %v = taso.split %qkv, axis = 1, sizes = [4, 4, 4]
    : tensor<6x12xf16> -> tensor<6x4xf16>, tensor<6x4xf16>, tensor<6x4xf16>
  %weights = taso.kernel(%a = %q : tensor<6x4xf16>, %b = %k : tensor<6x4xf16>) -> tensor<6x6xf16> {
    %bt = taso.transpose %b, perm = [1, 0] : tensor<6x4xf16> -> tensor<4x6xf16>
    %scores = taso.matmul %a, %bt : tensor<6x4xf16>, tensor<4x6xf16> -> tensor<6x6xf16>
    %half = taso.constant 0.5 : tensor<6x6xf16>
    %scaled = taso.mul %scores, %half : tensor<6x6xf16>
    %p = taso.softmax %scaled, axis = 1 : tensor<6x6xf16> -> tensor<6x6xf16>
    taso.yield %p : tensor<6x6xf16>
  }
  %out = taso.matmul %weights, %v : tensor<6x6xf16>, tensor<6x4xf16> -> tensor<6x4xf16>
  func.return %out, %weights : tensor<6x4xf16>, tensor<6x6xf16>
}
