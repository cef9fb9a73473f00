// One attention head, softmax(QᵀK)Vᵀ with Q = Wq@X, K = Wk@X, V = Wv@X: the three products share X.
// The weights are parameters, so joining them costs nothing at run time.
func.func @main(
    %x: tensor<768x512xf32>,
    %wq: tensor<768x768xf32> {taso.param},
    %wk: tensor<768x768xf32> {taso.param},
    %wv: tensor<768x768xf32> {taso.param}) -> tensor<512x768xf32> {
  %q = taso.matmul %wq, %x : tensor<768x768xf32>, tensor<768x512xf32> -> tensor<768x512xf32>
  %k = taso.matmul %wk, %x : tensor<768x768xf32>, tensor<768x512xf32> -> tensor<768x512xf32>
  %v = taso.matmul %wv, %x : tensor<768x768xf32>, tensor<768x512xf32> -> tensor<768x512xf32>
  %qt = taso.transpose %q, perm = [1, 0] : tensor<768x512xf32> -> tensor<512x768xf32>
  %scores = taso.matmul %qt, %k : tensor<512x768xf32>, tensor<768x512xf32> -> tensor<512x512xf32>
  %weights = taso.softmax %scores, axis = 1 : tensor<512x512xf32> -> tensor<512x512xf32>
  %vt = taso.transpose %v, perm = [1, 0] : tensor<768x512xf32> -> tensor<512x768xf32>
  %out = taso.matmul %weights, %vt : tensor<512x512xf32>, tensor<512x768xf32> -> tensor<512x768xf32>
  func.return %out : tensor<512x768xf32>
}
