// RUN: taso-opt %s -p 'taso-apply-rules{rules=padding-identity,padding-compose,padding-into-convolution,padding-into-average}' | filecheck %s --check-prefix=A

// Margins add up, and windows pad with zeros by themselves.

// A-LABEL: func.func @identity(
// A-NEXT:   func.return %x : tensor<4x5x2xf32>
func.func @identity(%x: tensor<4x5x2xf32>) -> tensor<4x5x2xf32> {
  %0 = taso.pad %x, low = [0, 0, 0], high = [0, 0, 0], value = -1.0 : tensor<4x5x2xf32> -> tensor<4x5x2xf32>
  func.return %0 : tensor<4x5x2xf32>
}

// A-LABEL: func.func @compose(
// A-NEXT:   %0 = taso.pad %x, low = [2, 2, 1], high = [3, 4, 4], value = 2.0 : tensor<2x4x5xf32> -> tensor<7x10x10xf32>
// A-NEXT:   func.return %0 : tensor<7x10x10xf32>
func.func @compose(%x: tensor<2x4x5xf32>) -> tensor<7x10x10xf32> {
  %0 = taso.pad %x, low = [2, 0, 1], high = [2, 2, 2], value = 2.0 : tensor<2x4x5xf32> -> tensor<6x6x8xf32>
  %1 = taso.pad %0, low = [0, 2, 0], high = [1, 2, 2], value = 2.0 : tensor<6x6x8xf32> -> tensor<7x10x10xf32>
  func.return %1 : tensor<7x10x10xf32>
}

// A-LABEL: func.func @into_convolution(
// A-NEXT:   %0 = taso.conv2d %x, %w, stride = [2, 2], padding = [4, 4], dilation = [2, 1], groups = 4 : tensor<4x8x1x1xf32>, tensor<12x2x2x3xf32> -> tensor<4x12x4x4xf32>
// A-NEXT:   func.return %0 : tensor<4x12x4x4xf32>
func.func @into_convolution(%x: tensor<4x8x1x1xf32>, %w: tensor<12x2x2x3xf32>) -> tensor<4x12x4x4xf32> {
  %0 = taso.pad %x, low = [0, 0, 2, 2], high = [0, 0, 2, 2], value = 0.0 : tensor<4x8x1x1xf32> -> tensor<4x8x5x5xf32>
  %1 = taso.conv2d %0, %w, stride = [2, 2], padding = [2, 2], dilation = [2, 1], groups = 4 : tensor<4x8x5x5xf32>, tensor<12x2x2x3xf32> -> tensor<4x12x4x4xf32>
  func.return %1 : tensor<4x12x4x4xf32>
}

// A-LABEL: func.func @into_average(
// A-NEXT:   %0 = taso.avg_pool2d %x, kernel = [3, 2], stride = [2, 2], padding = [0, 1], count_include_pad = true : tensor<5x2x6x3xf32> -> tensor<5x2x2x2xf32>
// A-NEXT:   func.return %0 : tensor<5x2x2x2xf32>
func.func @into_average(%x: tensor<5x2x6x3xf32>) -> tensor<5x2x2x2xf32> {
  %0 = taso.pad %x, low = [0, 0, 0, 0], high = [0, 0, 0, 0], value = 0.0 : tensor<5x2x6x3xf32> -> tensor<5x2x6x3xf32>
  %1 = taso.avg_pool2d %0, kernel = [3, 2], stride = [2, 2], padding = [0, 1], count_include_pad = true : tensor<5x2x6x3xf32> -> tensor<5x2x2x2xf32>
  func.return %1 : tensor<5x2x2x2xf32>
}

// A window pads with as much on both sides.
// A-LABEL: func.func @into_convolution_on_one_side(
// A-NEXT:   %0 = taso.pad %x
// A-NEXT:   %1 = taso.conv2d %0, %w
func.func @into_convolution_on_one_side(%x: tensor<1x1x3x3xf32>, %w: tensor<1x1x2x2xf32>) -> tensor<1x1x3x3xf32> {
  %0 = taso.pad %x, low = [0, 0, 0, 0], high = [0, 0, 1, 1], value = 0.0 : tensor<1x1x3x3xf32> -> tensor<1x1x4x4xf32>
  %1 = taso.conv2d %0, %w, stride = [1, 1], padding = [0, 0], dilation = [1, 1], groups = 1 : tensor<1x1x4x4xf32>, tensor<1x1x2x2xf32> -> tensor<1x1x3x3xf32>
  func.return %1 : tensor<1x1x3x3xf32>
}
