// RUN: taso-opt %s -p 'taso-form-kernels{device=cpu}' | filecheck %s
// RUN: taso-opt %s -p 'taso-form-kernels{device=cpu}' | filecheck %s --check-prefix=CPU
// RUN: taso-opt %s -p 'taso-form-kernels{device=h200}' | filecheck %s
// RUN: taso-opt %s -p 'taso-form-kernels{device=h200},taso-form-kernels{device=h200}' | filecheck %s --check-prefix=GPU
// RUN: not taso-opt %s -p 'taso-form-kernels{device=abacus}' 2>&1 | filecheck %s --check-prefix=UNKNOWN

// UNKNOWN: unknown device 'abacus', expected one of cpu, h200

// A chain with its broadcast read inside, and the splat made there.
// CHECK-LABEL: @chain
// CHECK-NEXT:    %[[K:.*]] = taso.kernel(%x_1 = %x : tensor<4x6xf32>, %b_1 = %b : tensor<6xf32>) -> tensor<4x6xf32> {
// CHECK-NEXT:      %row = taso.broadcast %b_1
// CHECK-NEXT:      %y = taso.add %x_1, %row
// CHECK-NEXT:      %two = taso.constant 2.0
// CHECK-NEXT:      %z_1 = taso.mul %y, %two
// CHECK-NEXT:      taso.yield %z_1
// CHECK-NEXT:    }
// CHECK-NEXT:    func.return %[[K]]
func.func @chain(%x: tensor<4x6xf32>, %b: tensor<6xf32>) -> tensor<4x6xf32> {
  %two = taso.constant 2.0 : tensor<4x6xf32>
  %row = taso.broadcast %b, dims = [1] : tensor<6xf32> -> tensor<4x6xf32>
  %y = taso.add %x, %row : tensor<4x6xf32>
  %z = taso.mul %y, %two : tensor<4x6xf32>
  func.return %z : tensor<4x6xf32>
}

// A plain op alone stays, and so do views, a product alone, a copy and an attention.
// CHECK-LABEL: @alone
// CHECK-NOT:     taso.kernel
func.func @alone(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>, tensor<8x4xf32>, tensor<4x4xf32>) {
  %t = taso.transpose %x, perm = [1, 0] : tensor<4x4xf32> -> tensor<4x4xf32>
  %e = taso.exp %t : tensor<4x4xf32>
  %m = taso.matmul %x, %t : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %c = taso.concat %x, %t, axis = 0 : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<8x4xf32>
  %a = taso.attention %x, %t, %x, scale = 1.0, causal = false : tensor<4x4xf32>, tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  func.return %e, %m, %c, %a : tensor<4x4xf32>, tensor<4x4xf32>, tensor<8x4xf32>, tensor<4x4xf32>
}

// A composite is a kernel even alone.
// CHECK-LABEL: @composite
// CHECK-NEXT:    taso.kernel
// CHECK-NEXT:      taso.softmax
func.func @composite(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %y = taso.softmax %x, axis = 1 : tensor<4x6xf32> -> tensor<4x6xf32>
  func.return %y : tensor<4x6xf32>
}

// The epilogue of a product, where the device fuses; a softmax does not fit into one.
// CPU-LABEL: @epilogue
// CPU-NEXT:      taso.matmul %x, %w
// CPU-NEXT:      taso.kernel
// CPU-NEXT:        taso.broadcast
// CPU-NEXT:        taso.add
// CPU-NEXT:        taso.softmax
// GPU-LABEL: @epilogue
// GPU-NEXT:      taso.kernel(%x_1 = %x : tensor<4x3xf32>, %w_1 = %w : tensor<3x6xf32>, %b_1 = %b : tensor<6xf32>)
// GPU-NEXT:        taso.matmul
// GPU-NEXT:        taso.broadcast
// GPU-NEXT:        taso.add
// GPU-NEXT:        taso.yield
// GPU:           taso.kernel(%h_1 = %h
// GPU-NEXT:        taso.softmax
func.func @epilogue(%x: tensor<4x3xf32>, %w: tensor<3x6xf32>, %b: tensor<6xf32>) -> tensor<4x6xf32> {
  %m = taso.matmul %x, %w : tensor<4x3xf32>, tensor<3x6xf32> -> tensor<4x6xf32>
  %row = taso.broadcast %b, dims = [1] : tensor<6xf32> -> tensor<4x6xf32>
  %h = taso.add %m, %row : tensor<4x6xf32>
  %y = taso.softmax %h, axis = 1 : tensor<4x6xf32> -> tensor<4x6xf32>
  func.return %y : tensor<4x6xf32>
}

// %e and %s are not one kernel with %m between them: the kernel would wait for itself.
// CPU-LABEL: @convex
// CPU-NEXT:      taso.exp %x
// CPU-NEXT:      taso.matmul
// CPU-NEXT:      taso.add
// GPU-LABEL: @convex
// GPU-NEXT:      taso.exp %x
// GPU-NEXT:      taso.kernel
// GPU-NEXT:        taso.matmul
// GPU-NEXT:        taso.add
func.func @convex(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %e = taso.exp %x : tensor<4x4xf32>
  %m = taso.matmul %e, %x : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %s = taso.add %e, %m : tensor<4x4xf32>
  func.return %s : tensor<4x4xf32>
}

// Rows and columns are collected in kernels of their own.
// CHECK-LABEL: @rows_and_columns
// CHECK:         taso.kernel
// CHECK-NEXT:      taso.softmax %{{.*}}, axis = 1
// CHECK:         taso.kernel
// CHECK-NEXT:      taso.softmax %{{.*}}, axis = 0
func.func @rows_and_columns(%x: tensor<4x6xf32>) -> tensor<4x6xf32> {
  %r = taso.softmax %x, axis = 1 : tensor<4x6xf32> -> tensor<4x6xf32>
  %c = taso.softmax %r, axis = 0 : tensor<4x6xf32> -> tensor<4x6xf32>
  func.return %c : tensor<4x6xf32>
}

// What is used outside as well is a result of the kernel; its users come after it.
// CHECK-LABEL: @results
// CHECK-NEXT:    %y, %z = taso.kernel
// CHECK:         taso.matmul %y, %x
// CHECK-NEXT:    func.return
func.func @results(%x: tensor<4x4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %y = taso.exp %x : tensor<4x4xf32>
  %m = taso.matmul %y, %x : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %z = taso.neg %y : tensor<4x4xf32>
  func.return %m, %z : tensor<4x4xf32>, tensor<4x4xf32>
}
