// RUN: taso-opt %s -p taso-optimize 2>%t.err | filecheck %s
// RUN: filecheck %s --check-prefix=ERR --input-file %t.err
// RUN: taso-opt %s -p taso-optimize{numerics=exact} | filecheck %s --check-prefix=EXACT
// RUN: taso-opt %s -p taso-optimize{rules=transpose-compose,transpose-identity} | filecheck %s --check-prefix=NAMED

// Two products and a sum become one product.
// CHECK-LABEL: func.func @factor
// CHECK-NEXT:    [[BC:%.+]] = taso.add %b, %c : tensor<512x256xf32>
// CHECK-NEXT:    [[OUT:%.+]] = taso.matmul %a, [[BC]]
// CHECK-NEXT:    func.return [[OUT]]
// EXACT-LABEL: func.func @factor
// EXACT-COUNT-2: taso.matmul
// NAMED-LABEL: func.func @factor
// NAMED-COUNT-2: taso.matmul
func.func @factor(%a: tensor<1024x512xf32>, %b: tensor<512x256xf32>, %c: tensor<512x256xf32>)
    -> tensor<1024x256xf32> {
  %ab = taso.matmul %a, %b : tensor<1024x512xf32>, tensor<512x256xf32> -> tensor<1024x256xf32>
  %ac = taso.matmul %a, %c : tensor<1024x512xf32>, tensor<512x256xf32> -> tensor<1024x256xf32>
  %sum = taso.add %ab, %ac : tensor<1024x256xf32>
  func.return %sum : tensor<1024x256xf32>
}

// Products that share an input are one product; their weights are joined once.
// CHECK-LABEL: func.func @join
// CHECK-NEXT:    [[W:%.+]] = taso.concat %w0, %w1, %w2, axis = 1
// CHECK-NEXT:    [[Y:%.+]] = taso.matmul %x, [[W]]
// CHECK-NEXT:    %y0, %y1, %y2 = taso.split [[Y]], axis = 1, sizes = [64, 32, 16]
// CHECK-NEXT:    [[R0:%.+]] = taso.relu %y0
// CHECK-NEXT:    [[R1:%.+]] = taso.relu %y1
// CHECK-NEXT:    [[R2:%.+]] = taso.relu %y2
// CHECK-NEXT:    func.return [[R0]], [[R1]], [[R2]]
func.func @join(%x: tensor<8x64xf32>, %w0: tensor<64x64xf32> {taso.param},
    %w1: tensor<64x32xf32> {taso.param}, %w2: tensor<64x16xf32> {taso.param})
    -> (tensor<8x64xf32>, tensor<8x32xf32>, tensor<8x16xf32>) {
  %y0 = taso.matmul %x, %w0 : tensor<8x64xf32>, tensor<64x64xf32> -> tensor<8x64xf32>
  %y1 = taso.matmul %x, %w1 : tensor<8x64xf32>, tensor<64x32xf32> -> tensor<8x32xf32>
  %y2 = taso.matmul %x, %w2 : tensor<8x64xf32>, tensor<64x16xf32> -> tensor<8x16xf32>
  %r0 = taso.relu %y0 : tensor<8x64xf32>
  %r1 = taso.relu %y1 : tensor<8x32xf32>
  %r2 = taso.relu %y2 : tensor<8x16xf32>
  func.return %r0, %r1, %r2 : tensor<8x64xf32>, tensor<8x32xf32>, tensor<8x16xf32>
}

// Parts of one product would each be copied to be results, which takes longer than the products.
// CHECK-LABEL: func.func @join_results
// CHECK-COUNT-2: taso.matmul
// CHECK-NOT:     taso.split
func.func @join_results(%x: tensor<8x64xf32>, %w0: tensor<64x64xf32> {taso.param},
    %w1: tensor<64x32xf32> {taso.param}) -> (tensor<8x64xf32>, tensor<8x32xf32>) {
  %y0 = taso.matmul %x, %w0 : tensor<8x64xf32>, tensor<64x64xf32> -> tensor<8x64xf32>
  %y1 = taso.matmul %x, %w1 : tensor<8x64xf32>, tensor<64x32xf32> -> tensor<8x32xf32>
  func.return %y0, %y1 : tensor<8x64xf32>, tensor<8x32xf32>
}

// The same product twice is computed once; what no result needs goes.
// CHECK-LABEL: func.func @share
// CHECK-COUNT-1: taso.matmul
// CHECK-NOT:     taso.matmul
// CHECK-NOT:     taso.exp
// CHECK:         func.return
// EXACT-LABEL: func.func @share
// EXACT-COUNT-1: taso.matmul
// EXACT-NOT:     taso.matmul
func.func @share(%a: tensor<64x32xf32>, %b: tensor<32x16xf32>, %c: tensor<64x16xf32>)
    -> (tensor<64x16xf32>, tensor<64x16xf32>) {
  %p = taso.matmul %a, %b : tensor<64x32xf32>, tensor<32x16xf32> -> tensor<64x16xf32>
  %dead = taso.exp %p : tensor<64x16xf32>
  %q = taso.matmul %a, %b : tensor<64x32xf32>, tensor<32x16xf32> -> tensor<64x16xf32>
  %s = taso.add %q, %c : tensor<64x16xf32>
  func.return %p, %s : tensor<64x16xf32>, tensor<64x16xf32>
}

// Constants fold, splats at any shape.
// CHECK-LABEL: func.func @fold
// CHECK-NEXT:    [[C:%.+]] = taso.constant 6.0 : tensor<4096x4096xf32>
// CHECK-NEXT:    func.return [[C]]
// EXACT-LABEL: func.func @fold
// EXACT-NEXT:    taso.constant 6.0
func.func @fold() -> tensor<4096x4096xf32> {
  %two = taso.constant 2.0 : tensor<4096x4096xf32>
  %three = taso.constant 3.0 : tensor<4096x4096xf32>
  %six = taso.mul %two, %three : tensor<4096x4096xf32>
  func.return %six : tensor<4096x4096xf32>
}

// A transpose twice is none; the argument is returned.
// CHECK-LABEL: func.func @twice
// CHECK-NEXT:    func.return %a
// NAMED-LABEL: func.func @twice
// NAMED-NEXT:    func.return %a
func.func @twice(%a: tensor<7x5xf32>) -> tensor<7x5xf32> {
  %t = taso.transpose %a, perm = [1, 0] : tensor<7x5xf32> -> tensor<5x7xf32>
  %u = taso.transpose %t, perm = [1, 0] : tensor<5x7xf32> -> tensor<7x5xf32>
  func.return %u : tensor<7x5xf32>
}

// ERR: warning: taso-optimize leaves @foreign as it is: 'arith.addf' is no op of a tensor program
// CHECK-LABEL: func.func @foreign
// CHECK-NEXT:    arith.addf
// CHECK-NEXT:    taso.exp
func.func @foreign(%a: tensor<7xf32>) -> tensor<7xf32> {
  %b = arith.addf %a, %a : tensor<7xf32>
  %c = taso.exp %b : tensor<7xf32>
  func.return %c : tensor<7xf32>
}
