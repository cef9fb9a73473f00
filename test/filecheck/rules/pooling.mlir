// RUN: taso-opt %s -p 'taso-apply-rules{rules=pooling-relu-of-max,pooling-shift-of-max,pooling-max-of-concat,pooling-mean-of-concat,pooling-max-of-max,pooling-mean-of-mean,pooling-factor-mean,pooling-uncounted-reversed,pooling-shift-of-mean,pooling-mean-of-pointwise,pooling-as-convolution-reversed}' | filecheck %s --check-prefix=A
// RUN: taso-opt %s -p 'taso-apply-rules{rules=pooling-relu-of-max-reversed,pooling-max-of-concat-reversed,pooling-mean-of-concat-reversed,pooling-mean-of-pointwise-reversed}' | filecheck %s --check-prefix=B
// RUN: taso-opt %s -p 'taso-apply-rules{rules=pooling-uncounted,pooling-as-convolution}' | filecheck %s --check-prefix=C
// RUN: taso-opt %s -p 'taso-apply-rules{rules=pooling-into-pointwise}' | filecheck %s --check-prefix=D

// What moves through pools, how they join, and means as convolutions.

// A-LABEL: func.func @relu_of_max(
// A-NEXT:   %0 = taso.max_pool2d %x, kernel = [2, 2], stride = [3, 2], padding = [0, 1], dilation = [1, 1] : tensor<5x2x3x4xf32> -> tensor<5x2x1x3xf32>
// A-NEXT:   %1 = taso.relu %0 : tensor<5x2x1x3xf32>
// A-NEXT:   func.return %1 : tensor<5x2x1x3xf32>
func.func @relu_of_max(%x: tensor<5x2x3x4xf32>) -> tensor<5x2x1x3xf32> {
  %0 = taso.relu %x : tensor<5x2x3x4xf32>
  %1 = taso.max_pool2d %0, kernel = [2, 2], stride = [3, 2], padding = [0, 1], dilation = [1, 1] : tensor<5x2x3x4xf32> -> tensor<5x2x1x3xf32>
  func.return %1 : tensor<5x2x1x3xf32>
}

// A-LABEL: func.func @shift_of_max(
// A-NEXT:   %0 = taso.max_pool2d %x, kernel = [1, 2], stride = [2, 2], padding = [0, 1], dilation = [1, 1] : tensor<2x2x2x3xf32> -> tensor<2x2x1x2xf32>
// A-NEXT:   %1 = taso.broadcast %b, dims = [1] : tensor<2xf32> -> tensor<2x2x1x2xf32>
// A-NEXT:   %2 = taso.add %0, %1 : tensor<2x2x1x2xf32>
// A-NEXT:   func.return %2 : tensor<2x2x1x2xf32>
func.func @shift_of_max(%x: tensor<2x2x2x3xf32>, %b: tensor<2xf32>) -> tensor<2x2x1x2xf32> {
  %0 = taso.broadcast %b, dims = [1] : tensor<2xf32> -> tensor<2x2x2x3xf32>
  %1 = taso.add %0, %x : tensor<2x2x2x3xf32>
  %2 = taso.max_pool2d %1, kernel = [1, 2], stride = [2, 2], padding = [0, 1], dilation = [1, 1] : tensor<2x2x2x3xf32> -> tensor<2x2x1x2xf32>
  func.return %2 : tensor<2x2x1x2xf32>
}

// A-LABEL: func.func @max_of_concat(
// A-NEXT:   %0 = taso.max_pool2d %x, kernel = [2, 2], stride = [1, 2], padding = [0, 1], dilation = [2, 2] : tensor<2x4x3x2xf32> -> tensor<2x4x1x1xf32>
// A-NEXT:   %1 = taso.max_pool2d %y, kernel = [2, 2], stride = [1, 2], padding = [0, 1], dilation = [2, 2] : tensor<2x2x3x2xf32> -> tensor<2x2x1x1xf32>
// A-NEXT:   %2 = taso.concat %0, %1, axis = 1 : tensor<2x4x1x1xf32>, tensor<2x2x1x1xf32> -> tensor<2x6x1x1xf32>
// A-NEXT:   func.return %2 : tensor<2x6x1x1xf32>
func.func @max_of_concat(%x: tensor<2x4x3x2xf32>, %y: tensor<2x2x3x2xf32>) -> tensor<2x6x1x1xf32> {
  %0 = taso.concat %x, %y, axis = 1 : tensor<2x4x3x2xf32>, tensor<2x2x3x2xf32> -> tensor<2x6x3x2xf32>
  %1 = taso.max_pool2d %0, kernel = [2, 2], stride = [1, 2], padding = [0, 1], dilation = [2, 2] : tensor<2x6x3x2xf32> -> tensor<2x6x1x1xf32>
  func.return %1 : tensor<2x6x1x1xf32>
}

// A-LABEL: func.func @mean_of_concat(
// A-NEXT:   %0 = taso.avg_pool2d %x, kernel = [2, 2], stride = [1, 2], padding = [0, 1], count_include_pad = true : tensor<2x4x3x2xf32> -> tensor<2x4x2x2xf32>
// A-NEXT:   %1 = taso.avg_pool2d %y, kernel = [2, 2], stride = [1, 2], padding = [0, 1], count_include_pad = true : tensor<2x2x3x2xf32> -> tensor<2x2x2x2xf32>
// A-NEXT:   %2 = taso.concat %0, %1, axis = 1 : tensor<2x4x2x2xf32>, tensor<2x2x2x2xf32> -> tensor<2x6x2x2xf32>
// A-NEXT:   func.return %2 : tensor<2x6x2x2xf32>
func.func @mean_of_concat(%x: tensor<2x4x3x2xf32>, %y: tensor<2x2x3x2xf32>) -> tensor<2x6x2x2xf32> {
  %0 = taso.concat %x, %y, axis = 1 : tensor<2x4x3x2xf32>, tensor<2x2x3x2xf32> -> tensor<2x6x3x2xf32>
  %1 = taso.avg_pool2d %0, kernel = [2, 2], stride = [1, 2], padding = [0, 1], count_include_pad = true : tensor<2x6x3x2xf32> -> tensor<2x6x2x2xf32>
  func.return %1 : tensor<2x6x2x2xf32>
}

// A-LABEL: func.func @max_of_max(
// A-NEXT:   %0 = taso.max_pool2d %x, kernel = [4, 3], stride = [2, 2], padding = [1, 0], dilation = [1, 1] : tensor<5x3x2x4xf32> -> tensor<5x3x1x1xf32>
// A-NEXT:   func.return %0 : tensor<5x3x1x1xf32>
func.func @max_of_max(%x: tensor<5x3x2x4xf32>) -> tensor<5x3x1x1xf32> {
  %0 = taso.max_pool2d %x, kernel = [2, 2], stride = [2, 1], padding = [1, 0], dilation = [1, 1] : tensor<5x3x2x4xf32> -> tensor<5x3x2x3xf32>
  %1 = taso.max_pool2d %0, kernel = [2, 2], stride = [1, 2], padding = [0, 0], dilation = [1, 1] : tensor<5x3x2x3xf32> -> tensor<5x3x1x1xf32>
  func.return %1 : tensor<5x3x1x1xf32>
}

// A-LABEL: func.func @mean_of_mean(
// A-NEXT:   %0 = taso.avg_pool2d %x, kernel = [4, 4], stride = [4, 6], padding = [0, 0], count_include_pad = true : tensor<3x2x5x4xf32> -> tensor<3x2x1x1xf32>
// A-NEXT:   func.return %0 : tensor<3x2x1x1xf32>
func.func @mean_of_mean(%x: tensor<3x2x5x4xf32>) -> tensor<3x2x1x1xf32> {
  %0 = taso.avg_pool2d %x, kernel = [2, 2], stride = [2, 2], padding = [0, 0], count_include_pad = true : tensor<3x2x5x4xf32> -> tensor<3x2x2x2xf32>
  %1 = taso.avg_pool2d %0, kernel = [2, 2], stride = [2, 3], padding = [0, 0], count_include_pad = true : tensor<3x2x2x2xf32> -> tensor<3x2x1x1xf32>
  func.return %1 : tensor<3x2x1x1xf32>
}

// A-LABEL: func.func @factor_mean(
// A-NEXT:   %0 = taso.add %x, %y : tensor<5x2x3x4xf32>
// A-NEXT:   %1 = taso.avg_pool2d %0, kernel = [2, 2], stride = [3, 2], padding = [0, 1], count_include_pad = false : tensor<5x2x3x4xf32> -> tensor<5x2x1x3xf32>
// A-NEXT:   func.return %1 : tensor<5x2x1x3xf32>
func.func @factor_mean(%x: tensor<5x2x3x4xf32>, %y: tensor<5x2x3x4xf32>) -> tensor<5x2x1x3xf32> {
  %0 = taso.avg_pool2d %x, kernel = [2, 2], stride = [3, 2], padding = [0, 1], count_include_pad = false : tensor<5x2x3x4xf32> -> tensor<5x2x1x3xf32>
  %1 = taso.avg_pool2d %y, kernel = [2, 2], stride = [3, 2], padding = [0, 1], count_include_pad = false : tensor<5x2x3x4xf32> -> tensor<5x2x1x3xf32>
  %2 = taso.add %0, %1 : tensor<5x2x1x3xf32>
  func.return %2 : tensor<5x2x1x3xf32>
}

// A-LABEL: func.func @uncounted_reversed(
// A-NEXT:   %0 = taso.avg_pool2d %x, kernel = [2, 2], stride = [3, 2], padding = [0, 0], count_include_pad = true : tensor<2x3x4x5xf32> -> tensor<2x3x1x2xf32>
// A-NEXT:   func.return %0 : tensor<2x3x1x2xf32>
func.func @uncounted_reversed(%x: tensor<2x3x4x5xf32>) -> tensor<2x3x1x2xf32> {
  %0 = taso.avg_pool2d %x, kernel = [2, 2], stride = [3, 2], padding = [0, 0], count_include_pad = false : tensor<2x3x4x5xf32> -> tensor<2x3x1x2xf32>
  func.return %0 : tensor<2x3x1x2xf32>
}

// A-LABEL: func.func @shift_of_mean(
// A-NEXT:   %0 = taso.avg_pool2d %x, kernel = [1, 2], stride = [2, 2], padding = [0, 1], count_include_pad = false : tensor<2x2x2x3xf32> -> tensor<2x2x1x2xf32>
// A-NEXT:   %1 = taso.broadcast %b, dims = [1] : tensor<2xf32> -> tensor<2x2x1x2xf32>
// A-NEXT:   %2 = taso.add %0, %1 : tensor<2x2x1x2xf32>
// A-NEXT:   func.return %2 : tensor<2x2x1x2xf32>
func.func @shift_of_mean(%x: tensor<2x2x2x3xf32>, %b: tensor<2xf32>) -> tensor<2x2x1x2xf32> {
  %0 = taso.broadcast %b, dims = [1] : tensor<2xf32> -> tensor<2x2x2x3xf32>
  %1 = taso.add %0, %x : tensor<2x2x2x3xf32>
  %2 = taso.avg_pool2d %1, kernel = [1, 2], stride = [2, 2], padding = [0, 1], count_include_pad = false : tensor<2x2x2x3xf32> -> tensor<2x2x1x2xf32>
  func.return %2 : tensor<2x2x1x2xf32>
}

// A-LABEL: func.func @mean_of_pointwise(
// A-NEXT:   %0 = taso.avg_pool2d %x, kernel = [3, 2], stride = [3, 2], padding = [0, 1], count_include_pad = true : tensor<5x8x4x3xf32> -> tensor<5x8x1x2xf32>
// A-NEXT:   %1 = taso.conv2d %0, %w, stride = [1, 1], padding = [0, 0], dilation = [1, 2], groups = 4 : tensor<5x8x1x2xf32>, tensor<12x2x1x1xf32> -> tensor<5x12x1x2xf32>
// A-NEXT:   func.return %1 : tensor<5x12x1x2xf32>
func.func @mean_of_pointwise(%x: tensor<5x8x4x3xf32>, %w: tensor<12x2x1x1xf32>) -> tensor<5x12x1x2xf32> {
  %0 = taso.conv2d %x, %w, stride = [1, 1], padding = [0, 0], dilation = [1, 2], groups = 4 : tensor<5x8x4x3xf32>, tensor<12x2x1x1xf32> -> tensor<5x12x4x3xf32>
  %1 = taso.avg_pool2d %0, kernel = [3, 2], stride = [3, 2], padding = [0, 1], count_include_pad = true : tensor<5x12x4x3xf32> -> tensor<5x12x1x2xf32>
  func.return %1 : tensor<5x12x1x2xf32>
}

// A-LABEL: func.func @as_convolution_reversed(
// A-NEXT:   %0 = taso.avg_pool2d %x, kernel = [2, 2], stride = [2, 2], padding = [1, 1], count_include_pad = true : tensor<5x1x2x3xf32> -> tensor<5x1x2x2xf32>
// A-NEXT:   func.return %0 : tensor<5x1x2x2xf32>
func.func @as_convolution_reversed(%x: tensor<5x1x2x3xf32>) -> tensor<5x1x2x2xf32> {
  %0 = taso.constant 0.25 : tensor<1x1x2x2xf32>
  %1 = taso.conv2d %x, %0, stride = [2, 2], padding = [1, 1], dilation = [1, 1], groups = 1 : tensor<5x1x2x3xf32>, tensor<1x1x2x2xf32> -> tensor<5x1x2x2xf32>
  func.return %1 : tensor<5x1x2x2xf32>
}

// B-LABEL: func.func @relu_of_max_reversed(
// B-NEXT:   %0 = taso.relu %x : tensor<5x2x3x4xf32>
// B-NEXT:   %1 = taso.max_pool2d %0, kernel = [2, 2], stride = [3, 2], padding = [0, 1], dilation = [1, 1] : tensor<5x2x3x4xf32> -> tensor<5x2x1x3xf32>
// B-NEXT:   func.return %1 : tensor<5x2x1x3xf32>
func.func @relu_of_max_reversed(%x: tensor<5x2x3x4xf32>) -> tensor<5x2x1x3xf32> {
  %0 = taso.max_pool2d %x, kernel = [2, 2], stride = [3, 2], padding = [0, 1], dilation = [1, 1] : tensor<5x2x3x4xf32> -> tensor<5x2x1x3xf32>
  %1 = taso.relu %0 : tensor<5x2x1x3xf32>
  func.return %1 : tensor<5x2x1x3xf32>
}

// B-LABEL: func.func @max_of_concat_reversed(
// B-NEXT:   %0 = taso.concat %x, %y, axis = 1 : tensor<2x3x5x6xf32>, tensor<2x2x5x6xf32> -> tensor<2x5x5x6xf32>
// B-NEXT:   %1 = taso.max_pool2d %0, kernel = [2, 2], stride = [3, 2], padding = [0, 0], dilation = [2, 2] : tensor<2x5x5x6xf32> -> tensor<2x5x1x2xf32>
// B-NEXT:   func.return %1 : tensor<2x5x1x2xf32>
func.func @max_of_concat_reversed(%x: tensor<2x3x5x6xf32>, %y: tensor<2x2x5x6xf32>) -> tensor<2x5x1x2xf32> {
  %0 = taso.max_pool2d %x, kernel = [2, 2], stride = [3, 2], padding = [0, 0], dilation = [2, 2] : tensor<2x3x5x6xf32> -> tensor<2x3x1x2xf32>
  %1 = taso.max_pool2d %y, kernel = [2, 2], stride = [3, 2], padding = [0, 0], dilation = [2, 2] : tensor<2x2x5x6xf32> -> tensor<2x2x1x2xf32>
  %2 = taso.concat %0, %1, axis = 1 : tensor<2x3x1x2xf32>, tensor<2x2x1x2xf32> -> tensor<2x5x1x2xf32>
  func.return %2 : tensor<2x5x1x2xf32>
}

// B-LABEL: func.func @mean_of_concat_reversed(
// B-NEXT:   %0 = taso.concat %x, %y, axis = 1 : tensor<2x3x4x5xf32>, tensor<2x2x4x5xf32> -> tensor<2x5x4x5xf32>
// B-NEXT:   %1 = taso.avg_pool2d %0, kernel = [2, 2], stride = [3, 2], padding = [0, 0], count_include_pad = true : tensor<2x5x4x5xf32> -> tensor<2x5x1x2xf32>
// B-NEXT:   func.return %1 : tensor<2x5x1x2xf32>
func.func @mean_of_concat_reversed(%x: tensor<2x3x4x5xf32>, %y: tensor<2x2x4x5xf32>) -> tensor<2x5x1x2xf32> {
  %0 = taso.avg_pool2d %x, kernel = [2, 2], stride = [3, 2], padding = [0, 0], count_include_pad = true : tensor<2x3x4x5xf32> -> tensor<2x3x1x2xf32>
  %1 = taso.avg_pool2d %y, kernel = [2, 2], stride = [3, 2], padding = [0, 0], count_include_pad = true : tensor<2x2x4x5xf32> -> tensor<2x2x1x2xf32>
  %2 = taso.concat %0, %1, axis = 1 : tensor<2x3x1x2xf32>, tensor<2x2x1x2xf32> -> tensor<2x5x1x2xf32>
  func.return %2 : tensor<2x5x1x2xf32>
}

// B-LABEL: func.func @mean_of_pointwise_reversed(
// B-NEXT:   %0 = taso.conv2d %x, %w, stride = [1, 1], padding = [0, 0], dilation = [2, 2], groups = 1 : tensor<5x2x3x4xf32>, tensor<2x2x1x1xf32> -> tensor<5x2x3x4xf32>
// B-NEXT:   %1 = taso.avg_pool2d %0, kernel = [1, 1], stride = [3, 2], padding = [0, 0], count_include_pad = true : tensor<5x2x3x4xf32> -> tensor<5x2x1x2xf32>
// B-NEXT:   func.return %1 : tensor<5x2x1x2xf32>
func.func @mean_of_pointwise_reversed(%x: tensor<5x2x3x4xf32>, %w: tensor<2x2x1x1xf32>) -> tensor<5x2x1x2xf32> {
  %0 = taso.avg_pool2d %x, kernel = [1, 1], stride = [3, 2], padding = [0, 0], count_include_pad = true : tensor<5x2x3x4xf32> -> tensor<5x2x1x2xf32>
  %1 = taso.conv2d %0, %w, stride = [1, 1], padding = [0, 0], dilation = [2, 2], groups = 1 : tensor<5x2x1x2xf32>, tensor<2x2x1x1xf32> -> tensor<5x2x1x2xf32>
  func.return %1 : tensor<5x2x1x2xf32>
}

// C-LABEL: func.func @uncounted(
// C-NEXT:   %0 = taso.avg_pool2d %x, kernel = [2, 2], stride = [3, 2], padding = [0, 0], count_include_pad = false : tensor<2x3x4x5xf32> -> tensor<2x3x1x2xf32>
// C-NEXT:   func.return %0 : tensor<2x3x1x2xf32>
func.func @uncounted(%x: tensor<2x3x4x5xf32>) -> tensor<2x3x1x2xf32> {
  %0 = taso.avg_pool2d %x, kernel = [2, 2], stride = [3, 2], padding = [0, 0], count_include_pad = true : tensor<2x3x4x5xf32> -> tensor<2x3x1x2xf32>
  func.return %0 : tensor<2x3x1x2xf32>
}

// C-LABEL: func.func @as_convolution(
// C-NEXT:   %0 = taso.constant 0.25 : tensor<2x1x2x2xf32>
// C-NEXT:   %1 = taso.conv2d %x, %0, stride = [3, 2], padding = [0, 1], dilation = [1, 1], groups = 2 : tensor<5x2x3x4xf32>, tensor<2x1x2x2xf32> -> tensor<5x2x1x3xf32>
// C-NEXT:   func.return %1 : tensor<5x2x1x3xf32>
func.func @as_convolution(%x: tensor<5x2x3x4xf32>) -> tensor<5x2x1x3xf32> {
  %0 = taso.avg_pool2d %x, kernel = [2, 2], stride = [3, 2], padding = [0, 1], count_include_pad = true : tensor<5x2x3x4xf32> -> tensor<5x2x1x3xf32>
  func.return %0 : tensor<5x2x1x3xf32>
}

// D-LABEL: func.func @into_pointwise(
// D-NEXT:   %0 = taso.reshape %w : tensor<2x2x1x1xf32> -> tensor<2x2xf32>
// D-NEXT:   %1 = taso.broadcast %0, dims = [0, 1] : tensor<2x2xf32> -> tensor<2x2x1x1xf32>
// D-NEXT:   %2 = taso.constant 1.0 : tensor<2x2x1x1xf32>
// D-NEXT:   %3 = taso.mul %1, %2 : tensor<2x2x1x1xf32>
// D-NEXT:   %4 = taso.conv2d %x, %3, stride = [3, 2], padding = [0, 0], dilation = [1, 1], groups = 1 : tensor<5x2x3x4xf32>, tensor<2x2x1x1xf32> -> tensor<5x2x1x2xf32>
// D-NEXT:   func.return %4 : tensor<5x2x1x2xf32>
func.func @into_pointwise(%x: tensor<5x2x3x4xf32>, %w: tensor<2x2x1x1xf32>) -> tensor<5x2x1x2xf32> {
  %0 = taso.avg_pool2d %x, kernel = [1, 1], stride = [3, 2], padding = [0, 0], count_include_pad = true : tensor<5x2x3x4xf32> -> tensor<5x2x1x2xf32>
  %1 = taso.conv2d %0, %w, stride = [1, 1], padding = [0, 0], dilation = [2, 2], groups = 1 : tensor<5x2x1x2xf32>, tensor<2x2x1x1xf32> -> tensor<5x2x1x2xf32>
  func.return %1 : tensor<5x2x1x2xf32>
}

// All elements of a window can be padding, whose maximum is -inf and not 0.
// A-LABEL: func.func @relu_of_dilated_max(
// A-NEXT:   %0 = taso.relu %x
// A-NEXT:   %1 = taso.max_pool2d %0
func.func @relu_of_dilated_max(%x: tensor<1x1x2x2xf32>) -> tensor<1x1x1x1xf32> {
  %0 = taso.relu %x : tensor<1x1x2x2xf32>
  %1 = taso.max_pool2d %0, kernel = [2, 2], stride = [1, 1], padding = [1, 1], dilation = [3, 3] : tensor<1x1x2x2xf32> -> tensor<1x1x1x1xf32>
  func.return %1 : tensor<1x1x1x1xf32>
}

// A mean of the elements in the image alone has other weights at the border.
// C-LABEL: func.func @uncounted_mean(
// C-NEXT:   %0 = taso.avg_pool2d %x
// C-NEXT:   func.return %0
func.func @uncounted_mean(%x: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %0 = taso.avg_pool2d %x, kernel = [3, 3], stride = [1, 1], padding = [1, 1], count_include_pad = false : tensor<1x2x3x3xf32> -> tensor<1x2x3x3xf32>
  func.return %0 : tensor<1x2x3x3xf32>
}
