// RUN: taso-opt %s -p 'taso-apply-rules{rules=convolution-scale-channels}' | filecheck %s --check-prefix=CHANNELS
// RUN: taso-opt %s -p 'taso-apply-rules{rules=convolution-scale-channels-biased}' | filecheck %s --check-prefix=BIASED
// RUN: taso-opt %s -p 'taso-apply-rules{rules=convolution-scale}' | filecheck %s --check-prefix=SCALE
// RUN: taso-opt %s -p 'taso-apply-rules{rules=convolution-add-biases}' | filecheck %s --check-prefix=BIASES

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
