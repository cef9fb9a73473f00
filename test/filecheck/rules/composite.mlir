// RUN: taso-opt %s -p 'taso-apply-rules{rules=composite-softmax,composite-softmax-unshifted,composite-log-softmax,composite-layer-norm,composite-rms-norm,composite-batch-norm,composite-attention,composite-attention-unscaled,composite-attention-scaled-query,composite-attention-masked,composite-attention-masked-unscaled,composite-attention-masked-scaled-query}' | filecheck %s

// Written-out softmax, norms and attention.

// CHECK-LABEL: func.func @softmax(
// CHECK-NEXT:   %div = taso.softmax %x, axis = 1 : tensor<3x2xf32> -> tensor<3x2xf32>
// CHECK-NEXT:   func.return %div : tensor<3x2xf32>
func.func @softmax(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %reduce_max = taso.reduce_max %x, axes = [1] : tensor<3x2xf32> -> tensor<3xf32>
  %broadcast = taso.broadcast %reduce_max, dims = [0] : tensor<3xf32> -> tensor<3x2xf32>
  %sub = taso.sub %x, %broadcast : tensor<3x2xf32>
  %exp = taso.exp %sub : tensor<3x2xf32>
  %reduce_sum = taso.reduce_sum %exp, axes = [1] : tensor<3x2xf32> -> tensor<3xf32>
  %broadcast_1 = taso.broadcast %reduce_sum, dims = [0] : tensor<3xf32> -> tensor<3x2xf32>
  %div = taso.div %exp, %broadcast_1 : tensor<3x2xf32>
  func.return %div : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @softmax_unshifted(
// CHECK-NEXT:   %div = taso.softmax %x, axis = 0 : tensor<3xf32> -> tensor<3xf32>
// CHECK-NEXT:   func.return %div : tensor<3xf32>
func.func @softmax_unshifted(%x: tensor<3xf32>) -> tensor<3xf32> {
  %exp = taso.exp %x : tensor<3xf32>
  %reduce_sum = taso.reduce_sum %exp, axes = [0] : tensor<3xf32> -> tensor<f32>
  %broadcast = taso.broadcast %reduce_sum, dims = [] : tensor<f32> -> tensor<3xf32>
  %div = taso.div %exp, %broadcast : tensor<3xf32>
  func.return %div : tensor<3xf32>
}

// CHECK-LABEL: func.func @log_softmax(
// CHECK-NEXT:   %log = taso.log_softmax %x, axis = 0 : tensor<5x2xf32> -> tensor<5x2xf32>
// CHECK-NEXT:   func.return %log : tensor<5x2xf32>
func.func @log_softmax(%x: tensor<5x2xf32>) -> tensor<5x2xf32> {
  %softmax = taso.softmax %x, axis = 0 : tensor<5x2xf32> -> tensor<5x2xf32>
  %log = taso.log %softmax : tensor<5x2xf32>
  func.return %log : tensor<5x2xf32>
}

// CHECK-LABEL: func.func @layer_norm(
// CHECK-NEXT:   %add = taso.layer_norm %x, %gamma, %beta, eps = 0.5 : tensor<5x4xf32>, tensor<4xf32>, tensor<4xf32> -> tensor<5x4xf32>
// CHECK-NEXT:   func.return %add : tensor<5x4xf32>
func.func @layer_norm(%x: tensor<5x4xf32>, %gamma: tensor<4xf32>, %beta: tensor<4xf32>) -> tensor<5x4xf32> {
  %reduce_mean = taso.reduce_mean %x, axes = [1] : tensor<5x4xf32> -> tensor<5xf32>
  %broadcast = taso.broadcast %reduce_mean, dims = [0] : tensor<5xf32> -> tensor<5x4xf32>
  %sub = taso.sub %x, %broadcast : tensor<5x4xf32>
  %var = taso.var %x, axes = [1], correction = 0 : tensor<5x4xf32> -> tensor<5xf32>
  %splat = taso.constant 0.5 : tensor<5xf32>
  %add = taso.add %var, %splat : tensor<5xf32>
  %rsqrt = taso.rsqrt %add : tensor<5xf32>
  %broadcast_1 = taso.broadcast %rsqrt, dims = [0] : tensor<5xf32> -> tensor<5x4xf32>
  %mul = taso.mul %sub, %broadcast_1 : tensor<5x4xf32>
  %broadcast_2 = taso.broadcast %gamma, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
  %mul_1 = taso.mul %mul, %broadcast_2 : tensor<5x4xf32>
  %broadcast_3 = taso.broadcast %beta, dims = [1] : tensor<4xf32> -> tensor<5x4xf32>
  %add_1 = taso.add %mul_1, %broadcast_3 : tensor<5x4xf32>
  func.return %add_1 : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @rms_norm(
// CHECK-NEXT:   %mul = taso.rms_norm %x, %gamma, eps = 1.0 : tensor<4x3xf32>, tensor<3xf32> -> tensor<4x3xf32>
// CHECK-NEXT:   func.return %mul : tensor<4x3xf32>
func.func @rms_norm(%x: tensor<4x3xf32>, %gamma: tensor<3xf32>) -> tensor<4x3xf32> {
  %mul = taso.mul %x, %x : tensor<4x3xf32>
  %reduce_mean = taso.reduce_mean %mul, axes = [1] : tensor<4x3xf32> -> tensor<4xf32>
  %splat = taso.constant 1.0 : tensor<4xf32>
  %add = taso.add %reduce_mean, %splat : tensor<4xf32>
  %rsqrt = taso.rsqrt %add : tensor<4xf32>
  %broadcast = taso.broadcast %rsqrt, dims = [0] : tensor<4xf32> -> tensor<4x3xf32>
  %mul_1 = taso.mul %x, %broadcast : tensor<4x3xf32>
  %broadcast_1 = taso.broadcast %gamma, dims = [1] : tensor<3xf32> -> tensor<4x3xf32>
  %mul_2 = taso.mul %mul_1, %broadcast_1 : tensor<4x3xf32>
  func.return %mul_2 : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @batch_norm(
// CHECK-NEXT:   %add = taso.batch_norm %x, %gamma, %beta, axis = 1, eps = 0.5, correction = 1 : tensor<3x5xf32>, tensor<5xf32>, tensor<5xf32> -> tensor<3x5xf32>
// CHECK-NEXT:   func.return %add : tensor<3x5xf32>
func.func @batch_norm(%x: tensor<3x5xf32>, %gamma: tensor<5xf32>, %beta: tensor<5xf32>) -> tensor<3x5xf32> {
  %reduce_mean = taso.reduce_mean %x, axes = [0] : tensor<3x5xf32> -> tensor<5xf32>
  %broadcast = taso.broadcast %reduce_mean, dims = [1] : tensor<5xf32> -> tensor<3x5xf32>
  %sub = taso.sub %x, %broadcast : tensor<3x5xf32>
  %var = taso.var %x, axes = [0], correction = 1 : tensor<3x5xf32> -> tensor<5xf32>
  %splat = taso.constant 0.5 : tensor<5xf32>
  %add = taso.add %var, %splat : tensor<5xf32>
  %rsqrt = taso.rsqrt %add : tensor<5xf32>
  %broadcast_1 = taso.broadcast %rsqrt, dims = [1] : tensor<5xf32> -> tensor<3x5xf32>
  %mul = taso.mul %sub, %broadcast_1 : tensor<3x5xf32>
  %broadcast_2 = taso.broadcast %gamma, dims = [1] : tensor<5xf32> -> tensor<3x5xf32>
  %mul_1 = taso.mul %mul, %broadcast_2 : tensor<3x5xf32>
  %broadcast_3 = taso.broadcast %beta, dims = [1] : tensor<5xf32> -> tensor<3x5xf32>
  %add_1 = taso.add %mul_1, %broadcast_3 : tensor<3x5xf32>
  func.return %add_1 : tensor<3x5xf32>
}

// CHECK-LABEL: func.func @attention(
// CHECK-NEXT:   %0 = taso.transpose %kt, perm = [0, 2, 1] : tensor<4x3x2xf32> -> tensor<4x2x3xf32>
// CHECK-NEXT:   %matmul = taso.attention %q, %0, %v, scale = 0.5, causal = false : tensor<4x2x3xf32>, tensor<4x2x3xf32>, tensor<4x2x4xf32> -> tensor<4x2x4xf32>
// CHECK-NEXT:   func.return %matmul : tensor<4x2x4xf32>
func.func @attention(%q: tensor<4x2x3xf32>, %kt: tensor<4x3x2xf32>, %v: tensor<4x2x4xf32>) -> tensor<4x2x4xf32> {
  %matmul = taso.matmul %q, %kt : tensor<4x2x3xf32>, tensor<4x3x2xf32> -> tensor<4x2x2xf32>
  %splat = taso.constant 0.5 : tensor<4x2x2xf32>
  %mul = taso.mul %matmul, %splat : tensor<4x2x2xf32>
  %softmax = taso.softmax %mul, axis = 2 : tensor<4x2x2xf32> -> tensor<4x2x2xf32>
  %matmul_1 = taso.matmul %softmax, %v : tensor<4x2x2xf32>, tensor<4x2x4xf32> -> tensor<4x2x4xf32>
  func.return %matmul_1 : tensor<4x2x4xf32>
}

// CHECK-LABEL: func.func @attention_unscaled(
// CHECK-NEXT:   %0 = taso.transpose %kt, perm = [1, 0] : tensor<5x4xf32> -> tensor<4x5xf32>
// CHECK-NEXT:   %matmul = taso.attention %q, %0, %v, scale = 1.0, causal = false : tensor<3x5xf32>, tensor<4x5xf32>, tensor<4x2xf32> -> tensor<3x2xf32>
// CHECK-NEXT:   func.return %matmul : tensor<3x2xf32>
func.func @attention_unscaled(%q: tensor<3x5xf32>, %kt: tensor<5x4xf32>, %v: tensor<4x2xf32>) -> tensor<3x2xf32> {
  %matmul = taso.matmul %q, %kt : tensor<3x5xf32>, tensor<5x4xf32> -> tensor<3x4xf32>
  %softmax = taso.softmax %matmul, axis = 1 : tensor<3x4xf32> -> tensor<3x4xf32>
  %matmul_1 = taso.matmul %softmax, %v : tensor<3x4xf32>, tensor<4x2xf32> -> tensor<3x2xf32>
  func.return %matmul_1 : tensor<3x2xf32>
}

// CHECK-LABEL: func.func @attention_scaled_query(
// CHECK-NEXT:   %attention = taso.attention %q, %k, %v, scale = 1.0, causal = false : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x5xf32> -> tensor<4x5xf32>
// CHECK-NEXT:   func.return %attention : tensor<4x5xf32>
func.func @attention_scaled_query(%q: tensor<4x3xf32>, %k: tensor<4x3xf32>, %v: tensor<4x5xf32>) -> tensor<4x5xf32> {
  %splat = taso.constant 2.0 : tensor<4x3xf32>
  %mul = taso.mul %q, %splat : tensor<4x3xf32>
  %attention = taso.attention %mul, %k, %v, scale = 0.5, causal = false : tensor<4x3xf32>, tensor<4x3xf32>, tensor<4x5xf32> -> tensor<4x5xf32>
  func.return %attention : tensor<4x5xf32>
}

// CHECK-LABEL: func.func @attention_masked(
// CHECK-NEXT:   %0 = taso.transpose %kt, perm = [0, 2, 1] : tensor<3x2x4xf32> -> tensor<3x4x2xf32>
// CHECK-NEXT:   %matmul = taso.attention %q, %0, %v, %mask, scale = 2.0, causal = false : tensor<3x5x2xf32>, tensor<3x4x2xf32>, tensor<3x4x2xf32>, tensor<3x5x4xf32> -> tensor<3x5x2xf32>
// CHECK-NEXT:   func.return %matmul : tensor<3x5x2xf32>
func.func @attention_masked(%q: tensor<3x5x2xf32>, %kt: tensor<3x2x4xf32>, %mask: tensor<3x5x4xf32>, %v: tensor<3x4x2xf32>) -> tensor<3x5x2xf32> {
  %matmul = taso.matmul %q, %kt : tensor<3x5x2xf32>, tensor<3x2x4xf32> -> tensor<3x5x4xf32>
  %splat = taso.constant 2.0 : tensor<3x5x4xf32>
  %mul = taso.mul %splat, %matmul : tensor<3x5x4xf32>
  %add = taso.add %mask, %mul : tensor<3x5x4xf32>
  %softmax = taso.softmax %add, axis = 2 : tensor<3x5x4xf32> -> tensor<3x5x4xf32>
  %matmul_1 = taso.matmul %softmax, %v : tensor<3x5x4xf32>, tensor<3x4x2xf32> -> tensor<3x5x2xf32>
  func.return %matmul_1 : tensor<3x5x2xf32>
}

// CHECK-LABEL: func.func @attention_masked_unscaled(
// CHECK-NEXT:   %0 = taso.transpose %kt, perm = [1, 0] : tensor<5x2xf32> -> tensor<2x5xf32>
// CHECK-NEXT:   %matmul = taso.attention %q, %0, %v, %mask, scale = 1.0, causal = false : tensor<4x5xf32>, tensor<2x5xf32>, tensor<2x3xf32>, tensor<4x2xf32> -> tensor<4x3xf32>
// CHECK-NEXT:   func.return %matmul : tensor<4x3xf32>
func.func @attention_masked_unscaled(%q: tensor<4x5xf32>, %kt: tensor<5x2xf32>, %mask: tensor<4x2xf32>, %v: tensor<2x3xf32>) -> tensor<4x3xf32> {
  %matmul = taso.matmul %q, %kt : tensor<4x5xf32>, tensor<5x2xf32> -> tensor<4x2xf32>
  %add = taso.add %mask, %matmul : tensor<4x2xf32>
  %softmax = taso.softmax %add, axis = 1 : tensor<4x2xf32> -> tensor<4x2xf32>
  %matmul_1 = taso.matmul %softmax, %v : tensor<4x2xf32>, tensor<2x3xf32> -> tensor<4x3xf32>
  func.return %matmul_1 : tensor<4x3xf32>
}

// CHECK-LABEL: func.func @attention_masked_scaled_query(
// CHECK-NEXT:   %attention = taso.attention %q, %k, %v, %mask, scale = 1.0, causal = false : tensor<4x3xf32>, tensor<2x3xf32>, tensor<2x5xf32>, tensor<4x2xf32> -> tensor<4x5xf32>
// CHECK-NEXT:   func.return %attention : tensor<4x5xf32>
func.func @attention_masked_scaled_query(%q: tensor<4x3xf32>, %k: tensor<2x3xf32>, %v: tensor<2x5xf32>, %mask: tensor<4x2xf32>) -> tensor<4x5xf32> {
  %splat = taso.constant 2.0 : tensor<4x3xf32>
  %mul = taso.mul %splat, %q : tensor<4x3xf32>
  %attention = taso.attention %mul, %k, %v, %mask, scale = 0.5, causal = false : tensor<4x3xf32>, tensor<2x3xf32>, tensor<2x5xf32>, tensor<4x2xf32> -> tensor<4x5xf32>
  func.return %attention : tensor<4x5xf32>
}

// The sum runs along another axis than the maximum.
// CHECK-LABEL: func.func @softmax_of_two_axes(
// CHECK-NEXT:   %max = taso.reduce_max %x, axes = [1] : tensor<3x3xf32> -> tensor<3xf32>
// CHECK-NEXT:   %shift = taso.broadcast %max, dims = [0] : tensor<3xf32> -> tensor<3x3xf32>
// CHECK-NEXT:   %sub = taso.sub %x, %shift : tensor<3x3xf32>
// CHECK-NEXT:   %exp = taso.exp %sub : tensor<3x3xf32>
// CHECK-NEXT:   %sum = taso.reduce_sum %exp, axes = [0] : tensor<3x3xf32> -> tensor<3xf32>
// CHECK-NEXT:   %total = taso.broadcast %sum, dims = [0] : tensor<3xf32> -> tensor<3x3xf32>
// CHECK-NEXT:   %div = taso.div %exp, %total : tensor<3x3xf32>
// CHECK-NEXT:   func.return %div : tensor<3x3xf32>
func.func @softmax_of_two_axes(%x: tensor<3x3xf32>) -> tensor<3x3xf32> {
  %max = taso.reduce_max %x, axes = [1] : tensor<3x3xf32> -> tensor<3xf32>
  %shift = taso.broadcast %max, dims = [0] : tensor<3xf32> -> tensor<3x3xf32>
  %sub = taso.sub %x, %shift : tensor<3x3xf32>
  %exp = taso.exp %sub : tensor<3x3xf32>
  %sum = taso.reduce_sum %exp, axes = [0] : tensor<3x3xf32> -> tensor<3xf32>
  %total = taso.broadcast %sum, dims = [0] : tensor<3xf32> -> tensor<3x3xf32>
  %div = taso.div %exp, %total : tensor<3x3xf32>
  func.return %div : tensor<3x3xf32>
}

// The mean is that of the columns.
// CHECK-LABEL: func.func @rms_norm_of_columns(
// CHECK-NEXT:   %square = taso.mul %x, %x : tensor<4x4xf32>
// CHECK-NEXT:   %mean = taso.reduce_mean %square, axes = [0] : tensor<4x4xf32> -> tensor<4xf32>
// CHECK-NEXT:   %eps = taso.constant 0.5 : tensor<4xf32>
// CHECK-NEXT:   %shifted = taso.add %mean, %eps : tensor<4xf32>
// CHECK-NEXT:   %root = taso.rsqrt %shifted : tensor<4xf32>
// CHECK-NEXT:   %scale = taso.broadcast %root, dims = [1] : tensor<4xf32> -> tensor<4x4xf32>
// CHECK-NEXT:   %unit = taso.mul %x, %scale : tensor<4x4xf32>
// CHECK-NEXT:   %gammas = taso.broadcast %gamma, dims = [1] : tensor<4xf32> -> tensor<4x4xf32>
// CHECK-NEXT:   %mul = taso.mul %unit, %gammas : tensor<4x4xf32>
// CHECK-NEXT:   func.return %mul : tensor<4x4xf32>
func.func @rms_norm_of_columns(%x: tensor<4x4xf32>, %gamma: tensor<4xf32>) -> tensor<4x4xf32> {
  %square = taso.mul %x, %x : tensor<4x4xf32>
  %mean = taso.reduce_mean %square, axes = [0] : tensor<4x4xf32> -> tensor<4xf32>
  %eps = taso.constant 0.5 : tensor<4xf32>
  %shifted = taso.add %mean, %eps : tensor<4xf32>
  %root = taso.rsqrt %shifted : tensor<4xf32>
  %scale = taso.broadcast %root, dims = [1] : tensor<4xf32> -> tensor<4x4xf32>
  %unit = taso.mul %x, %scale : tensor<4x4xf32>
  %gammas = taso.broadcast %gamma, dims = [1] : tensor<4xf32> -> tensor<4x4xf32>
  %mul = taso.mul %unit, %gammas : tensor<4x4xf32>
  func.return %mul : tensor<4x4xf32>
}

// The mask is added to the weights.
// CHECK-LABEL: func.func @attention_masked_after_softmax(
// CHECK-NEXT:   %scores = taso.matmul %q, %kt : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
// CHECK-NEXT:   %weights = taso.softmax %scores, axis = 1 : tensor<3x3xf32> -> tensor<3x3xf32>
// CHECK-NEXT:   %masked = taso.add %weights, %mask : tensor<3x3xf32>
// CHECK-NEXT:   %result = taso.matmul %masked, %v : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
// CHECK-NEXT:   func.return %result : tensor<3x3xf32>
func.func @attention_masked_after_softmax(%q: tensor<3x3xf32>, %kt: tensor<3x3xf32>, %mask: tensor<3x3xf32>, %v: tensor<3x3xf32>) -> tensor<3x3xf32> {
  %scores = taso.matmul %q, %kt : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
  %weights = taso.softmax %scores, axis = 1 : tensor<3x3xf32> -> tensor<3x3xf32>
  %masked = taso.add %weights, %mask : tensor<3x3xf32>
  %result = taso.matmul %masked, %v : tensor<3x3xf32>, tensor<3x3xf32> -> tensor<3x3xf32>
  func.return %result : tensor<3x3xf32>
}
