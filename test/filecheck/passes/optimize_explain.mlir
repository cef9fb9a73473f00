// RUN: taso-opt %s -p 'taso-optimize{explain="%t"}' | filecheck %s --check-prefix=IR
// RUN: filecheck %s --input-file %t
// RUN: not taso-opt %s -p 'taso-optimize{explain="%t.none/steps"}' 2>&1 | filecheck %s --check-prefix=BAD

// BAD: optimize_explain.mlir:1:1: error: {{.*}}.none/steps: No such file or directory

// Each step says which ops it replaces, by which, and what it saves.
// IR-LABEL: func.func @factor
// CHECK:      @factor: 1.83 ms → 914 µs, 1 step
// CHECK:      1. matmul-factor-left at %sum: saves 913 µs; 914 µs left
// CHECK-NEXT:   - %ab = taso.matmul %a, %b : tensor<1024x512xf32>, tensor<512x256xf32> -> tensor<1024x256xf32>
// CHECK-NEXT:   - %ac = taso.matmul %a, %c
// CHECK-NEXT:   - %sum = taso.add %ab, %ac : tensor<1024x256xf32>
// CHECK-NEXT:   + %add = taso.add %b, %c : tensor<512x256xf32>
// CHECK-NEXT:   + %sum = taso.matmul %a, %add
func.func @factor(%a: tensor<1024x512xf32>, %b: tensor<512x256xf32>, %c: tensor<512x256xf32>)
    -> tensor<1024x256xf32> {
  %ab = taso.matmul %a, %b : tensor<1024x512xf32>, tensor<512x256xf32> -> tensor<1024x256xf32>
  %ac = taso.matmul %a, %c : tensor<1024x512xf32>, tensor<512x256xf32> -> tensor<1024x256xf32>
  %sum = taso.add %ab, %ac : tensor<1024x256xf32>
  func.return %sum : tensor<1024x256xf32>
}

// Products of one input are joined in one step.
// CHECK:      @join:
// CHECK:      1. matmul-concat-weights-2 at %y0, %y1: saves
// CHECK-NEXT:   - %y0 = taso.matmul %x, %w0
// CHECK-NEXT:   - %y1 = taso.matmul %x, %w1
// CHECK-NEXT:   + [[W:%.+]] = taso.concat %w0, %w1, axis = 1
// CHECK-NEXT:   + [[Y:%.+]] = taso.matmul %x, [[W]]
// CHECK-NEXT:   + %y0, %y1 = taso.split [[Y]], axis = 1, sizes = [64, 32]
func.func @join(%x: tensor<8x64xf32>, %w0: tensor<64x64xf32> {taso.param},
    %w1: tensor<64x32xf32> {taso.param}) -> (tensor<8x64xf32>, tensor<8x32xf32>) {
  %y0 = taso.matmul %x, %w0 : tensor<8x64xf32>, tensor<64x64xf32> -> tensor<8x64xf32>
  %y1 = taso.matmul %x, %w1 : tensor<8x64xf32>, tensor<64x32xf32> -> tensor<8x32xf32>
  func.return %y0, %y1 : tensor<8x64xf32>, tensor<8x32xf32>
}

// What is computed twice is computed once; a value that was there already takes another's place.
// CHECK:      @share:
// CHECK:      1. share-equal-terms at %again: saves
// CHECK-NEXT:   - %again = taso.exp %x : tensor<64xf32>
// CHECK-NEXT:   + %again is %e
// CHECK:      2. elementwise-neg-neg at %n:
// CHECK-NEXT:   - %m = taso.neg %e
// CHECK-NEXT:   - %n = taso.neg %m
// CHECK-NEXT:   + %n is %e
func.func @share(%x: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>) {
  %e = taso.exp %x : tensor<64xf32>
  %again = taso.exp %x : tensor<64xf32>
  %m = taso.neg %again : tensor<64xf32>
  %n = taso.neg %m : tensor<64xf32>
  func.return %e, %n : tensor<64xf32>, tensor<64xf32>
}

// CHECK:      @stays: {{.*}}, 0 steps
func.func @stays(%x: tensor<64xf32>) -> tensor<64xf32> {
  %e = taso.exp %x : tensor<64xf32>
  func.return %e : tensor<64xf32>
}
