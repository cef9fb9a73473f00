// A@B + A@C: two products and a sum, where A@(B + C) needs one product.
func.func @main(%a: tensor<1024x512xf32>, %b: tensor<512x256xf32>, %c: tensor<512x256xf32>)
    -> tensor<1024x256xf32> {
  %ab = taso.matmul %a, %b : tensor<1024x512xf32>, tensor<512x256xf32> -> tensor<1024x256xf32>
  %ac = taso.matmul %a, %c : tensor<1024x512xf32>, tensor<512x256xf32> -> tensor<1024x256xf32>
  %sum = taso.add %ab, %ac : tensor<1024x256xf32>
  func.return %sum : tensor<1024x256xf32>
}
