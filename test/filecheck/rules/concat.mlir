// RUN: taso-opt %s -p 'taso-apply-rules{rules=concat-of-split-2,concat-of-split-3,concat-split-2,concat-split-3,concat-of-gelu,concat-of-relu,concat-of-sigmoid,concat-of-silu,concat-of-tanh,concat-operands-of-add,concat-operands-of-mul,concat-split-gelu,concat-split-relu,concat-split-sigmoid,concat-split-silu,concat-split-tanh,concat-flatten-left,concat-flatten-right,concat-slice-identity,concat-slice-of-slice,concat-of-slices}' | filecheck %s
// RUN: taso-opt %s -p 'taso-apply-rules{rules=concat-of-gelu-3,concat-of-gelu-4,concat-of-relu-3,concat-of-relu-4,concat-of-sigmoid-3,concat-of-sigmoid-4,concat-of-silu-3,concat-of-silu-4,concat-of-tanh-3,concat-of-tanh-4,concat-split-gelu-3,concat-split-gelu-4,concat-split-relu-3,concat-split-relu-4,concat-split-sigmoid-3,concat-split-sigmoid-4,concat-split-silu-3,concat-split-silu-4,concat-split-tanh-3,concat-split-tanh-4}' | filecheck %s --check-prefix=MORE

// Concats, splits and slices cancel; element-wise ops move through them.

// CHECK-LABEL: func.func @of_split_2(
// CHECK-NEXT:   func.return %x : tensor<2x4xf32>
func.func @of_split_2(%x: tensor<2x4xf32>) -> tensor<2x4xf32> {
  %split, %split_1 = taso.split %x, axis = 0, sizes = [0, 2] : tensor<2x4xf32> -> tensor<0x4xf32>, tensor<2x4xf32>
  %concat = taso.concat %split, %split_1, axis = 0 : tensor<0x4xf32>, tensor<2x4xf32> -> tensor<2x4xf32>
  func.return %concat : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @of_split_3(
// CHECK-NEXT:   func.return %x : tensor<5x4xf32>
func.func @of_split_3(%x: tensor<5x4xf32>) -> tensor<5x4xf32> {
  %split, %split_1, %split_2 = taso.split %x, axis = 1, sizes = [0, 1, 3] : tensor<5x4xf32> -> tensor<5x0xf32>, tensor<5x1xf32>, tensor<5x3xf32>
  %concat = taso.concat %split, %split_1, %split_2, axis = 1 : tensor<5x0xf32>, tensor<5x1xf32>, tensor<5x3xf32> -> tensor<5x4xf32>
  func.return %concat : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @split_2(
// CHECK-NEXT:   func.return %x0, %x1 : tensor<3x5xf32>, tensor<2x5xf32>
func.func @split_2(%x0: tensor<3x5xf32>, %x1: tensor<2x5xf32>) -> (tensor<3x5xf32>, tensor<2x5xf32>) {
  %concat = taso.concat %x0, %x1, axis = 0 : tensor<3x5xf32>, tensor<2x5xf32> -> tensor<5x5xf32>
  %split, %split_1 = taso.split %concat, axis = 0, sizes = [3, 2] : tensor<5x5xf32> -> tensor<3x5xf32>, tensor<2x5xf32>
  func.return %split, %split_1 : tensor<3x5xf32>, tensor<2x5xf32>
}

// CHECK-LABEL: func.func @split_3(
// CHECK-NEXT:   func.return %x0, %x1, %x2 : tensor<5x3xf32>, tensor<4x3xf32>, tensor<2x3xf32>
func.func @split_3(%x0: tensor<5x3xf32>, %x1: tensor<4x3xf32>, %x2: tensor<2x3xf32>) -> (tensor<5x3xf32>, tensor<4x3xf32>, tensor<2x3xf32>) {
  %concat = taso.concat %x0, %x1, %x2, axis = 0 : tensor<5x3xf32>, tensor<4x3xf32>, tensor<2x3xf32> -> tensor<11x3xf32>
  %split, %split_1, %split_2 = taso.split %concat, axis = 0, sizes = [5, 4, 2] : tensor<11x3xf32> -> tensor<5x3xf32>, tensor<4x3xf32>, tensor<2x3xf32>
  func.return %split, %split_1, %split_2 : tensor<5x3xf32>, tensor<4x3xf32>, tensor<2x3xf32>
}

// CHECK-LABEL: func.func @of_gelu(
// CHECK-NEXT:   %0 = taso.concat %x, %y, axis = 0 : tensor<3x4xf32>, tensor<3x4xf32> -> tensor<6x4xf32>
// CHECK-NEXT:   %concat = taso.gelu %0, approximate = "tanh" : tensor<6x4xf32>
// CHECK-NEXT:   func.return %concat : tensor<6x4xf32>
func.func @of_gelu(%x: tensor<3x4xf32>, %y: tensor<3x4xf32>) -> tensor<6x4xf32> {
  %gelu = taso.gelu %x, approximate = "tanh" : tensor<3x4xf32>
  %gelu_1 = taso.gelu %y, approximate = "tanh" : tensor<3x4xf32>
  %concat = taso.concat %gelu, %gelu_1, axis = 0 : tensor<3x4xf32>, tensor<3x4xf32> -> tensor<6x4xf32>
  func.return %concat : tensor<6x4xf32>
}

// CHECK-LABEL: func.func @of_relu(
// CHECK-NEXT:   %0 = taso.concat %x, %y, axis = 1 : tensor<2x4xf32>, tensor<2x5xf32> -> tensor<2x9xf32>
// CHECK-NEXT:   %concat = taso.relu %0 : tensor<2x9xf32>
// CHECK-NEXT:   func.return %concat : tensor<2x9xf32>
func.func @of_relu(%x: tensor<2x4xf32>, %y: tensor<2x5xf32>) -> tensor<2x9xf32> {
  %relu = taso.relu %x : tensor<2x4xf32>
  %relu_1 = taso.relu %y : tensor<2x5xf32>
  %concat = taso.concat %relu, %relu_1, axis = 1 : tensor<2x4xf32>, tensor<2x5xf32> -> tensor<2x9xf32>
  func.return %concat : tensor<2x9xf32>
}

// CHECK-LABEL: func.func @of_sigmoid(
// CHECK-NEXT:   %0 = taso.concat %x, %y, axis = 1 : tensor<2x4xf32>, tensor<2x5xf32> -> tensor<2x9xf32>
// CHECK-NEXT:   %concat = taso.sigmoid %0 : tensor<2x9xf32>
// CHECK-NEXT:   func.return %concat : tensor<2x9xf32>
func.func @of_sigmoid(%x: tensor<2x4xf32>, %y: tensor<2x5xf32>) -> tensor<2x9xf32> {
  %sigmoid = taso.sigmoid %x : tensor<2x4xf32>
  %sigmoid_1 = taso.sigmoid %y : tensor<2x5xf32>
  %concat = taso.concat %sigmoid, %sigmoid_1, axis = 1 : tensor<2x4xf32>, tensor<2x5xf32> -> tensor<2x9xf32>
  func.return %concat : tensor<2x9xf32>
}

// CHECK-LABEL: func.func @of_silu(
// CHECK-NEXT:   %0 = taso.concat %x, %y, axis = 1 : tensor<2x4xf32>, tensor<2x5xf32> -> tensor<2x9xf32>
// CHECK-NEXT:   %concat = taso.silu %0 : tensor<2x9xf32>
// CHECK-NEXT:   func.return %concat : tensor<2x9xf32>
func.func @of_silu(%x: tensor<2x4xf32>, %y: tensor<2x5xf32>) -> tensor<2x9xf32> {
  %silu = taso.silu %x : tensor<2x4xf32>
  %silu_1 = taso.silu %y : tensor<2x5xf32>
  %concat = taso.concat %silu, %silu_1, axis = 1 : tensor<2x4xf32>, tensor<2x5xf32> -> tensor<2x9xf32>
  func.return %concat : tensor<2x9xf32>
}

// CHECK-LABEL: func.func @of_tanh(
// CHECK-NEXT:   %0 = taso.concat %x, %y, axis = 0 : tensor<2x3xf32>, tensor<5x3xf32> -> tensor<7x3xf32>
// CHECK-NEXT:   %concat = taso.tanh %0 : tensor<7x3xf32>
// CHECK-NEXT:   func.return %concat : tensor<7x3xf32>
func.func @of_tanh(%x: tensor<2x3xf32>, %y: tensor<5x3xf32>) -> tensor<7x3xf32> {
  %tanh = taso.tanh %x : tensor<2x3xf32>
  %tanh_1 = taso.tanh %y : tensor<5x3xf32>
  %concat = taso.concat %tanh, %tanh_1, axis = 0 : tensor<2x3xf32>, tensor<5x3xf32> -> tensor<7x3xf32>
  func.return %concat : tensor<7x3xf32>
}

// CHECK-LABEL: func.func @operands_of_add(
// CHECK-NEXT:   %0 = taso.add %x, %z : tensor<5x2xf32>
// CHECK-NEXT:   %1 = taso.add %y, %w : tensor<3x2xf32>
// CHECK-NEXT:   %add = taso.concat %0, %1, axis = 0 : tensor<5x2xf32>, tensor<3x2xf32> -> tensor<8x2xf32>
// CHECK-NEXT:   func.return %add : tensor<8x2xf32>
func.func @operands_of_add(%x: tensor<5x2xf32>, %y: tensor<3x2xf32>, %z: tensor<5x2xf32>, %w: tensor<3x2xf32>) -> tensor<8x2xf32> {
  %concat = taso.concat %x, %y, axis = 0 : tensor<5x2xf32>, tensor<3x2xf32> -> tensor<8x2xf32>
  %concat_1 = taso.concat %z, %w, axis = 0 : tensor<5x2xf32>, tensor<3x2xf32> -> tensor<8x2xf32>
  %add = taso.add %concat, %concat_1 : tensor<8x2xf32>
  func.return %add : tensor<8x2xf32>
}

// CHECK-LABEL: func.func @operands_of_mul(
// CHECK-NEXT:   %0 = taso.mul %x, %z : tensor<5x2xf32>
// CHECK-NEXT:   %1 = taso.mul %y, %w : tensor<5x2xf32>
// CHECK-NEXT:   %mul = taso.concat %0, %1, axis = 1 : tensor<5x2xf32>, tensor<5x2xf32> -> tensor<5x4xf32>
// CHECK-NEXT:   func.return %mul : tensor<5x4xf32>
func.func @operands_of_mul(%x: tensor<5x2xf32>, %y: tensor<5x2xf32>, %z: tensor<5x2xf32>, %w: tensor<5x2xf32>) -> tensor<5x4xf32> {
  %concat = taso.concat %x, %y, axis = 1 : tensor<5x2xf32>, tensor<5x2xf32> -> tensor<5x4xf32>
  %concat_1 = taso.concat %z, %w, axis = 1 : tensor<5x2xf32>, tensor<5x2xf32> -> tensor<5x4xf32>
  %mul = taso.mul %concat, %concat_1 : tensor<5x4xf32>
  func.return %mul : tensor<5x4xf32>
}

// CHECK-LABEL: func.func @split_gelu(
// CHECK-NEXT:   %0 = taso.gelu %x, approximate = "tanh" : tensor<5x4xf32>
// CHECK-NEXT:   %gelu, %gelu_1 = taso.split %0, axis = 0, sizes = [3, 2] : tensor<5x4xf32> -> tensor<3x4xf32>, tensor<2x4xf32>
// CHECK-NEXT:   func.return %gelu, %gelu_1 : tensor<3x4xf32>, tensor<2x4xf32>
func.func @split_gelu(%x: tensor<5x4xf32>) -> (tensor<3x4xf32>, tensor<2x4xf32>) {
  %split, %split_1 = taso.split %x, axis = 0, sizes = [3, 2] : tensor<5x4xf32> -> tensor<3x4xf32>, tensor<2x4xf32>
  %gelu = taso.gelu %split, approximate = "tanh" : tensor<3x4xf32>
  %gelu_1 = taso.gelu %split_1, approximate = "tanh" : tensor<2x4xf32>
  func.return %gelu, %gelu_1 : tensor<3x4xf32>, tensor<2x4xf32>
}

// CHECK-LABEL: func.func @split_relu(
// CHECK-NEXT:   %0 = taso.relu %x : tensor<5x4xf32>
// CHECK-NEXT:   %relu, %relu_1 = taso.split %0, axis = 1, sizes = [1, 3] : tensor<5x4xf32> -> tensor<5x1xf32>, tensor<5x3xf32>
// CHECK-NEXT:   func.return %relu, %relu_1 : tensor<5x1xf32>, tensor<5x3xf32>
func.func @split_relu(%x: tensor<5x4xf32>) -> (tensor<5x1xf32>, tensor<5x3xf32>) {
  %split, %split_1 = taso.split %x, axis = 1, sizes = [1, 3] : tensor<5x4xf32> -> tensor<5x1xf32>, tensor<5x3xf32>
  %relu = taso.relu %split : tensor<5x1xf32>
  %relu_1 = taso.relu %split_1 : tensor<5x3xf32>
  func.return %relu, %relu_1 : tensor<5x1xf32>, tensor<5x3xf32>
}

// CHECK-LABEL: func.func @split_sigmoid(
// CHECK-NEXT:   %0 = taso.sigmoid %x : tensor<5x4xf32>
// CHECK-NEXT:   %sigmoid, %sigmoid_1 = taso.split %0, axis = 1, sizes = [1, 3] : tensor<5x4xf32> -> tensor<5x1xf32>, tensor<5x3xf32>
// CHECK-NEXT:   func.return %sigmoid, %sigmoid_1 : tensor<5x1xf32>, tensor<5x3xf32>
func.func @split_sigmoid(%x: tensor<5x4xf32>) -> (tensor<5x1xf32>, tensor<5x3xf32>) {
  %split, %split_1 = taso.split %x, axis = 1, sizes = [1, 3] : tensor<5x4xf32> -> tensor<5x1xf32>, tensor<5x3xf32>
  %sigmoid = taso.sigmoid %split : tensor<5x1xf32>
  %sigmoid_1 = taso.sigmoid %split_1 : tensor<5x3xf32>
  func.return %sigmoid, %sigmoid_1 : tensor<5x1xf32>, tensor<5x3xf32>
}

// CHECK-LABEL: func.func @split_silu(
// CHECK-NEXT:   %0 = taso.silu %x : tensor<5x4xf32>
// CHECK-NEXT:   %silu, %silu_1 = taso.split %0, axis = 1, sizes = [1, 3] : tensor<5x4xf32> -> tensor<5x1xf32>, tensor<5x3xf32>
// CHECK-NEXT:   func.return %silu, %silu_1 : tensor<5x1xf32>, tensor<5x3xf32>
func.func @split_silu(%x: tensor<5x4xf32>) -> (tensor<5x1xf32>, tensor<5x3xf32>) {
  %split, %split_1 = taso.split %x, axis = 1, sizes = [1, 3] : tensor<5x4xf32> -> tensor<5x1xf32>, tensor<5x3xf32>
  %silu = taso.silu %split : tensor<5x1xf32>
  %silu_1 = taso.silu %split_1 : tensor<5x3xf32>
  func.return %silu, %silu_1 : tensor<5x1xf32>, tensor<5x3xf32>
}

// CHECK-LABEL: func.func @split_tanh(
// CHECK-NEXT:   %0 = taso.tanh %x : tensor<3x2xf32>
// CHECK-NEXT:   %tanh, %tanh_1 = taso.split %0, axis = 0, sizes = [3, 0] : tensor<3x2xf32> -> tensor<3x2xf32>, tensor<0x2xf32>
// CHECK-NEXT:   func.return %tanh, %tanh_1 : tensor<3x2xf32>, tensor<0x2xf32>
func.func @split_tanh(%x: tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<0x2xf32>) {
  %split, %split_1 = taso.split %x, axis = 0, sizes = [3, 0] : tensor<3x2xf32> -> tensor<3x2xf32>, tensor<0x2xf32>
  %tanh = taso.tanh %split : tensor<3x2xf32>
  %tanh_1 = taso.tanh %split_1 : tensor<0x2xf32>
  func.return %tanh, %tanh_1 : tensor<3x2xf32>, tensor<0x2xf32>
}

// CHECK-LABEL: func.func @flatten_left(
// CHECK-NEXT:   %concat = taso.concat %x, %y, %z, axis = 1 : tensor<5x3xf32>, tensor<5x4xf32>, tensor<5x4xf32> -> tensor<5x11xf32>
// CHECK-NEXT:   func.return %concat : tensor<5x11xf32>
func.func @flatten_left(%x: tensor<5x3xf32>, %y: tensor<5x4xf32>, %z: tensor<5x4xf32>) -> tensor<5x11xf32> {
  %concat = taso.concat %x, %y, axis = 1 : tensor<5x3xf32>, tensor<5x4xf32> -> tensor<5x7xf32>
  %concat_1 = taso.concat %concat, %z, axis = 1 : tensor<5x7xf32>, tensor<5x4xf32> -> tensor<5x11xf32>
  func.return %concat_1 : tensor<5x11xf32>
}

// CHECK-LABEL: func.func @flatten_right(
// CHECK-NEXT:   %concat = taso.concat %x, %y, %z, axis = 1 : tensor<4x5xf32>, tensor<4x5xf32>, tensor<4x5xf32> -> tensor<4x15xf32>
// CHECK-NEXT:   func.return %concat : tensor<4x15xf32>
func.func @flatten_right(%x: tensor<4x5xf32>, %y: tensor<4x5xf32>, %z: tensor<4x5xf32>) -> tensor<4x15xf32> {
  %concat = taso.concat %y, %z, axis = 1 : tensor<4x5xf32>, tensor<4x5xf32> -> tensor<4x10xf32>
  %concat_1 = taso.concat %x, %concat, axis = 1 : tensor<4x5xf32>, tensor<4x10xf32> -> tensor<4x15xf32>
  func.return %concat_1 : tensor<4x15xf32>
}

// CHECK-LABEL: func.func @slice_identity(
// CHECK-NEXT:   func.return %x : tensor<4x5x2xf32>
func.func @slice_identity(%x: tensor<4x5x2xf32>) -> tensor<4x5x2xf32> {
  %slice = taso.slice %x, axis = 2, start = 0, stop = 2 : tensor<4x5x2xf32> -> tensor<4x5x2xf32>
  func.return %slice : tensor<4x5x2xf32>
}

// CHECK-LABEL: func.func @slice_of_slice(
// CHECK-NEXT:   %slice = taso.slice %x, axis = 1, start = 3, stop = 4 : tensor<4x5xf32> -> tensor<4x1xf32>
// CHECK-NEXT:   func.return %slice : tensor<4x1xf32>
func.func @slice_of_slice(%x: tensor<4x5xf32>) -> tensor<4x1xf32> {
  %slice = taso.slice %x, axis = 1, start = 2, stop = 5 : tensor<4x5xf32> -> tensor<4x3xf32>
  %slice_1 = taso.slice %slice, axis = 1, start = 1, stop = 2 : tensor<4x3xf32> -> tensor<4x1xf32>
  func.return %slice_1 : tensor<4x1xf32>
}

// CHECK-LABEL: func.func @of_slices(
// CHECK-NEXT:   %concat = taso.slice %x, axis = 0, start = 1, stop = 5 : tensor<5xf32> -> tensor<4xf32>
// CHECK-NEXT:   func.return %concat : tensor<4xf32>
func.func @of_slices(%x: tensor<5xf32>) -> tensor<4xf32> {
  %slice = taso.slice %x, axis = 0, start = 1, stop = 3 : tensor<5xf32> -> tensor<2xf32>
  %slice_1 = taso.slice %x, axis = 0, start = 3, stop = 5 : tensor<5xf32> -> tensor<2xf32>
  %concat = taso.concat %slice, %slice_1, axis = 0 : tensor<2xf32>, tensor<2xf32> -> tensor<4xf32>
  func.return %concat : tensor<4xf32>
}

// The pieces come back in another order.
// CHECK-LABEL: func.func @pieces_in_another_order(
// CHECK-NEXT:   %low, %high = taso.split %x, axis = 0, sizes = [2, 2] : tensor<4x2xf32> -> tensor<2x2xf32>, tensor<2x2xf32>
// CHECK-NEXT:   %concat = taso.concat %high, %low, axis = 0 : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<4x2xf32>
// CHECK-NEXT:   func.return %concat : tensor<4x2xf32>
func.func @pieces_in_another_order(%x: tensor<4x2xf32>) -> tensor<4x2xf32> {
  %low, %high = taso.split %x, axis = 0, sizes = [2, 2] : tensor<4x2xf32> -> tensor<2x2xf32>, tensor<2x2xf32>
  %concat = taso.concat %high, %low, axis = 0 : tensor<2x2xf32>, tensor<2x2xf32> -> tensor<4x2xf32>
  func.return %concat : tensor<4x2xf32>
}

// Three and four pieces.

// MORE-LABEL: func.func @of_gelu_3(
// MORE-NEXT:   %0 = taso.concat %x, %y, %z, axis = 2 : tensor<4x3x4xf32>, tensor<4x3x2xf32>, tensor<4x3x5xf32> -> tensor<4x3x11xf32>
// MORE-NEXT:   %1 = taso.gelu %0, approximate = "tanh" : tensor<4x3x11xf32>
// MORE-NEXT:   func.return %1 : tensor<4x3x11xf32>
func.func @of_gelu_3(%x: tensor<4x3x4xf32>, %y: tensor<4x3x2xf32>, %z: tensor<4x3x5xf32>) -> tensor<4x3x11xf32> {
  %0 = taso.gelu %x, approximate = "tanh" : tensor<4x3x4xf32>
  %1 = taso.gelu %y, approximate = "tanh" : tensor<4x3x2xf32>
  %2 = taso.gelu %z, approximate = "tanh" : tensor<4x3x5xf32>
  %3 = taso.concat %0, %1, %2, axis = 2 : tensor<4x3x4xf32>, tensor<4x3x2xf32>, tensor<4x3x5xf32> -> tensor<4x3x11xf32>
  func.return %3 : tensor<4x3x11xf32>
}

// MORE-LABEL: func.func @of_gelu_4(
// MORE-NEXT:   %0 = taso.concat %x, %y, %z, %w, axis = 0 : tensor<1x2xf32>, tensor<3x2xf32>, tensor<4x2xf32>, tensor<5x2xf32> -> tensor<13x2xf32>
// MORE-NEXT:   %1 = taso.gelu %0, approximate = "tanh" : tensor<13x2xf32>
// MORE-NEXT:   func.return %1 : tensor<13x2xf32>
func.func @of_gelu_4(%x: tensor<1x2xf32>, %y: tensor<3x2xf32>, %z: tensor<4x2xf32>, %w: tensor<5x2xf32>) -> tensor<13x2xf32> {
  %0 = taso.gelu %x, approximate = "tanh" : tensor<1x2xf32>
  %1 = taso.gelu %y, approximate = "tanh" : tensor<3x2xf32>
  %2 = taso.gelu %z, approximate = "tanh" : tensor<4x2xf32>
  %3 = taso.gelu %w, approximate = "tanh" : tensor<5x2xf32>
  %4 = taso.concat %0, %1, %2, %3, axis = 0 : tensor<1x2xf32>, tensor<3x2xf32>, tensor<4x2xf32>, tensor<5x2xf32> -> tensor<13x2xf32>
  func.return %4 : tensor<13x2xf32>
}

// MORE-LABEL: func.func @of_relu_3(
// MORE-NEXT:   %0 = taso.concat %x, %y, %z, axis = 1 : tensor<4x3x4xf32>, tensor<4x5x4xf32>, tensor<4x2x4xf32> -> tensor<4x10x4xf32>
// MORE-NEXT:   %1 = taso.relu %0 : tensor<4x10x4xf32>
// MORE-NEXT:   func.return %1 : tensor<4x10x4xf32>
func.func @of_relu_3(%x: tensor<4x3x4xf32>, %y: tensor<4x5x4xf32>, %z: tensor<4x2x4xf32>) -> tensor<4x10x4xf32> {
  %0 = taso.relu %x : tensor<4x3x4xf32>
  %1 = taso.relu %y : tensor<4x5x4xf32>
  %2 = taso.relu %z : tensor<4x2x4xf32>
  %3 = taso.concat %0, %1, %2, axis = 1 : tensor<4x3x4xf32>, tensor<4x5x4xf32>, tensor<4x2x4xf32> -> tensor<4x10x4xf32>
  func.return %3 : tensor<4x10x4xf32>
}

// MORE-LABEL: func.func @of_relu_4(
// MORE-NEXT:   %0 = taso.concat %x, %y, %z, %w, axis = 0 : tensor<4xf32>, tensor<3xf32>, tensor<2xf32>, tensor<1xf32> -> tensor<10xf32>
// MORE-NEXT:   %1 = taso.relu %0 : tensor<10xf32>
// MORE-NEXT:   func.return %1 : tensor<10xf32>
func.func @of_relu_4(%x: tensor<4xf32>, %y: tensor<3xf32>, %z: tensor<2xf32>, %w: tensor<1xf32>) -> tensor<10xf32> {
  %0 = taso.relu %x : tensor<4xf32>
  %1 = taso.relu %y : tensor<3xf32>
  %2 = taso.relu %z : tensor<2xf32>
  %3 = taso.relu %w : tensor<1xf32>
  %4 = taso.concat %0, %1, %2, %3, axis = 0 : tensor<4xf32>, tensor<3xf32>, tensor<2xf32>, tensor<1xf32> -> tensor<10xf32>
  func.return %4 : tensor<10xf32>
}

// MORE-LABEL: func.func @of_sigmoid_3(
// MORE-NEXT:   %0 = taso.concat %x, %y, %z, axis = 1 : tensor<4x3x4xf32>, tensor<4x5x4xf32>, tensor<4x2x4xf32> -> tensor<4x10x4xf32>
// MORE-NEXT:   %1 = taso.sigmoid %0 : tensor<4x10x4xf32>
// MORE-NEXT:   func.return %1 : tensor<4x10x4xf32>
func.func @of_sigmoid_3(%x: tensor<4x3x4xf32>, %y: tensor<4x5x4xf32>, %z: tensor<4x2x4xf32>) -> tensor<4x10x4xf32> {
  %0 = taso.sigmoid %x : tensor<4x3x4xf32>
  %1 = taso.sigmoid %y : tensor<4x5x4xf32>
  %2 = taso.sigmoid %z : tensor<4x2x4xf32>
  %3 = taso.concat %0, %1, %2, axis = 1 : tensor<4x3x4xf32>, tensor<4x5x4xf32>, tensor<4x2x4xf32> -> tensor<4x10x4xf32>
  func.return %3 : tensor<4x10x4xf32>
}

// MORE-LABEL: func.func @of_sigmoid_4(
// MORE-NEXT:   %0 = taso.concat %x, %y, %z, %w, axis = 0 : tensor<4xf32>, tensor<3xf32>, tensor<2xf32>, tensor<1xf32> -> tensor<10xf32>
// MORE-NEXT:   %1 = taso.sigmoid %0 : tensor<10xf32>
// MORE-NEXT:   func.return %1 : tensor<10xf32>
func.func @of_sigmoid_4(%x: tensor<4xf32>, %y: tensor<3xf32>, %z: tensor<2xf32>, %w: tensor<1xf32>) -> tensor<10xf32> {
  %0 = taso.sigmoid %x : tensor<4xf32>
  %1 = taso.sigmoid %y : tensor<3xf32>
  %2 = taso.sigmoid %z : tensor<2xf32>
  %3 = taso.sigmoid %w : tensor<1xf32>
  %4 = taso.concat %0, %1, %2, %3, axis = 0 : tensor<4xf32>, tensor<3xf32>, tensor<2xf32>, tensor<1xf32> -> tensor<10xf32>
  func.return %4 : tensor<10xf32>
}

// MORE-LABEL: func.func @of_silu_3(
// MORE-NEXT:   %0 = taso.concat %x, %y, %z, axis = 1 : tensor<4x3x4xf32>, tensor<4x5x4xf32>, tensor<4x2x4xf32> -> tensor<4x10x4xf32>
// MORE-NEXT:   %1 = taso.silu %0 : tensor<4x10x4xf32>
// MORE-NEXT:   func.return %1 : tensor<4x10x4xf32>
func.func @of_silu_3(%x: tensor<4x3x4xf32>, %y: tensor<4x5x4xf32>, %z: tensor<4x2x4xf32>) -> tensor<4x10x4xf32> {
  %0 = taso.silu %x : tensor<4x3x4xf32>
  %1 = taso.silu %y : tensor<4x5x4xf32>
  %2 = taso.silu %z : tensor<4x2x4xf32>
  %3 = taso.concat %0, %1, %2, axis = 1 : tensor<4x3x4xf32>, tensor<4x5x4xf32>, tensor<4x2x4xf32> -> tensor<4x10x4xf32>
  func.return %3 : tensor<4x10x4xf32>
}

// MORE-LABEL: func.func @of_silu_4(
// MORE-NEXT:   %0 = taso.concat %x, %y, %z, %w, axis = 0 : tensor<4xf32>, tensor<3xf32>, tensor<2xf32>, tensor<1xf32> -> tensor<10xf32>
// MORE-NEXT:   %1 = taso.silu %0 : tensor<10xf32>
// MORE-NEXT:   func.return %1 : tensor<10xf32>
func.func @of_silu_4(%x: tensor<4xf32>, %y: tensor<3xf32>, %z: tensor<2xf32>, %w: tensor<1xf32>) -> tensor<10xf32> {
  %0 = taso.silu %x : tensor<4xf32>
  %1 = taso.silu %y : tensor<3xf32>
  %2 = taso.silu %z : tensor<2xf32>
  %3 = taso.silu %w : tensor<1xf32>
  %4 = taso.concat %0, %1, %2, %3, axis = 0 : tensor<4xf32>, tensor<3xf32>, tensor<2xf32>, tensor<1xf32> -> tensor<10xf32>
  func.return %4 : tensor<10xf32>
}

// MORE-LABEL: func.func @of_tanh_3(
// MORE-NEXT:   %0 = taso.concat %x, %y, %z, axis = 1 : tensor<4x3x4xf32>, tensor<4x5x4xf32>, tensor<4x2x4xf32> -> tensor<4x10x4xf32>
// MORE-NEXT:   %1 = taso.tanh %0 : tensor<4x10x4xf32>
// MORE-NEXT:   func.return %1 : tensor<4x10x4xf32>
func.func @of_tanh_3(%x: tensor<4x3x4xf32>, %y: tensor<4x5x4xf32>, %z: tensor<4x2x4xf32>) -> tensor<4x10x4xf32> {
  %0 = taso.tanh %x : tensor<4x3x4xf32>
  %1 = taso.tanh %y : tensor<4x5x4xf32>
  %2 = taso.tanh %z : tensor<4x2x4xf32>
  %3 = taso.concat %0, %1, %2, axis = 1 : tensor<4x3x4xf32>, tensor<4x5x4xf32>, tensor<4x2x4xf32> -> tensor<4x10x4xf32>
  func.return %3 : tensor<4x10x4xf32>
}

// MORE-LABEL: func.func @of_tanh_4(
// MORE-NEXT:   %0 = taso.concat %x, %y, %z, %w, axis = 0 : tensor<4xf32>, tensor<3xf32>, tensor<2xf32>, tensor<1xf32> -> tensor<10xf32>
// MORE-NEXT:   %1 = taso.tanh %0 : tensor<10xf32>
// MORE-NEXT:   func.return %1 : tensor<10xf32>
func.func @of_tanh_4(%x: tensor<4xf32>, %y: tensor<3xf32>, %z: tensor<2xf32>, %w: tensor<1xf32>) -> tensor<10xf32> {
  %0 = taso.tanh %x : tensor<4xf32>
  %1 = taso.tanh %y : tensor<3xf32>
  %2 = taso.tanh %z : tensor<2xf32>
  %3 = taso.tanh %w : tensor<1xf32>
  %4 = taso.concat %0, %1, %2, %3, axis = 0 : tensor<4xf32>, tensor<3xf32>, tensor<2xf32>, tensor<1xf32> -> tensor<10xf32>
  func.return %4 : tensor<10xf32>
}

// MORE-LABEL: func.func @split_gelu_3(
// MORE-NEXT:   %0 = taso.gelu %x, approximate = "none" : tensor<5x3x4xf32>
// MORE-NEXT:   %1, %2, %3 = taso.split %0, axis = 2, sizes = [0, 0, 4] : tensor<5x3x4xf32> -> tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
// MORE-NEXT:   func.return %1, %2, %3 : tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
func.func @split_gelu_3(%x: tensor<5x3x4xf32>) -> (tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>) {
  %0, %1, %2 = taso.split %x, axis = 2, sizes = [0, 0, 4] : tensor<5x3x4xf32> -> tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
  %3 = taso.gelu %0, approximate = "none" : tensor<5x3x0xf32>
  %4 = taso.gelu %1, approximate = "none" : tensor<5x3x0xf32>
  %5 = taso.gelu %2, approximate = "none" : tensor<5x3x4xf32>
  func.return %3, %4, %5 : tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
}

// MORE-LABEL: func.func @split_gelu_4(
// MORE-NEXT:   %0 = taso.gelu %x, approximate = "tanh" : tensor<3x1x5xf32>
// MORE-NEXT:   %1, %2, %3, %4 = taso.split %0, axis = 2, sizes = [1, 1, 2, 1] : tensor<3x1x5xf32> -> tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
// MORE-NEXT:   func.return %1, %2, %3, %4 : tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
func.func @split_gelu_4(%x: tensor<3x1x5xf32>) -> (tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>) {
  %0, %1, %2, %3 = taso.split %x, axis = 2, sizes = [1, 1, 2, 1] : tensor<3x1x5xf32> -> tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
  %4 = taso.gelu %0, approximate = "tanh" : tensor<3x1x1xf32>
  %5 = taso.gelu %1, approximate = "tanh" : tensor<3x1x1xf32>
  %6 = taso.gelu %2, approximate = "tanh" : tensor<3x1x2xf32>
  %7 = taso.gelu %3, approximate = "tanh" : tensor<3x1x1xf32>
  func.return %4, %5, %6, %7 : tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
}

// MORE-LABEL: func.func @split_relu_3(
// MORE-NEXT:   %0 = taso.relu %x : tensor<5x3x4xf32>
// MORE-NEXT:   %1, %2, %3 = taso.split %0, axis = 2, sizes = [0, 0, 4] : tensor<5x3x4xf32> -> tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
// MORE-NEXT:   func.return %1, %2, %3 : tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
func.func @split_relu_3(%x: tensor<5x3x4xf32>) -> (tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>) {
  %0, %1, %2 = taso.split %x, axis = 2, sizes = [0, 0, 4] : tensor<5x3x4xf32> -> tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
  %3 = taso.relu %0 : tensor<5x3x0xf32>
  %4 = taso.relu %1 : tensor<5x3x0xf32>
  %5 = taso.relu %2 : tensor<5x3x4xf32>
  func.return %3, %4, %5 : tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
}

// MORE-LABEL: func.func @split_relu_4(
// MORE-NEXT:   %0 = taso.relu %x : tensor<3x1x5xf32>
// MORE-NEXT:   %1, %2, %3, %4 = taso.split %0, axis = 2, sizes = [1, 1, 2, 1] : tensor<3x1x5xf32> -> tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
// MORE-NEXT:   func.return %1, %2, %3, %4 : tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
func.func @split_relu_4(%x: tensor<3x1x5xf32>) -> (tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>) {
  %0, %1, %2, %3 = taso.split %x, axis = 2, sizes = [1, 1, 2, 1] : tensor<3x1x5xf32> -> tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
  %4 = taso.relu %0 : tensor<3x1x1xf32>
  %5 = taso.relu %1 : tensor<3x1x1xf32>
  %6 = taso.relu %2 : tensor<3x1x2xf32>
  %7 = taso.relu %3 : tensor<3x1x1xf32>
  func.return %4, %5, %6, %7 : tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
}

// MORE-LABEL: func.func @split_sigmoid_3(
// MORE-NEXT:   %0 = taso.sigmoid %x : tensor<5x3x4xf32>
// MORE-NEXT:   %1, %2, %3 = taso.split %0, axis = 2, sizes = [0, 0, 4] : tensor<5x3x4xf32> -> tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
// MORE-NEXT:   func.return %1, %2, %3 : tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
func.func @split_sigmoid_3(%x: tensor<5x3x4xf32>) -> (tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>) {
  %0, %1, %2 = taso.split %x, axis = 2, sizes = [0, 0, 4] : tensor<5x3x4xf32> -> tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
  %3 = taso.sigmoid %0 : tensor<5x3x0xf32>
  %4 = taso.sigmoid %1 : tensor<5x3x0xf32>
  %5 = taso.sigmoid %2 : tensor<5x3x4xf32>
  func.return %3, %4, %5 : tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
}

// MORE-LABEL: func.func @split_sigmoid_4(
// MORE-NEXT:   %0 = taso.sigmoid %x : tensor<3x1x5xf32>
// MORE-NEXT:   %1, %2, %3, %4 = taso.split %0, axis = 2, sizes = [1, 1, 2, 1] : tensor<3x1x5xf32> -> tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
// MORE-NEXT:   func.return %1, %2, %3, %4 : tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
func.func @split_sigmoid_4(%x: tensor<3x1x5xf32>) -> (tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>) {
  %0, %1, %2, %3 = taso.split %x, axis = 2, sizes = [1, 1, 2, 1] : tensor<3x1x5xf32> -> tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
  %4 = taso.sigmoid %0 : tensor<3x1x1xf32>
  %5 = taso.sigmoid %1 : tensor<3x1x1xf32>
  %6 = taso.sigmoid %2 : tensor<3x1x2xf32>
  %7 = taso.sigmoid %3 : tensor<3x1x1xf32>
  func.return %4, %5, %6, %7 : tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
}

// MORE-LABEL: func.func @split_silu_3(
// MORE-NEXT:   %0 = taso.silu %x : tensor<5x3x4xf32>
// MORE-NEXT:   %1, %2, %3 = taso.split %0, axis = 2, sizes = [0, 0, 4] : tensor<5x3x4xf32> -> tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
// MORE-NEXT:   func.return %1, %2, %3 : tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
func.func @split_silu_3(%x: tensor<5x3x4xf32>) -> (tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>) {
  %0, %1, %2 = taso.split %x, axis = 2, sizes = [0, 0, 4] : tensor<5x3x4xf32> -> tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
  %3 = taso.silu %0 : tensor<5x3x0xf32>
  %4 = taso.silu %1 : tensor<5x3x0xf32>
  %5 = taso.silu %2 : tensor<5x3x4xf32>
  func.return %3, %4, %5 : tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
}

// MORE-LABEL: func.func @split_silu_4(
// MORE-NEXT:   %0 = taso.silu %x : tensor<3x1x5xf32>
// MORE-NEXT:   %1, %2, %3, %4 = taso.split %0, axis = 2, sizes = [1, 1, 2, 1] : tensor<3x1x5xf32> -> tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
// MORE-NEXT:   func.return %1, %2, %3, %4 : tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
func.func @split_silu_4(%x: tensor<3x1x5xf32>) -> (tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>) {
  %0, %1, %2, %3 = taso.split %x, axis = 2, sizes = [1, 1, 2, 1] : tensor<3x1x5xf32> -> tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
  %4 = taso.silu %0 : tensor<3x1x1xf32>
  %5 = taso.silu %1 : tensor<3x1x1xf32>
  %6 = taso.silu %2 : tensor<3x1x2xf32>
  %7 = taso.silu %3 : tensor<3x1x1xf32>
  func.return %4, %5, %6, %7 : tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
}

// MORE-LABEL: func.func @split_tanh_3(
// MORE-NEXT:   %0 = taso.tanh %x : tensor<5x3x4xf32>
// MORE-NEXT:   %1, %2, %3 = taso.split %0, axis = 2, sizes = [0, 0, 4] : tensor<5x3x4xf32> -> tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
// MORE-NEXT:   func.return %1, %2, %3 : tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
func.func @split_tanh_3(%x: tensor<5x3x4xf32>) -> (tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>) {
  %0, %1, %2 = taso.split %x, axis = 2, sizes = [0, 0, 4] : tensor<5x3x4xf32> -> tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
  %3 = taso.tanh %0 : tensor<5x3x0xf32>
  %4 = taso.tanh %1 : tensor<5x3x0xf32>
  %5 = taso.tanh %2 : tensor<5x3x4xf32>
  func.return %3, %4, %5 : tensor<5x3x0xf32>, tensor<5x3x0xf32>, tensor<5x3x4xf32>
}

// MORE-LABEL: func.func @split_tanh_4(
// MORE-NEXT:   %0 = taso.tanh %x : tensor<3x1x5xf32>
// MORE-NEXT:   %1, %2, %3, %4 = taso.split %0, axis = 2, sizes = [1, 1, 2, 1] : tensor<3x1x5xf32> -> tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
// MORE-NEXT:   func.return %1, %2, %3, %4 : tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
func.func @split_tanh_4(%x: tensor<3x1x5xf32>) -> (tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>) {
  %0, %1, %2, %3 = taso.split %x, axis = 2, sizes = [1, 1, 2, 1] : tensor<3x1x5xf32> -> tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
  %4 = taso.tanh %0 : tensor<3x1x1xf32>
  %5 = taso.tanh %1 : tensor<3x1x1xf32>
  %6 = taso.tanh %2 : tensor<3x1x2xf32>
  %7 = taso.tanh %3 : tensor<3x1x1xf32>
  func.return %4, %5, %6, %7 : tensor<3x1x1xf32>, tensor<3x1x1xf32>, tensor<3x1x2xf32>, tensor<3x1x1xf32>
}
