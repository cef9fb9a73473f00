// RUN: taso-opt %s --print-op-generic | taso-opt | taso-opt | filecheck %s

// CHECK-LABEL: func.func @conv2d
func.func @conv2d(%x: tensor<2x4x9x7xbf16>, %w: tensor<6x2x3x2xbf16>) {
  // CHECK: taso.conv2d %x, %w, stride = [2, 1], padding = [1, 0], dilation = [1, 3], groups = 2 : tensor<2x4x9x7xbf16>, tensor<6x2x3x2xbf16> -> tensor<2x6x5x4xbf16>
  %y = taso.conv2d %x, %w, stride = [2, 1], padding = [1, 0], dilation = [1, 3], groups = 2 : tensor<2x4x9x7xbf16>, tensor<6x2x3x2xbf16> -> tensor<2x6x5x4xbf16>
  func.return
}

// CHECK-LABEL: func.func @pools
func.func @pools(%x: tensor<2x4x9x7xf32>) {
  // CHECK: taso.max_pool2d %x, kernel = [3, 2], stride = [2, 1], padding = [1, 0], dilation = [1, 3] : tensor<2x4x9x7xf32> -> tensor<2x4x5x4xf32>
  %a = taso.max_pool2d %x, kernel = [3, 2], stride = [2, 1], padding = [1, 0], dilation = [1, 3] : tensor<2x4x9x7xf32> -> tensor<2x4x5x4xf32>
  // CHECK: taso.avg_pool2d %x, kernel = [3, 2], stride = [2, 2], padding = [1, 1], count_include_pad = false : tensor<2x4x9x7xf32> -> tensor<2x4x5x4xf32>
  %b = taso.avg_pool2d %x, kernel = [3, 2], stride = [2, 2], padding = [1, 1], count_include_pad = false : tensor<2x4x9x7xf32> -> tensor<2x4x5x4xf32>
  func.return
}

// CHECK-LABEL: func.func @pad
func.func @pad(%x: tensor<2x3xf32>, %m: tensor<2xi1>) {
  // CHECK: taso.pad %x, low = [0, 1], high = [2, 0], value = -inf : tensor<2x3xf32> -> tensor<4x4xf32>
  %a = taso.pad %x, low = [0, 1], high = [2, 0], value = -inf : tensor<2x3xf32> -> tensor<4x4xf32>
  // CHECK: taso.pad %m, low = [1], high = [0], value = 1.0 : tensor<2xi1> -> tensor<3xi1>
  %b = taso.pad %m, low = [1], high = [0], value = 1.0 : tensor<2xi1> -> tensor<3xi1>
  func.return
}
