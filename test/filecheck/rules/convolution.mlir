// RUN: taso-opt %s -p 'taso-apply-rules{rules=convolution-scale-channels}' | filecheck %s --check-prefix=CHANNELS
// RUN: taso-opt %s -p 'taso-apply-rules{rules=convolution-scale-channels-biased}' | filecheck %s --check-prefix=BIASED
// RUN: taso-opt %s -p 'taso-apply-rules{rules=convolution-scale}' | filecheck %s --check-prefix=SCALE
// RUN: taso-opt %s -p 'taso-apply-rules{rules=convolution-add-biases}' | filecheck %s --check-prefix=BIASES
// RUN: taso-opt %s -p 'taso-apply-rules{rules=convolution-scale-input-channels,convolution-scale-input,convolution-shift-input-channels,convolution-as-matmul,convolution-whole-as-matmul,convolution-compose-pointwise,convolution-after-pointwise,convolution-compose-depthwise,convolution-enlarge-kernel,convolution-enlarge-both-kernels,convolution-factor-weights,convolution-factor-inputs,convolution-concat-inputs,convolution-concat-biased}' | filecheck %s --check-prefix=FORMS
// RUN: taso-opt %s -p 'taso-apply-rules{rules=convolution-as-matmul-reversed,convolution-concat-inputs-reversed,convolution-of-concat,convolution-widen-groups,convolution-concat-weights}' | filecheck %s --check-prefix=WIDER
// RUN: taso-opt %s -p 'taso-apply-rules{rules=convolution-ungroup}' | filecheck %s --check-prefix=DENSE
// RUN: taso-opt %s -p 'taso-apply-rules{rules=convolution-interleave-groups,convolution-batch}' | filecheck %s --check-prefix=GROUPS

// CHANNELS-LABEL: func.func @scale_channels(
// CHANNELS-NEXT:    %[[R:.*]] = taso.broadcast %s, dims = [0] : tensor<4xf32> -> tensor<4x3x3x2xf32>
// CHANNELS-NEXT:    %[[W:.*]] = taso.mul %w, %[[R]] : tensor<4x3x3x2xf32>
// CHANNELS-NEXT:    %y = taso.conv2d %x, %[[W]], stride = [2, 1], padding = [1, 0], dilation = [1, 3], groups = 1
// CHANNELS-NEXT:    func.return %y
func.func @scale_channels(%x: tensor<2x3x9x7xf32>, %w: tensor<4x3x3x2xf32>, %s: tensor<4xf32>) -> tensor<2x4x5x4xf32> {
  %c = taso.conv2d %x, %w, stride = [2, 1], padding = [1, 0], dilation = [1, 3], groups = 1 : tensor<2x3x9x7xf32>, tensor<4x3x3x2xf32> -> tensor<2x4x5x4xf32>
  %t = taso.broadcast %s, dims = [1] : tensor<4xf32> -> tensor<2x4x5x4xf32>
  %y = taso.mul %c, %t : tensor<2x4x5x4xf32>
  func.return %y : tensor<2x4x5x4xf32>
}

// Each output channel has its own weights in every group.
// CHANNELS-LABEL: func.func @scale_channels_of_groups(
// CHANNELS-NEXT:    %[[R:.*]] = taso.broadcast %s, dims = [0] : tensor<6xf32> -> tensor<6x2x1x1xf32>
// CHANNELS-NEXT:    %[[W:.*]] = taso.mul %w, %[[R]] : tensor<6x2x1x1xf32>
// CHANNELS-NEXT:    taso.conv2d %x, %[[W]], stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 2
func.func @scale_channels_of_groups(%x: tensor<2x4x5x5xf32>, %w: tensor<6x2x1x1xf32>, %s: tensor<6xf32>) -> tensor<2x6x5x5xf32> {
  %c = taso.conv2d %x, %w, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 2 : tensor<2x4x5x5xf32>, tensor<6x2x1x1xf32> -> tensor<2x6x5x5xf32>
  %t = taso.broadcast %s, dims = [1] : tensor<6xf32> -> tensor<2x6x5x5xf32>
  %y = taso.mul %t, %c : tensor<2x6x5x5xf32>
  func.return %y : tensor<2x6x5x5xf32>
}

// A factor for each row of the images is none of the weights.
// CHANNELS-LABEL: func.func @scale_rows(
// CHANNELS:         taso.conv2d %x, %w
// CHANNELS:         taso.mul %c
func.func @scale_rows(%x: tensor<2x4x4x4xf32>, %w: tensor<4x4x1x1xf32>, %s: tensor<4xf32>) -> tensor<2x4x4x4xf32> {
  %c = taso.conv2d %x, %w, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 : tensor<2x4x4x4xf32>, tensor<4x4x1x1xf32> -> tensor<2x4x4x4xf32>
  %t = taso.broadcast %s, dims = [2] : tensor<4xf32> -> tensor<2x4x4x4xf32>
  %y = taso.mul %c, %t : tensor<2x4x4x4xf32>
  func.return %y : tensor<2x4x4x4xf32>
}

// BIASED-LABEL: func.func @scale_channels_biased(
// BIASED-DAG:     %[[R:.*]] = taso.broadcast %s, dims = [0] : tensor<4xf32> -> tensor<4x3x3x3xf32>
// BIASED-DAG:     %[[W:.*]] = taso.mul %w, %[[R]] : tensor<4x3x3x3xf32>
// BIASED-DAG:     %[[C:.*]] = taso.conv2d %x, %[[W]]
// BIASED-DAG:     %[[B:.*]] = taso.mul %b, %s : tensor<4xf32>
// BIASED-DAG:     %[[BB:.*]] = taso.broadcast %[[B]], dims = [1] : tensor<4xf32> -> tensor<2x4x3x3xf32>
// BIASED:         %y = taso.add %[[C]], %[[BB]]
// BIASED-NEXT:    func.return %y
func.func @scale_channels_biased(%x: tensor<2x3x5x5xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<4xf32>, %s: tensor<4xf32>) -> tensor<2x4x3x3xf32> {
  %c = taso.conv2d %x, %w, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 : tensor<2x3x5x5xf32>, tensor<4x3x3x3xf32> -> tensor<2x4x3x3xf32>
  %r = taso.broadcast %b, dims = [1] : tensor<4xf32> -> tensor<2x4x3x3xf32>
  %a = taso.add %c, %r : tensor<2x4x3x3xf32>
  %t = taso.broadcast %s, dims = [1] : tensor<4xf32> -> tensor<2x4x3x3xf32>
  %y = taso.mul %a, %t : tensor<2x4x3x3xf32>
  func.return %y : tensor<2x4x3x3xf32>
}

// SCALE-LABEL: func.func @scale(
// SCALE:         %[[W:.*]] = taso.mul %w, %{{.*}} : tensor<4x3x3x3xf32>
// SCALE-NEXT:    %y = taso.conv2d %x, %[[W]]
// SCALE-NEXT:    func.return %y
func.func @scale(%x: tensor<2x3x5x5xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<2x4x3x3xf32> {
  %c = taso.conv2d %x, %w, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 : tensor<2x3x5x5xf32>, tensor<4x3x3x3xf32> -> tensor<2x4x3x3xf32>
  %t = taso.constant 0.5 : tensor<2x4x3x3xf32>
  %y = taso.mul %c, %t : tensor<2x4x3x3xf32>
  func.return %y : tensor<2x4x3x3xf32>
}

// BIASES-LABEL: func.func @add_biases(
// BIASES-NEXT:    %[[C:.*]] = taso.conv2d %x, %w
// BIASES-NEXT:    %[[S:.*]] = taso.add %b, %s : tensor<4xf32>
// BIASES-NEXT:    %[[B:.*]] = taso.broadcast %[[S]], dims = [1] : tensor<4xf32> -> tensor<2x4x3x3xf32>
// BIASES-NEXT:    %y = taso.add %[[C]], %[[B]]
// BIASES-NEXT:    func.return %y
func.func @add_biases(%x: tensor<2x3x5x5xf32>, %w: tensor<4x3x3x3xf32>, %b: tensor<4xf32>, %s: tensor<4xf32>) -> tensor<2x4x3x3xf32> {
  %c = taso.conv2d %x, %w, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 : tensor<2x3x5x5xf32>, tensor<4x3x3x3xf32> -> tensor<2x4x3x3xf32>
  %r = taso.broadcast %b, dims = [1] : tensor<4xf32> -> tensor<2x4x3x3xf32>
  %a = taso.add %c, %r : tensor<2x4x3x3xf32>
  %t = taso.broadcast %s, dims = [1] : tensor<4xf32> -> tensor<2x4x3x3xf32>
  %y = taso.add %a, %t : tensor<2x4x3x3xf32>
  func.return %y : tensor<2x4x3x3xf32>
}

// FORMS-LABEL: func.func @scale_input_channels(
// FORMS-NEXT:   %0 = taso.reshape %s : tensor<4xf32> -> tensor<2x2xf32>
// FORMS-NEXT:   %1 = taso.broadcast %0, dims = [0, 2] : tensor<2x2xf32> -> tensor<2x2x2x3x2xf32>
// FORMS-NEXT:   %2 = taso.reshape %1 : tensor<2x2x2x3x2xf32> -> tensor<4x2x3x2xf32>
// FORMS-NEXT:   %3 = taso.mul %w, %2 : tensor<4x2x3x2xf32>
// FORMS-NEXT:   %4 = taso.conv2d %x, %3, stride = [2, 2], padding = [2, 1], dilation = [2, 2], groups = 2 : tensor<3x4x2x2xf32>, tensor<4x2x3x2xf32> -> tensor<3x4x1x1xf32>
// FORMS-NEXT:   func.return %4 : tensor<3x4x1x1xf32>
func.func @scale_input_channels(%x: tensor<3x4x2x2xf32>, %s: tensor<4xf32>, %w: tensor<4x2x3x2xf32>) -> tensor<3x4x1x1xf32> {
  %0 = taso.broadcast %s, dims = [1] : tensor<4xf32> -> tensor<3x4x2x2xf32>
  %1 = taso.mul %0, %x : tensor<3x4x2x2xf32>
  %2 = taso.conv2d %1, %w, stride = [2, 2], padding = [2, 1], dilation = [2, 2], groups = 2 : tensor<3x4x2x2xf32>, tensor<4x2x3x2xf32> -> tensor<3x4x1x1xf32>
  func.return %2 : tensor<3x4x1x1xf32>
}

// FORMS-LABEL: func.func @scale_input(
// FORMS-NEXT:   %0 = taso.constant 0.0 : tensor<2x2x3x2xf32>
// FORMS-NEXT:   %1 = taso.mul %w, %0 : tensor<2x2x3x2xf32>
// FORMS-NEXT:   %2 = taso.conv2d %x, %1, stride = [2, 2], padding = [0, 1], dilation = [2, 2], groups = 2 : tensor<2x4x8x2xf32>, tensor<2x2x3x2xf32> -> tensor<2x2x2x1xf32>
// FORMS-NEXT:   func.return %2 : tensor<2x2x2x1xf32>
func.func @scale_input(%x: tensor<2x4x8x2xf32>, %w: tensor<2x2x3x2xf32>) -> tensor<2x2x2x1xf32> {
  %0 = taso.constant 0.0 : tensor<2x4x8x2xf32>
  %1 = taso.mul %x, %0 : tensor<2x4x8x2xf32>
  %2 = taso.conv2d %1, %w, stride = [2, 2], padding = [0, 1], dilation = [2, 2], groups = 2 : tensor<2x4x8x2xf32>, tensor<2x2x3x2xf32> -> tensor<2x2x2x1xf32>
  func.return %2 : tensor<2x2x2x1xf32>
}

// FORMS-LABEL: func.func @shift_input_channels(
// FORMS-NEXT:   %0 = taso.conv2d %x, %w, stride = [2, 2], padding = [0, 0], dilation = [2, 1], groups = 2 : tensor<1x6x7x2xf32>, tensor<4x3x3x2xf32> -> tensor<1x4x2x1xf32>
// FORMS-NEXT:   %1 = taso.reshape %s : tensor<6xf32> -> tensor<2x3xf32>
// FORMS-NEXT:   %2 = taso.broadcast %1, dims = [0, 2] : tensor<2x3xf32> -> tensor<2x2x3x3x2xf32>
// FORMS-NEXT:   %3 = taso.reshape %2 : tensor<2x2x3x3x2xf32> -> tensor<4x3x3x2xf32>
// FORMS-NEXT:   %4 = taso.mul %w, %3 : tensor<4x3x3x2xf32>
// FORMS-NEXT:   %5 = taso.reduce_sum %4, axes = [1, 2, 3] : tensor<4x3x3x2xf32> -> tensor<4xf32>
// FORMS-NEXT:   %6 = taso.broadcast %5, dims = [1] : tensor<4xf32> -> tensor<1x4x2x1xf32>
// FORMS-NEXT:   %7 = taso.add %0, %6 : tensor<1x4x2x1xf32>
// FORMS-NEXT:   func.return %7 : tensor<1x4x2x1xf32>
func.func @shift_input_channels(%x: tensor<1x6x7x2xf32>, %s: tensor<6xf32>, %w: tensor<4x3x3x2xf32>) -> tensor<1x4x2x1xf32> {
  %0 = taso.broadcast %s, dims = [1] : tensor<6xf32> -> tensor<1x6x7x2xf32>
  %1 = taso.add %x, %0 : tensor<1x6x7x2xf32>
  %2 = taso.conv2d %1, %w, stride = [2, 2], padding = [0, 0], dilation = [2, 1], groups = 2 : tensor<1x6x7x2xf32>, tensor<4x3x3x2xf32> -> tensor<1x4x2x1xf32>
  func.return %2 : tensor<1x4x2x1xf32>
}

// FORMS-LABEL: func.func @as_matmul(
// FORMS-NEXT:   %0 = taso.reshape %w : tensor<2x2x1x1xf32> -> tensor<2x2xf32>
// FORMS-NEXT:   %1 = taso.reshape %x : tensor<5x2x4x3xf32> -> tensor<5x2x12xf32>
// FORMS-NEXT:   %2 = taso.matmul %0, %1 : tensor<2x2xf32>, tensor<5x2x12xf32> -> tensor<5x2x12xf32>
// FORMS-NEXT:   %3 = taso.reshape %2 : tensor<5x2x12xf32> -> tensor<5x2x4x3xf32>
// FORMS-NEXT:   func.return %3 : tensor<5x2x4x3xf32>
func.func @as_matmul(%x: tensor<5x2x4x3xf32>, %w: tensor<2x2x1x1xf32>) -> tensor<5x2x4x3xf32> {
  %0 = taso.conv2d %x, %w, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 : tensor<5x2x4x3xf32>, tensor<2x2x1x1xf32> -> tensor<5x2x4x3xf32>
  func.return %0 : tensor<5x2x4x3xf32>
}

// FORMS-LABEL: func.func @whole_as_matmul(
// FORMS-NEXT:   %0 = taso.reshape %x : tensor<2x3x6x2xf32> -> tensor<2x36xf32>
// FORMS-NEXT:   %1 = taso.reshape %w : tensor<2x3x6x2xf32> -> tensor<2x36xf32>
// FORMS-NEXT:   %2 = taso.transpose %1, perm = [1, 0] : tensor<2x36xf32> -> tensor<36x2xf32>
// FORMS-NEXT:   %3 = taso.matmul %0, %2 : tensor<2x36xf32>, tensor<36x2xf32> -> tensor<2x2xf32>
// FORMS-NEXT:   %4 = taso.reshape %3 : tensor<2x2xf32> -> tensor<2x2x1x1xf32>
// FORMS-NEXT:   func.return %4 : tensor<2x2x1x1xf32>
func.func @whole_as_matmul(%x: tensor<2x3x6x2xf32>, %w: tensor<2x3x6x2xf32>) -> tensor<2x2x1x1xf32> {
  %0 = taso.conv2d %x, %w, stride = [2, 2], padding = [0, 0], dilation = [1, 1], groups = 1 : tensor<2x3x6x2xf32>, tensor<2x3x6x2xf32> -> tensor<2x2x1x1xf32>
  func.return %0 : tensor<2x2x1x1xf32>
}

// FORMS-LABEL: func.func @compose_pointwise(
// FORMS-NEXT:   %0 = taso.reshape %u : tensor<2x3x1x1xf32> -> tensor<2x3xf32>
// FORMS-NEXT:   %1 = taso.einsum %0, %w, equation = "ab,bcde->acde" : tensor<2x3xf32>, tensor<3x2x2x2xf32> -> tensor<2x2x2x2xf32>
// FORMS-NEXT:   %2 = taso.conv2d %x, %1, stride = [2, 4], padding = [2, 2], dilation = [2, 2], groups = 1 : tensor<5x2x1x4xf32>, tensor<2x2x2x2xf32> -> tensor<5x2x2x2xf32>
// FORMS-NEXT:   func.return %2 : tensor<5x2x2x2xf32>
func.func @compose_pointwise(%x: tensor<5x2x1x4xf32>, %w: tensor<3x2x2x2xf32>, %u: tensor<2x3x1x1xf32>) -> tensor<5x2x2x2xf32> {
  %0 = taso.conv2d %x, %w, stride = [2, 2], padding = [2, 2], dilation = [2, 2], groups = 1 : tensor<5x2x1x4xf32>, tensor<3x2x2x2xf32> -> tensor<5x3x2x3xf32>
  %1 = taso.conv2d %0, %u, stride = [1, 2], padding = [0, 0], dilation = [2, 1], groups = 1 : tensor<5x3x2x3xf32>, tensor<2x3x1x1xf32> -> tensor<5x2x2x2xf32>
  func.return %1 : tensor<5x2x2x2xf32>
}

// FORMS-LABEL: func.func @after_pointwise(
// FORMS-NEXT:   %0 = taso.reshape %u : tensor<3x2x1x1xf32> -> tensor<3x2xf32>
// FORMS-NEXT:   %1 = taso.einsum %w, %0, equation = "abcd,be->aecd" : tensor<2x3x2x2xf32>, tensor<3x2xf32> -> tensor<2x2x2x2xf32>
// FORMS-NEXT:   %2 = taso.conv2d %x, %1, stride = [1, 2], padding = [2, 2], dilation = [2, 2], groups = 1 : tensor<2x2x3x4xf32>, tensor<2x2x2x2xf32> -> tensor<2x2x5x3xf32>
// FORMS-NEXT:   func.return %2 : tensor<2x2x5x3xf32>
func.func @after_pointwise(%x: tensor<2x2x3x4xf32>, %u: tensor<3x2x1x1xf32>, %w: tensor<2x3x2x2xf32>) -> tensor<2x2x5x3xf32> {
  %0 = taso.conv2d %x, %u, stride = [1, 1], padding = [0, 0], dilation = [1, 2], groups = 1 : tensor<2x2x3x4xf32>, tensor<3x2x1x1xf32> -> tensor<2x3x3x4xf32>
  %1 = taso.conv2d %0, %w, stride = [1, 2], padding = [2, 2], dilation = [2, 2], groups = 1 : tensor<2x3x3x4xf32>, tensor<2x3x2x2xf32> -> tensor<2x2x5x3xf32>
  func.return %1 : tensor<2x2x5x3xf32>
}

// FORMS-LABEL: func.func @compose_depthwise(
// FORMS-NEXT:   %0 = taso.reshape %w : tensor<2x2x1x1xf32> -> tensor<2x2xf32>
// FORMS-NEXT:   %1 = taso.reshape %u : tensor<2x1x2x2xf32> -> tensor<2x2x2xf32>
// FORMS-NEXT:   %2 = taso.einsum %0, %1, equation = "ab,bcd->abcd" : tensor<2x2xf32>, tensor<2x2x2xf32> -> tensor<2x2x2x2xf32>
// FORMS-NEXT:   %3 = taso.conv2d %x, %2, stride = [2, 2], padding = [2, 2], dilation = [2, 2], groups = 1 : tensor<5x2x1x4xf32>, tensor<2x2x2x2xf32> -> tensor<5x2x2x3xf32>
// FORMS-NEXT:   func.return %3 : tensor<5x2x2x3xf32>
func.func @compose_depthwise(%x: tensor<5x2x1x4xf32>, %u: tensor<2x1x2x2xf32>, %w: tensor<2x2x1x1xf32>) -> tensor<5x2x2x3xf32> {
  %0 = taso.conv2d %x, %u, stride = [2, 2], padding = [2, 2], dilation = [2, 2], groups = 2 : tensor<5x2x1x4xf32>, tensor<2x1x2x2xf32> -> tensor<5x2x2x3xf32>
  %1 = taso.conv2d %0, %w, stride = [1, 1], padding = [0, 0], dilation = [2, 1], groups = 1 : tensor<5x2x2x3xf32>, tensor<2x2x1x1xf32> -> tensor<5x2x2x3xf32>
  func.return %1 : tensor<5x2x2x3xf32>
}

// FORMS-LABEL: func.func @enlarge_kernel(
// FORMS-NEXT:   %0 = taso.pad %w, low = [0, 0, 2, 2], high = [0, 0, 2, 2], value = 0.0 : tensor<12x2x2x3xf32> -> tensor<12x2x6x7xf32>
// FORMS-NEXT:   %1 = taso.conv2d %x, %0, stride = [2, 2], padding = [6, 4], dilation = [2, 1], groups = 4 : tensor<4x8x3x2xf32>, tensor<12x2x6x7xf32> -> tensor<4x12x3x2xf32>
// FORMS-NEXT:   %2 = taso.conv2d %x, %u, stride = [2, 2], padding = [6, 4], dilation = [2, 1], groups = 4 : tensor<4x8x3x2xf32>, tensor<12x2x6x7xf32> -> tensor<4x12x3x2xf32>
// FORMS-NEXT:   func.return %1, %2 : tensor<4x12x3x2xf32>, tensor<4x12x3x2xf32>
func.func @enlarge_kernel(%x: tensor<4x8x3x2xf32>, %w: tensor<12x2x2x3xf32>, %u: tensor<12x2x6x7xf32>) -> (tensor<4x12x3x2xf32>, tensor<4x12x3x2xf32>) {
  %0 = taso.conv2d %x, %w, stride = [2, 2], padding = [2, 2], dilation = [2, 1], groups = 4 : tensor<4x8x3x2xf32>, tensor<12x2x2x3xf32> -> tensor<4x12x3x2xf32>
  %1 = taso.conv2d %x, %u, stride = [2, 2], padding = [6, 4], dilation = [2, 1], groups = 4 : tensor<4x8x3x2xf32>, tensor<12x2x6x7xf32> -> tensor<4x12x3x2xf32>
  func.return %0, %1 : tensor<4x12x3x2xf32>, tensor<4x12x3x2xf32>
}

// FORMS-LABEL: func.func @enlarge_both_kernels(
// FORMS-NEXT:   %0 = taso.pad %w, low = [0, 0, 0, 2], high = [0, 0, 0, 2], value = 0.0 : tensor<3x2x3x2xf32> -> tensor<3x2x3x6xf32>
// FORMS-NEXT:   %1 = taso.conv2d %x, %0, stride = [2, 3], padding = [2, 6], dilation = [2, 2], groups = 1 : tensor<5x2x2x4xf32>, tensor<3x2x3x6xf32> -> tensor<5x3x1x2xf32>
// FORMS-NEXT:   %2 = taso.pad %u, low = [0, 0, 1, 0], high = [0, 0, 1, 0], value = 0.0 : tensor<2x2x1x6xf32> -> tensor<2x2x3x6xf32>
// FORMS-NEXT:   %3 = taso.conv2d %x, %2, stride = [2, 3], padding = [2, 6], dilation = [2, 2], groups = 1 : tensor<5x2x2x4xf32>, tensor<2x2x3x6xf32> -> tensor<5x2x1x2xf32>
// FORMS-NEXT:   func.return %1, %3 : tensor<5x3x1x2xf32>, tensor<5x2x1x2xf32>
func.func @enlarge_both_kernels(%x: tensor<5x2x2x4xf32>, %w: tensor<3x2x3x2xf32>, %u: tensor<2x2x1x6xf32>) -> (tensor<5x3x1x2xf32>, tensor<5x2x1x2xf32>) {
  %0 = taso.conv2d %x, %w, stride = [2, 3], padding = [2, 2], dilation = [2, 2], groups = 1 : tensor<5x2x2x4xf32>, tensor<3x2x3x2xf32> -> tensor<5x3x1x2xf32>
  %1 = taso.conv2d %x, %u, stride = [2, 3], padding = [0, 6], dilation = [2, 2], groups = 1 : tensor<5x2x2x4xf32>, tensor<2x2x1x6xf32> -> tensor<5x2x1x2xf32>
  func.return %0, %1 : tensor<5x3x1x2xf32>, tensor<5x2x1x2xf32>
}

// FORMS-LABEL: func.func @factor_weights(
// FORMS-NEXT:   %0 = taso.add %w, %u : tensor<12x2x2x3xf32>
// FORMS-NEXT:   %1 = taso.conv2d %x, %0, stride = [2, 2], padding = [2, 2], dilation = [2, 1], groups = 4 : tensor<4x8x3x2xf32>, tensor<12x2x2x3xf32> -> tensor<4x12x3x2xf32>
// FORMS-NEXT:   func.return %1 : tensor<4x12x3x2xf32>
func.func @factor_weights(%x: tensor<4x8x3x2xf32>, %w: tensor<12x2x2x3xf32>, %u: tensor<12x2x2x3xf32>) -> tensor<4x12x3x2xf32> {
  %0 = taso.conv2d %x, %w, stride = [2, 2], padding = [2, 2], dilation = [2, 1], groups = 4 : tensor<4x8x3x2xf32>, tensor<12x2x2x3xf32> -> tensor<4x12x3x2xf32>
  %1 = taso.conv2d %x, %u, stride = [2, 2], padding = [2, 2], dilation = [2, 1], groups = 4 : tensor<4x8x3x2xf32>, tensor<12x2x2x3xf32> -> tensor<4x12x3x2xf32>
  %2 = taso.add %0, %1 : tensor<4x12x3x2xf32>
  func.return %2 : tensor<4x12x3x2xf32>
}

// FORMS-LABEL: func.func @factor_inputs(
// FORMS-NEXT:   %0 = taso.add %y, %x : tensor<2x4x8x2xf32>
// FORMS-NEXT:   %1 = taso.conv2d %0, %w, stride = [2, 2], padding = [0, 1], dilation = [2, 2], groups = 2 : tensor<2x4x8x2xf32>, tensor<2x2x3x2xf32> -> tensor<2x2x2x1xf32>
// FORMS-NEXT:   func.return %1 : tensor<2x2x2x1xf32>
func.func @factor_inputs(%x: tensor<2x4x8x2xf32>, %w: tensor<2x2x3x2xf32>, %y: tensor<2x4x8x2xf32>) -> tensor<2x2x2x1xf32> {
  %0 = taso.conv2d %x, %w, stride = [2, 2], padding = [0, 1], dilation = [2, 2], groups = 2 : tensor<2x4x8x2xf32>, tensor<2x2x3x2xf32> -> tensor<2x2x2x1xf32>
  %1 = taso.conv2d %y, %w, stride = [2, 2], padding = [0, 1], dilation = [2, 2], groups = 2 : tensor<2x4x8x2xf32>, tensor<2x2x3x2xf32> -> tensor<2x2x2x1xf32>
  %2 = taso.add %1, %0 : tensor<2x2x2x1xf32>
  func.return %2 : tensor<2x2x2x1xf32>
}

// FORMS-LABEL: func.func @concat_inputs(
// FORMS-NEXT:   %0 = taso.concat %y, %x, axis = 1 : tensor<3x2x2x4xf32>, tensor<3x2x2x4xf32> -> tensor<3x4x2x4xf32>
// FORMS-NEXT:   %1 = taso.concat %u, %w, axis = 1 : tensor<2x2x2x2xf32>, tensor<2x2x2x2xf32> -> tensor<2x4x2x2xf32>
// FORMS-NEXT:   %2 = taso.conv2d %0, %1, stride = [2, 1], padding = [2, 2], dilation = [2, 1], groups = 1 : tensor<3x4x2x4xf32>, tensor<2x4x2x2xf32> -> tensor<3x2x2x7xf32>
// FORMS-NEXT:   func.return %2 : tensor<3x2x2x7xf32>
func.func @concat_inputs(%x: tensor<3x2x2x4xf32>, %w: tensor<2x2x2x2xf32>, %y: tensor<3x2x2x4xf32>, %u: tensor<2x2x2x2xf32>) -> tensor<3x2x2x7xf32> {
  %0 = taso.conv2d %x, %w, stride = [2, 1], padding = [2, 2], dilation = [2, 1], groups = 1 : tensor<3x2x2x4xf32>, tensor<2x2x2x2xf32> -> tensor<3x2x2x7xf32>
  %1 = taso.conv2d %y, %u, stride = [2, 1], padding = [2, 2], dilation = [2, 1], groups = 1 : tensor<3x2x2x4xf32>, tensor<2x2x2x2xf32> -> tensor<3x2x2x7xf32>
  %2 = taso.add %1, %0 : tensor<3x2x2x7xf32>
  func.return %2 : tensor<3x2x2x7xf32>
}

// FORMS-LABEL: func.func @concat_biased(
// FORMS-NEXT:   %0 = taso.concat %w0, %w1, axis = 0 : tensor<2x2x2x2xf32>, tensor<2x2x2x2xf32> -> tensor<4x2x2x2xf32>
// FORMS-NEXT:   %1 = taso.conv2d %x, %0, stride = [3, 2], padding = [2, 2], dilation = [2, 2], groups = 1 : tensor<3x2x1x4xf32>, tensor<4x2x2x2xf32> -> tensor<3x4x1x3xf32>
// FORMS-NEXT:   %2 = taso.concat %b0, %b1, axis = 0 : tensor<2xf32>, tensor<2xf32> -> tensor<4xf32>
// FORMS-NEXT:   %3 = taso.broadcast %2, dims = [1] : tensor<4xf32> -> tensor<3x4x1x3xf32>
// FORMS-NEXT:   %4 = taso.add %1, %3 : tensor<3x4x1x3xf32>
// FORMS-NEXT:   %5, %6 = taso.split %4, axis = 1, sizes = [2, 2] : tensor<3x4x1x3xf32> -> tensor<3x2x1x3xf32>, tensor<3x2x1x3xf32>
// FORMS-NEXT:   func.return %5, %6 : tensor<3x2x1x3xf32>, tensor<3x2x1x3xf32>
func.func @concat_biased(%x: tensor<3x2x1x4xf32>, %w0: tensor<2x2x2x2xf32>, %b0: tensor<2xf32>, %w1: tensor<2x2x2x2xf32>, %b1: tensor<2xf32>) -> (tensor<3x2x1x3xf32>, tensor<3x2x1x3xf32>) {
  %0 = taso.conv2d %x, %w0, stride = [3, 2], padding = [2, 2], dilation = [2, 2], groups = 1 : tensor<3x2x1x4xf32>, tensor<2x2x2x2xf32> -> tensor<3x2x1x3xf32>
  %1 = taso.broadcast %b0, dims = [1] : tensor<2xf32> -> tensor<3x2x1x3xf32>
  %2 = taso.add %1, %0 : tensor<3x2x1x3xf32>
  %3 = taso.conv2d %x, %w1, stride = [3, 2], padding = [2, 2], dilation = [2, 2], groups = 1 : tensor<3x2x1x4xf32>, tensor<2x2x2x2xf32> -> tensor<3x2x1x3xf32>
  %4 = taso.broadcast %b1, dims = [1] : tensor<2xf32> -> tensor<3x2x1x3xf32>
  %5 = taso.add %3, %4 : tensor<3x2x1x3xf32>
  func.return %2, %5 : tensor<3x2x1x3xf32>, tensor<3x2x1x3xf32>
}

// WIDER-LABEL: func.func @as_matmul_reversed(
// WIDER-NEXT:   %0 = taso.conv2d %x, %w, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 : tensor<4x2x3x5xf32>, tensor<2x2x1x1xf32> -> tensor<4x2x3x5xf32>
// WIDER-NEXT:   func.return %0 : tensor<4x2x3x5xf32>
func.func @as_matmul_reversed(%w: tensor<2x2x1x1xf32>, %x: tensor<4x2x3x5xf32>) -> tensor<4x2x3x5xf32> {
  %0 = taso.reshape %w : tensor<2x2x1x1xf32> -> tensor<2x2xf32>
  %1 = taso.reshape %x : tensor<4x2x3x5xf32> -> tensor<4x2x15xf32>
  %2 = taso.matmul %0, %1 : tensor<2x2xf32>, tensor<4x2x15xf32> -> tensor<4x2x15xf32>
  %3 = taso.reshape %2 : tensor<4x2x15xf32> -> tensor<4x2x3x5xf32>
  func.return %3 : tensor<4x2x3x5xf32>
}

// WIDER-LABEL: func.func @concat_inputs_reversed(
// WIDER-NEXT:   %0 = taso.conv2d %x, %w, stride = [2, 2], padding = [2, 2], dilation = [2, 2], groups = 1 : tensor<5x2x1x2xf32>, tensor<3x2x3x2xf32> -> tensor<5x3x1x2xf32>
// WIDER-NEXT:   %1 = taso.conv2d %y, %u, stride = [2, 2], padding = [2, 2], dilation = [2, 2], groups = 1 : tensor<5x4x1x2xf32>, tensor<3x4x3x2xf32> -> tensor<5x3x1x2xf32>
// WIDER-NEXT:   %2 = taso.add %0, %1 : tensor<5x3x1x2xf32>
// WIDER-NEXT:   func.return %2 : tensor<5x3x1x2xf32>
func.func @concat_inputs_reversed(%x: tensor<5x2x1x2xf32>, %y: tensor<5x4x1x2xf32>, %w: tensor<3x2x3x2xf32>, %u: tensor<3x4x3x2xf32>) -> tensor<5x3x1x2xf32> {
  %0 = taso.concat %x, %y, axis = 1 : tensor<5x2x1x2xf32>, tensor<5x4x1x2xf32> -> tensor<5x6x1x2xf32>
  %1 = taso.concat %w, %u, axis = 1 : tensor<3x2x3x2xf32>, tensor<3x4x3x2xf32> -> tensor<3x6x3x2xf32>
  %2 = taso.conv2d %0, %1, stride = [2, 2], padding = [2, 2], dilation = [2, 2], groups = 1 : tensor<5x6x1x2xf32>, tensor<3x6x3x2xf32> -> tensor<5x3x1x2xf32>
  func.return %2 : tensor<5x3x1x2xf32>
}

// WIDER-LABEL: func.func @of_concat(
// WIDER-NEXT:   %0 = taso.slice %w, axis = 1, start = 0, stop = 2 : tensor<3x5x2x2xf32> -> tensor<3x2x2x2xf32>
// WIDER-NEXT:   %1 = taso.conv2d %x, %0, stride = [2, 2], padding = [2, 2], dilation = [2, 1], groups = 1 : tensor<4x2x3x2xf32>, tensor<3x2x2x2xf32> -> tensor<4x3x3x3xf32>
// WIDER-NEXT:   %2 = taso.slice %w, axis = 1, start = 2, stop = 5 : tensor<3x5x2x2xf32> -> tensor<3x3x2x2xf32>
// WIDER-NEXT:   %3 = taso.conv2d %y, %2, stride = [2, 2], padding = [2, 2], dilation = [2, 1], groups = 1 : tensor<4x3x3x2xf32>, tensor<3x3x2x2xf32> -> tensor<4x3x3x3xf32>
// WIDER-NEXT:   %4 = taso.add %1, %3 : tensor<4x3x3x3xf32>
// WIDER-NEXT:   func.return %4 : tensor<4x3x3x3xf32>
func.func @of_concat(%x: tensor<4x2x3x2xf32>, %y: tensor<4x3x3x2xf32>, %w: tensor<3x5x2x2xf32>) -> tensor<4x3x3x3xf32> {
  %0 = taso.concat %x, %y, axis = 1 : tensor<4x2x3x2xf32>, tensor<4x3x3x2xf32> -> tensor<4x5x3x2xf32>
  %1 = taso.conv2d %0, %w, stride = [2, 2], padding = [2, 2], dilation = [2, 1], groups = 1 : tensor<4x5x3x2xf32>, tensor<3x5x2x2xf32> -> tensor<4x3x3x3xf32>
  func.return %1 : tensor<4x3x3x3xf32>
}

// WIDER-LABEL: func.func @widen_groups(
// WIDER-NEXT:   %0 = taso.reshape %w : tensor<12x2x2x2xf32> -> tensor<2x2x24xf32>
// WIDER-NEXT:   %1 = taso.pad %0, low = [0, 0, 0], high = [0, 0, 48], value = 0.0 : tensor<2x2x24xf32> -> tensor<2x2x72xf32>
// WIDER-NEXT:   %2 = taso.reshape %1 : tensor<2x2x72xf32> -> tensor<2x144xf32>
// WIDER-NEXT:   %3 = taso.slice %2, axis = 1, start = 0, stop = 96 : tensor<2x144xf32> -> tensor<2x96xf32>
// WIDER-NEXT:   %4 = taso.reshape %3 : tensor<2x96xf32> -> tensor<2x2x2x3x8xf32>
// WIDER-NEXT:   %5 = taso.transpose %4, perm = [0, 1, 3, 2, 4] : tensor<2x2x2x3x8xf32> -> tensor<2x2x3x2x8xf32>
// WIDER-NEXT:   %6 = taso.reshape %5 : tensor<2x2x3x2x8xf32> -> tensor<12x4x2x2xf32>
// WIDER-NEXT:   %7 = taso.conv2d %x, %6, stride = [2, 2], padding = [2, 1], dilation = [2, 2], groups = 2 : tensor<5x8x3x1xf32>, tensor<12x4x2x2xf32> -> tensor<5x12x3x1xf32>
// WIDER-NEXT:   func.return %7 : tensor<5x12x3x1xf32>
func.func @widen_groups(%x: tensor<5x8x3x1xf32>, %w: tensor<12x2x2x2xf32>) -> tensor<5x12x3x1xf32> {
  %0 = taso.conv2d %x, %w, stride = [2, 2], padding = [2, 1], dilation = [2, 2], groups = 4 : tensor<5x8x3x1xf32>, tensor<12x2x2x2xf32> -> tensor<5x12x3x1xf32>
  func.return %0 : tensor<5x12x3x1xf32>
}

// WIDER-LABEL: func.func @concat_weights(
// WIDER-NEXT:   %0 = taso.concat %w0, %w1, axis = 0 : tensor<2x2x2x2xf32>, tensor<2x2x2x2xf32> -> tensor<4x2x2x2xf32>
// WIDER-NEXT:   %1 = taso.conv2d %x, %0, stride = [2, 1], padding = [2, 2], dilation = [2, 1], groups = 1 : tensor<3x2x2x4xf32>, tensor<4x2x2x2xf32> -> tensor<3x4x2x7xf32>
// WIDER-NEXT:   %2, %3 = taso.split %1, axis = 1, sizes = [2, 2] : tensor<3x4x2x7xf32> -> tensor<3x2x2x7xf32>, tensor<3x2x2x7xf32>
// WIDER-NEXT:   func.return %2, %3 : tensor<3x2x2x7xf32>, tensor<3x2x2x7xf32>
func.func @concat_weights(%x: tensor<3x2x2x4xf32>, %w0: tensor<2x2x2x2xf32>, %w1: tensor<2x2x2x2xf32>) -> (tensor<3x2x2x7xf32>, tensor<3x2x2x7xf32>) {
  %0 = taso.conv2d %x, %w0, stride = [2, 1], padding = [2, 2], dilation = [2, 1], groups = 1 : tensor<3x2x2x4xf32>, tensor<2x2x2x2xf32> -> tensor<3x2x2x7xf32>
  %1 = taso.conv2d %x, %w1, stride = [2, 1], padding = [2, 2], dilation = [2, 1], groups = 1 : tensor<3x2x2x4xf32>, tensor<2x2x2x2xf32> -> tensor<3x2x2x7xf32>
  func.return %0, %1 : tensor<3x2x2x7xf32>, tensor<3x2x2x7xf32>
}

// DENSE-LABEL: func.func @ungroup(
// DENSE-NEXT:   %0 = taso.reshape %w : tensor<12x2x2x2xf32> -> tensor<1x4x24xf32>
// DENSE-NEXT:   %1 = taso.pad %0, low = [0, 0, 0], high = [0, 0, 96], value = 0.0 : tensor<1x4x24xf32> -> tensor<1x4x120xf32>
// DENSE-NEXT:   %2 = taso.reshape %1 : tensor<1x4x120xf32> -> tensor<1x480xf32>
// DENSE-NEXT:   %3 = taso.slice %2, axis = 1, start = 0, stop = 384 : tensor<1x480xf32> -> tensor<1x384xf32>
// DENSE-NEXT:   %4 = taso.reshape %3 : tensor<1x384xf32> -> tensor<1x4x4x3x8xf32>
// DENSE-NEXT:   %5 = taso.transpose %4, perm = [0, 1, 3, 2, 4] : tensor<1x4x4x3x8xf32> -> tensor<1x4x3x4x8xf32>
// DENSE-NEXT:   %6 = taso.reshape %5 : tensor<1x4x3x4x8xf32> -> tensor<12x8x2x2xf32>
// DENSE-NEXT:   %7 = taso.conv2d %x, %6, stride = [2, 2], padding = [2, 1], dilation = [2, 2], groups = 1 : tensor<5x8x3x1xf32>, tensor<12x8x2x2xf32> -> tensor<5x12x3x1xf32>
// DENSE-NEXT:   func.return %7 : tensor<5x12x3x1xf32>
func.func @ungroup(%x: tensor<5x8x3x1xf32>, %w: tensor<12x2x2x2xf32>) -> tensor<5x12x3x1xf32> {
  %0 = taso.conv2d %x, %w, stride = [2, 2], padding = [2, 1], dilation = [2, 2], groups = 4 : tensor<5x8x3x1xf32>, tensor<12x2x2x2xf32> -> tensor<5x12x3x1xf32>
  func.return %0 : tensor<5x12x3x1xf32>
}

// GROUPS-LABEL: func.func @interleave_groups(
// GROUPS-NEXT:   %0 = taso.reshape %w0 : tensor<4x2x2x2xf32> -> tensor<2x2x8xf32>
// GROUPS-NEXT:   %1 = taso.reshape %w1 : tensor<6x2x2x2xf32> -> tensor<2x3x8xf32>
// GROUPS-NEXT:   %2 = taso.concat %0, %1, axis = 1 : tensor<2x2x8xf32>, tensor<2x3x8xf32> -> tensor<2x5x8xf32>
// GROUPS-NEXT:   %3 = taso.reshape %2 : tensor<2x5x8xf32> -> tensor<10x2x2x2xf32>
// GROUPS-NEXT:   %4 = taso.conv2d %x, %3, stride = [3, 2], padding = [2, 2], dilation = [2, 2], groups = 2 : tensor<1x4x4x3xf32>, tensor<10x2x2x2xf32> -> tensor<1x10x2x3xf32>
// GROUPS-NEXT:   %5 = taso.reshape %4 : tensor<1x10x2x3xf32> -> tensor<1x2x5x2x3xf32>
// GROUPS-NEXT:   %6, %7 = taso.split %5, axis = 2, sizes = [2, 3] : tensor<1x2x5x2x3xf32> -> tensor<1x2x2x2x3xf32>, tensor<1x2x3x2x3xf32>
// GROUPS-NEXT:   %8 = taso.reshape %6 : tensor<1x2x2x2x3xf32> -> tensor<1x4x2x3xf32>
// GROUPS-NEXT:   %9 = taso.reshape %7 : tensor<1x2x3x2x3xf32> -> tensor<1x6x2x3xf32>
// GROUPS-NEXT:   func.return %8, %9 : tensor<1x4x2x3xf32>, tensor<1x6x2x3xf32>
func.func @interleave_groups(%x: tensor<1x4x4x3xf32>, %w0: tensor<4x2x2x2xf32>, %w1: tensor<6x2x2x2xf32>) -> (tensor<1x4x2x3xf32>, tensor<1x6x2x3xf32>) {
  %0 = taso.conv2d %x, %w0, stride = [3, 2], padding = [2, 2], dilation = [2, 2], groups = 2 : tensor<1x4x4x3xf32>, tensor<4x2x2x2xf32> -> tensor<1x4x2x3xf32>
  %1 = taso.conv2d %x, %w1, stride = [3, 2], padding = [2, 2], dilation = [2, 2], groups = 2 : tensor<1x4x4x3xf32>, tensor<6x2x2x2xf32> -> tensor<1x6x2x3xf32>
  func.return %0, %1 : tensor<1x4x2x3xf32>, tensor<1x6x2x3xf32>
}

// GROUPS-LABEL: func.func @batch(
// GROUPS-NEXT:   %0 = taso.concat %x0, %x1, axis = 1 : tensor<3x4x2x2xf32>, tensor<3x2x2x2xf32> -> tensor<3x6x2x2xf32>
// GROUPS-NEXT:   %1 = taso.concat %w0, %w1, axis = 0 : tensor<4x2x3x2xf32>, tensor<2x2x3x2xf32> -> tensor<6x2x3x2xf32>
// GROUPS-NEXT:   %2 = taso.conv2d %0, %1, stride = [2, 2], padding = [2, 1], dilation = [2, 2], groups = 3 : tensor<3x6x2x2xf32>, tensor<6x2x3x2xf32> -> tensor<3x6x1x1xf32>
// GROUPS-NEXT:   %3, %4 = taso.split %2, axis = 1, sizes = [4, 2] : tensor<3x6x1x1xf32> -> tensor<3x4x1x1xf32>, tensor<3x2x1x1xf32>
// GROUPS-NEXT:   func.return %3, %4 : tensor<3x4x1x1xf32>, tensor<3x2x1x1xf32>
func.func @batch(%x0: tensor<3x4x2x2xf32>, %w0: tensor<4x2x3x2xf32>, %x1: tensor<3x2x2x2xf32>, %w1: tensor<2x2x3x2xf32>) -> (tensor<3x4x1x1xf32>, tensor<3x2x1x1xf32>) {
  %0 = taso.conv2d %x0, %w0, stride = [2, 2], padding = [2, 1], dilation = [2, 2], groups = 2 : tensor<3x4x2x2xf32>, tensor<4x2x3x2xf32> -> tensor<3x4x1x1xf32>
  %1 = taso.conv2d %x1, %w1, stride = [2, 2], padding = [2, 1], dilation = [2, 2], groups = 1 : tensor<3x2x2x2xf32>, tensor<2x2x3x2xf32> -> tensor<3x2x1x1xf32>
  func.return %0, %1 : tensor<3x4x1x1xf32>, tensor<3x2x1x1xf32>
}

// With padding, the windows at the border would get less of what is added.
// FORMS-LABEL: func.func @shift_padded(
// FORMS-NEXT:   %0 = taso.broadcast %s, dims = [1] : tensor<3xf32> -> tensor<1x3x5x5xf32>
// FORMS-NEXT:   %1 = taso.add %x, %0 : tensor<1x3x5x5xf32>
// FORMS-NEXT:   %2 = taso.conv2d %1, %w
func.func @shift_padded(%x: tensor<1x3x5x5xf32>, %s: tensor<3xf32>, %w: tensor<2x3x3x3xf32>) -> tensor<1x2x5x5xf32> {
  %0 = taso.broadcast %s, dims = [1] : tensor<3xf32> -> tensor<1x3x5x5xf32>
  %1 = taso.add %x, %0 : tensor<1x3x5x5xf32>
  %2 = taso.conv2d %1, %w, stride = [1, 1], padding = [1, 1], dilation = [1, 1], groups = 1 : tensor<1x3x5x5xf32>, tensor<2x3x3x3xf32> -> tensor<1x2x5x5xf32>
  func.return %2 : tensor<1x2x5x5xf32>
}

// Windows of the larger kernel start elsewhere: its padding is not as much more as its size.
// FORMS-LABEL: func.func @enlarge_other_padding(
// FORMS-NEXT:   %0 = taso.conv2d %x, %w
// FORMS-NEXT:   %1 = taso.conv2d %x, %u
func.func @enlarge_other_padding(%x: tensor<1x3x7x7xf32>, %w: tensor<2x3x3x3xf32>, %u: tensor<4x3x5x5xf32>) -> (tensor<1x2x5x5xf32>, tensor<1x4x3x3xf32>) {
  %0 = taso.conv2d %x, %w, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 : tensor<1x3x7x7xf32>, tensor<2x3x3x3xf32> -> tensor<1x2x5x5xf32>
  %1 = taso.conv2d %x, %u, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 : tensor<1x3x7x7xf32>, tensor<4x3x5x5xf32> -> tensor<1x4x3x3xf32>
  func.return %0, %1 : tensor<1x2x5x5xf32>, tensor<1x4x3x3xf32>
}

// The outputs of groups would have to interleave.
// WIDER-LABEL: func.func @concat_weights_of_groups(
// WIDER-NEXT:   %0 = taso.conv2d %x, %w0
// WIDER-NEXT:   %1 = taso.conv2d %x, %w1
func.func @concat_weights_of_groups(%x: tensor<1x3x5x5xf32>, %w0: tensor<3x1x1x1xf32>, %w1: tensor<6x1x1x1xf32>) -> (tensor<1x3x5x5xf32>, tensor<1x6x5x5xf32>) {
  %0 = taso.conv2d %x, %w0, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 3 : tensor<1x3x5x5xf32>, tensor<3x1x1x1xf32> -> tensor<1x3x5x5xf32>
  %1 = taso.conv2d %x, %w1, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 3 : tensor<1x3x5x5xf32>, tensor<6x1x1x1xf32> -> tensor<1x6x5x5xf32>
  func.return %0, %1 : tensor<1x3x5x5xf32>, tensor<1x6x5x5xf32>
}
